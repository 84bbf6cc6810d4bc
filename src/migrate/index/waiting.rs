//! Waiting for the builds of others.

use std::time::Duration;

use super::catalogue::{self, Table};
use crate::engine::EngineError;
use crate::migrate::Event;
use crate::migrate::held_up::HeldUp;
use crate::migrate::worker::{Failed, Worker};

/// How often the build of another process is looked at.
const GLANCE: Duration = Duration::from_millis(200);

/// Waits while another process builds an index on the table: an index of ours that a killed run left to
/// its server process, or another, behind which this one would only queue until a deadlock. Returns
/// whether there was one.
pub(super) fn wait_for_others(
    worker: &mut Worker<'_>,
    table: &Table,
    name: &str,
) -> Result<bool, Failed> {
    let shown = format!("{name} on {}", table.name);
    wait_for_builds(worker, &format!("SELECT {}::oid", table.oid), &shown)
}

/// The same for each of several tables. `tables`: a query of their oids.
pub(super) fn wait_for_builds(
    worker: &mut Worker<'_>,
    tables: &str,
    shown: &str,
) -> Result<bool, Failed> {
    let mut is_told = false;
    let mut held_up = HeldUp::new("the build of another session", worker.options.build_timeout);
    while let Some(pid) = catalogue::builder(&mut worker.session, tables)? {
        if !is_told {
            is_told = true;
            let what = shown.to_owned();
            (worker.tell)(Event::WaitingForBuild { what, pid });
        }
        if worker.interrupt.sleep(GLANCE) {
            return Err(EngineError::Interrupted.into());
        }
        let _goes_on = held_up.look(&mut worker.watcher, pid, worker.tell);
        if held_up.gave_up {
            let HeldUp {
                waited, blockers, ..
            } = held_up;
            return Err(Failed::GaveUp { waited, blockers });
        }
    }
    Ok(is_told)
}
