//! What kind of values a setting takes, by what `pg_settings` says of it.

use super::rows::Row;
use super::sql::WORDS;
use crate::setting::postgresql::{self, SettingRow};
use crate::setting::{self, Domain, EngineKind, SettingName};

/// The domain of the setting in this row of `pg_settings`.
pub(super) fn domain(row: Row<'_>, version_number: u32) -> Result<Domain, String> {
    let words = row
        .optional("enumvals")?
        .map(|words| words.split(WORDS).map(str::to_owned).collect::<Vec<_>>());
    Ok(postgresql::domain(&SettingRow {
        name: row.required("name")?,
        vartype: row.required("vartype")?,
        unit: row.optional("unit")?,
        min_val: row.optional("min_val")?,
        max_val: row.optional("max_val")?,
        enumvals: words.as_deref(),
        server_version_num: version_number,
    }))
}

/// Whether the value of a setting must never be shown.
pub(super) fn is_secret(name: &SettingName) -> bool {
    setting::is_secret(EngineKind::Postgresql, name)
}
