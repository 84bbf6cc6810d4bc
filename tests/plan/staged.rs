//! Settings that stand in several phases.

use dbtune::plan::Action::{PendingRestart, Unchanged, Update};
use dbtune::setting::Assignment;

use crate::case::{Asked as _, Case};
use crate::server::{Server, Setting};

const STEPS: &str = "profile: test
phases:
  - phase: 1
    postgresql: {max_connections: 200}
  - phase: 2
    postgresql: {max_connections: 300}
  - phase: 3
    postgresql: {max_connections: 400}
";

fn at(connections: &str) -> Case {
    let setting = Setting::number("max_connections", None, "100")
        .restart()
        .in_conf(connections, 65);
    Case::of(STEPS).on(Server::postgresql("postgresql").has(setting))
}

#[test]
fn a_later_phase_starts_from_what_the_earlier_one_leaves_behind() {
    let plan = at("100").plan();
    let [first, second, third] = plan.changes.as_slice() else {
        panic!()
    };
    assert_eq!(first.configured.as_deref(), Some("100"));
    assert_eq!(
        (second.configured.as_deref(), second.current.as_deref()),
        (Some("200"), Some("100"))
    );
    assert_eq!(third.configured.as_deref(), Some("300"));
    assert_eq!(first.undo, Assignment::Reset);
    assert_eq!(second.undo, first.assignment);
    assert_eq!(third.undo, second.assignment);
}

#[test]
fn a_finished_rollout_has_nothing_to_do() {
    let plan = at("400").plan();
    assert!(plan.changes.iter().all(|change| change.action == Unchanged));
    let note = plan.changes[0].note.as_deref();
    assert_eq!(
        note,
        Some("phase 1 asks for 200, and the server has come to phase 3 already")
    );
}

#[test]
fn a_phase_that_is_past_is_not_gone_back_to_when_asked_for_alone() {
    let plan = at("400").phase(1).plan();
    assert_eq!(plan.actions(), [(1, "max_connections", Unchanged)]);
}

#[test]
fn halfway_the_phase_before_is_past_and_the_phase_after_is_to_come() {
    let plan = at("300").plan();
    let actions: Vec<_> = plan.changes.iter().map(|change| change.action).collect();
    assert_eq!(actions, [Unchanged, Unchanged, Update]);
}

#[test]
fn what_waits_for_a_restart_counts_as_stored() {
    let setting = Setting::number("max_connections", None, "100")
        .restart()
        .pending("300");
    let plan = Case::of(STEPS)
        .on(Server::postgresql("postgresql").has(setting))
        .plan();
    let actions: Vec<_> = plan.changes.iter().map(|change| change.action).collect();
    assert_eq!(actions, [Unchanged, PendingRestart, Update]);
}

#[test]
fn redis_goes_by_what_runs() {
    let profile = "profile: test
phases:
  - phase: 1
    redis: {maxmemory: 256mb}
  - phase: 2
    redis: {maxmemory: 384mb}
";
    let redis = Server::redis("redis").has(Setting::redis("maxmemory", "402653184"));
    let plan = Case::of(profile).on(redis).phase(1).plan();
    assert_eq!(plan.changes[0].action, Unchanged);
}

const THERE_AND_BACK: &str = "profile: test
phases:
  - phase: 1
    postgresql: {maintenance_work_mem: 1GB}
  - phase: 2
    postgresql: {maintenance_work_mem: default}
";

fn there_and_back() -> Case {
    let setting = Setting::kb("maintenance_work_mem", "65536");
    Case::of(THERE_AND_BACK).on(Server::postgresql("postgresql").has(setting))
}

#[test]
fn where_it_begins_and_ends_alike_the_first_phase_can_be_asked_for() {
    let plan = there_and_back().phase(1).plan();
    assert_eq!(plan.actions(), [(1, "maintenance_work_mem", Update)]);
}

#[test]
fn where_it_begins_and_ends_alike_the_whole_has_nothing_to_do() {
    let plan = there_and_back().plan();
    assert!(plan.changes.iter().all(|change| change.action == Unchanged));
}
