//! A Redis would refuse writes.

use crate::plan::after::After;
use crate::plan::types::{Hazard, HazardKind};
use crate::snapshot::RedisFacts;

use super::redis_memory::{Pressure, amount, carries, count};
use super::{Subject, blocking, warning};

/// Both names of each of the settings that ask for replicas.
const REPLICAS: [&str; 2] = ["min-replicas-to-write", "min-slaves-to-write"];
const LAG: [&str; 2] = ["min-replicas-max-lag", "min-slaves-max-lag"];
const ASKING: [&str; 4] = [REPLICAS[0], REPLICAS[1], LAG[0], LAG[1]];

/// The settings by which a snapshot that fails stops writes.
const STOPPING: [&str; 2] = ["stop-writes-on-bgsave-error", "save"];

/// The first reason for which writes would be refused that are not refused now.
pub(super) fn find(subject: &Subject<'_>) -> Option<Hazard> {
    out_of_memory(subject)
        .or_else(|| too_few_replicas(subject))
        .or_else(|| failing_saves(subject))
}

fn out_of_memory(subject: &Subject<'_>) -> Option<Hazard> {
    let pressure = Pressure::of(subject)?;
    let (name, policy) = (subject.target.name(), &pressure.policy);
    let used = amount(pressure.facts.used_memory);
    if !pressure.after.rejects && pressure.is_on_the_edge {
        let message = format!(
            "{name} uses {used} of {}, and {policy} lets it throw nothing away: it refuses every \
             write (OOM) once the limit is reached",
            pressure.limit
        );
        return Some(warning(HazardKind::RejectsWrites, message));
    }
    if !pressure.after.rejects || pressure.before.rejects {
        return None;
    }
    let when = if pressure.after_promotion {
        "is a replica; promoted, it"
    } else {
        "at once"
    };
    let message = format!(
        "{name} {when} would refuse every write that needs memory (OOM): it uses {used}, maxmemory \
         is to be {}, and {}",
        pressure.limit,
        not_enough(&pressure)
    );
    Some(blocking(HazardKind::RejectsWrites, message))
}

fn not_enough(pressure: &Pressure<'_>) -> String {
    let (policy, facts) = (&pressure.policy, pressure.facts);
    if policy.starts_with("volatile-") {
        let (expiring, keys) = (count(facts.expiring_keys), count(facts.keys));
        format!("with {policy} only the {expiring} of its {keys} keys that expire may go")
    } else if policy.starts_with("allkeys-") {
        "even without any key it would use more".to_owned()
    } else {
        format!("with {policy} no key may go")
    }
}

/// Fewer replicas follow than each write would ask for.
fn too_few_replicas(subject: &Subject<'_>) -> Option<Hazard> {
    let snapshot = subject.target.snapshot;
    let is_master = snapshot.identity.role == "master";
    if !is_master || !carries(subject, &ASKING) {
        return None;
    }
    let after = subject.after();
    let online = online(snapshot.facts.redis.as_ref()?);
    let (asked, lag) = (number(after, &REPLICAS)?, number(after, &LAG)?);
    let before = |names: &[&str]| names.iter().find_map(|name| after.integer_before(name));
    let refuses = |asked: i64, lag: i64| asked > 0 && lag > 0 && online < asked;
    if !refuses(asked, lag) || refuses(before(&REPLICAS)?, before(&LAG)?) {
        return None;
    }
    let message = format!(
        "{} would refuse every write (NOREPLICAS): {} is to be {asked} and {online} replicas are \
         online",
        subject.target.name(),
        REPLICAS[0],
    );
    Some(blocking(HazardKind::RejectsWrites, message))
}

fn online(facts: &RedisFacts) -> i64 {
    let online = facts
        .replicas
        .iter()
        .filter(|replica| replica.state == "online");
    i64::try_from(online.count()).unwrap_or(i64::MAX)
}

/// A number under whichever of its names is written, else under any.
fn number(after: &After<'_>, names: &[&str]) -> Option<i64> {
    let written = names.iter().find(|name| after.writes(name));
    written
        .into_iter()
        .chain(names)
        .find_map(|name| after.integer(name))
}

/// Snapshots fail, or may, and are to stop writes when they do.
fn failing_saves(subject: &Subject<'_>) -> Option<Hazard> {
    if !carries(subject, &STOPPING) {
        return None;
    }
    let after = subject.after();
    let [stop, save] = STOPPING;
    let stops = |on: Option<&str>, save: Option<&str>| {
        on.is_some_and(|on| on.eq_ignore_ascii_case("yes")) && save.is_some_and(|s| !s.is_empty())
    };
    let is_new = stops(after.raw(stop), after.raw(save))
        && !stops(after.raw_before(stop), after.raw_before(save));
    if !is_new {
        return None;
    }
    let name = subject.target.name();
    Some(
        if subject.target.snapshot.facts.redis.as_ref()?.save_failed {
            let message = format!(
                "{name} would refuse every write (MISCONF): its last snapshot failed, and {stop} is to \
             be yes; see its log, and let a BGSAVE succeed first"
            );
            blocking(HazardKind::RejectsWrites, message)
        } else {
            let message = format!("from then on {name} refuses every write once a snapshot fails");
            warning(HazardKind::RejectsWrites, message)
        },
    )
}
