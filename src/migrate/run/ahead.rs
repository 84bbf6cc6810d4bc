//! `--jobs`: builds on different tables at once, each on a session of its own; never two on one table,
//! because the second would wait for the first until one of them is the victim of a deadlock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::failures::with_left;
use super::noted_build::{self, Notes, Unbuilt};
use super::plan::Planned;
use super::{Order, Runner};
use crate::engine::postgresql::literal;
use crate::migrate::index::Done;
use crate::migrate::store::Step;
use crate::migrate::worker::Worker;
use crate::migrate::{Event, MigrateError};
use crate::sql::{CreateIndex, Kind, Statement};

/// A build that is done ahead of its turn.
struct Job {
    planned: Arc<Planned>,
    index: usize,
    create: CreateIndex,
    notes: Notes,
    /// An earlier run had begun it.
    was_begun: bool,
}

/// What came of a job.
type Outcome = (Job, Result<Done, Unbuilt>);

impl Runner<'_, '_> {
    /// Runs the builds that stand one after the other from this statement on, in this file and the files
    /// after it, and notes those that are done. What comes after them waits.
    pub(super) fn work_ahead(
        &mut self,
        planned: &Arc<Planned>,
        index: usize,
    ) -> Result<(), MigrateError> {
        let lanes = self.order.options.jobs;
        if lanes < 2 || has_settings_before(planned, index) {
            return Ok(());
        }
        let jobs = self.builds_from(planned, index);
        if jobs.len() < 2 || have_a_name_in_common(&jobs) {
            return Ok(());
        }
        let queues = self.by_table(jobs)?;
        if queues.len() < 2 {
            return Ok(());
        }
        let outcomes = self.run_queues(queues, lanes);
        self.take_in(outcomes)
    }

    fn builds_from(&self, planned: &Arc<Planned>, index: usize) -> Vec<Job> {
        let following = self.planned.iter();
        let files = std::iter::once((planned, index)).chain(following.map(|file| (file, 0)));
        let statements = files.flat_map(|(file, from)| {
            let statements = file.script.statements().iter().enumerate().skip(from);
            statements.map(move |(index, statement)| (file, index, build(statement)))
        });
        let builds = statements.map_while(|(file, index, create)| Some((file, index, create?)));
        builds
            .filter(|(file, index, _)| !self.is_done(file, *index))
            .map(|(file, index, create)| Job {
                planned: Arc::clone(file),
                index,
                create: create.clone(),
                notes: Notes::of(|noted| self.mere_note(file, index, noted)),
                was_begun: self.step_of(file, index).is_some(),
            })
            .collect()
    }

    /// The jobs of each table, those of its partitions among them.
    fn by_table(&mut self, jobs: Vec<Job>) -> Result<Vec<Vec<Job>>, MigrateError> {
        let mut queues: BTreeMap<String, Vec<Job>> = BTreeMap::new();
        for job in jobs {
            let name = literal(&job.create.table.to_string());
            let query = format!(
                "SELECT coalesce(pg_catalog.pg_partition_root(pg_catalog.to_regclass({name})), \
                 pg_catalog.to_regclass({name}))::oid::text"
            );
            let rows = self.worker.read(&query, "a look for the table")?;
            let root = rows.first().and_then(|row| row.first().cloned().flatten());
            queues
                .entry(root.unwrap_or_default())
                .or_default()
                .push(job);
        }
        Ok(queues.into_values().collect())
    }

    fn run_queues(&self, queues: Vec<Vec<Job>>, lanes: usize) -> Vec<Outcome> {
        let lanes = lanes.min(queues.len());
        let open = Mutex::new(queues);
        let outcomes = Mutex::new(Vec::new());
        let failed = AtomicBool::new(false);
        let order = self.order;
        thread::scope(|scope| {
            for _lane in 0..lanes {
                scope.spawn(|| lane(order, &open, &outcomes, &failed));
            }
        });
        outcomes
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what was done, and fails with the first that was not.
    fn take_in(&mut self, mut outcomes: Vec<Outcome>) -> Result<(), MigrateError> {
        outcomes.sort_by_key(|(job, _)| (job.planned.file.version, job.index));
        let mut first = None;
        for (job, outcome) in outcomes {
            match outcome {
                Ok(_) => self.remember(&job),
                Err(unbuilt) => {
                    let error = self.unbuilt(&job.planned, job.index, &job.create, unbuilt);
                    first.get_or_insert(error);
                }
            }
        }
        first.map_or(Ok(()), Err)
    }

    /// A failure with what was built ahead of its turn, behind the statement that failed, and stays.
    pub(super) fn with_what_is_ahead(&self, error: MigrateError) -> MigrateError {
        let steps = self.steps.iter().flat_map(|(version, steps)| {
            let ahead = steps.iter().filter(|(_, step)| step.is_ahead);
            ahead.map(move |(number, step)| {
                format!("statement {number} of V{version}__{}", step.name)
            })
        });
        let ahead: Vec<String> = steps.collect();
        let told = || format!("built by this run, and stays: {}", ahead.join(", "));
        with_left(error, (!ahead.is_empty()).then(told))
    }

    fn remember(&mut self, job: &Job) {
        let statement = job.planned.script.statements().get(job.index);
        let steps = self.steps.entry(job.planned.file.version).or_default();
        let step = Step {
            name: job.planned.file.name.clone(),
            digest: statement.map(Statement::digest).unwrap_or_default(),
            statement: statement
                .map(|statement| statement.text().to_owned())
                .unwrap_or_default(),
            is_done: true,
            is_ahead: true,
        };
        steps.insert(job.index + 1, step);
    }
}

/// Whether two of them ask for an index of one name: then the first has to be there before the second fails.
fn have_a_name_in_common(jobs: &[Job]) -> bool {
    let mut seen = BTreeSet::new();
    jobs.iter().any(|job| !seen.insert(&job.create.name))
}

/// One session, which takes one table after the other. After a failure nothing more is begun.
fn lane(
    order: &Order<'_>,
    open: &Mutex<Vec<Vec<Job>>>,
    outcomes: &Mutex<Vec<Outcome>>,
    failed: &AtomicBool,
) {
    let opened = order.worker(Duration::ZERO);
    // Fewer sessions than were asked for: the others, and the run itself, do the work.
    let Ok(mut worker) = opened else { return };
    let fresh = worker.fresh_session();
    if worker.run(&fresh, "the session").is_err() {
        return;
    }
    loop {
        let queue = open.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some(queue) = queue else { return };
        for job in queue {
            if failed.load(Ordering::SeqCst) || order.interrupt.is_raised() {
                return;
            }
            let outcome = run_job(&mut worker, &job);
            worker.tell_notices();
            failed.fetch_or(outcome.is_err(), Ordering::SeqCst);
            let mut outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
            outcomes.push((job, outcome));
        }
    }
}

fn run_job(worker: &mut Worker<'_>, job: &Job) -> Result<Done, Unbuilt> {
    let title = job.planned.file.title();
    let statements = job.planned.script.statements();
    let statement = statements.get(job.index);
    (worker.tell)(Event::Step {
        title: title.clone(),
        number: job.index + 1,
        of: statements.len(),
        summary: statement.map(Statement::summary).unwrap_or_default(),
    });
    noted_build::build(worker, &job.create, job.was_begun, &job.notes, &title)
}

/// The build that a statement is.
pub(super) fn build(statement: &Statement) -> Option<&CreateIndex> {
    match statement.kind() {
        Kind::CreateIndex(create) => Some(create).filter(|create| create.concurrently),
        Kind::DropIndex(_)
        | Kind::Reindex(_)
        | Kind::TransactionControl(_)
        | Kind::AddEnumValue { .. }
        | Kind::ClusterThing(_)
        | Kind::Detach(_)
        | Kind::Other => None,
    }
}

/// Whether the file sets something in its session before: the other sessions would not have it.
fn has_settings_before(planned: &Planned, index: usize) -> bool {
    let statements = planned.script.statements().iter().take(index);
    statements.into_iter().any(Statement::sets_the_session)
}
