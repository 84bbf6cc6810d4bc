//! Where a database stands to a folder of migrations, without changing anything.

use super::{Order, Planned, Seen, plan, stepwise};
use crate::migrate::index::{self, InvalidIndex};
use crate::migrate::status::Row;
use crate::migrate::store::Database;
use crate::migrate::worker::Worker;
use crate::migrate::{Event, MigrateError, Version};
use crate::sql::{Lock, Mode};

/// How many INVALID indexes are named after a run.
const SHOWN: usize = 5;

/// Where a database stands.
#[derive(Debug)]
pub struct Standing {
    /// Every migration that there is a file or a row of, by version.
    pub rows: Vec<Row>,
    /// The INVALID indexes that nobody is building.
    pub invalid_indexes: Vec<InvalidIndex>,
    /// The history, as it is or will be named.
    pub history: String,
    /// What the server says on the side: warnings of its version, say.
    pub warnings: Vec<String>,
}

/// A migration as it would be run.
#[derive(Debug)]
pub struct WouldRun {
    /// Its number.
    pub version: Version,
    /// `V12__add_users`.
    pub title: String,
    /// Why it would be run statement by statement; `None`: in one transaction.
    pub stepwise: Option<String>,
    /// Its statements.
    pub statements: Vec<WouldStep>,
}

/// A statement as it would be run.
#[derive(Debug)]
pub struct WouldStep {
    /// The statement.
    pub text: String,
    /// What the server calls it when it refuses it in a transaction; `None`: it runs in one.
    pub alone: Option<&'static str>,
    /// An earlier run has done it.
    pub is_done: bool,
    /// The locks that it takes, as far as it shows them.
    pub locks: Vec<Lock>,
}

/// Looks at a database; waits for one that is starting, and changes nothing.
pub fn standing(order: &Order<'_>) -> Result<Standing, MigrateError> {
    let mut worker = open(order)?;
    let seen = Seen::read(&mut worker, order.files)?;
    let invalid_indexes = index::invalid_indexes(&mut worker.session)?;
    Ok(Standing {
        history: seen.database.history_table(),
        warnings: warnings(&worker, &seen.database),
        rows: seen.rows,
        invalid_indexes,
    })
}

/// What `up` would run, in order.
pub fn would_run(order: &Order<'_>) -> Result<Vec<WouldRun>, MigrateError> {
    plan::check_directives(order.files)?;
    let mut worker = open(order)?;
    let seen = Seen::read(&mut worker, order.files)?;
    let pending = seen.pending(order)?;
    let planned = plan::plan(order.files, &pending, &seen.under_way.forward)?;
    for planned in &planned {
        if let Some(steps) = seen.under_way.forward.get(&planned.file.version) {
            stepwise::check(&planned.file, &planned.script, steps)?;
        }
    }
    Ok(planned
        .iter()
        .map(|planned| would(planned, &seen))
        .collect())
}

/// A session that waits as long as it was told for a server that is starting.
pub(super) fn open<'o>(order: &Order<'o>) -> Result<Worker<'o>, MigrateError> {
    Ok(order.worker(order.options.connect_wait)?)
}

fn would(planned: &Planned, seen: &Seen) -> WouldRun {
    let steps = seen.under_way.forward.get(&planned.file.version);
    let is_done = |index: usize| {
        let step = steps.and_then(|steps| steps.get(&(index + 1)));
        step.is_some_and(|step| step.is_done)
    };
    let statements = planned.script.statements().iter().enumerate();
    WouldRun {
        version: planned.file.version,
        title: planned.file.title(),
        stepwise: match &planned.mode {
            Mode::Transaction => None,
            Mode::Stepwise { because, .. } => Some(because.clone()),
        },
        statements: statements
            .map(|(index, statement)| WouldStep {
                text: statement.text().to_owned(),
                alone: statement.outside_transaction(),
                is_done: is_done(index) && !statement.sets_the_session(),
                locks: statement.locks().to_vec(),
            })
            .collect(),
    }
}

/// Tells of indexes that are INVALID after a run that was done: what a statement had left that was then taken out
/// of its file, say.
pub(super) fn warn_of_invalid(worker: &mut Worker<'_>) {
    let tell = worker.tell;
    match index::invalid_indexes(&mut worker.session) {
        Ok(left) => {
            let tell_of = |index: &InvalidIndex| tell(Event::Warning(left_invalid(index)));
            left.iter().take(SHOWN).for_each(tell_of);
            let more = left.len().saturating_sub(SHOWN);
            if more > 0 {
                tell(Event::Warning(format!(
                    "{more} more indexes are INVALID: dbtune migrate status"
                )));
            }
        }
        Err(error) => tell(Event::Warning(format!(
            "all was done; whether an index is INVALID could not be seen: {error}"
        ))),
    }
}

fn left_invalid(index: &InvalidIndex) -> String {
    format!(
        "{} on {} is INVALID: no query uses it. Where no later migration makes it whole: {}",
        index.name(),
        index.table,
        index.drop_statement()
    )
}

/// What is to be known of a server before migrations are run there.
pub(super) fn warnings(worker: &Worker<'_>, database: &Database) -> Vec<String> {
    let session = &worker.session;
    let backslashes = database.backslash_escapes.then(|| {
        "standard_conforming_strings is off here: migrations are read and run with it on, so that a \
         backslash in '…' is a backslash, and escapes only in E'…'"
            .to_owned()
    });
    let broken = broken_builds(session.version_number(), session.version());
    broken.into_iter().chain(backslashes).collect()
}

/// The versions of PostgreSQL whose concurrent builds can be corrupt without a sign: 14.0 to 14.3.
/// Source: release notes of 14.4.
fn broken_builds(number: u32, version: &str) -> Option<String> {
    let is_broken = (140_000..140_004).contains(&number);
    is_broken.then(|| {
        format!(
        "PostgreSQL {version} can build indexes concurrently that miss rows, without a word (fixed in 14.4): \
         update it first, and REINDEX what was built concurrently"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::broken_builds;

    #[test]
    fn only_14_0_to_14_3_are_warned_of() {
        let warned = |number| broken_builds(number, "x").is_some();
        assert!(warned(140_000) && warned(140_003));
        assert!(!warned(140_004) && !warned(130_022) && !warned(150_000));
    }
}
