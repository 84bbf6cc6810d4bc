//! Settings in which the nodes of one cluster differ: a failover would bring them to light.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::setting::{EngineKind, SettingName};
use crate::snapshot::Observed;

use super::cluster;
use super::course::Course;
use super::goal;

/// A setting in which nodes of one cluster differ when the plan has been carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The setting.
    pub setting: String,
    /// What each node has, as shown, by target.
    pub values: BTreeMap<String, String>,
}

/// What is each node's own affair, by the beginning of its name.
const OWN_OF_POSTGRESQL: [&str; 27] = [
    "application_name",
    "archive_cleanup_command",
    "cluster_name",
    "config_file",
    "data_directory",
    "event_source",
    "external_pid_file",
    "hba_file",
    "hot_standby",
    "ident_file",
    "in_hot_standby",
    "listen_addresses",
    "log_directory",
    "log_filename",
    "port",
    "primary_conninfo",
    "primary_slot_name",
    "promote_trigger_file",
    "recovery_",
    "restore_command",
    "shared_memory_size",
    "ssl_",
    "synchronous_standby_names",
    "syslog_ident",
    "transaction_read_only",
    "unix_socket_",
    "wal_receiver_",
];

const OWN_OF_REDIS: [&str; 20] = [
    "aclfile",
    "announce-",
    "bind",
    "cluster-",
    "daemonize",
    "dbfilename",
    "dir",
    "logfile",
    "pidfile",
    "port",
    "proc-title",
    "replica-announce",
    "replica-priority",
    "replicaof",
    "slave-",
    "slaveof",
    "supervised",
    "syslog-",
    "tls-",
    "unixsocket",
];

/// The settings in which nodes of one cluster differ after the changes planned.
pub(super) fn differences(courses: &[Course<'_>]) -> Vec<Difference> {
    let mut found = Vec::new();
    for (index, course) in courses.iter().enumerate() {
        let node = course.target.snapshot;
        let is_same = |other: &&Course<'_>| cluster::is_same(node, other.target.snapshot);
        if courses.iter().take(index).any(|other| is_same(&other)) {
            continue;
        }
        let others: Vec<&Course<'_>> = courses.iter().skip(index + 1).filter(is_same).collect();
        if !others.is_empty() {
            found.extend(of_cluster(course, &others));
        }
    }
    found
}

fn of_cluster(first: &Course<'_>, others: &[&Course<'_>]) -> Vec<Difference> {
    let names = first.target.snapshot.settings.keys();
    names
        .filter(|name| !is_own(first.engine(), name))
        .filter_map(|name| difference(name, first, others))
        .collect()
}

fn difference(
    name: &SettingName,
    first: &Course<'_>,
    others: &[&Course<'_>],
) -> Option<Difference> {
    let (_, observed) = first.state.get(name)?;
    if observed.secret {
        return None;
    }
    let theirs: Vec<(&Course<'_>, &Observed)> = others
        .iter()
        .filter_map(|other| Some((*other, other.state.get(name)?.1)))
        .collect();
    if theirs
        .iter()
        .all(|(_, other)| is_same_value(observed, other))
    {
        return None;
    }
    let mut values = BTreeMap::new();
    for (course, observed) in std::iter::once((first, observed)).chain(theirs) {
        let shown = goal::show(observed, observed.after_restart());
        values.insert(course.name().to_owned(), shown);
    }
    Some(Difference {
        setting: name.to_string(),
        values,
    })
}

fn is_same_value(one: &Observed, other: &Observed) -> bool {
    let (raw, other_raw) = (one.after_restart(), other.after_restart());
    raw == other_raw
        || matches!(
            (one.domain.parse(raw), other.domain.parse(other_raw)),
            (Ok(value), Ok(other)) if value == other
        )
}

fn is_own(engine: EngineKind, name: &SettingName) -> bool {
    let own: &[&str] = match engine {
        EngineKind::Postgresql => &OWN_OF_POSTGRESQL,
        EngineKind::Redis => &OWN_OF_REDIS,
    };
    let name = name.as_str().to_ascii_lowercase();
    own.iter().any(|own| name.starts_with(own))
}
