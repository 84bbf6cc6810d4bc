//! A change of a Redis after which dbtune itself would not get in any more, and so could not undo it.

use crate::setting::{EngineKind, Value};
use crate::snapshot::address;

use super::Subject;

/// Why the change would cut dbtune off. A way back is none: what it leads to let dbtune in before.
pub(super) fn find(subject: &Subject<'_>) -> Option<String> {
    if subject.occasion.undoes || subject.target.snapshot.engine != EngineKind::Redis {
        return None;
    }
    let is = |name: &str| *subject.setting == *name;
    let address = subject.target.snapshot.address.as_str();
    let door = Door::of(address);
    let why = if is("port") {
        moves_away(subject, door.as_ref()?, "tls-port")
    } else if is("tls-port") {
        moves_away(subject, door.as_ref()?, "port")
    } else if is("bind") {
        leaves(subject, door.as_ref()?)
    } else if is("requirepass") {
        asks_for_a_password(subject)
    } else if is("protected-mode") {
        lets_in_only_its_host(subject, address)
    } else {
        None
    }?;
    let (setting, target) = (subject.setting, subject.target.name());
    Some(format!(
        "{setting} on {target} would shut dbtune out, which could not go back then: {why}; change it \
         by hand, and the URL of {target} with it"
    ))
}

/// Where dbtune gets in over the network.
struct Door<'a> {
    host: &'a str,
    port: &'a str,
}

impl<'a> Door<'a> {
    /// `None` for a socket.
    fn of(address: &'a str) -> Option<Self> {
        let (_, port) = address.rsplit_once(':')?;
        let host = address::host(address);
        (!address.starts_with('/')).then_some(Self { host, port })
    }

    /// What stands for every address of its kind. Those of one kind are not reached by the other's.
    fn wildcards(&self) -> [&'static str; 2] {
        if self.host.contains(':') {
            ["::*", "::"]
        } else {
            ["*", "0.0.0.0"]
        }
    }
}

/// Of two ports the one that dbtune does not use may move.
fn moves_away(subject: &Subject<'_>, door: &Door<'_>, other: &str) -> Option<String> {
    let own = subject.observed.running.as_str();
    let other = subject.after().raw_before(other).unwrap_or_default();
    let is_used = own != "0" && (own == door.port || other != door.port);
    is_used.then(|| format!("it is reached at {}:{}", door.host, door.port))
}

/// Without an address it listens at none, since version 7; the one before takes no empty list.
fn leaves(subject: &Subject<'_>, door: &Door<'_>) -> Option<String> {
    let after = addresses(subject.after().value("bind")?);
    let before = addresses(subject.after().value_before("bind")?);
    let host = if door.host == "localhost" {
        "127.0.0.1"
    } else {
        door.host
    };
    let is_among = |address: &String| address == host || door.wildcards().contains(&&**address);
    let leaves_none = before.iter().all(|address| after.contains(address)) && !before.is_empty();
    (!after.iter().any(is_among) && !leaves_none).then(|| {
        format!(
            "it is reached at {}, which is not among the addresses",
            door.host
        )
    })
}

/// The addresses of `bind`. One with `-` before it may be missing on the machine.
fn addresses(value: Value) -> Vec<String> {
    let Value::List(items) = value else {
        return Vec::new();
    };
    let plain = |item: String| item.strip_prefix('-').map_or(item.clone(), str::to_owned);
    items.into_iter().map(plain).collect()
}

/// The password of the default user. While there is none, a URL with one is refused.
fn asks_for_a_password(subject: &Subject<'_>) -> Option<String> {
    let is_own = subject.target.snapshot.identity.user == "default";
    let is_new = subject.observed.running.is_empty()
        && subject
            .after()
            .raw("requirepass")
            .is_some_and(|text| !text.is_empty());
    (is_own && is_new).then(|| "the URL has no password for the user default".to_owned())
}

fn lets_in_only_its_host(subject: &Subject<'_>, address: &str) -> Option<String> {
    let is_set = |text: &str| text.eq_ignore_ascii_case("yes");
    let is_on = subject.after().raw("protected-mode").is_some_and(is_set);
    let has_password = subject
        .after()
        .raw("requirepass")
        .is_none_or(|text| !text.is_empty());
    (is_on && !has_password && !address::is_local(address))
        .then(|| "there is no password, and then only its own host is let in".to_owned())
}
