//! Restarts several targets, one after another, in an order that no standby is harmed by.

use std::time::{Duration, Instant};

use super::batch::Batch;
use super::execute::{Executor, Progress, pending_targets};
use super::restart::told;
use super::{Cause, Event};
use crate::plan::restart_order;
use crate::setting::EngineKind;
use crate::snapshot::Snapshot;

/// How long a standby may take to replay what its primary had written when it was restarted.
const REPLAY_LIMIT: Duration = Duration::from_mins(1);
/// How often a standby is asked how far it has come.
const REPLAY_POLL: Duration = Duration::from_millis(100);

impl Executor<'_> {
    /// Restarts every target on which something waits for it, and asks again what is in effect.
    pub(super) fn restart_pending(&mut self, progress: &mut Progress) -> Result<(), Cause> {
        let waiting = pending_targets(&progress.done);
        for target in self.in_order(&waiting)? {
            self.check_interrupt()?;
            self.wait_for_replay(&target, &progress.restarted)?;
            let attempt = self.ready(&target)?;
            progress.restarted.push(target.clone());
            self.restart(&attempt)?;
            let waiting: Vec<_> = progress
                .done
                .iter()
                .filter(|(change, _)| change.target == target)
                .map(|(change, _)| change.clone())
                .collect();
            let judged = self.judge(&waiting)?;
            progress.done.retain(|(change, _)| change.target != target);
            progress.done.extend(judged);
        }
        Ok(())
    }

    /// Restarts once more the targets that a failed run had restarted, so that what was put back
    /// in their files runs again. One that cannot be restarted is told as waiting for it, and so are
    /// those after it in the order.
    pub(super) fn restart_again(&mut self, begun: &[Batch], restarted: &[String]) {
        let was_changed = |target: &String| begun.iter().any(|batch| batch.target == *target);
        let mut waiting: Vec<String> = Vec::new();
        for target in restarted {
            if self.is_rescued(target) {
                // It runs with its earlier values already: that is what the others fit.
                let left = self.leave_rescue(target);
                self.tell_failed(target, left);
            } else if was_changed(target) && !waiting.contains(target) && self.is_pending(target) {
                waiting.push(target.clone());
            }
        }
        let restarted = self.restart_in_order(&waiting);
        self.tell_failed(&waiting.join(", "), restarted);
    }

    fn tell_failed(&mut self, target: &str, result: Result<(), Cause>) {
        if let Err(cause) = result {
            (self.report)(Event::Notice {
                target: target.to_owned(),
                text: told(&cause),
            });
        }
    }

    fn restart_in_order(&mut self, waiting: &[String]) -> Result<(), Cause> {
        let mut restarted = Vec::new();
        for target in self.in_order(waiting)? {
            self.wait_for_replay(&target, &restarted)?;
            let attempt = self.ready(&target)?;
            self.restart(&attempt)?;
            restarted.push(target);
        }
        Ok(())
    }

    /// These targets in the order in which they may be restarted, by what the servers say now.
    fn in_order(&mut self, waiting: &[String]) -> Result<Vec<String>, Cause> {
        if waiting.len() < 2 && self.fleet.members().len() < 2 {
            return Ok(waiting.to_vec());
        }
        let snapshots = self.fleet.snapshots()?;
        let nodes: Vec<&Snapshot> = snapshots.iter().collect();
        let found = restart_order(&nodes, waiting);
        if found.stuck.is_empty() {
            return Ok(found.order);
        }
        Err(Cause::NoOrder {
            targets: found.stuck,
        })
    }

    /// Before a standby is restarted: has it replayed what its primary had written when that one was
    /// restarted in this run? With less than what it still has to replay it would not start again.
    fn wait_for_replay(&mut self, target: &str, restarted: &[String]) -> Result<(), Cause> {
        let standby = self.snapshot(target)?;
        if standby.engine != EngineKind::Postgresql || standby.identity.role != "standby" {
            return Ok(());
        }
        for name in restarted {
            let primary = self.snapshot(name)?;
            let is_its = primary.identity.system == standby.identity.system
                && primary.identity.role == "primary";
            if let (true, Some(end)) = (is_its, position(&primary)) {
                self.wait_for_position(target, name, end)?;
            }
        }
        Ok(())
    }

    fn wait_for_position(&mut self, target: &str, primary: &str, end: u64) -> Result<(), Cause> {
        let begun = Instant::now();
        (self.report)(Event::WaitingForReplay {
            target: target.to_owned(),
            primary: primary.to_owned(),
        });
        loop {
            let standby = self.snapshot(target)?;
            let replayed = position(&standby).unwrap_or_default();
            if replayed >= end {
                return Ok(());
            }
            if begun.elapsed() >= REPLAY_LIMIT || is_paused(&standby) {
                return Err(Cause::NotReplayed {
                    target: target.to_owned(),
                    primary: primary.to_owned(),
                    behind: end - replayed,
                    is_paused: is_paused(&standby),
                });
            }
            if self.interrupt.sleep(REPLAY_POLL) {
                return Err(Cause::Interrupted);
            }
        }
    }

    fn is_pending(&mut self, target: &str) -> bool {
        self.snapshot(target).is_ok_and(|snapshot| {
            snapshot
                .settings
                .values()
                .any(|observed| observed.pending_restart)
        })
    }
}

fn position(snapshot: &Snapshot) -> Option<u64> {
    snapshot.facts.postgresql.as_ref()?.wal_position
}

fn is_paused(snapshot: &Snapshot) -> bool {
    let facts = snapshot.facts.postgresql.as_ref();
    facts.is_some_and(|facts| facts.replay_paused)
}
