//! From a row of `pg_settings` to what the setting takes.

use super::integer::{Integer, Quirk};
use super::kind::Kind;
use super::list::{CommaList, QuotedList, Splitting};
use super::real::Real;
use super::unit::Unit;
use super::words::words;
use crate::setting::Domain;

/// What `pg_settings` says of a setting.
#[derive(Debug, Clone, Copy)]
pub struct SettingRow<'a> {
    /// `name`, as the server spells it.
    pub name: &'a str,
    /// `vartype`: `bool`, `integer`, `real`, `enum` or `string`.
    pub vartype: &'a str,
    /// `unit`, where there is one.
    pub unit: Option<&'a str>,
    /// `min_val`, of a number.
    pub min_val: Option<&'a str>,
    /// `max_val`, of a number.
    pub max_val: Option<&'a str>,
    /// `enumvals`, of an enum.
    pub enumvals: Option<&'a [String]>,
    /// `server_version_num` of the server that said it: `150018`.
    pub server_version_num: u32,
}

/// What values a setting takes. What is not understood of a row makes the setting a plain text: the
/// server still checks it.
pub fn domain(row: &SettingRow<'_>) -> Domain {
    let kind = match row.vartype {
        "bool" => Some(Kind::Bool),
        "integer" => integer(row).map(Kind::Integer),
        "real" => real(row).map(Kind::Real),
        "enum" => row
            .enumvals
            .map(|known| Kind::Enum(words(row.name, known.to_vec(), row.server_version_num))),
        _ => text(row),
    };
    kind.map_or(Domain::Text, Domain::Postgresql)
}

fn unit(row: &SettingRow<'_>) -> Option<Unit> {
    row.unit.and_then(Unit::parse)
}

fn integer(row: &SettingRow<'_>) -> Option<Integer> {
    Some(Integer {
        unit: unit(row),
        min: row.min_val?.parse().ok()?,
        max: row.max_val?.parse().ok()?,
        quirks: quirks(row.name, row.server_version_num),
    })
}

fn real(row: &SettingRow<'_>) -> Option<Real> {
    Some(Real {
        unit: unit(row),
        min: bound(row.min_val?)?,
        max: bound(row.max_val?)?,
    })
}

/// A bound of a real. The largest of all is shown rounded down.
fn bound(text: &str) -> Option<f64> {
    let bound: f64 = text.parse().ok()?;
    Some(if bound.abs() >= 1.797_69e308 {
        f64::MAX.copysign(bound)
    } else {
        bound
    })
}

/// Rules for integers that the server does not tell.
fn quirks(name: &str, version: u32) -> Vec<Quirk> {
    match name {
        "log_file_mode" | "unix_socket_permissions" | "data_directory_mode" => {
            vec![Quirk::FileMode]
        }
        "wal_buffers" => vec![Quirk::Automatic(-1), Quirk::AtLeast(4)],
        "commit_timestamp_buffers" | "subtransaction_buffers" | "transaction_buffers" => {
            vec![Quirk::Automatic(0), Quirk::MultipleOf(16)]
        }
        "multixact_member_buffers"
        | "multixact_offset_buffers"
        | "notify_buffers"
        | "serializable_buffers" => vec![Quirk::MultipleOf(16)],
        "autovacuum_work_mem" => {
            vec![Quirk::AtLeast(if version < 170_000 { 1024 } else { 64 })]
        }
        "io_max_concurrency" => vec![Quirk::Automatic(-1), Quirk::Never(0, 0)],
        "vacuum_buffer_usage_limit" => vec![Quirk::Never(1, 127)],
        "tcp_keepalives_count"
        | "tcp_keepalives_idle"
        | "tcp_keepalives_interval"
        | "tcp_user_timeout" => vec![Quirk::OfTheConnection],
        _ => Vec::new(),
    }
}

/// What a text setting takes; `None` for a plain text.
fn text(row: &SettingRow<'_>) -> Option<Kind> {
    let quoted = |splitting, may_be_empty| {
        Kind::QuotedList(QuotedList {
            splitting,
            may_be_empty,
        })
    };
    let list = |splitting, ordered| Kind::CommaList(CommaList { splitting, ordered });
    Some(match row.name.to_ascii_lowercase().as_str() {
        "shared_preload_libraries"
        | "session_preload_libraries"
        | "local_preload_libraries"
        | "oauth_validator_libraries"
        | "output_plugin_libraries" => quoted(Splitting::Paths, false),
        "search_path" | "temp_tablespaces" => quoted(Splitting::Identifiers, true),
        "unix_socket_directories" if row.server_version_num >= 140_000 => {
            quoted(Splitting::Paths, false)
        }
        "unix_socket_directories" => list(Splitting::Paths, true),
        "listen_addresses" | "backtrace_functions" => list(Splitting::Names, true),
        "synchronized_standby_slots" => list(Splitting::Identifiers, true),
        "log_destination"
        | "wal_consistency_checking"
        | "createrole_self_grant"
        | "restrict_nonsystem_relation_kind"
        | "debug_io_direct"
        | "plpgsql.extra_warnings"
        | "plpgsql.extra_errors" => list(Splitting::Identifiers, false),
        "synchronous_standby_names" => Kind::StandbyNames,
        "log_connections" => Kind::LogConnections,
        "datestyle" => Kind::DateStyle,
        "timezone" | "log_timezone" => Kind::TimeZone,
        "client_encoding" => Kind::Encoding,
        "archive_command" => Kind::ArchiveCommand,
        "application_name" | "cluster_name" => Kind::AsciiName {
            escapes: row.server_version_num >= 160_000,
        },
        "log_directory" | "external_pid_file" | "stats_temp_directory" => Kind::Path,
        "hba_file" | "ident_file" | "data_directory" => Kind::PathInDataDirectory,
        _ => return None,
    })
}
