//! What a person does when a server does not come back. Decides only; nothing is run here.

use std::collections::BTreeMap;

use super::put_back::statement;
use crate::engine::Target;
use crate::engine::postgresql::{Site, in_file, literal};
use crate::ledger::RecordedChange;
use crate::plan::{matters_at_start, shell_word};
use crate::setting::{Domain, EngineKind, SettingName, Value};
use crate::snapshot::{Entry, Snapshot};

/// The earlier values, raw as a command line takes them, of what waits for the restart and of what the
/// run changed that matters at a start.
pub(super) fn overrides(
    before: &Snapshot,
    changes: &[RecordedChange],
) -> Vec<(SettingName, String)> {
    let mut earlier: BTreeMap<SettingName, String> = BTreeMap::new();
    for change in changes.iter().rev() {
        let matters = matters_at_start(&change.setting, change.effect);
        if let Some(seen) = change.seen.as_ref().filter(|_| matters) {
            earlier.insert(change.setting.clone(), seen.running.clone());
        }
    }
    let waiting = before.settings.iter().filter(|(_, o)| o.pending_restart);
    earlier.extend(waiting.map(|(name, observed)| (name.clone(), observed.running.clone())));
    earlier
        .into_iter()
        .filter_map(|(name, raw)| {
            let observed = before.setting(&name)?;
            let is_ours = !observed.secret && !observed.is_on_command_line();
            is_ours.then(|| (name, easy_to_read(&observed.domain, raw)))
        })
        .collect()
}

/// Options for a start, as one text that a shell splits again.
pub(super) fn options(overrides: &[(SettingName, String)]) -> String {
    let options = overrides
        .iter()
        .map(|(name, value)| format!("-c {}", shell_word(&format!("{name}={value}"))));
    options.collect::<Vec<_>>().join(" ")
}

fn easy_to_read(domain: &Domain, raw: String) -> String {
    match domain.parse(&raw) {
        Ok(value @ Value::Integer(_)) => domain.format(&value),
        Ok(_) | Err(_) => raw,
    }
}

/// The data folder as a shell takes it, or a word in its place.
fn data_directory(before: &Snapshot) -> String {
    let facts = before.facts.postgresql.as_ref();
    let data = facts.and_then(|facts| facts.data_directory.as_deref());
    shell_word(data.unwrap_or("DATA_DIRECTORY"))
}

/// The command that restarts a target, as a step; none where there is no such command.
fn restart_command(target: &Target) -> Option<String> {
    let argv = target.restart.as_ref()?;
    Some(format!("  {}", line(argv)))
}

/// What is known of a target before its restart.
pub(super) struct Known<'a> {
    pub(super) target: &'a Target,
    pub(super) before: &'a Snapshot,
    pub(super) site: Option<&'a Site>,
    pub(super) changes: &'a [RecordedChange],
    pub(super) overrides: &'a [(SettingName, String)],
}

/// What a person would do, line by line.
pub(super) fn steps(known: &Known<'_>) -> Vec<String> {
    match known.before.engine {
        EngineKind::Postgresql => of_postgresql(known),
        // What a Redis only reads when it starts is never written, so that none is ever restarted.
        EngineKind::Redis => Vec::new(),
    }
}

fn of_postgresql(known: &Known<'_>) -> Vec<String> {
    let data = data_directory(known.before);
    let pg_ctl = known
        .site
        .map_or_else(|| "pg_ctl".to_owned(), |site| site.shown_program("pg_ctl"));
    let options = options(known.overrides);
    let options = known
        .site
        .map_or_else(|| options.clone(), |site| site.with_config_file(&options));
    let options = shell_word(&options);
    let mut steps = vec![
        "start it with the earlier values, as the user whom its data belong to:".to_owned(),
        format!("  {pg_ctl} -D {data} -w -o {options} start"),
        "take back what was written, in psql:".to_owned(),
    ];
    steps.extend(
        known
            .changes
            .iter()
            .rev()
            .map(|change| format!("  {};", statement(change))),
    );
    steps.extend(waiting(known).filter_map(|(name, raw)| {
        let observed = known.before.setting(name)?;
        Some(format!(
            "  ALTER SYSTEM SET {name} = {};",
            literals(&observed.domain, raw)
        ))
    }));
    steps.push("stop it and start it as always:".to_owned());
    steps.push(format!("  {pg_ctl} -D {data} -m fast -w stop"));
    steps.extend(restart_command(known.target));
    steps.push(format!(
        "or, while it is down, edit {} by hand:",
        known
            .before
            .persisted_in
            .as_deref()
            .unwrap_or("postgresql.auto.conf")
    ));
    steps.extend(known.changes.iter().map(of_auto_conf));
    steps.extend(
        waiting(known).map(|(name, raw)| format!("  let its line be: {name} = {}", in_file(raw))),
    );
    steps
}

/// What an earlier run, or a hand, has stored and this restart was to bring into effect, each with the
/// value that ran before it.
fn waiting<'k>(known: &'k Known<'_>) -> impl Iterator<Item = &'k (SettingName, String)> {
    let is_ours = |name: &SettingName| known.changes.iter().any(|change| change.setting == *name);
    let overrides = known.overrides.iter();
    overrides.filter(move |(name, _)| !is_ours(name))
}

/// A raw value as `ALTER SYSTEM SET` takes it: each element of a list is a literal of its own.
fn literals(domain: &Domain, raw: &str) -> String {
    let literals: Vec<String> = match domain.parse(raw) {
        Ok(Value::List(elements)) if !elements.is_empty() => {
            elements.iter().map(|element| literal(element)).collect()
        }
        Ok(_) | Err(_) => vec![literal(raw)],
    };
    literals.join(", ")
}

/// The steps for a server whose process lives and does not answer: it is stopped first.
pub(super) fn with_stop(steps: &[String], before: &Snapshot, site: &Site) -> Vec<String> {
    let data = data_directory(before);
    let pg_ctl = site.shown_program("pg_ctl");
    let stop = [
        "its process runs and does not answer; stop it first:".to_owned(),
        format!("  {pg_ctl} -D {data} -m fast -w stop"),
    ];
    stop.into_iter().chain(steps.iter().cloned()).collect()
}

/// What `postgresql.auto.conf` is to say of a setting.
fn of_auto_conf(change: &RecordedChange) -> String {
    let setting = &change.setting;
    match change.seen.as_ref().map(|seen| &seen.entry) {
        Some(Entry::Absent) => format!("  remove the line that begins with: {setting} ="),
        Some(Entry::Present(raw)) => {
            format!("  let its line be: {setting} = {}", in_file(raw))
        }
        Some(Entry::Unknown) | None => {
            format!("  let {setting} be as before (dbtune does not know how that was)")
        }
    }
}

/// A command as one would type it.
pub(super) fn line(argv: &[String]) -> String {
    let words: Vec<String> = argv.iter().map(|word| shell_word(word)).collect();
    words.join(" ")
}
