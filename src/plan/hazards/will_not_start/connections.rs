//! Too few connections for those that are kept back, and too many processes.

use super::{Rule, Verdict, fails, nothing_to_ask, shown};
use crate::plan::after::After;

/// More connections are kept back than there are.
pub(super) const RESERVED: Rule = Rule {
    settings: &[
        "superuser_reserved_connections",
        "reserved_connections",
        "max_connections",
    ],
    judge: reserved,
    asks: nothing_to_ask,
    before_every_restart: false,
};

/// The settings that each make room for processes, by the slots that they take.
pub(super) const PROCESSES: Rule = Rule {
    settings: &[
        "max_connections",
        "max_worker_processes",
        "max_wal_senders",
        "autovacuum_max_workers",
        "autovacuum_worker_slots",
    ],
    judge: processes,
    asks: nothing_to_ask,
    before_every_restart: false,
};

/// The most processes that a server can have (`MAX_BACKENDS`).
const MOST: i64 = 262_143;

/// Seen on 13, 15 and 18: `must be less than max_connections`; from 16 with `reserved_connections`.
fn reserved(after: &After<'_>) -> Vec<Verdict> {
    let [superuser, reserved, all] = RESERVED.settings else {
        return Vec::new();
    };
    let (Some(kept), Some(most)) = (after.integer(superuser), after.integer(all)) else {
        return Vec::new();
    };
    let also = after.integer(reserved).filter(|also| *also > 0);
    if kept + also.unwrap_or(0) < most {
        return Vec::new();
    }
    let plus = also.map_or_else(String::new, |_| format!(" plus {}", shown(after, reserved)));
    let why = format!(
        "{}{plus} must be less than {}; keep fewer back, or let more in",
        shown(after, superuser),
        shown(after, all)
    );
    vec![fails(after, why)]
}

/// Seen: "too many server processes configured" on 18; 13 and 15 refuse `max_connections` then.
fn processes(after: &After<'_>) -> Vec<Verdict> {
    let autovacuum = if after.raw("autovacuum_worker_slots").is_some() {
        "autovacuum_worker_slots"
    } else {
        "autovacuum_max_workers"
    };
    let names = [
        "max_connections",
        autovacuum,
        "max_worker_processes",
        "max_wal_senders",
    ];
    let counts = names.iter().map(|name| after.integer(name));
    let Some(sum) = counts.sum::<Option<i64>>() else {
        return Vec::new();
    };
    // One process more, and from 18 two, are the server's own.
    if sum < MOST {
        return Vec::new();
    }
    let summands: Vec<String> = names.iter().map(|name| shown(after, name)).collect();
    let why = format!(
        "{} are {sum} processes together and {MOST} is the most; lower one of them",
        summands.join(" + ")
    );
    vec![fails(after, why)]
}
