//! What the role may do, asked without trying any of it.

use std::collections::{BTreeMap, BTreeSet};

use super::paths;
use super::quote::literal;
use super::rows::{self, Row};
use super::{Postgres, Told};
use crate::engine::{EngineError, KeptHistory};
use crate::setting::SettingName;
use crate::snapshot::{Examination, Right};

const SHOWN: &str = "the query of its rights";

/// One row with a column for each right. What is not there yet (the schema, the table) is as good as
/// granted where it may be made.
const RIGHTS: &str = "\
SELECT pg_catalog.has_function_privilege('pg_catalog.pg_reload_conf()', 'EXECUTE') AS reload, \
pg_catalog.pg_has_role('pg_read_all_settings', 'USAGE') AS all_settings, \
pg_catalog.has_table_privilege('pg_catalog.pg_file_settings', 'SELECT') AS file_settings, \
pg_catalog.has_function_privilege('pg_catalog.pg_show_all_file_settings()', 'EXECUTE') \
AS file_settings_function, \
n.oid IS NOT NULL OR pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') \
AS history_schema, \
n.oid IS NULL OR pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS history_use, \
n.oid IS NULL OR c.oid IS NOT NULL OR pg_catalog.has_schema_privilege(n.oid, 'CREATE') \
AS history_table, \
c.oid IS NULL OR (pg_catalog.has_table_privilege(c.oid, 'SELECT') \
AND pg_catalog.has_table_privilege(c.oid, 'INSERT') \
AND pg_catalog.has_table_privilege(c.oid, 'UPDATE')) AS history_rows, \
pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS all_statistics, \
pg_catalog.pg_has_role('pg_read_server_files', 'USAGE') AS server_files, \
pg_catalog.has_function_privilege('pg_catalog.pg_read_file(text, bigint, bigint, boolean)', \
'EXECUTE') AS read_file, \
pg_catalog.has_function_privilege('pg_catalog.pg_stat_file(text, boolean)', 'EXECUTE') \
AS stat_file, \
pg_catalog.has_function_privilege('pg_catalog.pg_ls_dir(text)', 'EXECUTE') AS list_folder, \
pg_catalog.has_function_privilege('pg_catalog.pg_config()', 'EXECUTE') AS build_config, \
(SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()) AS encrypted, \
(SELECT setting FROM pg_catalog.pg_settings WHERE name = 'data_directory') AS data_directory, \
(SELECT system_identifier FROM pg_catalog.pg_control_system()) AS system \
FROM (SELECT 1) AS one \
LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = 'dbtune' \
LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = 'run'; ";

/// By the catalogue: `to_regclass` fails where the role may not use the schema.
const HISTORY: &str = "\
SELECT n.oid IS NOT NULL AS schema, c.oid IS NOT NULL AS run \
FROM (SELECT 1) AS one \
LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = 'dbtune' \
LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = 'run'";

const COLUMNS: [(Right, &str); 14] = [
    (Right::Reload, "reload"),
    (Right::AllSettings, "all_settings"),
    (Right::FileSettings, "file_settings"),
    (Right::FileSettingsFunction, "file_settings_function"),
    (Right::HistorySchema, "history_schema"),
    (Right::HistoryUse, "history_use"),
    (Right::HistoryTable, "history_table"),
    (Right::HistoryRows, "history_rows"),
    (Right::AllStatistics, "all_statistics"),
    (Right::ServerFiles, "server_files"),
    (Right::ReadFile, "read_file"),
    (Right::StatFile, "stat_file"),
    (Right::ListFolder, "list_folder"),
    (Right::BuildConfig, "build_config"),
];

impl Postgres {
    /// Everything in one round trip.
    pub(super) fn look_at_rights(
        &mut self,
        settings: &[SettingName],
    ) -> Result<Examination, EngineError> {
        let statements = format!("{}{}", RIGHTS, alterable(self.version_number, settings));
        let answer = self.ask(&statements, SHOWN)?;
        let sets = rows::result_sets(&answer);
        let read = match sets.as_slice() {
            [rights, names] => rights
                .first()
                .ok_or_else(|| "no row came back".to_owned())
                .and_then(|&about| examination(about, names)),
            other => Err(format!("{} answers came back", other.len())),
        };
        read.map_err(|reason| self.unexpected(SHOWN, reason))
    }

    pub(super) fn look_for_history(&mut self) -> Result<KeptHistory, EngineError> {
        const SHOWN: &str = "a look for the shared history";
        let answer = self.ask(HISTORY, SHOWN)?;
        kept(&rows::rows(&answer)).map_err(|reason| self.unexpected(SHOWN, reason))
    }
}

fn kept(rows: &[Row<'_>]) -> Result<KeptHistory, String> {
    let about = rows.first().ok_or_else(|| "no row came back".to_owned())?;
    Ok(match (about.flag("schema")?, about.flag("run")?) {
        (_, true) => KeptHistory::Table,
        (true, false) => KeptHistory::Schema,
        (false, false) => KeptHistory::Nothing,
    })
}

/// The settings among these that the role may not write. They are asked for by name: those of an
/// extension that is not loaded are in no catalogue.
fn alterable(version_number: u32, settings: &[SettingName]) -> String {
    let names: Vec<String> = settings.iter().map(|name| literal(name.as_str())).collect();
    // Before 15 there is no such privilege: only a superuser may.
    let may = if version_number >= 150_000 {
        "pg_catalog.has_parameter_privilege(name, 'ALTER SYSTEM')"
    } else {
        "(SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)"
    };
    format!(
        "SELECT name FROM pg_catalog.unnest(ARRAY[{}]::text[]) AS name WHERE NOT {may}; ",
        names.join(", ")
    )
}

fn examination(about: Row<'_>, names: &[Row<'_>]) -> Result<Examination, String> {
    let rights = COLUMNS.iter().map(|&(right, column)| {
        let answer = if about.flag(column)? {
            Told::Yes
        } else {
            Told::No(String::new())
        };
        Ok((right, answer))
    });
    let names = names
        .iter()
        .map(|row| row.required("name").map(SettingName::new));
    Ok(Examination {
        rights: rights.collect::<Result<BTreeMap<_, _>, String>>()?,
        not_alterable: names.collect::<Result<BTreeSet<_>, String>>()?,
        encrypted: about.optional("encrypted")?.map(|flag| flag == "t"),
        auto_conf: paths::can_write_auto_conf(
            about.optional("data_directory")?,
            about.required("system")?,
        ),
    })
}
