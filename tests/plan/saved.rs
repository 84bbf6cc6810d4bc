//! Plans in files: that they are read as they were written, and what has moved since.

use dbtune::plan::{SavedPlan, SavedPlanError};
use serde_json::Value;

use crate::case::Case;
use crate::server::{Server, Setting};

fn case(work_mem: &str) -> Case {
    Case::of(&format!(
        "profile: test
phases:
  - phase: 1
    postgresql: {{work_mem: {work_mem}, shared_buffers: 384MB}}
    redis: {{requirepass: hunter2}}
"
    ))
    .on(Server::postgresql("primary")
        .has(Setting::work_mem())
        .has(Setting::shared_buffers()))
    .on(Server::redis("cache").has(Setting::redis("requirepass", "")))
}

/// What has moved after something was done to the first server.
fn moved(act: impl FnOnce(&mut Server)) -> Vec<String> {
    let saved = case("8MB").save();
    let mut now = case("8MB");
    act(&mut now.servers[0]);
    now.moved_since(&saved)
}

fn edited(text: &str, from: &str, to: &str) -> SavedPlanError {
    assert!(text.contains(from));
    SavedPlan::read(&text.replace(from, to)).unwrap_err()
}

#[test]
fn a_saved_plan_is_read_as_it_was_written() {
    let text = case("8MB").save();
    let read = SavedPlan::read(&text).unwrap();
    assert_eq!(read.write().unwrap(), text);
    assert_eq!(read.created_at(), "2026-11-23T02:00:00Z");
    assert!(case("8MB").moved_since(&text).is_empty());
}

#[test]
fn a_saved_plan_begins_as_the_plan_does_and_holds_no_secret() {
    let text = case("8MB").save();
    let plan = dbtune::render::plan_json(&case("8MB").plan()).unwrap();
    let saved: Value = serde_json::from_str(&text).unwrap();
    for (field, value) in plan.as_object().unwrap() {
        assert_eq!(saved[field], *value, "{field}");
    }
    assert!(!text.contains("hunter2"));
}

#[test]
fn an_edited_file_is_recognised_and_a_reformatted_one_is_not_refused() {
    let text = case("8MB").save();
    assert!(edited(&text, "8MB", "9MB").is_edited());
    assert!(edited(&text, r#""action": "update""#, r#""action": "unchanged""#).is_edited());
    let reformatted: Value = serde_json::from_str(&text).unwrap();
    assert!(SavedPlan::read(&reformatted.to_string()).is_ok());
}

#[test]
fn what_is_no_plan_is_told_apart() {
    let read = |text: &str| SavedPlan::read(text).unwrap_err().to_string();
    assert_eq!(read("{"), "it is not JSON (line 1, column 1)");
    assert_eq!(
        read("[]"),
        "it is not a plan written by `dbtune plan --out`"
    );
    assert_eq!(
        read("{}"),
        "it is not a plan written by `dbtune plan --out`"
    );
    let text = case("8MB").save();
    let newer = edited(&text, r#""format_version": 1"#, r#""format_version": 2"#).to_string();
    assert_eq!(
        newer,
        "it has format version 2, and this dbtune reads version 1"
    );
    let plan = dbtune::render::plan_json(&case("8MB").plan())
        .unwrap()
        .to_string();
    assert_eq!(
        read(&plan),
        "it is not a plan written by `dbtune plan --out`"
    );
}

#[test]
fn a_value_that_moved_is_named() {
    let moved = moved(|server| *server = server.clone().has(Setting::work_mem().stored("6MB")));
    assert_eq!(
        moved,
        ["work_mem on primary is now 6MB, it was 4MB when the plan was made"]
    );
}

#[test]
fn a_stored_value_that_moved_is_named() {
    let now = Setting::shared_buffers().pending("512MB");
    let moved = moved(|server| *server = server.clone().has(now));
    assert_eq!(
        moved,
        [
            "the files of primary now say 512MB for shared_buffers, they said 128MB when the plan was made"
        ]
    );
}

#[test]
fn an_entry_that_only_repeats_the_value_has_moved_too() {
    let now = Setting::work_mem().stored("4096");
    let moved = moved(|server| *server = server.clone().has(now));
    assert_eq!(
        moved,
        ["ALTER SYSTEM has changed work_mem on primary since the plan was made"]
    );
}

#[test]
fn another_server_a_restart_a_version_and_a_role_are_named() {
    let another = moved(|server| server.identity().system = "1".to_owned());
    assert_eq!(
        another,
        ["primary is another server: its system identifier is 1, it was 7301234567890123456"]
    );
    let restarted =
        moved(|server| server.identity().started_at = "2026-11-23T01:00:00Z".to_owned());
    assert_eq!(restarted, ["primary was restarted at 2026-11-23T01:00:00Z"]);
    let upgraded = moved(|server| server.identity().version = "15.20".to_owned());
    assert_eq!(upgraded, ["primary has version 15.20, it was 15.18"]);
    let demoted = moved(|server| server.identity().role = "standby".to_owned());
    assert_eq!(demoted, ["primary has the role standby, it was primary"]);
}

#[test]
fn a_redis_that_began_anew_is_named() {
    let saved = case("8MB").save();
    let mut now = case("8MB");
    now.servers[1].identity().system = "f".repeat(40);
    now.servers[1].identity().started_at = "2026-11-23T01:00:00Z".to_owned();
    assert_eq!(
        now.moved_since(&saved),
        ["cache was restarted at 2026-11-23T01:00:00Z, or is another server"]
    );
}

#[test]
fn a_profile_that_moved_is_named_by_setting() {
    let saved = case("8MB").save();
    assert_eq!(
        case("16MB").moved_since(&saved),
        ["the profile asks for work_mem = 16MB in phase 1, it asked for 8MB"]
    );
}

#[test]
fn a_profile_that_moved_in_what_is_not_shown_is_told() {
    let profile = |later: &str| {
        Case::of(&format!(
            "profile: test
phases:
  - phase: 1
    postgresql: {{work_mem: 8MB}}
  - phase: 2
    postgresql: {{shared_buffers: {later}}}
"
        ))
        .on(Server::postgresql("primary")
            .has(Setting::work_mem())
            .has(Setting::shared_buffers()))
        .phase(1)
    };
    let saved = profile("384MB").save();
    assert_eq!(
        profile("512MB").moved_since(&saved),
        ["the profile test was changed in a window or in a phase that the plan does not show"]
    );
}

#[test]
fn another_secret_in_the_profile_leaves_the_fingerprint_alone() {
    let other = |secret: &str| {
        Case::redis(&[&format!("requirepass: {secret}")])
            .on(Server::redis("cache").has(Setting::redis("requirepass", "")))
            .save()
    };
    assert_eq!(other("hunter2"), other("correct-horse"));
}

#[test]
fn a_secret_that_appeared_is_told_without_being_shown() {
    let saved = case("8MB").save();
    let mut now = case("8MB");
    now.servers[1] = now.servers[1]
        .clone()
        .has(Setting::redis("requirepass", "swordfish"));
    assert_eq!(
        now.moved_since(&saved),
        ["requirepass on cache is now planned as blocked, it was update when the plan was made"]
    );
}
