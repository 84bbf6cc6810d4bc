//! What `ALTER ROLE … SET` and `ALTER DATABASE … SET` decide, by `pg_db_role_setting`.

use std::collections::BTreeMap;

use super::quote;
use super::rows::Row;
use crate::setting::SettingName;
use crate::snapshot::{Override, OverrideKind};

/// The overrides by role or database, by setting: those of all databases first, and in each those of all
/// roles.
pub(super) fn read(rows: &[Row<'_>]) -> Result<BTreeMap<SettingName, Vec<Override>>, String> {
    let mut rows = rows.to_vec();
    rows.sort_by_key(|row| [row.optional("database_name"), row.optional("role_name")]);
    let mut overrides: BTreeMap<SettingName, Vec<Override>> = BTreeMap::new();
    for row in rows {
        let name = SettingName::new(row.required("name")?);
        let by = read_one(row, &name)?;
        overrides.entry(name).or_default().push(by);
    }
    Ok(overrides)
}

/// What an option on the server's command line decides.
pub(super) fn command_line(name: &SettingName, value: &str) -> Override {
    Override {
        by: OverrideKind::CommandLine,
        who: None,
        value: Some(value.to_owned()),
        lift: format!("start the server without the option that sets {name} on its command line"),
    }
}

fn read_one(row: Row<'_>, name: &SettingName) -> Result<Override, String> {
    let role = row.optional("role_name")?.zip(row.optional("role_ident")?);
    let database = row
        .optional("database_name")?
        .zip(row.optional("database_ident")?);
    Ok(Override {
        by: OverrideKind::RoleOrDatabase,
        who: who(role.map(|(name, _)| name), database.map(|(name, _)| name)),
        value: row.owned("value")?,
        lift: format!(
            "{} RESET {}",
            subject(
                role.map(|(_, ident)| ident),
                database.map(|(_, ident)| ident)
            ),
            quote::setting_name(name)
        ),
    })
}

fn who(role: Option<&str>, database: Option<&str>) -> Option<String> {
    match (role, database) {
        (None, None) => None,
        (Some(role), None) => Some(format!("role {role}")),
        (None, Some(database)) => Some(format!("database {database}")),
        (Some(role), Some(database)) => Some(format!("role {role} in database {database}")),
    }
}

/// The beginning of the statement that would lift it, with quoted names.
fn subject(role: Option<&str>, database: Option<&str>) -> String {
    match (role, database) {
        (None, None) => "ALTER ROLE ALL".to_owned(),
        (Some(role), None) => format!("ALTER ROLE {role}"),
        (None, Some(database)) => format!("ALTER DATABASE {database}"),
        (Some(role), Some(database)) => format!("ALTER ROLE {role} IN DATABASE {database}"),
    }
}
