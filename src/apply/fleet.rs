//! The servers of a run, and the lock over all of them.

use std::thread;
use std::time::{Duration, Instant};

use super::rescue::Rescued;
use super::{ApplyError, Event};
use crate::engine::{self, Engine, EngineError, Interrupt, Lock, Target};
use crate::ledger::Restart;
use crate::plan::Questions;
use crate::setting::EngineKind;
use crate::snapshot::Snapshot;

/// How often the lock is tried.
const LOCK_POLL: Duration = Duration::from_millis(50);

/// The servers of a run, in the order of the targets file.
pub struct Fleet {
    members: Vec<Member>,
}

/// One server of a run.
pub struct Member {
    /// What is known of it before connecting.
    pub target: Target,
    /// The connection.
    pub engine: Box<dyn Engine>,
    /// The system identifier of the PostgreSQL that the run began with: no other one may be written to.
    pub(super) system: Option<String>,
    /// It runs with earlier values on its command line, because its restart failed.
    pub(super) rescued: Option<Rescued>,
    /// Its restarts in this run.
    pub(super) restarts: Vec<Restart>,
}

impl Fleet {
    /// Connects to every target at once. Every failure is told, not only the first.
    pub fn connect(targets: &[Target], interrupt: &Interrupt) -> Result<Self, Vec<EngineError>> {
        let connected = in_parallel(targets, |target| engine::connect(target, interrupt));
        let mut members = Vec::new();
        let mut errors = Vec::new();
        for (target, result) in targets.iter().zip(connected) {
            match result {
                Ok(engine) => members.push(Member {
                    target: target.clone(),
                    engine,
                    system: None,
                    rescued: None,
                    restarts: Vec::new(),
                }),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() {
            Ok(Self { members })
        } else {
            Err(errors)
        }
    }

    /// Reads every server at once.
    pub fn snapshots(&mut self) -> Result<Vec<Snapshot>, EngineError> {
        in_parallel(&mut self.members, Member::snapshot)
            .into_iter()
            .collect()
    }

    /// Asks every server at once what a plan leaves open, and puts the answers into the snapshots.
    pub fn answer(
        &mut self,
        questions: &Questions,
        snapshots: &mut [Snapshot],
    ) -> Result<(), EngineError> {
        let pairs = self.members.iter_mut().zip(snapshots);
        let asked = pairs.filter_map(|(member, snapshot)| {
            let own = questions.get(&snapshot.target)?;
            Some((member, snapshot, own))
        });
        in_parallel(asked, |(member, snapshot, questions)| {
            for question in questions {
                let answer = member.engine.answer(question)?;
                snapshot.answers.insert(question.clone(), answer);
            }
            Ok(())
        })
        .into_iter()
        .collect()
    }

    /// The restarts of this run.
    pub(super) fn restarts(&self) -> Vec<Restart> {
        let members = self.members.iter();
        members.flat_map(|member| member.restarts.clone()).collect()
    }

    /// The targets that run with earlier values on their command line, because a restart failed.
    pub(super) fn rescued(&self) -> Vec<String> {
        let members = self.members.iter();
        members
            .filter(|member| member.rescued.is_some())
            .map(|member| member.target.name.clone())
            .collect()
    }

    /// The members, in order.
    pub fn members(&mut self) -> &mut [Member] {
        &mut self.members
    }

    /// One member by the name of its target.
    pub fn member(&mut self, target: &str) -> Option<&mut Member> {
        self.members
            .iter_mut()
            .find(|member| member.target.name == target)
    }

    /// Takes the lock on every server, trying again until `patience` is over.
    ///
    /// The locks are taken in the order of the targets, and all are given back where one is not to
    /// be had, so that two runs over the same servers never wait for each other for ever.
    pub fn lock(
        &mut self,
        patience: Duration,
        interrupt: &Interrupt,
        report: &mut dyn FnMut(Event),
    ) -> Result<(), ApplyError> {
        let end = Instant::now() + patience;
        let mut told = false;
        loop {
            let Some((target, holder)) = self.try_lock().map_err(ApplyError::NotBegun)? else {
                return Ok(());
            };
            self.unlock();
            if Instant::now() >= end {
                return Err(ApplyError::Locked { target, holder });
            }
            if !told {
                report(Event::WaitingForLock { target, holder });
                told = true;
            }
            if interrupt.sleep(LOCK_POLL + jitter()) {
                return Err(ApplyError::InterruptedBefore);
            }
        }
    }

    /// Gives every lock back. A connection that is gone has given its lock back itself.
    pub fn unlock(&mut self) {
        for member in &mut self.members {
            drop(member.engine.unlock());
        }
    }

    fn try_lock(&mut self) -> Result<Option<(String, String)>, EngineError> {
        for member in &mut self.members {
            if let Lock::HeldBy(holder) = member.engine.try_lock()? {
                return Ok(Some((member.target.name.clone(), holder)));
            }
        }
        Ok(None)
    }
}

impl Member {
    /// Reads the server, and makes sure that it is the one that the first reading saw. What the user
    /// states of it counts for more than what it says itself.
    pub(super) fn snapshot(&mut self) -> Result<Snapshot, EngineError> {
        let mut snapshot = self.engine.snapshot()?;
        if let Some(stated) = &self.target.memory {
            snapshot.facts.memory = Some(stated.clone());
        }
        if snapshot.engine == EngineKind::Redis {
            return Ok(snapshot);
        }
        let is = &snapshot.identity.system;
        let was = self.system.get_or_insert_with(|| is.clone());
        if was == is {
            return Ok(snapshot);
        }
        Err(EngineError::Unexpected {
            target: self.target.name.clone(),
            statement: "a look at which server it is".to_owned(),
            reason: format!(
                "another server answers at {}: system identifier {is}, it was {was}",
                snapshot.address
            ),
        })
    }
}

/// Keeps runs that were started together from trying together: processes have different ids.
fn jitter() -> Duration {
    Duration::from_millis(u64::from(std::process::id() % 17) * 5)
}

/// Does one thing with each item, all at once, and gives the results in the order of the items. One
/// item is not worth a thread.
pub fn in_parallel<I, T>(items: I, act: impl Fn(I::Item) -> T + Sync) -> Vec<T>
where
    I: IntoIterator,
    I::Item: Send,
    T: Send,
{
    let items: Vec<I::Item> = items.into_iter().collect();
    if items.len() < 2 {
        return items.into_iter().map(act).collect();
    }
    thread::scope(|scope| {
        let act = &act;
        let handles: Vec<_> = items
            .into_iter()
            .map(|item| scope.spawn(move || act(item)))
            .collect();
        handles
            .into_iter()
            .map(|handle| match handle.join() {
                Ok(value) => value,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}
