//! The change waits for a restart.

use crate::plan::need::Need;
use crate::plan::types::{Hazard, HazardKind};
use crate::setting::Effect;

use super::{Subject, warning};

/// Names the target that has to be restarted, and the command where one is known.
pub(super) fn find(subject: &Subject<'_>) -> Option<Hazard> {
    if !subject.needs_restart() {
        return None;
    }
    let target = subject.target.name();
    let message = match subject.target.restart_line() {
        Some(command) => format!("takes effect after a restart of {target}: {command}"),
        None => format!(
            "takes effect after a restart of {target}; the targets file has no restart command \
             for it, so dbtune never restarts it"
        ),
    };
    Some(warning(HazardKind::Restart, message))
}

impl Subject<'_> {
    /// Whether it takes a restart to get there. What waits for a restart and is taken back before
    /// does not: the goal runs already.
    pub(super) fn needs_restart(&self) -> bool {
        match self.need {
            Need::Nothing => false,
            Need::Restart => true,
            Need::Write => {
                let runs = self.goal.is(self.observed, &self.observed.running);
                self.observed.effect == Effect::Restart && !runs
            }
        }
    }
}
