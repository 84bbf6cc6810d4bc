//! Keys would be thrown away.

use crate::plan::types::{Hazard, HazardKind};

use super::redis_memory::{Pressure, amount, count};
use super::{Subject, blocking};

/// Says how many keys of how many would go, where more go than would without the change.
pub(super) fn find(subject: &Subject<'_>) -> Option<Hazard> {
    let pressure = Pressure::of(subject)?;
    if pressure.after.evicts <= pressure.before.evicts {
        return None;
    }
    let name = subject.target.name();
    let gone = gone(&pressure);
    let message = if pressure.after_promotion {
        format!(
            "{name} is a replica and leaves its keys to its master; promoted, it would throw \
             {gone} away at its first write: {}",
            why(&pressure)
        )
    } else {
        format!(
            "{name} would throw {gone} away at once, and nothing brings them back: {}",
            why(&pressure)
        )
    };
    Some(blocking(HazardKind::EvictsKeys, message))
}

fn gone(pressure: &Pressure<'_>) -> String {
    let (evicts, facts) = (pressure.after.evicts, pressure.facts);
    let keys = count(facts.keys);
    if pressure.after.rejects && evicts == facts.keys {
        format!("all of its {keys} keys")
    } else if pressure.after.rejects {
        format!("all {} keys that expire (of {keys})", count(evicts))
    } else {
        format!("about {} of {keys} keys", count(evicts))
    }
}

fn why(pressure: &Pressure<'_>) -> String {
    format!(
        "it uses {} and maxmemory is to be {} with {}",
        amount(pressure.facts.used_memory),
        pressure.limit,
        pressure.policy
    )
}
