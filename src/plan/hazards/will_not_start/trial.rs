//! A start was tried, aside, and the server said no.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::after::After;
use crate::plan::hazards::{Subject, blocking, warning};
use crate::plan::need::Need;
use crate::plan::types::{Hazard, HazardKind};
use crate::setting::{Effect, EngineKind, SettingName, Value};
use crate::snapshot::{Answer, Observed, Question, Snapshot};

/// Where the server writes its log.
const LOGS: &str = "log_directory";

/// Settings that take effect at a reload, where a wrong value is only logged, and that keep the next
/// start from succeeding. Those that need a restart matter at a start in any case.
const RELOADED: [&str; 12] = [
    LOGS,
    "max_wal_size",
    "min_wal_size",
    "ssl",
    "ssl_ca_file",
    "ssl_cert_file",
    "ssl_ciphers",
    "ssl_crl_dir",
    "ssl_crl_file",
    "ssl_dh_params_file",
    "ssl_ecdh_curve",
    "ssl_key_file",
];

/// What the server said to a trial, told at one setting: one that its words name, else the first that
/// matters at a start.
pub(super) fn find(subject: &Subject<'_>) -> Option<Hazard> {
    let after = subject.after();
    let matters = matters_at_start(subject.setting, subject.observed.effect);
    if subject.need == Need::Nothing || !matters || after.target.snapshot.answers.is_empty() {
        return None;
    }
    let answer = after.answer(&question(after)?)?;
    let target = subject.target.name();
    let (hazard, words): (fn(_, _) -> _, _) = match answer {
        Answer::Yes => return None,
        Answer::No(words) => (blocking, format!("{target} would not start: {words}")),
        Answer::Unknown(why) => (
            warning,
            format!("whether {target} would start could not be tried: {why}"),
        ),
    };
    is_told_here(subject, &words).then(|| hazard(HazardKind::WillNotStart, words))
}

/// Whether the target would start as the phase leaves it; `None` where nothing that matters at a start
/// changes, or nobody can try from here.
pub(super) fn question(after: &After<'_>) -> Option<Question> {
    question_of(
        after.target.snapshot,
        after.settings(),
        after.names_written(),
    )
}

/// Whether a server would start as its files are now; `None` where nothing in them that matters at a
/// start differs from what runs, or nobody can try from here.
pub(crate) fn start_question(snapshot: &Snapshot) -> Option<Question> {
    question_of(snapshot, snapshot.settings.iter(), &BTreeSet::new())
}

/// The same of any state of a server: `settings` as they stand, `written` those that a plan writes.
///
/// The question holds what the files do not say yet or say otherwise than what runs: what is written,
/// what waits for a restart, and what the command line says, which wins over the files. A trial reads
/// the rest out of the server's own files. Secrets stay there, too.
fn question_of<'o>(
    snapshot: &Snapshot,
    settings: impl Iterator<Item = (&'o SettingName, &'o Observed)> + Clone,
    written: &BTreeSet<SettingName>,
) -> Option<Question> {
    if snapshot.engine != EngineKind::Postgresql || !snapshot.facts.on_this_host {
        return None;
    }
    let mut matters = false;
    let mut asked = BTreeMap::new();
    // Without its collector the server never looks at the folder for the log.
    let idle = (!collects(settings.clone())).then(|| SettingName::from(LOGS));
    for (name, observed) in settings.filter(|(name, _)| Some(*name) != idle.as_ref()) {
        let is_written = written.contains(name);
        matters = matters || observed.pending_restart || (is_written && is_reloaded(name));
        let is_asked = is_written || observed.pending_restart || observed.is_on_command_line();
        if !is_asked || observed.secret {
            continue;
        }
        let raw = observed.after_restart().to_owned();
        let raw = if is_written {
            as_in_a_file(observed, raw)
        } else {
            Some(raw)
        };
        asked.extend(raw.map(|raw| (name.clone(), raw)));
    }
    matters.then_some(Question::Start(asked))
}

/// Whether the server writes its log into a folder, as its settings stand.
fn collects<'o>(mut settings: impl Iterator<Item = (&'o SettingName, &'o Observed)>) -> bool {
    let collector = SettingName::from("logging_collector");
    settings
        .find(|(name, _)| **name == collector)
        .is_some_and(|(_, observed)| {
            let value = observed.domain.parse(observed.after_restart());
            value.is_ok_and(|value| value == Value::Bool(true))
        })
}

/// A value that a plan writes, as the server would store it: the elements of a list are quoted. What
/// cannot be read is left out, so that its spelling is not taken for a start that fails.
fn as_in_a_file(observed: &Observed, raw: String) -> Option<String> {
    let quoted = |item: &String| format!("\"{}\"", item.replace('"', "\"\""));
    match observed.domain.parse(&raw).ok()? {
        Value::List(items) => Some(items.iter().map(quoted).collect::<Vec<_>>().join(", ")),
        Value::Set(items) => Some(items.iter().map(quoted).collect::<Vec<_>>().join(", ")),
        Value::Text(_)
        | Value::Name(_)
        | Value::Word(_)
        | Value::Bool(_)
        | Value::Integer(_)
        | Value::Real(_)
        | Value::Bytes(_)
        | Value::Percent(_)
        | Value::DateStyle { .. }
        | Value::SavePoints(_)
        | Value::BufferLimits(_) => Some(raw),
    }
}

/// Whether the value of a setting can keep a server from starting.
pub(crate) fn matters_at_start(name: &SettingName, effect: Effect) -> bool {
    effect == Effect::Restart || is_reloaded(name)
}

fn is_reloaded(name: &SettingName) -> bool {
    RELOADED.iter().any(|&reloaded| *name == *reloaded)
}

/// Whether the words of the server are told at this setting, which matters at a start: they name it, or
/// they name none that is written and it is the first of those.
fn is_told_here(subject: &Subject<'_>, words: &str) -> bool {
    let name = subject.setting;
    let after = subject.after();
    let written = || {
        after
            .settings()
            .filter(|(name, observed)| {
                after.names_written().contains(*name) && matters_at_start(name, observed.effect)
            })
            .map(|(name, _)| name)
    };
    if words.contains(name.as_str()) {
        return true;
    }
    if written().any(|name| words.contains(name.as_str())) {
        return false;
    }
    // Where nothing is written, what waits for a restart is all there is to tell it at.
    written().next().is_none_or(|first| first == name)
}
