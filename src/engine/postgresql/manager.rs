//! Who manages the configuration of this server, by the signs that each leaves.

use std::collections::BTreeMap;

use super::rows::Row;
use crate::setting::SettingName;
use crate::snapshot::{Manager, Observed};

/// The settings that Patroni puts on the command line of every server that it starts, and that
/// nobody else puts there together.
const OF_PATRONI: [&str; 4] = [
    "cluster_name",
    "max_connections",
    "max_locks_per_transaction",
    "wal_level",
];

/// The file that Patroni makes of the `postgresql.conf` that it found.
const FILE_OF_PATRONI: &str = "/postgresql.base.conf";

/// Finds the manager: a setting of its own (`told` has them, also where `pg_settings` hides them,
/// as it does with one that no extension owns), or how the server was started.
pub(super) fn find(
    told: Row<'_>,
    settings: &BTreeMap<SettingName, Observed>,
) -> Result<Option<Manager>, String> {
    let services = [
        ("cnpg", Manager::CloudNativePg),
        ("rds", Manager::Rds),
        ("cloudsql", Manager::CloudSql),
        ("azure", Manager::Azure),
    ];
    for (prefix, manager) in services {
        if told.flag(prefix)? || has_setting_of(prefix, settings) {
            return Ok(Some(manager));
        }
    }
    Ok(is_patroni(settings).then_some(Manager::Patroni))
}

/// A setting that the service's own server knows, or that stands in its files. One that is only
/// set for a role or a database may have come with a dump.
fn has_setting_of(prefix: &str, settings: &BTreeMap<SettingName, Observed>) -> bool {
    settings.iter().any(|(name, observed)| {
        let own = name.as_str().split_once('.');
        let own = own.is_some_and(|(other, _)| other.eq_ignore_ascii_case(prefix));
        own && (observed.boot.is_some() || observed.configured.is_some())
    })
}

fn is_patroni(settings: &BTreeMap<SettingName, Observed>) -> bool {
    let is_on_command_line = |name: &&str| {
        let observed = settings.get(&SettingName::from(*name));
        observed.is_some_and(|observed| observed.source.kind == "command line")
    };
    let mut sources = settings.values().map(|observed| &observed.source.file);
    OF_PATRONI.iter().all(is_on_command_line)
        || sources.any(|file| {
            file.as_deref()
                .is_some_and(|file| file.ends_with(FILE_OF_PATRONI))
        })
}
