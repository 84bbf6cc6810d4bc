//! The arithmetic of memory against what servers say of themselves.

use super::desk::{Desk, every_version};
use crate::support::{Postgres, Project, Target as _, TargetEntry};

const BUDGET: &str = "memory_budget";

/// Megabytes in `shared 415 MB` or `shared 1.2 GB`.
fn shared_in(message: &str) -> f64 {
    let (_, after) = message.split_once("(shared ").unwrap();
    let mut words = after.split([' ', ',']);
    let number: f64 = words.next().unwrap().parse().unwrap();
    match words.next().unwrap() {
        "GB" => number * 1024.0,
        "MB" => number,
        other => panic!("{other}"),
    }
}

/// `shared_memory_size`, in MB, of a server that was started with what was planned.
fn tells(settings: &[&str]) {
    for bin in every_version()
        .into_iter()
        .filter(|bin| bin.version() >= &[15])
    {
        let desk = Desk::of(Postgres::with_bin(bin).start());
        let entry = TargetEntry {
            memory: Some("1MB"),
            ..desk.postgres.entry()
        };
        let project = Project::new().targets(&[&entry]);
        let lines = settings.join("\n      ");
        let text = format!("profile: p\nphases:\n  - phase: 1\n    postgresql:\n      {lines}\n");
        let project = project.profile("p", &text);
        let plan = project.dbtune("plan --profile p --format json").run();
        plan.exits(0);
        let plan = plan.json();
        let hazards = plan["changes"][0]["hazards"].as_array().unwrap();
        let message = hazards
            .iter()
            .find(|hazard| hazard["kind"] == BUDGET)
            .and_then(|hazard| hazard["message"].as_str())
            .unwrap();
        assert!(message.contains("(memory: in targets.yaml:"), "{message}");
        project
            .dbtune(
                "apply --yes --restart --profile p --allow memory_budget --allow will_not_start",
            )
            .run()
            .exits(0);
        let told = desk
            .postgres
            .value("SELECT setting FROM pg_settings WHERE name = 'shared_memory_size'");
        let told: f64 = told.parse().unwrap();
        let expected = shared_in(message);
        let off = (expected - told).abs();
        assert!(
            off <= told * 0.05 + 5.0,
            "{settings:?}: {expected} MB worked out, {told} MB asked for"
        );
    }
}

#[test]
fn the_shared_memory_worked_out_is_what_the_server_asks_for() {
    tells(&["shared_buffers: 512MB"]);
    tells(&["max_connections: 1000", "max_locks_per_transaction: 256"]);
    tells(&["max_prepared_transactions: 500", "wal_buffers: 64MB"]);
}

#[test]
fn memory_that_is_stated_counts_and_is_named_with_its_place() {
    let desk = Desk::open();
    let entry = TargetEntry {
        memory: Some("256MB"),
        ..desk.postgres.entry()
    };
    let project = Project::new().targets(&[&entry]).profile(
        "p",
        "profile: p\nphases:\n  - phase: 1\n    postgresql: {work_mem: 64MB}\n",
    );
    let before = desk.postgres.auto_conf();
    project
        .dbtune("plan --profile p --format json")
        .run()
        .exits(0)
        .says("of 256 MB of memory (memory: in targets.yaml:");
    let refused = project
        .dbtune("apply --profile p --yes --format json")
        .run();
    refused.exits(6);
    assert_eq!(refused.json()["error"]["kind"], BUDGET);
    assert_eq!(desk.postgres.auto_conf(), before);
    project
        .dbtune("apply --profile p --yes --allow memory_budget")
        .run()
        .exits(0);
    assert_eq!(desk.postgres.show("work_mem"), "64MB");
}

#[test]
fn the_memory_of_the_machine_is_read_and_enough_for_a_small_plan() {
    let desk = Desk::open();
    desk.lets_pass("work_mem: 8MB", BUDGET);
    desk.refuses("work_mem: 2047GB", BUDGET, "may be taken: postgresql ");
}
