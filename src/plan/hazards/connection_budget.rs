//! Fewer connections would be let in than are in use.

use crate::plan::after::After;
use crate::plan::types::{Hazard, HazardKind};
use crate::setting::EngineKind;

use super::{Subject, blocking};

/// The settings of PostgreSQL that decide how many plain connections there may be.
const OF_POSTGRESQL: [&str; 3] = [
    "max_connections",
    "superuser_reserved_connections",
    "reserved_connections",
];

/// The setting of Redis that does.
const OF_REDIS: &str = "maxclients";

/// Compares what is open now with what will be let in.
pub(super) fn find(subject: &Subject<'_>) -> Option<Hazard> {
    if !subject.writes_one_of(&OF_POSTGRESQL) && !subject.writes_one_of(&[OF_REDIS]) {
        return None;
    }
    let after = subject.after();
    let used = i64::from(subject.target.snapshot.facts.connections?);
    let engine = subject.target.snapshot.engine;
    let before = room(engine, |name| after.integer_before(name));
    let room = room(engine, |name| after.integer(name))?;
    // Superusers may hold more than that is, and where it grows nobody is shut out by the change.
    let shrinks = before.is_none_or(|before| room < before);
    (used > room && shrinks).then(|| {
        let target = subject.target.name();
        let message = format!(
            "{used} connections to {target} are open now and {room} would be let in ({}); \
             lower the number of clients first",
            how(after)
        );
        blocking(HazardKind::ConnectionBudget, message)
    })
}

/// How many connections plain users may have. Source: the documentation of `max_connections`,
/// `superuser_reserved_connections` and (from 16) `reserved_connections`.
fn room(engine: EngineKind, value: impl Fn(&str) -> Option<i64>) -> Option<i64> {
    match engine {
        EngineKind::Redis => value(OF_REDIS),
        EngineKind::Postgresql => {
            let [all, superuser, reserved] = OF_POSTGRESQL.map(value);
            Some(all? - superuser? - reserved.unwrap_or(0))
        }
    }
}

fn how(after: &After<'_>) -> String {
    let names: &[&str] = match after.target.snapshot.engine {
        EngineKind::Redis => &[OF_REDIS],
        EngineKind::Postgresql => &OF_POSTGRESQL,
    };
    let shown = names.iter().filter_map(|name| {
        let value = after.shown(name)?;
        Some(format!("{name} {value}"))
    });
    shown.collect::<Vec<_>>().join(", less ")
}
