//! In which turns and in which order the nodes of a cluster come to their settings.

use dbtune::plan::{HazardKind, Plan, restart_order};
use dbtune::snapshot::{Follower, PostgresqlFacts, Snapshot};

use crate::case::{Asked as _, Case, hazard, kinds};
use crate::server::{Server, Setting};

fn node(name: &str, role: &str) -> Server {
    let mut server = Server::postgresql(name)
        .has(Setting::number("max_connections", None, "100").restart())
        .has(Setting::number("max_worker_processes", None, "8").restart())
        .has(Setting::work_mem());
    server.identity().role = role.to_owned();
    server
}

fn primary() -> Server {
    node("primary", "primary")
}

fn standby() -> Server {
    node("standby", "standby")
}

fn turns(plan: &Plan) -> Vec<(&str, &str, u32)> {
    let changes = plan.changes.iter();
    changes
        .map(|change| (change.setting.as_str(), change.target.as_str(), change.turn))
        .collect()
}

#[test]
fn a_raise_restarts_standbys_first_and_a_lowering_the_primary() {
    let plan = |value: &str| {
        Case::postgresql(&[&format!("max_connections: {value}")])
            .on(primary())
            .on(standby())
            .plan()
    };
    assert_eq!(plan("200").restart_orders, [["standby", "primary"]]);
    assert_eq!(plan("50").restart_orders, [["primary", "standby"]]);
}

#[test]
fn a_raise_and_a_lowering_take_two_turns_in_a_cluster_and_one_on_a_server_alone() {
    let settings = [
        "max_connections: 200",
        "max_worker_processes: 4",
        "work_mem: 8MB",
    ];
    let case = Case::postgresql(&settings);
    let plan = case.clone().on(primary()).on(standby()).plan();
    assert_eq!(
        turns(&plan),
        [
            ("work_mem", "primary", 0),
            ("max_connections", "primary", 0),
            ("work_mem", "standby", 0),
            ("max_connections", "standby", 0),
            ("max_worker_processes", "primary", 1),
            ("max_worker_processes", "standby", 1),
        ]
    );
    assert_eq!(
        plan.restart_orders,
        [["standby", "primary"], ["primary", "standby"]]
    );
    let alone = case.on(primary()).plan();
    assert!(alone.changes.iter().all(|change| change.turn == 0));
}

#[test]
fn without_restart_a_run_ends_with_the_first_turn_that_needs_one() {
    let plan = Case::postgresql(&["max_connections: 200", "max_worker_processes: 4"])
        .on(primary())
        .on(standby())
        .plan();
    assert_eq!(plan.turns(false).len(), 1);
    assert_eq!(plan.turns(true).len(), 2);
}

#[test]
fn the_way_back_of_two_turns_is_two_turns_again() {
    let case = Case::postgresql(&["max_connections: 200", "max_worker_processes: 4"])
        .on(primary())
        .on(standby());
    let plan = case.plan();
    let back = case.applied(&plan).restarted().way_back(&plan);
    let back: Vec<_> = turns(&back)
        .into_iter()
        .map(|(name, _, turn)| (name, turn))
        .collect();
    assert_eq!(
        back,
        [
            ("max_worker_processes", 0),
            ("max_worker_processes", 0),
            ("max_connections", 1),
            ("max_connections", 1),
        ]
    );
}

#[test]
fn a_primary_is_not_raised_while_a_standby_that_is_no_target_follows() {
    let mut followed = primary();
    followed.facts().postgresql = Some(PostgresqlFacts {
        standbys: vec![Follower {
            name: "reports".to_owned(),
            address: None,
            state: "streaming".to_owned(),
        }],
        ..PostgresqlFacts::default()
    });
    let raise = Case::postgresql(&["max_connections: 200"]).on(followed.clone());
    let plan = raise.clone().plan();
    let (blocks, message) = hazard(plan.change("max_connections"), HazardKind::StandbyOrder);
    assert!(blocks && message.contains("reports"), "{message}");
    let plan = raise.on(standby()).plan();
    assert!(!hazard(plan.change("max_connections"), HazardKind::StandbyOrder).0);
    let lower = Case::postgresql(&["max_connections: 50"])
        .on(followed)
        .plan();
    assert!(!kinds(lower.change("max_connections")).contains(&HazardKind::StandbyOrder));
}

#[test]
fn a_primary_is_not_raised_while_a_standby_of_a_standby_is_no_target() {
    let standby_named = |name: &str| Follower {
        name: name.to_owned(),
        address: None,
        state: "streaming".to_owned(),
    };
    let node_followed = |mut server: Server, by: &str| {
        server.facts().postgresql = Some(PostgresqlFacts {
            standbys: vec![standby_named(by)],
            ..PostgresqlFacts::default()
        });
        server
    };
    let cascade = Case::postgresql(&["max_connections: 200"])
        .on(node_followed(primary(), "standby"))
        .on(node_followed(standby(), "reports"));
    let plan = cascade.clone().plan();
    let (blocks, message) = hazard(plan.change("max_connections"), HazardKind::StandbyOrder);
    assert!(blocks && message.contains("standby, reports"), "{message}");
    let plan = cascade.on(node("reports", "standby")).plan();
    assert!(!hazard(plan.change("max_connections"), HazardKind::StandbyOrder).0);
}

#[test]
fn a_replica_belongs_to_its_master_however_the_address_of_that_is_written() {
    let differ = |upstream: &str, address: &str| {
        let limited = |target: &str, limit: &str| {
            Server::redis(target)
                .has(Setting::redis("maxmemory", limit))
                .has(Setting::redis("timeout", "0"))
        };
        let mut replica = limited("replica", "1048576");
        replica.identity().role = "replica".to_owned();
        replica.redis_facts().upstream = Some(upstream.to_owned());
        let master = limited("master", "2097152").at(address);
        let plan = Case::redis(&["timeout: 30"]).on(master).on(replica).plan();
        !plan.differences.is_empty()
    };
    assert!(differ("10.0.0.5:6379", "10.0.0.5:6379"));
    assert!(differ("localhost:6379", "127.0.0.1:6379"));
    assert!(differ("::1:6379", "localhost:6379"));
    assert!(differ("fd00::1:6379", "[fd00::1]:6379"));
    assert!(!differ("127.0.0.1:6379", "127.0.0.2:6379"));
    assert!(!differ("127.0.0.1:6379", "127.0.0.1:6380"));
}

#[test]
fn nothing_is_lowered_while_a_standby_does_not_replay() {
    let mut paused = standby();
    paused.facts().postgresql = Some(PostgresqlFacts {
        replay_paused: true,
        ..PostgresqlFacts::default()
    });
    let case = |value: &str| {
        let case = Case::postgresql(&[&format!("max_connections: {value}")]);
        case.on(primary()).on(paused.clone()).plan()
    };
    let plan = case("50");
    for change in &plan.changes {
        let (blocks, message) = hazard(change, HazardKind::StandbyOrder);
        assert!(
            blocks && message.contains("pg_wal_replay_resume()"),
            "{message}"
        );
    }
    assert!(
        !hazard(
            case("200").change("max_connections"),
            HazardKind::StandbyOrder
        )
        .0
    );
}

#[test]
fn a_standby_never_gets_less_than_its_primary() {
    let case = |value: &str| Case::postgresql(&[&format!("max_connections: {value}")]);
    let plan = case("50").on(standby()).plan();
    assert!(hazard(plan.change("max_connections"), HazardKind::StandbyOrder).0);
    let plan = case("200").on(standby()).plan();
    assert!(!kinds(plan.change("max_connections")).contains(&HazardKind::StandbyOrder));
}

/// A node that runs with `runs` and has `then` in its files, of connections and worker processes.
fn waiting(mut server: Server, runs: [&str; 2], then: [&str; 2]) -> Snapshot {
    let names = ["max_connections", "max_worker_processes"];
    for ((name, runs), then) in names.into_iter().zip(runs).zip(then) {
        let observed = server.observed_mut(name);
        observed.running = runs.to_owned();
        observed.configured = Some(then.to_owned());
        observed.pending_restart = runs != then;
    }
    server.snapshot
}

#[track_caller]
fn orders(primary: &Snapshot, standby: &Snapshot, order: &[&str], stuck: &[&str]) {
    let both = ["primary".to_owned(), "standby".to_owned()];
    let found = restart_order(&[primary, standby], &both);
    assert_eq!(found.order, order);
    assert_eq!(found.stuck, stuck);
}

#[test]
fn the_order_of_restarts_is_found_from_what_runs_and_what_the_files_say() {
    let same = ["100", "8"];
    let pair = |then| {
        (
            waiting(primary(), same, then),
            waiting(standby(), same, then),
        )
    };
    let (up, up_too) = pair(["200", "8"]);
    orders(&up, &up_too, &["standby", "primary"], &[]);
    let (down, down_too) = pair(["50", "8"]);
    orders(&down, &down_too, &["primary", "standby"], &[]);
    let (mixed, mixed_too) = pair(["200", "4"]);
    orders(&mixed, &mixed_too, &[], &["standby", "primary"]);
}

#[test]
fn clusters_are_restarted_one_after_another_as_the_plan_shows_it() {
    let of_another = |mut server: Server| {
        server.identity().system = "7409876543210987654".to_owned();
        server
    };
    let servers = || {
        [
            primary(),
            standby(),
            of_another(node("other primary", "primary")),
            of_another(node("other standby", "standby")),
        ]
    };
    for value in ["200", "50"] {
        let case = Case::postgresql(&[&format!("max_connections: {value}")]);
        let plan = servers().into_iter().fold(case, Case::on).plan();
        let snapshots = servers().map(|server| waiting(server, ["100", "8"], [value, "8"]));
        let nodes: Vec<&Snapshot> = snapshots.iter().collect();
        let names: Vec<String> = nodes.iter().map(|node| node.target.clone()).collect();
        assert_eq!(
            [restart_order(&nodes, &names).order],
            *plan.restart_orders,
            "{value}"
        );
    }
}

#[test]
fn a_way_back_out_of_the_middle_of_two_turns_has_an_order_too() {
    // Connections had been raised everywhere, workers lowered on the primary alone.
    let primary = waiting(primary(), ["200", "4"], ["100", "8"]);
    let standby = waiting(standby(), ["200", "8"], ["100", "8"]);
    orders(&primary, &standby, &["primary", "standby"], &[]);
}

#[test]
fn what_waits_already_and_fits_no_order_blocks() {
    let mixed = |mut server: Server| {
        server.snapshot = waiting(server.clone(), ["100", "8"], ["200", "4"]);
        server
    };
    let plan = Case::postgresql(&["max_connections: 300"])
        .on(mixed(primary()))
        .on(mixed(standby()))
        .plan();
    let kinds_of = kinds(plan.change("max_connections"));
    assert!(kinds_of.contains(&HazardKind::StandbyOrder));
    let blocking = plan.all_hazards().find(|hazard| hazard.blocks).unwrap();
    assert!(
        blocking.message.contains("fits no order"),
        "{}",
        blocking.message
    );
}
