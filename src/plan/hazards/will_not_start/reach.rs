//! The server starts, and dbtune would not get in any more, or not get through: nobody could take
//! the change back from here.

// Of `core`, which can do no I/O: only the notation of addresses is asked.
use core::net::IpAddr;
use std::path::Path;

use super::{Rule, Verdict, nothing_to_ask, unseen};
use crate::plan::after::After;
use crate::plan::cluster;

/// The address at which dbtune reaches the server.
pub(super) const ADDRESS: Rule = Rule {
    settings: &[ADDRESSES],
    judge: address,
    asks: nothing_to_ask,
    before_every_restart: false,
};

/// The socket by which dbtune reaches the server.
pub(super) const SOCKET: Rule = Rule {
    settings: &[DIRECTORIES],
    judge: socket,
    asks: nothing_to_ask,
    before_every_restart: false,
};

/// How long dbtune's own sessions may take.
pub(super) const TIME: Rule = Rule {
    settings: &TIMEOUTS,
    judge: time,
    asks: nothing_to_ask,
    before_every_restart: false,
};

/// Standbys for which every commit waits.
pub(super) const COMMITS: Rule = Rule {
    settings: &[SYNCHRONOUS],
    judge: commits,
    asks: nothing_to_ask,
    before_every_restart: false,
};

const ADDRESSES: &str = "listen_addresses";
const DIRECTORIES: &str = "unix_socket_directories";
const SYNCHRONOUS: &str = "synchronous_standby_names";

/// 13 does not know the last, and the second is new in 17.
const TIMEOUTS: [&str; 3] = [
    "statement_timeout",
    "transaction_timeout",
    "idle_session_timeout",
];

/// What dbtune needs for one step on a server that is busy, in milliseconds.
const LEAST: i64 = 1000;

/// It starts, and is not to be reached.
fn shut_out(after: &After<'_>, why: impl AsRef<str>) -> Verdict {
    Verdict {
        is_certain: true,
        message: format!(
            "{} would start, and dbtune could not get in to take it back: {}",
            after.target.name(),
            why.as_ref()
        ),
    }
}

fn address(after: &After<'_>) -> Vec<Verdict> {
    let facts = after.target.snapshot.facts.postgresql.as_ref();
    let Some(reached) = facts.and_then(|facts| facts.server_address.as_deref()) else {
        return Vec::new();
    };
    if !after.moves(ADDRESSES) || after.value(ADDRESSES).is_none() {
        return Vec::new();
    }
    let listed = after.list(ADDRESSES);
    if listed.iter().any(|one| covers(one, reached)) {
        return Vec::new();
    }
    // A name may stand for the address; those that are names now do, if nothing else does.
    let is_name = |one: &String| one.parse::<IpAddr>().is_err() && !is_localhost(one);
    let names: Vec<String> = listed.into_iter().filter(is_name).collect();
    let before = after.list_before(ADDRESSES);
    let keeps_names = before
        .iter()
        .filter(|one| is_name(one))
        .all(|one| names.contains(one));
    let is_by_name = !before.iter().any(|one| covers(one, reached));
    if is_by_name && keeps_names && !names.is_empty() {
        return Vec::new();
    }
    let without = format!("dbtune is connected at {reached}, which {ADDRESSES} would leave out");
    vec![if names.is_empty() {
        shut_out(
            after,
            format!("{without}; keep it, or {}", wildcard(reached)),
        )
    } else {
        unseen(format!(
            "{without} unless {} stands for it",
            names.join(" or ")
        ))
    }]
}

/// What listens at every address of the family.
fn wildcard(reached: &str) -> &'static str {
    if reached.contains(':') {
        "::"
    } else {
        "0.0.0.0"
    }
}

/// Whether who listens here listens at the address. `::` takes no IPv4: the server asks for that.
fn covers(listed: &str, reached: &str) -> bool {
    let is_loopback = ["127.0.0.1", "::1"].contains(&reached);
    let same = || Some(listed.parse::<IpAddr>().ok()? == reached.parse::<IpAddr>().ok()?);
    listed == "*"
        || listed == wildcard(reached)
        || (is_loopback && is_localhost(listed))
        || same() == Some(true)
}

fn is_localhost(listed: &str) -> bool {
    listed.eq_ignore_ascii_case("localhost")
}

fn socket(after: &After<'_>) -> Vec<Verdict> {
    let path = Path::new(&after.target.snapshot.address);
    let Some(folder) = path.parent().filter(|_| path.has_root()) else {
        return Vec::new();
    };
    let is_here = |one: &String| Path::new(one) == folder;
    let (listed, before) = (after.list(DIRECTORIES), after.list_before(DIRECTORIES));
    if !after.moves(DIRECTORIES) || listed.iter().any(is_here) {
        return Vec::new();
    }
    let why = format!(
        "dbtune is connected by the socket in {}, which {DIRECTORIES} would leave out; keep it",
        folder.display()
    );
    if before.iter().any(is_here) || listed.is_empty() {
        return vec![shut_out(after, why)];
    }
    // A folder has several names where there are links.
    let keeps_all = before.iter().all(|one| listed.contains(one));
    if keeps_all {
        Vec::new()
    } else {
        vec![unseen(why)]
    }
}

fn time(after: &After<'_>) -> Vec<Verdict> {
    let short = TIMEOUTS.iter().filter(|name| {
        let time = after.integer(name).unwrap_or_default();
        after.moves(name) && (1..LEAST).contains(&time)
    });
    short
        .map(|name| Verdict {
            is_certain: true,
            message: format!(
                "{name} ({}) would end dbtune's own sessions on {}, and dbtune could not take it \
                 back; leave at least 1s, or set it for the roles that are meant (ALTER ROLE)",
                after.shown(name).unwrap_or_default(),
                after.target.name()
            ),
        })
        .collect()
}

fn commits(after: &After<'_>) -> Vec<Verdict> {
    let snapshot = after.target.snapshot;
    let Some(facts) = snapshot.facts.postgresql.as_ref() else {
        return Vec::new();
    };
    let names = after.raw(SYNCHRONOUS).unwrap_or_default();
    if cluster::is_follower(snapshot) || !after.moves(SYNCHRONOUS) || names.trim().is_empty() {
        return Vec::new();
    }
    let wanted = Wanted::read(names);
    let standbys = facts.standbys.iter();
    let there = standbys
        .filter(|standby| wanted.takes(&standby.name))
        .count();
    if there >= wanted.number {
        return Vec::new();
    }
    vec![Verdict {
        is_certain: true,
        message: format!(
            "every commit on {} would hang, dbtune's own included: {SYNCHRONOUS} ({names}) waits for \
             {} of its standbys, and {there} of those that it names follow now",
            after.target.name(),
            wanted.number
        ),
    }]
}

/// `FIRST 2 (a, b)`, `ANY 1 (*)`, `2 (a, b)` or `a, b`, which is one of them.
struct Wanted {
    number: usize,
    names: Vec<String>,
}

impl Wanted {
    fn read(text: &str) -> Self {
        let (number, names) = match text.split_once('(') {
            Some((method, names)) => {
                let number = method.split_whitespace().next_back();
                let number = number.and_then(|number| number.parse().ok());
                (number.unwrap_or(1), names.trim_end().trim_end_matches(')'))
            }
            None => (1, text),
        };
        let names = names.split(',').map(|name| name.trim().trim_matches('"'));
        Self {
            number,
            names: names.map(str::to_owned).collect(),
        }
    }

    fn takes(&self, standby: &str) -> bool {
        let mut names = self.names.iter();
        names.any(|name| name == "*" || name.eq_ignore_ascii_case(standby))
    }
}
