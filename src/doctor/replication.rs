//! Who follows whom, and whether all of them are among the targets: `ALTER SYSTEM` and `CONFIG SET`
//! concern one server alone.

use super::parameters::count;
use super::{Check, Examined, Finding, Read, Verdict};
use crate::setting::EngineKind;
use crate::snapshot::{Follower, Snapshot};

pub(super) fn find(examined: &Examined, read: &Read, all: &[Examined]) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(followers(read, all));
    findings.extend(leader(read, all));
    findings.extend(trouble(read));
    findings.extend(history_on_a_standby(examined, read));
    findings
}

/// Standbys and replicas that follow it, against those among the targets. A follower is told by its
/// number alone: PostgreSQL names neither its port nor the address at which others reach it.
fn followers(read: &Read, all: &[Examined]) -> Option<Finding> {
    let seen = seen(&read.snapshot);
    if seen.is_empty() {
        return None;
    }
    let listed = all
        .iter()
        .filter_map(Examined::read)
        .filter(|other| follows(&other.snapshot, &read.snapshot))
        .count();
    let names: Vec<String> = seen.iter().map(describe).collect();
    let noun = match read.snapshot.engine {
        EngineKind::Postgresql => "standby server",
        EngineKind::Redis => "replica",
    };
    let message = format!(
        "{} of it, {listed} among the targets: {}",
        count(seen.len(), noun),
        names.join(", ")
    );
    let finding = |verdict| Finding::new(read.target(), Check::Replication, verdict, &message);
    Some(if listed >= seen.len() {
        finding(Verdict::Ok)
    } else {
        finding(Verdict::Warning)
            .remedy("name each in the targets file: what is set here is not set there")
    })
}

fn seen(snapshot: &Snapshot) -> Vec<Follower> {
    let facts = &snapshot.facts;
    let standbys = facts.postgresql.iter().flat_map(|facts| &facts.standbys);
    let replicas = facts.redis.iter().flat_map(|facts| &facts.replicas);
    standbys.chain(replicas).cloned().collect()
}

fn describe(follower: &Follower) -> String {
    let name = &follower.name;
    match &follower.address {
        Some(address) if !name.contains(address.as_str()) => {
            format!("{name} from {address} ({})", follower.state)
        }
        Some(_) | None => format!("{name} ({})", follower.state),
    }
}

/// Whether one target is a follower of another. A Redis names its master as it reaches it, which may
/// not be how dbtune does: any replica among the targets may be one of this master.
fn follows(one: &Snapshot, other: &Snapshot) -> bool {
    one.engine == other.engine
        && one.target != other.target
        && match one.engine {
            EngineKind::Postgresql => {
                one.identity.system == other.identity.system && one.identity.role == "standby"
            }
            EngineKind::Redis => one.identity.role == "replica",
        }
}

/// A standby or replica whose primary or master is not among the targets.
fn leader(read: &Read, all: &[Examined]) -> Option<Finding> {
    let snapshot = &read.snapshot;
    let facts = &snapshot.facts;
    let (is_follower, upstream) = match snapshot.engine {
        EngineKind::Postgresql => (
            snapshot.identity.role == "standby",
            facts
                .postgresql
                .as_ref()
                .and_then(|facts| facts.upstream.as_deref()),
        ),
        EngineKind::Redis => (
            snapshot.identity.role == "replica",
            facts
                .redis
                .as_ref()
                .and_then(|facts| facts.upstream.as_deref()),
        ),
    };
    let is_known = all
        .iter()
        .filter_map(Examined::read)
        .any(|other| match snapshot.engine {
            EngineKind::Postgresql => {
                other.snapshot.identity.system == snapshot.identity.system
                    && other.snapshot.identity.role == "primary"
            }
            EngineKind::Redis => {
                other.snapshot.engine == EngineKind::Redis
                    && other.snapshot.identity.role == "master"
            }
        });
    let at = upstream.map(|at| format!(" at {at}")).unwrap_or_default();
    (is_follower && !is_known).then(|| {
        let message = format!("what it follows{at} is not among the targets");
        Finding::new(read.target(), Check::Replication, Verdict::Warning, message)
            .remedy("name it in the targets file: after a failover both need the same settings")
    })
}

fn trouble(read: &Read) -> Option<Finding> {
    let facts = &read.snapshot.facts;
    let is_paused = facts
        .postgresql
        .as_ref()
        .is_some_and(|facts| facts.replay_paused);
    let is_cut_off = facts
        .redis
        .as_ref()
        .is_some_and(|facts| facts.link_is_up == Some(false));
    let finding =
        |message: &str| Finding::new(read.target(), Check::Replication, Verdict::Warning, message);
    if is_paused {
        let remedy = "find out why in its log before SELECT pg_wal_replay_resume(): where it was \
                      started with less than its primary needs, that ends it; raise the settings \
                      that the log names and restart it";
        return Some(finding("its replay is paused: it falls behind its primary").remedy(remedy));
    }
    is_cut_off.then(|| {
        finding("it is not connected to its master")
            .remedy("look into its log: master_link_status is down")
    })
}

fn history_on_a_standby(examined: &Examined, read: &Read) -> Option<Finding> {
    let is_readonly = examined.keeps_history && read.snapshot.identity.role == "standby";
    is_readonly.then(|| {
        let message = "it is the first PostgreSQL among the targets, where the history is kept, and a \
                       standby cannot be written to";
        Finding::new(read.target(), Check::History, Verdict::Problem, message)
            .remedy("name the primary before it in the targets file")
    })
}
