//! The setting belongs to an extension that is not loaded.

use crate::plan::after::After;
use crate::plan::need::Need;
use crate::plan::types::{Hazard, HazardKind};
use crate::profile::nearest;
use crate::setting::{Assignment, EngineKind, SettingName};
use crate::snapshot::Snapshot;

use super::{Subject, blocking};

/// The list that a server loads at its start.
const PRELOADED: &str = "shared_preload_libraries";

/// Before this version the server refuses a setting that no library that is loaded owns.
const TAKES_ANY_NAME: u32 = 170_000;

/// A name with a dot whose prefix no library that is loaded owns. Until it is loaded nobody knows
/// the name, let alone its values.
pub(super) fn find(subject: &Subject<'_>) -> Option<Hazard> {
    let snapshot = subject.target.snapshot;
    if !is_not_loaded(snapshot, subject.setting) || subject.need != Need::Write {
        return None;
    }
    if subject.occasion.undoes && subject.goal.assignment == Assignment::Reset {
        // To take away what nobody owns asks for no library.
        return None;
    }
    let (library, _) = subject.setting.as_str().split_once('.')?;
    let message = format!(
        "no library that owns `{library}.` is loaded on {}; {}{}{}",
        snapshot.target,
        steps(subject.after(), library),
        taken_nevertheless(snapshot.identity.version_number, &snapshot.identity.version),
        likely(subject)
    );
    Some(blocking(HazardKind::ExtensionNotLoaded, message))
}

/// Whether nobody owns the setting and the server refuses it for that reason.
pub(super) fn is_refused(snapshot: &Snapshot, setting: &SettingName) -> bool {
    is_not_loaded(snapshot, setting) && snapshot.identity.version_number < TAKES_ANY_NAME
}

fn is_not_loaded(snapshot: &Snapshot, setting: &SettingName) -> bool {
    match snapshot.engine {
        EngineKind::Redis => false,
        EngineKind::Postgresql => snapshot.is_loaded(setting) == Some(false),
    }
}

/// What to do first, by how far it has come.
fn steps(after: &After<'_>, library: &str) -> String {
    let is_in = |list: Vec<String>| {
        let mut names = list.into_iter();
        names.any(|name| file_name(&name).eq_ignore_ascii_case(library))
    };
    let target = after.target.name();
    if !is_in(after.list(PRELOADED)) {
        return format!(
            "it takes two steps: add it to {PRELOADED} in an earlier phase and restart {target}, \
             then apply the phase with its settings"
        );
    }
    if after.moves(PRELOADED) && !after.writes(PRELOADED) {
        return format!(
            "{PRELOADED} has it already or by an earlier phase of this plan, and waits for a \
             restart: restart {target}, then apply this phase"
        );
    }
    if after.writes(PRELOADED) {
        return format!(
            "this phase adds it to {PRELOADED}: move its settings to a later phase, and apply that \
             once {target} has been restarted"
        );
    }
    format!("{PRELOADED} names it, and it has no such settings: another library may own them")
}

/// `$libdir/auto_explain.so` is `auto_explain`.
fn file_name(library: &str) -> &str {
    let name = library.rsplit_once('/').map_or(library, |(_, name)| name);
    name.strip_suffix(".so").unwrap_or(name)
}

fn taken_nevertheless(version_number: u32, version: &str) -> String {
    if version_number < TAKES_ANY_NAME {
        return format!("; PostgreSQL {version} refuses such a setting until then");
    }
    format!(
        "; PostgreSQL {version} would take any name and value now, and find a mistake when the \
         library is loaded"
    )
}

/// A name without a library that may be meant: `autovacuum.naptime`.
fn likely(subject: &Subject<'_>) -> String {
    let flat = subject.setting.as_str().replace('.', "_");
    let names = subject.target.snapshot.settings.keys();
    let names = names.map(SettingName::as_str);
    let near = nearest(&flat, names.filter(|name| !name.contains('.')));
    near.map_or_else(String::new, |near| format!("; is `{near}` meant?"))
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn a_library_is_known_by_its_file_name() {
        assert_eq!(file_name("auto_explain"), "auto_explain");
        assert_eq!(file_name("$libdir/auto_explain.so"), "auto_explain");
    }
}
