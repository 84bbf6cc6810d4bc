//! What a database says before anything is run on it, held against the files.

use std::collections::BTreeSet;

use super::{Order, plan};
use crate::migrate::checksum::Width;
use crate::migrate::source::MigrationFile;
use crate::migrate::status::{self, Row};
use crate::migrate::store::{self, Applied, Database, UnderWay};
use crate::migrate::worker::Worker;
use crate::migrate::{Event, MigrateError, Version};

/// What a database says before anything is run on it.
pub(super) struct Seen {
    pub(super) database: Database,
    pub(super) applied: Vec<Applied>,
    pub(super) under_way: UnderWay,
    pub(super) rows: Vec<Row>,
}

impl Seen {
    /// Reads it, and holds it against the files.
    pub(super) fn read(
        worker: &mut Worker<'_>,
        files: &[MigrationFile],
    ) -> Result<Self, MigrateError> {
        let database = store::look(&mut worker.session)?;
        refuse_hidden_rows(&database)?;
        let applied = match &database.history {
            Some(history) => store::applied(&mut worker.session, history)?,
            None => Vec::new(),
        };
        let under_way = store::under_way(&mut worker.session, &database)?;
        let rows = status::compare(files, database.width(), &applied, &under_way);
        Ok(Self {
            database,
            applied,
            under_way,
            rows,
        })
    }

    /// The versions that are to be run, in order; refused where something stands in the way.
    pub(super) fn pending(&self, order: &Order<'_>) -> Result<BTreeSet<Version>, MigrateError> {
        let pending = plan::pending(order.files, &self.rows, order.options.to)?;
        if pending.is_empty() {
            return Ok(pending);
        }
        if self.database.history.is_none() && self.database.schema.is_none() {
            return Err(MigrateError::Refused {
                message: "the search path of this role leads to no schema, so that there is no place for the \
                          history"
                    .to_owned(),
                hint: Some("create the schema, or set the search path: ALTER ROLE … SET search_path".to_owned()),
            });
        }
        if self.database.is_standby {
            return Err(MigrateError::Standby {
                target: order.target.name.clone(),
            });
        }
        let narrow = self.database.width() == Width::Narrow;
        match pending
            .iter()
            .find(|version| narrow && i32::try_from(version.0).is_err())
        {
            Some(version) => Err(MigrateError::TooWide {
                table: self.database.history_table(),
                version: *version,
            }),
            None => Ok(pending),
        }
    }
}

/// Tells of migrations that are pending because somebody has taken their rows out of the history.
pub(super) fn warn_of_taken_out(
    worker: &mut Worker<'_>,
    seen: &Seen,
    pending: &BTreeSet<Version>,
) -> Result<(), MigrateError> {
    for (title, when) in store::taken_out(&mut worker.session, &seen.database, pending)? {
        (worker.tell)(Event::Warning(format!(
            "{title} was applied already, {when}, and its row has been taken out of the history since: it is run \
             again"
        )));
    }
    Ok(())
}

/// What a policy hides from this role would count as never applied, and be run again.
fn refuse_hidden_rows(database: &Database) -> Result<(), MigrateError> {
    let Some(tables) = &database.with_hidden_rows else {
        return Ok(());
    };
    Err(MigrateError::Refused {
        message: format!(
            "row security may hide rows of {tables} from {}: what was applied is not known",
            database.user
        ),
        hint: Some(format!(
            "switch it off there (ALTER TABLE … DISABLE ROW LEVEL SECURITY), or run migrations as a role that it \
             does not hold for: ALTER ROLE {} BYPASSRLS",
            database.user
        )),
    })
}

/// Tells of histories in other schemas where the search path leads to none: it may have been changed.
pub(super) fn warn_of_others(worker: &mut Worker<'_>, seen: &Seen) -> Result<(), MigrateError> {
    if seen.database.history.is_some() {
        return Ok(());
    }
    for (history, count) in store::other_histories(&mut worker.session, &seen.database)? {
        (worker.tell)(Event::Warning(format!(
            "{history} holds {count} migrations, and the search path leads to {}: everything is run \
             anew there",
            seen.database.history_table()
        )));
    }
    Ok(())
}
