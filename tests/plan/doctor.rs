//! What the doctor makes of what servers said, where a server in such a state is hard to come by.

use dbtune::doctor::{self, Check, Examined, Finding, Read, Seen, Trouble, Verdict};
use dbtune::engine::{Access, Persist, Target, Url};
use dbtune::setting::EngineKind;
use dbtune::snapshot::{Follower, Manager, Memory, PostgresqlFacts, RedisFacts, Rewrite};

use crate::server::{Server, Setting};

/// A target on which a server said that.
fn examined(server: &Server) -> Examined {
    let snapshot = server.snapshot.clone();
    Examined {
        target: Target {
            name: snapshot.target.clone(),
            engine: snapshot.engine,
            url: Url::new("redis://tuner@cache.internal:6379"),
            from: "targets.yaml:4".to_owned(),
            restart: None,
            restart_timeout: Target::RESTART_TIMEOUT,
            start_timeout: Target::START_TIMEOUT,
            rescue: None,
            persist: Persist::Rewrite,
            persist_stated: false,
            access: Access::default(),
            memory: None,
            config_command: None,
        },
        keeps_history: false,
        restart_can_run: true,
        seen: Seen::All(Box::new(Read {
            snapshot,
            examination: None,
        })),
    }
}

fn found(servers: &[Server]) -> Vec<Finding> {
    let targets: Vec<Examined> = servers.iter().map(examined).collect();
    doctor::findings(&targets, None, None)
}

/// The findings of a check of one target that are not ok.
fn wrong(servers: &[Server], target: &str, check: Check) -> Vec<(Verdict, String)> {
    let findings = found(servers).into_iter();
    findings
        .filter(|one| one.target.as_deref() == Some(target) && one.check == check)
        .filter(|one| one.verdict != Verdict::Ok)
        .map(|one| (one.verdict, one.message))
        .collect()
}

fn follower(name: &str) -> Follower {
    Follower {
        name: name.to_owned(),
        address: Some("10.0.0.7".to_owned()),
        state: "streaming".to_owned(),
    }
}

fn primary(standbys: &[&str]) -> Server {
    let mut server = Server::postgresql("primary");
    server.facts().postgresql = Some(PostgresqlFacts {
        standbys: standbys.iter().map(|name| follower(name)).collect(),
        ..PostgresqlFacts::default()
    });
    server
}

fn standby(is_paused: bool) -> Server {
    let mut server = Server::postgresql("standby");
    server.identity().role = "standby".to_owned();
    server.facts().postgresql = Some(PostgresqlFacts {
        replay_paused: is_paused,
        upstream: Some("10.0.0.1:5432".to_owned()),
        ..PostgresqlFacts::default()
    });
    server
}

fn redis(facts: RedisFacts) -> Server {
    let mut server = Server::redis("cache");
    server.facts().redis = Some(facts);
    server
}

#[test]
fn a_standby_that_is_no_target_is_warned_of() {
    let alone = [primary(&["walreceiver"])];
    let [(verdict, message)] = wrong(&alone, "primary", Check::Replication)
        .try_into()
        .unwrap();
    assert_eq!(verdict, Verdict::Warning);
    assert!(message.contains("walreceiver from 10.0.0.7 (streaming)"));
    let both = [primary(&["walreceiver"]), standby(false)];
    assert_eq!(wrong(&both, "primary", Check::Replication), []);
    assert_eq!(wrong(&both, "standby", Check::Replication), []);
    let one_of_two = [primary(&["a", "b"]), standby(false)];
    assert_eq!(wrong(&one_of_two, "primary", Check::Replication).len(), 1);
}

#[test]
fn a_standby_of_another_cluster_does_not_count() {
    let mut other = standby(false);
    other.identity().system = "1".to_owned();
    let servers = [primary(&["walreceiver"]), other];
    assert_eq!(wrong(&servers, "primary", Check::Replication).len(), 1);
    let [(_, orphan)] = wrong(&servers, "standby", Check::Replication)
        .try_into()
        .unwrap();
    assert!(orphan.contains("at 10.0.0.1:5432 is not among the targets"));
}

#[test]
fn a_standby_whose_replay_is_paused_is_warned_of() {
    let servers = [primary(&["walreceiver"]), standby(true)];
    let [(verdict, message)] = wrong(&servers, "standby", Check::Replication)
        .try_into()
        .unwrap();
    assert!(verdict == Verdict::Warning && message.contains("paused"));
}

#[test]
fn the_history_cannot_lie_on_a_standby() {
    let mut first = examined(&standby(false));
    first.keeps_history = true;
    let findings = doctor::findings(&[first], None, None);
    let history: Vec<&Finding> = findings
        .iter()
        .filter(|one| one.check == Check::History)
        .collect();
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].verdict, Verdict::Problem);
}

#[test]
fn a_server_that_somebody_else_manages_is_a_problem_and_says_where_to_go() {
    for manager in [
        Manager::Rds,
        Manager::CloudSql,
        Manager::Azure,
        Manager::Patroni,
        Manager::CloudNativePg,
        Manager::ElastiCache,
        Manager::RedisService,
    ] {
        let mut server = Server::postgresql("primary");
        server.facts().managed_by = Some(manager);
        let findings = found(&[server]);
        let managed = findings.iter().find(|one| one.check == Check::Managed);
        let managed = managed.unwrap();
        assert_eq!(managed.verdict, Verdict::Problem);
        assert!(
            managed
                .remedy
                .as_ref()
                .unwrap()
                .starts_with("change the settings ")
        );
    }
    assert!(
        found(&[Server::postgresql("primary")])
            .iter()
            .all(|one| one.check != Check::Managed)
    );
}

#[test]
fn memory_that_is_not_known_is_warned_of_and_an_own_limit_is_told_as_such() {
    let mut server = Server::postgresql("primary");
    server.facts().memory = None;
    assert_eq!(wrong(&[server.clone()], "primary", Check::Memory).len(), 1);
    server.facts().memory = Some(Memory {
        bytes: 2 << 30,
        from: "its control group".to_owned(),
        is_own_limit: true,
        is_stated: false,
    });
    let findings = found(&[server]);
    let memory = findings
        .iter()
        .find(|one| one.check == Check::Memory)
        .unwrap();
    assert_eq!(memory.message, "it may use 2048 MB, says its control group");
}

#[test]
fn versions_that_are_too_old_or_too_new_are_told() {
    let of = |number: u32| {
        let mut server = Server::postgresql("primary");
        server.identity().version_number = number;
        let verdicts = wrong(&[server], "primary", Check::Version);
        verdicts.first().map(|(verdict, _)| *verdict)
    };
    assert_eq!(of(120_022), Some(Verdict::Problem));
    assert_eq!(of(130_000), None);
    assert_eq!(of(180_004), None);
    assert_eq!(of(190_000), Some(Verdict::Warning));
    let mut old = Server::redis("cache");
    old.identity().version_number = 60_016;
    assert_eq!(wrong(&[old], "cache", Check::Version).len(), 1);
    assert_eq!(
        wrong(&[Server::redis("cache")], "cache", Check::Version),
        []
    );
}

#[test]
fn what_travels_open_over_a_network_is_warned_of() {
    let of = |address: &str, url: &str| {
        let mut server = Server::redis("cache");
        server.snapshot.address = address.to_owned();
        let mut target = examined(&server);
        target.target.url = Url::new(url);
        let findings = doctor::findings(&[target], None, None);
        let connection = findings.iter().find(|one| one.check == Check::Connection);
        connection.unwrap().verdict
    };
    let far = "cache.internal:6379";
    assert_eq!(of(far, "redis://cache.internal"), Verdict::Warning);
    assert_eq!(of(far, "rediss://cache.internal"), Verdict::Ok);
    assert_eq!(of("127.0.0.1:6379", "redis://localhost"), Verdict::Ok);
}

#[test]
fn a_replica_without_its_master_and_a_file_that_cannot_be_rewritten_are_told() {
    let mut replica = redis(RedisFacts {
        upstream: Some("10.0.0.1:6379".to_owned()),
        link_is_up: Some(false),
        rewrite: Some(Rewrite {
            fails_because: Some("/etc/redis is read-only".to_owned()),
            ..Rewrite::default()
        }),
        ..RedisFacts::default()
    });
    replica.identity().role = "replica".to_owned();
    let servers = [replica];
    assert_eq!(wrong(&servers, "cache", Check::Replication).len(), 2);
    let [(verdict, message)] = wrong(&servers, "cache", Check::ConfigFiles)
        .try_into()
        .unwrap();
    assert_eq!(verdict, Verdict::Problem);
    assert!(message.contains("/etc/redis is read-only"), "{message}");
}

#[test]
fn a_server_that_was_not_read_says_why_and_which_rule_is_missing() {
    let mut target = examined(&Server::redis("cache"));
    let denied =
        "cannot connect to cache: NOPERM User tuner has no permissions to run the 'info' command";
    target.seen = Seen::Nothing(Trouble {
        message: denied.to_owned(),
        hint: Some("grant the user more".to_owned()),
        is_usage: false,
    });
    let [connection, restart] = doctor::findings(&[target], None, None).try_into().unwrap();
    assert_eq!(connection.verdict, Verdict::Problem);
    assert_eq!(
        connection.remedy.as_deref(),
        Some("ACL SETUSER tuner +info")
    );
    assert_eq!(restart.check, Check::RestartCommand);
}

#[test]
fn the_value_of_a_secret_is_in_no_finding() {
    let profile = crate::case::Case::redis(&["requirepass: new-hush"]).profile;
    let server = Server::redis("cache").has(Setting::redis("requirepass", "old-hush"));
    assert_eq!(server.snapshot.engine, EngineKind::Redis);
    let findings = doctor::findings(&[examined(&server)], Some(&profile), None);
    assert!(!format!("{findings:?}").contains("hush"), "{findings:#?}");
}
