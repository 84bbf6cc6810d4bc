//! Memory limits, replicas and snapshots of Redis: what a change would throw away or refuse.

use dbtune::plan::{self, HazardKind};

use crate::case::{Asked as _, Case, hazard, kinds};
use crate::server::{Server, Setting};

const MB: u64 = 1 << 20;

/// A master that uses 300 MB for 200,000 keys, of which some expire.
fn cache(limit: &str, policy: &str, expiring: u64) -> Server {
    let mut server = Server::redis("cache")
        .has(Setting::redis("maxmemory", limit))
        .has(Setting::redis("maxmemory-policy", policy))
        .has(Setting::redis("replica-ignore-maxmemory", "yes"))
        .has(Setting::redis("slave-ignore-maxmemory", "yes"));
    let redis = server.redis_facts();
    redis.used_memory = 301 * MB;
    redis.fixed_memory = MB;
    redis.keys = 200_000;
    redis.expiring_keys = expiring;
    server
}

fn case(settings: &[&str], server: Server) -> Case {
    Case::redis(settings).on(server)
}

#[test]
fn a_limit_below_use_tells_how_many_keys_would_go() {
    let plan = case(&["maxmemory: 151mb"], cache("384mb", "allkeys-lru", 0)).plan();
    let (blocks, message) = hazard(&plan.changes[0], HazardKind::EvictsKeys);
    assert!(blocks);
    assert!(
        message.starts_with("cache would throw about 100,672 ")
            && message.contains(" of 200,000 keys away at once")
            && message.ends_with("it uses 301mb and maxmemory is to be 151mb with allkeys-lru"),
        "{message}"
    );
    assert_eq!(kinds(&plan.changes[0]), [HazardKind::EvictsKeys].into());
    let allowed = [HazardKind::EvictsKeys].into();
    assert!(plan::blocking(&plan::allow(plan, &allowed), &allowed).is_empty());
}

#[test]
fn each_policy_throws_away_or_refuses() {
    use HazardKind::{EvictsKeys, RejectsWrites};
    for (policy, expiring, expected) in [
        ("noeviction", 0, vec![RejectsWrites]),
        ("allkeys-lru", 0, vec![EvictsKeys]),
        ("allkeys-lfu", 0, vec![EvictsKeys]),
        ("allkeys-random", 0, vec![EvictsKeys]),
        ("volatile-lru", 0, vec![RejectsWrites]),
        ("volatile-lfu", 500, vec![EvictsKeys, RejectsWrites]),
        ("volatile-ttl", 200_000, vec![EvictsKeys]),
        ("volatile-random", 150_000, vec![EvictsKeys]),
    ] {
        let plan = case(&["maxmemory: 151mb"], cache("0", policy, expiring)).plan();
        let expected = expected.into_iter().collect();
        assert_eq!(kinds(&plan.changes[0]), expected, "{policy}");
    }
}

#[test]
fn too_few_keys_that_expire_are_told_with_both_consequences() {
    let plan = case(&["maxmemory: 151mb"], cache("0", "volatile-lru", 500)).plan();
    let (_, evicts) = hazard(&plan.changes[0], HazardKind::EvictsKeys);
    assert!(
        evicts.contains("all 500 keys that expire (of 200,000)"),
        "{evicts}"
    );
    let (blocks, rejects) = hazard(&plan.changes[0], HazardKind::RejectsWrites);
    assert!(
        blocks && rejects.contains("only the 500 of its 200,000 keys that expire may go"),
        "{rejects}"
    );
}

#[test]
fn an_evicting_policy_over_a_limit_that_is_exceeded_throws_keys_away() {
    let server = cache("151mb", "noeviction", 0);
    let plan = case(&["maxmemory-policy: allkeys-lfu"], server.clone()).plan();
    hazard(&plan.changes[0], HazardKind::EvictsKeys);
    // With the limit raised as well, nothing has to go.
    let settings = ["maxmemory-policy: allkeys-lfu", "maxmemory: 384mb"];
    let plan = case(&settings, server).plan();
    assert_eq!(kinds(plan.change("maxmemory-policy")), [].into());
    assert_eq!(kinds(plan.change("maxmemory")), [].into());
}

#[test]
fn of_a_limit_and_a_policy_that_change_together_the_limit_carries_the_hazard() {
    let settings = ["maxmemory-policy: allkeys-lru", "maxmemory: 151mb"];
    let plan = case(&settings, cache("0", "noeviction", 0)).plan();
    hazard(plan.change("maxmemory"), HazardKind::EvictsKeys);
    assert_eq!(kinds(plan.change("maxmemory-policy")), [].into());
}

#[test]
fn a_server_that_evicts_already_is_not_warned_of_a_change_that_evicts_no_more() {
    let full = || cache("300mb", "allkeys-lru", 0);
    for change in [
        "maxmemory-policy: allkeys-lfu",
        "maxmemory: 384mb",
        "maxmemory: 0",
    ] {
        let plan = case(&[change], full()).plan();
        let kinds = kinds(&plan.changes[0]);
        let loses = [HazardKind::EvictsKeys, HazardKind::RejectsWrites];
        assert!(!loses.iter().any(|kind| kinds.contains(kind)), "{change}");
    }
    let plan = case(&["maxmemory: 299mb"], full()).plan();
    hazard(&plan.changes[0], HazardKind::EvictsKeys);
}

#[test]
fn a_policy_that_throws_nothing_away_at_a_limit_all_but_reached_is_a_warning() {
    let plan = case(
        &["maxmemory-policy: noeviction"],
        cache("302mb", "allkeys-lru", 0),
    )
    .plan();
    let (blocks, message) = hazard(&plan.changes[0], HazardKind::RejectsWrites);
    assert!(
        !blocks && message.contains("once the limit is reached"),
        "{message}"
    );
    let plan = case(
        &["maxmemory-policy: noeviction"],
        cache("600mb", "allkeys-lru", 0),
    )
    .plan();
    assert_eq!(kinds(&plan.changes[0]), [].into());
}

#[test]
fn a_replica_keeps_its_keys_until_it_is_promoted() {
    let mut server = cache("0", "allkeys-lru", 0);
    server.identity().role = "replica".to_owned();
    let plan = case(&["maxmemory: 151mb"], server.clone()).plan();
    let (blocks, message) = hazard(&plan.changes[0], HazardKind::EvictsKeys);
    assert!(
        blocks
            && message.contains("promoted, it would throw about 100,672 ")
            && message.contains("at its first write")
            && !message.contains("at once"),
        "{message}"
    );
    // One that is told to mind its own limit throws keys away as a master does.
    server.observed_mut("maxmemory").running = "151mb".to_owned();
    let plan = case(&["slave-ignore-maxmemory: no"], server).plan();
    let (_, message) = hazard(&plan.changes[0], HazardKind::EvictsKeys);
    assert!(message.contains("at once"), "{message}");
}

#[test]
fn going_back_below_use_is_told_as_well() {
    let server = cache("151mb", "allkeys-lru", 0);
    let mut before = server.clone();
    before.redis_facts().used_memory = 100 * MB;
    let forth = case(&["maxmemory: 384mb"], before);
    let plan = forth.plan();
    let mut grown = forth.applied(&plan);
    grown.servers[0].redis_facts().used_memory = 301 * MB;
    let back = grown.way_back(&plan);
    let (blocks, message) = hazard(&back.changes[0], HazardKind::EvictsKeys);
    assert!(
        blocks && message.contains("maxmemory is to be 151mb"),
        "{message}"
    );
}

fn master(asked: &str, online: &[&str]) -> Server {
    let mut server = Server::redis("cache")
        .has(Setting::redis("min-replicas-to-write", asked))
        .has(Setting::redis("min-replicas-max-lag", "10"));
    for state in online {
        server.follower(state);
    }
    server
}

#[test]
fn more_replicas_asked_for_than_are_online_refuse_every_write() {
    let asked =
        |replicas: &[&str]| case(&["min-replicas-to-write: 2"], master("0", replicas)).plan();
    let plan = asked(&["online", "wait_bgsave"]);
    let (blocks, message) = hazard(&plan.changes[0], HazardKind::RejectsWrites);
    assert!(
        blocks && message.contains("to be 2 and 1 replicas are online"),
        "{message}"
    );
    assert_eq!(kinds(&asked(&["online", "online"]).changes[0]), [].into());
    // It is so already, and gets no worse.
    let plan = case(&["min-replicas-to-write: 2"], master("3", &["online"])).plan();
    assert_eq!(kinds(&plan.changes[0]), [].into());
    let mut replica = master("0", &[]);
    replica.identity().role = "replica".to_owned();
    let plan = case(&["min-replicas-to-write: 2"], replica).plan();
    assert_eq!(kinds(&plan.changes[0]), [].into());
}

#[test]
fn snapshots_that_fail_refuse_writes_once_they_are_to_stop_them() {
    let server = || {
        Server::redis("cache")
            .has(Setting::redis("stop-writes-on-bgsave-error", "no"))
            .has(Setting::redis("save", "900 1"))
    };
    let settings = ["stop-writes-on-bgsave-error: yes"];
    let (blocks, _) = {
        let plan = case(&settings, server()).plan();
        let (blocks, message) = hazard(&plan.changes[0], HazardKind::RejectsWrites);
        (blocks, message.to_owned())
    };
    assert!(!blocks);
    let mut failing = server();
    failing.redis_facts().save_failed = true;
    let plan = case(&settings, failing).plan();
    let (blocks, message) = hazard(&plan.changes[0], HazardKind::RejectsWrites);
    assert!(
        blocks && message.contains("its last snapshot failed"),
        "{message}"
    );
}
