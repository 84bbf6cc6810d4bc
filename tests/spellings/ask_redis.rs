//! The table of what Redis does not tell, held against every server found: names, defaults, aliases,
//! what cannot be changed, and what spellings mean.
use std::collections::{BTreeMap, BTreeSet};

use super::redis::{self, Server};
use super::redis_spellings::spellings;
use dbtune::setting::redis::{Spec, names, spec};
use dbtune::setting::{Domain, Value};

/// Settings by which the test itself starts the server.
const SET_BY_THE_TEST: [&str; 3] = ["dir", "port", "unixsocket"];

/// Settings that the test leaves alone: with them it would lose the server.
const LEFT_ALONE: [&str; 16] = [
    "bind",
    "cluster-announce-ip",
    "dbfilename",
    "dir",
    "io-threads",
    "maxclients",
    "oom-score-adj",
    "port",
    "proc-title-template",
    "rdma-bind",
    "rdma-port",
    "requirepass",
    "unixsocket",
    "watchdog-period",
    "key-load-delay",
    "maxmemory-clients",
];

/// Settings of which a server may refuse more than the table says, and why.
const CHECKED_FURTHER: [(&str, &str); 2] = [
    ("activedefrag", "what the server was built with"),
    ("maxmemory-samples", "Valkey takes 64 at most"),
];

fn spec_of(name: &str) -> Spec {
    spec(&name.into())
}

fn servers() -> Vec<Server> {
    redis::installed()
        .iter()
        .map(|program| Server::start(program))
        .collect()
}

#[test]
fn every_name_is_known_and_every_default_is_as_the_table_says() {
    for mut server in servers() {
        let known: BTreeSet<&str> = names().collect();
        for (name, live) in server.settings() {
            assert!(known.contains(name.as_str()), "{name} is not in the table");
            let spec = spec_of(&name);
            let value = spec
                .domain
                .parse(&live)
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            let written = spec.domain.format(&value);
            assert_eq!(
                spec.domain.parse(&written).as_ref(),
                Ok(&value),
                "{name} as {written}"
            );
            if let Some(default) = spec
                .default_on(server.release)
                .filter(|_| !SET_BY_THE_TEST.contains(&name.as_str()))
            {
                assert_eq!(
                    spec.domain.parse(default).as_ref(),
                    Ok(&value),
                    "{name} on {:?}",
                    server.release
                );
            }
        }
    }
}

#[test]
fn what_the_table_calls_fixed_is_refused_and_nothing_else() {
    for mut server in servers() {
        for (name, live) in server.settings() {
            let refusal = server.set(&name, &live).err().unwrap_or_default();
            let is_fixed = ["immutable", "protected", "Unsupported CONFIG parameter"]
                .iter()
                .any(|word| refusal.contains(word));
            let fixed = spec_of(&name).fixed_on(server.release);
            assert_eq!(
                fixed.is_some(),
                is_fixed,
                "{name} on {:?}: {refusal}",
                server.release
            );
        }
    }
}

#[test]
fn an_alias_is_the_same_setting() {
    for mut server in servers() {
        let settings = server.settings();
        for (name, live) in &settings {
            let alias = spec_of(name)
                .alias
                .filter(|alias| settings.contains_key(*alias));
            if let Some(alias) = alias {
                assert_eq!(&settings[alias], live, "{name} and {alias}");
                change_by_alias(&mut server, name, alias, live);
            }
        }
    }
}

/// A change by one name is one by the other.
fn change_by_alias(server: &mut Server, name: &str, alias: &str, live: &str) {
    if spec_of(name).fixed_on(server.release).is_some() {
        return;
    }
    let changed = match live {
        "yes" => "no",
        "no" => "yes",
        _ => "7",
    };
    server.set(name, changed).unwrap();
    assert_eq!(
        server.get(alias),
        changed,
        "{alias} after a change of {name}"
    );
    server.set(name, live).unwrap();
}

#[test]
fn spellings_mean_what_redis_says_they_mean() {
    for mut server in servers() {
        let mut asked = 0;
        let mut differences = Vec::new();
        for (name, live) in server.settings() {
            let spec = spec_of(&name);
            if is_left_alone(&name) || spec.fixed_on(server.release).is_some() {
                continue;
            }
            let answers = ask(&mut server, &name, &spec.domain);
            server.set(&name, &live).unwrap();
            asked += answers.len();
            differences.extend(compare(&name, &spec.domain, &answers));
        }
        println!("{:?}: {asked} spellings asked", server.release);
        assert!(asked > 1000, "only {asked} spellings were asked");
        assert!(
            differences.is_empty(),
            "on {:?}\n{}",
            server.release,
            differences.join("\n")
        );
    }
}

fn may_refuse_more(name: &str) -> bool {
    CHECKED_FURTHER.iter().any(|(further, _)| *further == name)
}

fn is_left_alone(name: &str) -> bool {
    LEFT_ALONE.contains(&name) || name.starts_with("tls-")
}

/// A spelling, and what the server has after it was set; `None` when it was refused.
type Answers = BTreeMap<String, Option<String>>;

fn ask(server: &mut Server, name: &str, domain: &Domain) -> Answers {
    let mut texts: Vec<String> = spellings(domain)
        .iter()
        .map(|text| (*text).to_owned())
        .collect();
    let offered: Vec<String> = texts
        .iter()
        .filter_map(|text| domain.parse(text).err()?.suggestion)
        .collect();
    texts.extend(offered);
    texts
        .into_iter()
        .map(|text| {
            let taken = server.set(name, &text).is_ok();
            let live = taken.then(|| server.get(name));
            (text, live)
        })
        .collect()
}

fn compare(name: &str, domain: &Domain, answers: &Answers) -> Vec<String> {
    let mut differences = Vec::new();
    let mut shown: Vec<(&str, Value)> = Vec::new();
    for (text, live) in answers {
        match (domain.parse(text), live) {
            (Ok(value), Some(live)) => {
                let agrees = domain.parse(live).is_ok_and(|live| value.is_met_by(&live));
                if !agrees {
                    differences.push(format!(
                        "{name}: '{text}' became {live}, but is read as {value:?}"
                    ));
                }
                if !matches!(value, Value::BufferLimits(_)) {
                    shown.push((live, value));
                }
            }
            (Ok(value), None) if *domain != Domain::Text && !may_refuse_more(name) => {
                differences.push(format!(
                    "{name}: '{text}' is refused, but read as {value:?}"
                ));
            }
            (Err(error), Some(live)) => {
                differences.push(format!(
                    "{name}: '{text}' became {live}, but is refused by us: {error}"
                ));
            }
            _ => {}
        }
    }
    differences.extend(shown.iter().enumerate().flat_map(|(at, (one, value))| {
        shown[at + 1..]
            .iter()
            .filter(move |(other, other_value)| (one == other) && (value != other_value))
            .map(move |(_, other)| {
                format!("{name}: {value:?} and {other:?} are both shown as {one}")
            })
    }));
    differences
}
