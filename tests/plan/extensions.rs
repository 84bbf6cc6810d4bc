//! Settings of extensions that are not loaded.

use std::collections::BTreeSet;

use dbtune::plan::Action::{Blocked, Unchanged, Update};
use dbtune::plan::{self, HazardKind};
use dbtune::snapshot::{Answer, PLACEHOLDER, Question};

use crate::case::{Asked as _, Case, hazard, kinds};
use crate::server::{Server, Setting};

const NOT_LOADED: HazardKind = HazardKind::ExtensionNotLoaded;

fn server() -> Server {
    Server::postgresql("primary")
        .has(Setting::text("shared_preload_libraries", "").restart())
        .answers(Question::Library("auto_explain".to_owned()), Answer::Yes)
}

fn of_17() -> Server {
    let mut server = server();
    server.identity().version = "17.5".to_owned();
    server.identity().version_number = 170_005;
    server
}

const SETTING: &str = "auto_explain.log_min_duration: 100ms";

fn message(case: &Case) -> String {
    let plan = case.plan();
    let change = plan.change("auto_explain.log_min_duration");
    assert_eq!(change.action, Blocked);
    let (blocks, message) = hazard(change, NOT_LOADED);
    assert!(blocks);
    message.to_owned()
}

#[test]
fn a_setting_of_a_library_that_is_not_loaded_is_planned_and_blocked_with_the_two_steps() {
    let case = Case::postgresql(&[SETTING]).on(server());
    assert_eq!(
        message(&case),
        "no library that owns `auto_explain.` is loaded on primary; it takes two steps: add it to \
         shared_preload_libraries in an earlier phase and restart primary, then apply the phase \
         with its settings; PostgreSQL 15.18 refuses such a setting until then"
    );
    let plan = case.plan();
    assert_eq!(plan.changes[0].current, None);
    assert_eq!(plan.changes[0].desired, "100ms");
}

#[test]
fn it_is_told_what_of_the_two_steps_is_done() {
    let same = ["shared_preload_libraries: auto_explain", SETTING];
    let told = message(&Case::postgresql(&same).on(server()));
    assert!(
        told.contains("this phase adds it to shared_preload_libraries"),
        "{told}"
    );
    let phases = format!(
        "profile: p\nphases:\n  - phase: 1\n    postgresql:\n      shared_preload_libraries: \
         auto_explain\n  - phase: 2\n    postgresql:\n      {SETTING}\n"
    );
    let told = message(&Case::of(&phases).on(server()));
    assert!(
        told.contains("by an earlier phase of this plan, and waits for a restart"),
        "{told}"
    );
    let pending = server().has(
        Setting::text("shared_preload_libraries", "")
            .restart()
            .pending("auto_explain"),
    );
    let told = message(&Case::postgresql(&[SETTING]).on(pending));
    assert!(
        told.contains("waits for a restart: restart primary"),
        "{told}"
    );
}

#[test]
fn from_17_on_it_may_be_allowed_because_the_server_takes_any_name() {
    let case = Case::postgresql(&[SETTING]).on(of_17());
    let told = message(&case);
    assert!(told.contains("would take any name and value now"), "{told}");
    let allowed: BTreeSet<HazardKind> = [NOT_LOADED].into();
    let plan = plan::allow(case.plan(), &allowed);
    assert_eq!(plan.changes[0].action, Update);
    assert!(plan::blocking(&plan, &allowed).is_empty());
}

#[test]
fn a_name_that_only_looks_like_one_of_an_extension_is_told_the_name_that_is_meant() {
    let named = of_17().has(Setting::number("autovacuum_naptime", Some("s"), "60"));
    let plan = Case::postgresql(&["autovacuum.naptime: 30"])
        .on(named)
        .plan();
    let (_, message) = hazard(&plan.changes[0], NOT_LOADED);
    assert!(
        message.ends_with("is `autovacuum_naptime` meant?"),
        "{message}"
    );
}

#[test]
fn what_stands_in_a_file_already_needs_nothing_and_is_not_loaded_by_that() {
    let mut stored =
        of_17().has(Setting::text("auto_explain.log_min_duration", "").stored("100ms"));
    let observed = stored.observed_mut("auto_explain.log_min_duration");
    observed.boot = None;
    observed.source.kind = PLACEHOLDER.to_owned();
    let plan = Case::postgresql(&[SETTING]).on(stored.clone()).plan();
    assert_eq!(plan.changes[0].action, Unchanged);
    assert!(kinds(&plan.changes[0]).is_empty());
    message(&Case::postgresql(&["auto_explain.log_min_duration: 200ms"]).on(stored));
}

#[test]
fn of_a_library_that_is_loaded_a_name_that_it_does_not_have_is_no_plan() {
    let loaded = of_17().has(Setting::boolean("auto_explain.log_analyze", "off"));
    let error = Case::postgresql(&[SETTING])
        .on(loaded)
        .try_plan()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "primary has no setting auto_explain.log_min_duration"
    );
}

#[test]
fn default_of_what_was_never_set_needs_nothing() {
    let plan = Case::postgresql(&["auto_explain.log_min_duration: default"])
        .on(server())
        .plan();
    assert_eq!(plan.changes[0].action, Unchanged);
}
