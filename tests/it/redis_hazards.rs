//! What a change of a Redis would throw away or refuse: told before, and as it really happens.

use std::path::Path;

use crate::support::{Project, Ran, Redis, eventually};

const KEYS: u64 = 20_000;

/// Writes keys of a kilobyte each, of which the first ones expire in a day.
fn fill(server: &Redis, keys: u64, expiring: u64) {
    const SCRIPT: &str = "local text = string.rep('x', 1000)
        for i = 1, tonumber(ARGV[1]) do redis.call('set', 'key:' .. i, text) end
        for i = 1, tonumber(ARGV[2]) do redis.call('expire', 'key:' .. i, 86400) end";
    let mut eval = redis::cmd("EVAL");
    eval.arg(SCRIPT).arg(0).arg(keys).arg(expiring);
    eval.exec(&mut server.client()).unwrap();
}

fn keys(server: &Redis) -> u64 {
    server.ask("DBSIZE").concat().parse().unwrap()
}

fn info(server: &Redis, field: &str) -> u64 {
    server.info(field).parse().unwrap()
}

/// Waits until nothing is thrown away any more, and returns how many keys were. The connection that
/// asks takes memory of its own while it does.
fn evicted(server: &Redis) -> u64 {
    const OF_THE_ASKING: u64 = 512 << 10;
    let limit = info(server, "maxmemory") + OF_THE_ASKING;
    let mut last = None;
    eventually("it throws nothing away any more", || {
        let gone = info(server, "evicted_keys");
        let is_still = last.replace(gone) == Some(gone);
        is_still && (info(server, "used_memory") <= limit || candidates(server) == 0)
    });
    info(server, "evicted_keys")
}

/// How many keys the server may still throw away.
fn candidates(server: &Redis) -> u64 {
    let policy = server.config("maxmemory-policy");
    if policy.starts_with("allkeys") {
        return keys(server);
    }
    let keyspace = server.ask("INFO keyspace").concat();
    let expiring = keyspace.split_once("expires=").map(|(_, rest)| rest);
    let expiring = expiring
        .and_then(|rest| rest.split(',').next())
        .unwrap_or("0");
    if policy.starts_with("volatile") {
        expiring.parse().unwrap()
    } else {
        0
    }
}

fn is_refused(server: &Redis) -> bool {
    let mut set = redis::cmd("SET");
    let answer = set.arg("one-more").arg("x").exec(&mut server.client());
    answer.is_err_and(|error| error.to_string().contains("OOM"))
}

/// A project whose profile lowers the limit to half of what is in use.
fn halved(server: &Redis) -> Project {
    let limit = info(server, "used_memory") / 2;
    let profile =
        format!("profile: half\nphases:\n  - phase: 1\n    redis: {{maxmemory: {limit}}}\n");
    Project::new().targets(&[server]).profile("half", &profile)
}

/// The hazards of the only change, by kind.
fn hazards(plan: &Ran) -> Vec<(String, String)> {
    let json = plan.json();
    let hazards = json["changes"][0]["hazards"].as_array().unwrap().clone();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    hazards
        .iter()
        .filter(|hazard| hazard["blocks"] == true)
        .map(|hazard| (text(&hazard["kind"]), text(&hazard["message"])))
        .collect()
}

/// The first number after this word, without its commas.
fn number_after(text: &str, word: &str) -> u64 {
    let (_, rest) = text.split_once(word).unwrap();
    let digits: String = rest
        .trim_start()
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == ',')
        .filter(char::is_ascii_digit)
        .collect();
    digits.parse().unwrap()
}

/// Plans and applies half of the limit under a policy: what was told must be what happens.
fn halve_under(program: &Path, policy: &str, expiring: u64, told: &[&str]) {
    let server = Redis::of(program, &[&format!("maxmemory-policy {policy}")]);
    fill(&server, KEYS, expiring);
    let project = halved(&server);
    let plan = project.dbtune("plan --profile half --format json").run();
    let found = hazards(&plan);
    let kinds: Vec<&str> = found.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, told, "{policy}: {found:?}");

    let refused = project.dbtune("apply --profile half --yes").run();
    refused.exits(6);
    assert_eq!(
        (keys(&server), server.config("maxmemory")),
        (KEYS, "0".to_owned())
    );

    let allow: Vec<String> = told.iter().map(|kind| format!("--allow {kind}")).collect();
    let line = format!("apply --profile half --yes {}", allow.join(" "));
    project.dbtune(&line).run().exits(0);
    let gone = evicted(&server);
    if let Some((_, message)) = found.iter().find(|(kind, _)| kind == "evicts_keys") {
        let word = if message.contains("about") {
            "about"
        } else {
            "all"
        };
        let estimate = number_after(message, word);
        let off = estimate.abs_diff(gone) * 100;
        assert!(off <= gone * 15, "{policy}: told {estimate}, {gone} went");
    } else {
        assert_eq!(gone, 0, "{policy}");
    }
    assert_eq!(
        is_refused(&server),
        told.contains(&"rejects_writes"),
        "{policy}"
    );
}

#[test]
fn a_limit_below_use_is_told_and_refused_under_every_policy_and_comes_as_told() {
    const EVICTS: &str = "evicts_keys";
    const REJECTS: &str = "rejects_writes";
    for (policy, expiring, told) in [
        ("noeviction", 0, &[REJECTS][..]),
        ("allkeys-lru", 0, &[EVICTS]),
        ("allkeys-lfu", 0, &[EVICTS]),
        ("allkeys-random", 0, &[EVICTS]),
        ("volatile-lru", 0, &[REJECTS]),
        ("volatile-lfu", 2_000, &[EVICTS, REJECTS]),
        ("volatile-random", 15_000, &[EVICTS]),
        ("volatile-ttl", KEYS, &[EVICTS]),
    ] {
        for program in Redis::every_program() {
            halve_under(&program, policy, expiring, told);
        }
    }
}

#[test]
fn going_back_to_a_limit_below_use_is_refused_until_it_is_allowed() {
    let server = Redis::with(&["maxmemory 8mb", "maxmemory-policy allkeys-lru"]);
    let more = "profile: more\nphases:\n  - phase: 1\n    redis: {maxmemory: 64mb}\n";
    let project = Project::new().targets(&[&server]).profile("more", more);
    project.dbtune("apply --profile more --yes").run().exits(0);
    fill(&server, KEYS, 0);
    let refused = project.dbtune("rollback --yes").run();
    refused.exits(6).complains("evicts_keys");
    assert_eq!(
        (keys(&server), &*server.config("maxmemory")),
        (KEYS, "67108864")
    );
    project
        .dbtune("rollback --yes --allow evicts_keys")
        .run()
        .exits(0);
    assert!(evicted(&server) > KEYS / 2);
}

#[test]
fn a_replica_is_told_what_it_would_lose_when_promoted_and_loses_just_that() {
    let master = Redis::start();
    fill(&master, KEYS, 0);
    let server = Redis::with(&[
        "maxmemory-policy allkeys-lru",
        &format!("masterauth {}", crate::support::PASSWORD),
    ]);
    server.ask(&format!("REPLICAOF 127.0.0.1 {}", master.port()));
    eventually("the replica has the keys", || keys(&server) == KEYS);
    let project = halved(&server);
    let plan = project.dbtune("plan --profile half --format json").run();
    let found = hazards(&plan);
    let (kind, message) = &found[0];
    assert!(
        kind == "evicts_keys" && message.contains("promoted"),
        "{found:?}"
    );
    project.dbtune("apply --profile half --yes").run().exits(6);
    project
        .dbtune("apply --profile half --yes --allow evicts_keys")
        .run()
        .exits(0);
    assert_eq!(keys(&server), KEYS, "as a replica it keeps them");
    server.ask("REPLICAOF NO ONE");
    server.ask("SET one-more x");
    let (estimate, gone) = (number_after(message, "about"), evicted(&server));
    assert!(
        estimate.abs_diff(gone) * 100 <= gone * 15,
        "told {estimate}, {gone} went"
    );
}

#[test]
fn more_replicas_than_follow_are_refused_before_every_write_is() {
    let server = Redis::start();
    let profile = "profile: safe\nphases:\n  - phase: 1\n    redis: {min-replicas-to-write: 1}\n";
    let project = Project::new().targets(&[&server]).profile("safe", profile);
    let refused = project.dbtune("apply --profile safe --yes").run();
    refused.exits(6).complains("rejects_writes");
    assert_eq!(server.config("min-replicas-to-write"), "0");
    let allowed = "apply --profile safe --yes --allow rejects_writes";
    project.dbtune(allowed).run().exits(0);
    let mut set = redis::cmd("SET");
    let error = set
        .arg("key")
        .arg("x")
        .exec(&mut server.client())
        .unwrap_err();
    assert!(error.to_string().contains("NOREPLICAS"), "{error}");
}

#[test]
fn a_limit_that_grows_with_an_evicting_policy_throws_nothing_away_on_any_version() {
    for program in Redis::every_program() {
        let server = Redis::of(&program, &["maxmemory-policy noeviction"]);
        fill(&server, KEYS, 0);
        server.ask("CONFIG SET maxmemory 4mb");
        let profile = "profile: more\nphases:\n  - phase: 1\n    redis: {maxmemory-policy: allkeys-lru, maxmemory: 256mb}\n";
        let project = Project::new().targets(&[&server]).profile("more", profile);
        project.dbtune("apply --profile more --yes").run().exits(0);
        assert_eq!(info(&server, "evicted_keys"), 0, "{}", program.display());
        assert_eq!(keys(&server), KEYS);
    }
}
