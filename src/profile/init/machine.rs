//! Settings that belong to a machine or a topology rather than to tuning.

use crate::setting::EngineKind;

/// Whether a setting says where a server lies, who it talks to or what its installation chose, so
/// that another server should not get it by a profile.
pub(super) fn belongs_to_machine(engine: EngineKind, name: &str) -> bool {
    let (prefixes, names): (&[&str], &[&str]) = match engine {
        EngineKind::Postgresql => (&POSTGRESQL_PREFIXES, &POSTGRESQL),
        EngineKind::Redis => (&REDIS_PREFIXES, &REDIS),
    };
    let name = name.to_ascii_lowercase();
    prefixes.iter().any(|prefix| name.starts_with(prefix)) || names.contains(&name.as_str())
}

const POSTGRESQL_PREFIXES: [&str; 8] = [
    "bonjour",
    "krb_",
    "lc_",
    "recovery_target",
    "ssl",
    "syslog_",
    "transaction_",
    "unix_socket_",
];

const POSTGRESQL: [&str; 31] = [
    "application_name",
    "archive_cleanup_command",
    "archive_command",
    "archive_library",
    "client_encoding",
    "cluster_name",
    "config_file",
    "data_directory",
    "datestyle",
    "default_text_search_config",
    "dynamic_library_path",
    "dynamic_shared_memory_type",
    "event_source",
    "extension_control_path",
    "external_pid_file",
    "hba_file",
    "ident_file",
    "listen_addresses",
    "log_directory",
    "log_filename",
    "log_timezone",
    "port",
    "primary_slot_name",
    "promote_trigger_file",
    "recovery_end_command",
    "restore_command",
    "session_authorization",
    "stats_temp_directory",
    "synchronous_standby_names",
    "temp_tablespaces",
    "timezone",
];

const REDIS_PREFIXES: [&str; 9] = [
    "bind",
    "cluster-announce-",
    "enable-",
    "primary",
    "rdma-",
    "replica-announce",
    "slave-announce",
    "syslog-",
    "tls-",
];

const REDIS: [&str; 28] = [
    "aclfile",
    "always-show-logo",
    "aof_rewrite_cpulist",
    "appenddirname",
    "appendfilename",
    "availability-zone",
    "bgsave_cpulist",
    "bio_cpulist",
    "cluster-config-file",
    "cluster-enabled",
    "cluster-port",
    "daemonize",
    "dbfilename",
    "dir",
    "locale-collate",
    "logfile",
    "masteruser",
    "pidfile",
    "port",
    "proc-title-template",
    "protected-mode",
    "replicaof",
    "server_cpulist",
    "set-proc-title",
    "slaveof",
    "supervised",
    "unixsocket",
    "unixsocketperm",
];

/// Whether this is the older of two names that Redis shows for one setting, the newer one being
/// there as well.
pub(super) fn has_newer_name(name: &str, exists: impl Fn(&str) -> bool) -> bool {
    let renamed = [
        ("slave", "replica"),
        ("ziplist", "listpack"),
        ("master", "primary"),
    ];
    renamed
        .iter()
        .any(|(old, new)| name.contains(old) && exists(&name.replace(old, new)))
}
