//! The change would not outlive a restart of the server.

use crate::plan::need::Need;
use crate::plan::types::{Hazard, HazardKind};
use crate::setting::{EngineKind, SettingName, redis};
use crate::snapshot::{Drifted, Rewrite};

use super::{Subject, blocking, warning};

/// How many settings that would be written as well are named.
const NAMED: usize = 5;

/// A Redis keeps a change only where it is told to rewrite a configuration file that it has and may
/// write. What that writes besides is told once.
pub(super) fn find(subject: &Subject<'_>) -> Option<Hazard> {
    let target = subject.target;
    match target.snapshot.engine {
        EngineKind::Postgresql => return None,
        EngineKind::Redis => {}
    }
    if subject.need != Need::Write {
        return None;
    }
    let name = target.name();
    if !target.persist && target.persist_stated {
        let message = format!(
            "`persist: none` is stated for {name}: the change is lost when it restarts, unless its \
             configuration file says the same"
        );
        return Some(warning(HazardKind::NotPersisted, message));
    }
    let Some(file) = target
        .snapshot
        .persisted_in
        .as_ref()
        .filter(|_| target.persist)
    else {
        let message = format!(
            "{name} runs without a configuration file, so the change is lost when it restarts; start \
             it with one, or state `persist: none` for it in the targets file"
        );
        return Some(blocking(HazardKind::NotPersisted, message));
    };
    rewritten(subject, file)
}

fn rewritten(subject: &Subject<'_>, file: &str) -> Option<Hazard> {
    let name = subject.target.name();
    let facts = subject.target.snapshot.facts.redis.as_ref();
    let Some(rewrite) = facts.and_then(|facts| facts.rewrite.as_ref()) else {
        let message = format!(
            "CONFIG REWRITE writes all that runs on {name} into {file}, also what somebody has set and \
             not written; that file cannot be seen from here, so what else that is cannot be told"
        );
        return once(subject, message);
    };
    if let Some(why) = &rewrite.fails_because {
        let message = format!(
            "{name} cannot keep the change: CONFIG REWRITE would fail, because {why}; mend that, or \
             state `persist: none` for it in the targets file and edit the file yourself"
        );
        return Some(blocking(HazardKind::NotPersisted, message));
    }
    let besides = besides(subject, rewrite);
    if besides.is_empty() {
        return None;
    }
    once(
        subject,
        format!("CONFIG REWRITE does more to {file}: {}", besides.join("; ")),
    )
}

fn once(subject: &Subject<'_>, message: String) -> Option<Hazard> {
    subject
        .is_first_written()
        .then(|| warning(HazardKind::NotPersisted, message))
}

/// What becomes of the file besides what the phase writes.
fn besides(subject: &Subject<'_>, rewrite: &Rewrite) -> Vec<String> {
    let unseen = rewrite
        .unseen
        .iter()
        .map(|why| format!("what else it writes cannot be told ({why})"));
    drifted(subject, rewrite)
        .into_iter()
        .chain(unseen)
        .chain(rewrite.side_effects.iter().cloned())
        .collect()
}

fn drifted(subject: &Subject<'_>, rewrite: &Rewrite) -> Option<String> {
    let is_planned = |name: &str| {
        let alias = redis::spec(&SettingName::from(name)).alias;
        subject.after().writes(name) || alias.is_some_and(|alias| subject.after().writes(alias))
    };
    let others: Vec<&Drifted> = rewrite
        .drifted
        .iter()
        .filter(|drifted| !is_planned(&drifted.setting))
        .collect();
    let named = others.iter().take(NAMED).map(|drifted| {
        let before = drifted.in_file.as_deref().unwrap_or("not set");
        format!(
            "{} {} (was {before})",
            drifted.setting,
            quoted(&drifted.running)
        )
    });
    let named = named.collect::<Vec<_>>().join(", ");
    let more = others.len().saturating_sub(NAMED);
    (!others.is_empty()).then(|| match more {
        0 => format!("it writes {named} as well, which runs already"),
        more => format!("it writes {named} and {more} more as well, which run already"),
    })
}

fn quoted(value: &str) -> &str {
    if value.is_empty() { "\"\"" } else { value }
}
