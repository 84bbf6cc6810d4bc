//! What history and files disagree about, and putting it right.

use std::collections::BTreeMap;

use super::books::{locked, write};
use super::seen::Seen;
use super::{AS_OURSELVES, Fate, Order, accept, lock, plan, stepwise, undo};
use crate::engine::postgresql::literal;
use crate::migrate::checksum::{Width, checksum};
use crate::migrate::source::MigrationFile;
use crate::migrate::status::{Row, State};
use crate::migrate::store::{self, Database, Kept, Step};
use crate::migrate::worker::Worker;
use crate::migrate::{MigrateError, Version};

/// Something in the history that does not agree with the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disagreement {
    /// The file is not what was applied.
    Edited {
        /// Where it stands.
        row: Row,
        /// The file.
        file: MigrationFile,
        /// What was applied; `None` where dbtune did not apply it.
        was: Option<String>,
    },
    /// There is no such file.
    Missing {
        /// Where it stands.
        row: Row,
        /// What was applied; `None` where dbtune did not apply it.
        was: Option<String>,
    },
    /// A statement that was done is not what stands in the file.
    StepChanged {
        /// Where it stands.
        row: Row,
        /// Its file, or the way back from it, as [`super::undo`] would run it.
        file: MigrationFile,
        /// The error that `up` or `undo` would end with.
        error: String,
        /// What would become of its statements.
        fates: Vec<Fate>,
    },
    /// The history has 32-bit versions, and there is a file whose version is wider.
    Narrow {
        /// The history.
        table: String,
        /// The first that does not fit.
        version: Version,
    },
}

impl Disagreement {
    /// Which migration it is about; `None`: the whole history.
    pub fn version(&self) -> Option<Version> {
        match self {
            Self::Edited { row, .. }
            | Self::Missing { row, .. }
            | Self::StepChanged { row, .. } => Some(row.version),
            Self::Narrow { .. } => None,
        }
    }
}

/// What does not agree, and was put right: the versions that were accepted, and a history that was
/// widened.
#[derive(Debug, Default)]
pub struct Repair {
    /// What does not agree still.
    pub open: Vec<Disagreement>,
    /// What was put right.
    pub done: Vec<Disagreement>,
}

/// Finds what does not agree. A history of 32 bits is widened where a file needs that; of the others
/// those are put right whose versions are accepted: the history then says what the files say.
pub fn repair(order: &Order<'_>, accepted: &[Version]) -> Result<Repair, MigrateError> {
    let (mut worker, seen) = locked(order)?;
    let found = disagreements(&mut worker, &seen, order.files)?;
    for version in accepted {
        if !found.iter().any(|one| one.version() == Some(*version)) {
            return Err(MigrateError::Refused {
                message: format!(
                    "there is nothing to accept of version {version}: file and history agree"
                ),
                hint: Some("dbtune migrate status shows what does not".to_owned()),
            });
        }
    }
    let mut repair = Repair::default();
    for one in found {
        let is_accepted = one
            .version()
            .is_none_or(|version| accepted.contains(&version));
        if is_accepted {
            put_right(&mut worker, &seen, order, &one)?;
            repair.done.push(one);
        } else {
            repair.open.push(one);
        }
    }
    Ok(repair)
}

fn disagreements(
    worker: &mut Worker<'_>,
    seen: &Seen,
    files: &[MigrationFile],
) -> Result<Vec<Disagreement>, MigrateError> {
    let mut found = Vec::new();
    let narrow = seen.database.width() == Width::Narrow;
    let too_wide = files
        .iter()
        .find(|file| narrow && i32::try_from(file.version.0).is_err());
    found.extend(too_wide.map(|file| Disagreement::Narrow {
        table: seen.database.history_table(),
        version: file.version,
    }));
    for row in &seen.rows {
        let file = files.iter().find(|file| file.version == row.version);
        let kept = |worker: &mut Worker<'_>| -> Result<Option<String>, MigrateError> {
            let kept = store::kept(&mut worker.session, &seen.database, row.version)?;
            Ok(kept.map(|kept: Kept| kept.sql))
        };
        match (row.state, file) {
            (State::Edited, Some(file)) => found.push(Disagreement::Edited {
                row: row.clone(),
                file: file.clone(),
                was: kept(worker)?,
            }),
            (State::Missing, _) => found.push(Disagreement::Missing {
                row: row.clone(),
                was: kept(worker)?,
            }),
            (State::Partial, _) if row.is_half_undone => {
                let way = undo::begun(worker, seen, files)?;
                found.extend(step_changed(seen, row, &way)?);
            }
            (State::Partial, Some(file)) => found.extend(step_changed(seen, row, file)?),
            (State::Partial | State::Edited, None) | (State::Applied | State::Pending, _) => {}
        }
    }
    Ok(found)
}

fn step_changed(
    seen: &Seen,
    row: &Row,
    file: &MigrationFile,
) -> Result<Option<Disagreement>, MigrateError> {
    let planned = plan::of_text(file)?;
    let steps = steps_of(seen, row);
    let Err(error) = stepwise::check(file, &planned.script, &steps) else {
        return Ok(None);
    };
    Ok(Some(Disagreement::StepChanged {
        row: row.clone(),
        file: file.clone(),
        error: error.to_string(),
        fates: accept::fates(planned.script.statements(), &steps),
    }))
}

/// How far what is half done has come: the migration, or the way back from it.
fn steps_of(seen: &Seen, row: &Row) -> BTreeMap<usize, Step> {
    let steps = if row.is_half_undone {
        &seen.under_way.back
    } else {
        &seen.under_way.forward
    };
    steps.get(&row.version).cloned().unwrap_or_default()
}

fn put_right(
    worker: &mut Worker<'_>,
    seen: &Seen,
    order: &Order<'_>,
    one: &Disagreement,
) -> Result<(), MigrateError> {
    let database = &seen.database;
    let table = database.history_table();
    let history = literal(&table);
    let statement = match one {
        Disagreement::Narrow { .. } => widening(&table, order.files),
        Disagreement::Missing { row, .. } => format!(
            "{0} {1}",
            if database.history.is_some() {
                format!("DELETE FROM {table} WHERE version = {};", row.version)
            } else {
                String::new()
            },
            if database.has_tables {
                format!(
                    "DELETE FROM dbtune.migration WHERE history = {history} AND version = {0}; \
                     DELETE FROM dbtune.migration_step WHERE history = {history} AND version = {0}",
                    row.version
                )
            } else {
                String::new()
            }
        ),
        Disagreement::Edited { file, .. } => edited(database, file)?,
        Disagreement::StepChanged { row, file, .. } => {
            let key = if row.is_half_undone {
                store::undo_key(&table)
            } else {
                table
            };
            accept::notes(&literal(&key), file, &steps_of(seen, row))
        }
    };
    write(
        worker,
        database,
        &format!("{AS_OURSELVES} {} {statement}", lock::hold()),
    )
}

/// Versions of 64 bits, and the checksums that refinery gives at that width: those of files that are
/// what was applied.
fn widening(table: &str, files: &[MigrationFile]) -> String {
    let mut statement = format!("ALTER TABLE {table} ALTER COLUMN version TYPE int8;");
    for file in files {
        let of = |width| checksum(width, file.version, &file.name, &file.text);
        if let (Some(narrow), Some(wide)) = (of(Width::Narrow), of(Width::Wide)) {
            let version = file.version;
            statement.push_str(&format_args!(
                "UPDATE {table} SET checksum = '{wide}' WHERE version = {version} AND checksum = '{narrow}';"
            ).to_string());
        }
    }
    statement
}

fn edited(database: &Database, file: &MigrationFile) -> Result<String, MigrateError> {
    let table = database.history_table();
    let sum = checksum(database.width(), file.version, &file.name, &file.text);
    let Some(sum) = sum else {
        return Err(MigrateError::TooWide {
            table,
            version: file.version,
        });
    };
    let (version, name) = (file.version, literal(&file.name));
    let kept = if database.has_tables {
        format!(
            "UPDATE dbtune.migration SET name = {name}, sql = {} WHERE history = {} AND version = {version}",
            literal(&crate::sql::hidden(&file.text)),
            literal(&table)
        )
    } else {
        String::new()
    };
    Ok(format!(
        "UPDATE {table} SET checksum = '{sum}', name = {name} WHERE version = {version}; {kept}"
    ))
}
