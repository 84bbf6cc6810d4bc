//! One setting, by its row of `pg_settings`, its lines in the files and what overrides it.

use std::collections::BTreeMap;

use super::files::{Files, Line};
use super::overrides;
use super::rows::Row;
use super::spec;
use crate::setting::{Domain, Effect, SettingName};
use crate::snapshot::{Entry, Observed, Override, PLACEHOLDER, Source};

/// Sources of a value that concern this session and say nothing of the server.
const OF_THE_SESSION: [&str; 8] = [
    "client",
    "session",
    "database",
    "user",
    "database user",
    "global",
    "interactive",
    "test",
];

/// Settings that `ALTER SYSTEM` refuses although a restart or a reload could change them.
const NOT_BY_ALTER_SYSTEM: [&str; 6] = [
    "allow_alter_system",
    "config_file",
    "data_directory",
    "transaction_deferrable",
    "transaction_isolation",
    "transaction_read_only",
];

/// What is the same for every setting of a snapshot.
pub(super) struct Context<'a> {
    pub(super) version_number: u32,
    /// The role, as it is written in a statement.
    pub(super) role: &'a str,
    /// The files, where they could be read.
    pub(super) files: Option<&'a Files>,
    /// The path of `postgresql.auto.conf`, where it is known.
    pub(super) auto_conf: Option<&'a str>,
    /// `allow_alter_system` is off.
    pub(super) alter_system_is_off: bool,
}

/// Reads one row of `pg_settings`.
pub(super) fn read(
    row: Row<'_>,
    context: &Context<'_>,
    mut overrides: Vec<Override>,
) -> Result<(SettingName, Observed), String> {
    let name = SettingName::new(row.required("name")?);
    let boot = row.owned("boot_val")?;
    let setting = row.optional("setting")?.unwrap_or_default();
    let source = row.required("source")?;
    if source == "command line" {
        overrides.insert(0, overrides::command_line(&name, setting));
    }
    // Some settings have no compiled-in value: the server derives it when it starts.
    let fallback = boot.as_deref().unwrap_or(setting);
    let text = |line: Option<&Line>| line.map_or(fallback, |line| line.text.as_str()).to_owned();
    let files = context.files;
    let mut observed = Observed {
        domain: spec::domain(row, context.version_number)?,
        effect: effect(row.required("context")?),
        secret: spec::is_secret(&name),
        running: if OF_THE_SESSION.contains(&source) {
            text(files.and_then(|files| files.applies(&name)))
        } else {
            setting.to_owned()
        },
        configured: files.map(|files| text(files.decides(&name))),
        entry: files.map_or(Entry::Unknown, |files| {
            files
                .entry(&name, context.auto_conf)
                .map_or(Entry::Absent, |line| Entry::Present(line.text.clone()))
        }),
        without_entry: files.map(|files| text(files.without_entry(&name, context.auto_conf))),
        source: read_source(row, &name, context)?,
        pending_restart: row.flag("pending_restart")?,
        overrides,
        fixed: fixed(row, &name, context)?,
        boot,
    };
    observed.pending_restart = observed.pending_restart && !a_restart_changes_nothing(&observed);
    Ok((name, observed))
}

/// Adds the settings with a dot in their names that stand in a file and that nobody owns: the server
/// keeps a place for them, and `pg_settings` does not show it.
pub(super) fn add_placeholders(
    settings: &mut BTreeMap<SettingName, Observed>,
    context: &Context<'_>,
) {
    let Some(files) = context.files else { return };
    for name in files.dotted_names() {
        if !settings.contains_key(name) {
            settings.insert(name.clone(), placeholder(name, files, context));
        }
    }
}

fn placeholder(name: &SettingName, files: &Files, context: &Context<'_>) -> Observed {
    let text = |line: Option<&Line>| line.map(|line| line.text.clone());
    let applies = files.applies(name);
    Observed {
        domain: Domain::Text,
        effect: Effect::Reload,
        secret: spec::is_secret(name),
        running: text(applies).unwrap_or_default(),
        configured: text(files.decides(name)),
        entry: text(files.entry(name, context.auto_conf)).map_or(Entry::Absent, Entry::Present),
        without_entry: text(files.without_entry(name, context.auto_conf)),
        boot: None,
        source: Source {
            kind: PLACEHOLDER.to_owned(),
            file: applies.and_then(|line| line.file.clone()),
            line: applies.and_then(|line| line.number),
        },
        pending_restart: false,
        overrides: Vec::new(),
        fixed: None,
    }
}

/// Whether the files say what runs already. When an entry that waited for a restart is taken away
/// again, the server goes on showing `pending_restart` until it is restarted for another reason.
fn a_restart_changes_nothing(observed: &Observed) -> bool {
    let read = |raw: &str| observed.domain.parse(raw).ok();
    let configured = observed.configured.as_deref().and_then(read);
    configured.is_some() && configured == read(&observed.running)
}

fn effect(context: &str) -> Effect {
    match context {
        "postmaster" | "internal" => Effect::Restart,
        "backend" | "superuser-backend" => Effect::NewSession,
        _ => Effect::Reload,
    }
}

fn read_source(row: Row<'_>, name: &SettingName, context: &Context<'_>) -> Result<Source, String> {
    let kind = row.required("source")?;
    if !OF_THE_SESSION.contains(&kind) {
        return Ok(Source {
            kind: kind.to_owned(),
            file: row.owned("sourcefile")?,
            line: row.line("sourceline")?,
        });
    }
    let Some(files) = context.files else {
        return Ok(source(kind));
    };
    Ok(files.applies(name).map_or_else(
        || source("default"),
        |line| Source {
            kind: "configuration file".to_owned(),
            file: line.file.clone(),
            line: line.number,
        },
    ))
}

fn source(kind: &str) -> Source {
    Source {
        kind: kind.to_owned(),
        file: None,
        line: None,
    }
}

/// Why a setting cannot be changed here, if it cannot.
fn fixed(
    row: Row<'_>,
    name: &SettingName,
    context: &Context<'_>,
) -> Result<Option<String>, String> {
    if row.required("context")? == "internal" {
        return Ok(Some(format!(
            "{name} only reports how the server was built or initialised"
        )));
    }
    if NOT_BY_ALTER_SYSTEM.iter().any(|other| *name == **other) {
        return Ok(Some(format!("ALTER SYSTEM cannot change {name}")));
    }
    if context.alter_system_is_off {
        return Ok(Some(
            "allow_alter_system is off: the configuration of this server is managed elsewhere"
                .to_owned(),
        ));
    }
    if row.flag("may_write")? {
        return Ok(None);
    }
    Ok(Some(not_permitted(name, context)))
}

fn not_permitted(name: &SettingName, context: &Context<'_>) -> String {
    let role = context.role;
    if context.version_number < 150_000 {
        return format!(
            "role {role} may not ALTER SYSTEM SET {name}; before PostgreSQL 15 only a superuser may"
        );
    }
    format!(
        "role {role} may not ALTER SYSTEM SET {name}; GRANT ALTER SYSTEM ON PARAMETER {} TO {role}",
        super::quote::setting_name(name)
    )
}
