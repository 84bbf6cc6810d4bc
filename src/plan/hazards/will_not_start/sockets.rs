//! Where the server listens.

use super::{Rule, Verdict, by_answer, fails, nothing_to_ask, unseen};
use crate::plan::after::After;
use crate::snapshot::Question;

/// Addresses of which none may be one of the host.
pub(super) const ADDRESSES: Rule = Rule {
    settings: &["listen_addresses", DIRECTORIES],
    judge: addresses,
    asks: nothing_to_ask,
    before_every_restart: false,
};

/// Folders of sockets; each must be there.
pub(super) const FOLDERS: Rule = Rule {
    settings: &[DIRECTORIES],
    judge: folders,
    asks: |after| new_folders(after).map(Question::Folder).collect(),
    before_every_restart: false,
};

/// A port that may be taken.
pub(super) const PORT: Rule = Rule {
    settings: &["port"],
    judge: port,
    asks: nothing_to_ask,
    before_every_restart: false,
};

/// A group that may not exist.
pub(super) const GROUP: Rule = Rule {
    settings: &["unix_socket_group"],
    judge: group,
    asks: nothing_to_ask,
    before_every_restart: false,
};

const DIRECTORIES: &str = "unix_socket_directories";

/// The longest path of a socket on Linux, in bytes.
const LONGEST_PATH: usize = 107;

/// Seen on 13, 15 and 18: one address that works is enough ("could not create any TCP/IP sockets"
/// otherwise), and none at all is fine while there is a socket ("no socket created for listening").
fn addresses(after: &After<'_>) -> Vec<Verdict> {
    const ADDRESSES: &str = "listen_addresses";
    if after.raw(ADDRESSES).is_none() {
        return Vec::new();
    }
    if after.value(ADDRESSES).is_none() {
        return vec![fails(after, format!("{ADDRESSES} is no list of addresses"))];
    }
    let addresses = after.list(ADDRESSES);
    if addresses.is_empty() {
        let has_socket = after.raw(DIRECTORIES).is_none_or(|list| !list.is_empty());
        let why = format!("it would listen nowhere: {ADDRESSES} and {DIRECTORIES} are empty");
        return if has_socket {
            Vec::new()
        } else {
            vec![fails(after, why)]
        };
    }
    if addresses.iter().any(|address| is_good(after, address)) {
        return Vec::new();
    }
    let why = format!(
        "whether {} is an address of the machine of {}, which does not start without one; keep one \
         that works beside it (localhost, say)",
        addresses.join(" or "),
        after.target.name()
    );
    vec![unseen(why)]
}

fn is_good(after: &After<'_>, address: &str) -> bool {
    let facts = after.target.snapshot.facts.postgresql.as_ref();
    let reached = facts.and_then(|facts| facts.server_address.as_deref());
    let is_usual = ["*", "0.0.0.0", "::", "::1"].contains(&address)
        || address.eq_ignore_ascii_case("localhost")
        || address.starts_with("127.");
    let mut running = after.list_before("listen_addresses").into_iter();
    is_usual || reached == Some(address) || running.any(|running| running == address)
}

/// The folders that are not in use already. What begins with `@` is none.
fn new_folders(after: &After<'_>) -> impl Iterator<Item = String> {
    let in_use = after.list_before(DIRECTORIES);
    let folders = after.list(DIRECTORIES).into_iter();
    folders.filter(move |folder| !folder.starts_with('@') && !in_use.contains(folder))
}

/// Seen on 13, 15 and 18: "could not create lock file" for any of them stops the start; of paths
/// that are too long one that fits is enough.
fn folders(after: &After<'_>) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = new_folders(after)
        .filter_map(|folder| {
            let what = format!("{DIRECTORIES} has {folder}");
            by_answer(after, &Question::Folder(folder), &what)
        })
        .collect();
    let all = after.list(DIRECTORIES);
    let port = after.integer("port").unwrap_or_default();
    let is_too_long = |folder: &String| format!("{folder}/.s.PGSQL.{port}").len() > LONGEST_PATH;
    if !all.is_empty() && all.iter().all(is_too_long) {
        let why = format!(
            "the path of a socket has at most {LONGEST_PATH} bytes, and no folder of {DIRECTORIES} \
             is short enough"
        );
        verdicts.push(fails(after, why));
    }
    verdicts
}

fn port(after: &After<'_>) -> Vec<Verdict> {
    if !after.moves("port") {
        return Vec::new();
    }
    let port = after.shown("port").unwrap_or_default();
    let why = format!(
        "whether port {port} is free on the machine of {target}; after the restart dbtune would \
         look for {target} where it is now, so change the port by hand and the target with it",
        target = after.target.name()
    );
    vec![unseen(why)]
}

fn group(after: &After<'_>) -> Vec<Verdict> {
    let group = after.raw("unix_socket_group").unwrap_or_default();
    if group.is_empty() || !after.moves("unix_socket_group") {
        return Vec::new();
    }
    let why = format!(
        "whether the machine of {target} has a group {group} that the user of the server is in; \
         {target} does not start otherwise",
        target = after.target.name()
    );
    vec![unseen(why)]
}
