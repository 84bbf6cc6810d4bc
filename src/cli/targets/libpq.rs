//! libpq's own variables as one URL.

use std::path::Path;

use crate::profile::Variables;

/// The variables that say where a server is; the others only say how to enter.
const PLACES: [&str; 4] = ["PGHOST", "PGPORT", "PGDATABASE", "PGUSER"];
/// Where PostgreSQL's packages put the socket, the most usual first.
const SOCKET_FOLDERS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// A URL out of `PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD`, `PGDATABASE` and `PGSSLMODE`, and the
/// names of those that were set. `None` when none says where a server is.
pub(super) fn url(
    environment: &Variables,
    exists: &dyn Fn(&Path) -> bool,
) -> Option<(String, String)> {
    let get = |name: &str| {
        let value = environment.get(name).filter(|value| !value.is_empty());
        value.map(String::as_str)
    };
    let from = named(environment, &PLACES);
    if from.is_empty() {
        return None;
    }
    let port = get("PGPORT");
    let host = get("PGHOST").map_or_else(|| default_host(port, exists), str::to_owned);
    let entry = |sign: &str, name: &str| {
        let value = get(name).map(|value| format!("{sign}{}", encode(value)));
        value.unwrap_or_default()
    };
    // A password before the `@` needs a user beside it; libpq does not.
    let (user, password) = match (get("PGUSER"), get("PGPASSWORD")) {
        (Some(user), _) => (
            format!("{}{}@", encode(user), entry(":", "PGPASSWORD")),
            String::new(),
        ),
        (None, Some(_)) => (String::new(), entry("password=", "PGPASSWORD")),
        (None, None) => (String::new(), String::new()),
    };
    let parameters: Vec<String> = [password, entry("sslmode=", "PGSSLMODE")]
        .into_iter()
        .filter(|parameter| !parameter.is_empty())
        .collect();
    let sign = if parameters.is_empty() { "" } else { "?" };
    let url = format!(
        "postgres://{user}{}{}{sign}{}",
        hosts(&host, port),
        entry("/", "PGDATABASE"),
        parameters.join("&"),
    );
    Some((url, from.join(", ")))
}

/// The variables among these that are set.
pub(super) fn named<'a>(environment: &Variables, names: &[&'a str]) -> Vec<&'a str> {
    let is_set = |name: &&str| {
        environment
            .get(*name)
            .is_some_and(|value| !value.is_empty())
    };
    names.iter().copied().filter(is_set).collect()
}

/// libpq's default is a socket in a folder that it was compiled with; that folder is found by the
/// socket being there.
fn default_host(port: Option<&str>, exists: &dyn Fn(&Path) -> bool) -> String {
    let socket = format!(".s.PGSQL.{}", port.unwrap_or("5432"));
    let folder = SOCKET_FOLDERS
        .into_iter()
        .find(|folder| exists(&Path::new(folder).join(&socket)));
    folder.unwrap_or("localhost").to_owned()
}

/// Hosts and ports, each of which may be a list with commas; one port serves all hosts.
fn hosts(hosts: &str, ports: Option<&str>) -> String {
    let ports: Vec<&str> = ports
        .map(|ports| ports.split(',').collect())
        .unwrap_or_default();
    let pairs = hosts.split(',').enumerate().map(|(index, host)| {
        let host = if host.contains(':') && !host.starts_with('/') {
            format!("[{host}]")
        } else {
            encode(host)
        };
        let port = ports.get(index).or_else(|| ports.first());
        let port = port.filter(|port| !port.is_empty());
        port.map_or_else(|| host.clone(), |port| format!("{host}:{}", encode(port)))
    });
    pairs.collect::<Vec<_>>().join(",")
}

/// Percent-encodes everything but what a URL never reads as a sign.
fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encoded = text.bytes().map(|byte| {
        if plain(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    });
    encoded.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host_of(variables: &[(&str, &str)], socket: &str) -> String {
        let variables = variables.iter().map(|(name, value)| (*name, *value));
        let owned = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let found = url(&owned.collect(), &|path| path == Path::new(socket));
        found.unwrap().0
    }

    #[test]
    fn without_a_host_it_is_the_socket_that_is_there() {
        let socket = "/tmp/.s.PGSQL.5433";
        let found = host_of(&[("PGDATABASE", "app"), ("PGPORT", "5433")], socket);
        assert_eq!(found, "postgres://%2Ftmp:5433/app");
        assert_eq!(
            host_of(&[("PGUSER", "ann")], socket),
            "postgres://ann@localhost"
        );
    }
}
