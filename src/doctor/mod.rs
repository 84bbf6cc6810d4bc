//! What stands between dbtune and a change of these servers: findings out of what was seen.
//!
//! Pure: every check takes what was read and returns findings. Connecting, reading and looking at
//! this machine is done by the command; how findings look is the affair of `render`.

mod files;
mod finding;
pub mod grants;
mod history;
mod host;
mod overrides;
mod parameters;
mod reach;
mod redis;
mod replication;
mod rights;
mod seen;

pub use finding::{Check, Finding, Verdict};
pub use history::Local;
pub use seen::{Examined, Read, Seen, Trouble};

use crate::profile::Profile;
use crate::setting::EngineKind;

/// Everything there is to say: of the profile, of each target in order, and of the history.
pub fn findings(
    targets: &[Examined],
    profile: Option<&Profile>,
    local: Option<&Local>,
) -> Vec<Finding> {
    let mut findings = profile
        .map(|profile| parameters::without_target(profile, targets))
        .unwrap_or_default();
    for examined in targets {
        findings.extend(of_target(examined, targets, profile));
    }
    findings.extend(local.map(history::find).unwrap_or_default());
    findings
}

fn of_target(examined: &Examined, all: &[Examined], profile: Option<&Profile>) -> Vec<Finding> {
    let mut findings = reach::find(examined, profile);
    findings.push(host::restart_command(examined));
    // What was refused on the way in is told already.
    let told: Vec<Option<String>> = findings.iter().map(|one| one.remedy.clone()).collect();
    let rights = rights::find(examined).into_iter();
    findings.extend(rights.filter(|one| one.remedy.is_none() || !told.contains(&one.remedy)));
    let Seen::All(read) = &examined.seen else {
        return findings;
    };
    findings.extend(host::managed(read));
    findings.extend(
        profile
            .map(|profile| parameters::find(examined, read, profile))
            .unwrap_or_default(),
    );
    findings.extend(files::pending_restart(examined, read));
    findings.extend(
        profile
            .map(|profile| overrides::find(read, profile))
            .unwrap_or_default(),
    );
    match examined.target.engine {
        EngineKind::Postgresql => findings.extend(files::find(read)),
        EngineKind::Redis => findings.extend(redis::find(examined, read, profile)),
    }
    findings.push(host::memory(read));
    findings.extend(replication::find(examined, read, all));
    findings
}
