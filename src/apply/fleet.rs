//! The servers of a run, and the lock over all of them.

use std::thread;
use std::time::{Duration, Instant};

use super::{ApplyError, Event};
use crate::engine::{self, Engine, EngineError, Interrupt, Lock, Target};
use crate::plan::TargetFacts;
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
        in_parallel(&mut self.members, |member| member.engine.snapshot())
            .into_iter()
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

/// What a plan remembers of a server.
impl From<&Snapshot> for TargetFacts {
    fn from(snapshot: &Snapshot) -> Self {
        Self {
            name: snapshot.target.clone(),
            engine: snapshot.engine,
            address: snapshot.address.clone(),
            identity: snapshot.identity.clone(),
        }
    }
}

/// Keeps runs that were started together from trying together: processes have different ids.
fn jitter() -> Duration {
    Duration::from_millis(u64::from(std::process::id() % 17) * 5)
}

/// Does one thing with each item, all at once, and gives the results in the order of the items. One
/// item is not worth a thread.
fn in_parallel<I, T>(items: I, act: impl Fn(I::Item) -> T + Sync) -> Vec<T>
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
