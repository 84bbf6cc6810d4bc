//! A profile of what servers have changed from their defaults.

mod machine;
mod quote;

use std::collections::BTreeSet;

use crate::setting::is_secret;
use crate::setting::{EngineKind, Input, SettingName, Value};
use crate::snapshot::{Entry, Observed, Snapshot};
use machine::{belongs_to_machine, has_newer_name};
use quote::{one_line, scalar};

/// Writes a profile, as YAML, of what these servers have changed from their defaults.
///
/// What belongs to a machine rather than to tuning (paths, addresses, locale) is left out. Secrets
/// are named in a comment and never written. Where several targets of one engine differ, the value
/// of the first is taken and a comment says so. Read again, the profile plans to no change on the
/// first target of each engine.
pub fn init(snapshots: &[Snapshot], name: &str) -> String {
    let servers: Vec<String> = snapshots.iter().map(described).collect();
    let servers = one_line(&servers.join(", "));
    let mut lines = vec![
        format!("# What was changed from the defaults on {servers}."),
        format!("profile: {}", scalar(name)),
    ];
    let blocks = EngineKind::ALL.map(|engine| Block::of(engine, snapshots));
    lines.extend(blocks.iter().flat_map(|block| block.notes.clone()));
    let written = || blocks.iter().filter(|block| !block.settings.is_empty());
    if written().next().is_none() {
        lines.push("phases: []".to_owned());
    } else {
        lines.push("phases:\n  - phase: 1\n    title: What is set today".to_owned());
    }
    for block in written() {
        lines.push(format!("    {}:", block.engine.key()));
        lines.extend(block.settings.clone());
    }
    lines.push(String::new());
    lines.join("\n")
}

fn described(snapshot: &Snapshot) -> String {
    let version = &snapshot.identity.version;
    format!("{} ({} {version})", snapshot.target, snapshot.engine)
}

/// What is written of one engine.
struct Block {
    engine: EngineKind,
    /// The lines of its settings, each with its comments above.
    settings: Vec<String>,
    /// What is not written, and why, as comments.
    notes: Vec<String>,
}

impl Block {
    fn of(engine: EngineKind, snapshots: &[Snapshot]) -> Self {
        let own = snapshots
            .iter()
            .filter(|snapshot| snapshot.engine == engine);
        let servers: Vec<&Snapshot> = own.collect();
        let mut block = Self {
            engine,
            settings: Vec::new(),
            notes: Vec::new(),
        };
        let changed = servers.iter().flat_map(|server| changed_names(server));
        let names: BTreeSet<&SettingName> = changed.collect();
        for name in names {
            block.add(name, &servers);
        }
        block
    }

    fn add(&mut self, name: &SettingName, servers: &[&Snapshot]) {
        let holders = servers.iter().filter(|server| is_changed(server, name));
        let holders: Vec<&str> = holders.map(|server| server.target.as_str()).collect();
        let holders = holders.join(", ");
        let secret = |server: &&Snapshot| server.setting(name).is_some_and(|found| found.secret);
        if is_secret(self.engine, name) || servers.iter().any(secret) {
            let note = format!("{name} is set on {holders}; it is a secret and not written here.");
            self.notes.push(comment(&note));
            return;
        }
        let Some((first, others)) = servers.split_first() else {
            return;
        };
        if !is_changed(first, name) {
            let note = format!(
                "{name} is changed on {holders}, but not on {}.",
                first.target
            );
            self.notes.push(comment(&note));
            return;
        }
        let Some((observed, text)) = first.setting(name).and_then(readable) else {
            let note = format!("{name} is changed on {holders}; its value cannot be written here.");
            self.notes.push(comment(&note));
            return;
        };
        let indented = |text: &str| format!("      {}", comment(text));
        self.settings.push(indented(&origin(observed)));
        let differences = others
            .iter()
            .filter_map(|other| difference(name, observed, other));
        self.settings
            .extend(differences.map(|difference| indented(&difference)));
        let line = format!("      {}: {}", scalar(name.as_str()), scalar(&text));
        self.settings.push(line);
    }
}

fn comment(text: &str) -> String {
    format!("# {}", one_line(text))
}

fn changed_names(server: &Snapshot) -> impl Iterator<Item = &SettingName> {
    let names = server.settings.keys();
    names.filter(|name| is_changed(server, name))
}

/// Whether a setting of tuning has another value than without anybody's doing.
fn is_changed(server: &Snapshot, name: &SettingName) -> bool {
    let Some(observed) = server.setting(name) else {
        return false;
    };
    if observed.fixed.is_some() || belongs_to_machine(server.engine, name.as_str()) {
        return false;
    }
    let exists = |name: &str| server.setting(&SettingName::new(name)).is_some();
    let default = match server.engine {
        EngineKind::Postgresql if !is_configured(observed) => None,
        EngineKind::Postgresql => observed.boot.as_deref(),
        EngineKind::Redis if has_newer_name(name.as_str(), exists) => None,
        EngineKind::Redis => observed.without_entry.as_deref(),
    };
    default.is_some_and(|default| !same(observed, default, observed.stored()))
}

/// Whether somebody configured it. PostgreSQL computes some defaults at its start; those differ from
/// what is compiled in without anybody's doing.
fn is_configured(observed: &Observed) -> bool {
    let computed = [
        "default",
        "override",
        "environment variable",
        "client",
        "session",
    ];
    matches!(observed.entry, Entry::Present(_))
        || !computed.contains(&observed.source.kind.as_str())
        || observed.pending_restart
}

fn same(observed: &Observed, one: &str, other: &str) -> bool {
    match (observed.domain.parse(one), observed.domain.parse(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// The value as a profile may hold it: in the largest exact unit, or raw where that reads as
/// something else. `None` where neither reads as the value that is stored.
fn readable(observed: &Observed) -> Option<(&Observed, String)> {
    let raw = observed.stored();
    let value = observed.domain.parse(raw).ok()?;
    let reads_the_same = |text: &String| {
        let read: Option<Value> = observed
            .domain
            .parse_input(&Input::Text(text.clone()))
            .ok()?;
        (text != "default" && !text.contains(['\n', '\r']) && read? == value).then_some(())
    };
    [observed.domain.format(&value), raw.to_owned()]
        .into_iter()
        .find(|text| reads_the_same(text).is_some())
        .map(|text| (observed, text))
}

fn origin(observed: &Observed) -> String {
    let source = &observed.source;
    match (&source.file, source.line) {
        (Some(file), Some(line)) => format!("{file}:{line}"),
        (Some(file), None) => file.clone(),
        (None, _) => source.kind.clone(),
    }
}

/// What another target has instead, as a comment.
fn difference(name: &SettingName, first: &Observed, other: &Snapshot) -> Option<String> {
    let Some(observed) = other.setting(name) else {
        return Some(format!("{} does not have it", other.target));
    };
    if same(first, first.stored(), observed.stored()) {
        return None;
    }
    let shown = readable(observed).map(|(_, text)| text);
    let shown = shown.unwrap_or_else(|| observed.stored().to_owned());
    Some(format!("{} has {shown}", other.target))
}
