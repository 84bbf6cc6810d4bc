//! What is done about one setting.

use dbtune::plan::Action::{Blocked, PendingRestart, Reset, Unchanged, Update};
use dbtune::plan::HazardKind;
use dbtune::setting::{Assignment, Input};

use crate::case::{Asked as _, Case, hazard, kinds};
use crate::server::{Server, Setting};

fn set(literal: &str) -> Assignment {
    Assignment::Set(vec![literal.to_owned()])
}

/// The case of one setting of PostgreSQL.
fn one(wanted: &str, setting: Setting) -> Case {
    Case::postgresql(&[wanted]).on(Server::postgresql("postgresql").has(setting))
}

#[test]
fn a_value_in_another_spelling_is_no_change() {
    for spelling in ["4MB", "4096", "4096kB", "' 4 MB'", "0x1000"] {
        let plan = one(&format!("work_mem: {spelling}"), Setting::work_mem()).plan();
        assert_eq!(plan.change("work_mem").action, Unchanged, "{spelling}");
    }
}

#[test]
fn a_value_that_differs_by_one_unit_is_a_change() {
    let plan = one("work_mem: 4097kB", Setting::work_mem()).plan();
    let change = plan.change("work_mem");
    assert_eq!(
        (change.action, change.current.as_deref()),
        (Update, Some("4MB"))
    );
    assert_eq!(
        (&change.assignment, &change.undo),
        (&set("4097kB"), &Assignment::Reset)
    );
}

#[test]
fn the_way_back_is_the_raw_text_that_was_stored() {
    let plan = one("work_mem: 8MB", Setting::work_mem().stored("6144kB")).plan();
    let change = plan.change("work_mem");
    assert_eq!(change.undo, set("6144kB"));
    assert_eq!(change.current.as_deref(), Some("6MB"));
}

#[test]
fn what_is_stored_and_not_running_waits_for_a_restart() {
    let server = Setting::shared_buffers().pending("384MB");
    let plan = one("shared_buffers: 384MB", server).plan();
    let change = plan.change("shared_buffers");
    assert_eq!(change.action, PendingRestart);
    assert_eq!(
        (change.current.as_deref(), change.configured.as_deref()),
        (Some("128MB"), Some("384MB"))
    );
    assert_eq!(kinds(change), [HazardKind::Restart].into());
}

#[test]
fn a_restart_setting_that_was_edited_and_never_reloaded_waits_for_a_restart_too() {
    let server = Setting::shared_buffers().stored_only("384MB");
    let plan = one("shared_buffers: 384MB", server).plan();
    assert_eq!(plan.change("shared_buffers").action, PendingRestart);
}

#[test]
fn a_reload_setting_that_was_edited_and_never_reloaded_is_written_again() {
    let plan = one("work_mem: 8MB", Setting::work_mem().stored_only("8MB")).plan();
    assert_eq!(plan.change("work_mem").action, Update);
}

#[test]
fn a_pending_change_to_another_value_is_an_update() {
    let plan = one(
        "shared_buffers: 512MB",
        Setting::shared_buffers().pending("384MB"),
    )
    .plan();
    let change = plan.change("shared_buffers");
    assert_eq!((change.action, &change.undo), (Update, &set("384MB")));
}

#[test]
fn a_value_that_the_server_works_out_is_compared_with_the_files() {
    let server = Setting::pages("wal_buffers", "-1").restart().runs("512");
    assert_eq!(
        one("wal_buffers: -1", server.clone()).plan().changes[0].action,
        Unchanged
    );
    assert_eq!(
        one("wal_buffers: 16MB", server).plan().changes[0].action,
        Update
    );
}

#[test]
fn a_value_that_the_server_shows_as_a_notice_is_compared_with_the_files() {
    let server = Setting::text("archive_command", "")
        .stored("cp %p /wal")
        .runs("(disabled)");
    let plan = one("archive_command: cp %p /wal", server).plan();
    assert_eq!(plan.changes[0].action, Unchanged);
}

#[test]
fn a_text_that_was_edited_and_never_reloaded_is_written_again() {
    let server = Setting::text("log_line_prefix", "%m [%p] ").stored_only("%t ");
    assert_eq!(
        one("log_line_prefix: '%t '", server).plan().changes[0].action,
        Update
    );
}

#[test]
fn default_takes_away_an_entry_and_shows_what_is_left() {
    let server = Setting::work_mem().in_conf("5120", 12).stored("8MB");
    let plan = one("work_mem: default", server).plan();
    let change = plan.change("work_mem");
    assert_eq!((change.action, change.desired.as_str()), (Reset, "5MB"));
    assert_eq!(
        (&change.assignment, &change.undo),
        (&Assignment::Reset, &set("8MB"))
    );
}

#[test]
fn default_without_an_entry_is_no_change() {
    let plan = one("work_mem: default", Setting::work_mem().in_conf("5120", 12)).plan();
    assert_eq!(plan.changes[0].action, Unchanged);
}

#[test]
fn a_reset_that_waits_for_a_restart_is_not_done_again() {
    let mut case = one(
        "shared_buffers: default",
        Setting::shared_buffers().runs("49152"),
    );
    case.servers[0]
        .observed_mut("shared_buffers")
        .pending_restart = true;
    assert_eq!(case.plan().changes[0].action, PendingRestart);
}

#[test]
fn default_of_redis_is_the_value_that_it_has_without_configuration() {
    let server = Server::redis("redis").has(Setting::redis("maxmemory-policy", "allkeys-lru"));
    let plan = Case::redis(&["maxmemory-policy: default"])
        .on(server)
        .plan();
    let change = &plan.changes[0];
    assert_eq!(
        (change.action, change.desired.as_str()),
        (Update, "noeviction")
    );
    assert_eq!(
        (&change.assignment, &change.undo),
        (&set("noeviction"), &set("allkeys-lru"))
    );
}

#[test]
fn default_of_redis_is_blocked_where_nobody_knows_it() {
    let server = Server::redis("redis").has(Setting::redis("some-module-setting", "1"));
    let plan = Case::redis(&["some-module-setting: default"])
        .on(server)
        .plan();
    assert_eq!(plan.changes[0].action, Blocked);
    let (blocks, message) = hazard(&plan.changes[0], HazardKind::NotPermitted);
    assert!(
        blocks && message.contains("write the value itself"),
        "{message}"
    );
}

#[test]
fn redis_is_compared_by_what_runs() {
    let server = Server::redis("redis")
        .has(Setting::redis("maxmemory", "402653184"))
        .has(Setting::redis("maxmemory-policy", "noeviction"));
    let plan = Case::redis(&["maxmemory: 384MB", "maxmemory-policy: AllKeys-LRU"])
        .on(server)
        .plan();
    assert_eq!(plan.change("maxmemory").action, Unchanged);
    let policy = plan.change("maxmemory-policy");
    assert_eq!((policy.action, &policy.undo), (Update, &set("noeviction")));
    assert_eq!(
        (policy.configured.as_ref(), policy.source.as_ref()),
        (None, None)
    );
}

#[test]
fn without_sight_of_the_files_what_runs_decides_and_nothing_is_written() {
    let server = Server::postgresql("postgresql")
        .has(Setting::work_mem().stored("8MB"))
        .has(Setting::kb("maintenance_work_mem", "65536"))
        .with_unreadable_files();
    let case = Case::postgresql(&["work_mem: 8MB", "maintenance_work_mem: 128MB"]).on(server);
    let plan = case.plan();
    assert_eq!(plan.change("work_mem").action, Unchanged);
    let change = plan.change("maintenance_work_mem");
    assert_eq!((change.action, change.configured.as_ref()), (Blocked, None));
    let (blocks, message) = hazard(change, HazardKind::NotPermitted);
    assert!(
        blocks && message.contains("GRANT SELECT ON pg_file_settings TO app"),
        "{message}"
    );
}

#[test]
fn without_sight_of_the_files_default_holds_only_where_the_source_proves_it() {
    let server = Server::postgresql("postgresql")
        .has(Setting::work_mem())
        .has(Setting::kb("maintenance_work_mem", "65536").in_conf("131072", 3))
        .with_unreadable_files();
    let case = Case::postgresql(&["work_mem: default", "maintenance_work_mem: default"]).on(server);
    let plan = case.plan();
    assert_eq!(plan.change("work_mem").action, Unchanged);
    assert_eq!(plan.change("maintenance_work_mem").action, Blocked);
}

#[test]
fn values_are_shown_as_the_profile_writes_them_or_in_the_largest_exact_unit() {
    let server = Setting::pages("effective_cache_size", "524288").in_conf("131072", 12);
    let change = one("effective_cache_size: 1536MB", server).plan().changes[0].clone();
    assert_eq!(
        (change.current.as_deref(), change.desired.as_str()),
        (Some("1GB"), "1536MB")
    );
    let server = Setting::pages("effective_cache_size", "524288").in_conf("131072", 12);
    let change = one("effective_cache_size: 1048576kB", server)
        .plan()
        .changes[0]
        .clone();
    assert_eq!(change.current.as_deref(), Some("1048576kB"));
}

#[test]
fn a_spelling_that_comes_to_something_else_is_told() {
    let server = Server::redis("redis").has(Setting::redis("maxmemory", "0"));
    let plan = Case::redis(&["maxmemory: 384m"]).on(server).plan();
    let note = plan.changes[0].note.clone().unwrap();
    assert!(
        note.contains("384000000") || note.contains("384,000,000"),
        "{note}"
    );
}

#[test]
fn changes_come_by_phase_then_target_then_effect_then_as_in_the_profile() {
    let settings = || {
        Server::postgresql("first")
            .has(Setting::shared_buffers())
            .has(Setting::work_mem())
            .has(Setting::kb("maintenance_work_mem", "65536"))
    };
    let mut second = settings();
    second.snapshot.target = "second".to_owned();
    let case = Case::of(
        "profile: test
phases:
  - phase: 2
    postgresql: {maintenance_work_mem: 1GB}
  - phase: 1
    postgresql: {shared_buffers: 384MB, work_mem: 8MB, maintenance_work_mem: 128MB}
",
    );
    let plan = case.on(settings()).on(second).plan();
    let order = plan
        .changes
        .iter()
        .map(|change| format!("{} {} {}", change.phase, change.target, change.setting));
    assert_eq!(
        order.collect::<Vec<_>>(),
        [
            "1 first work_mem",
            "1 first maintenance_work_mem",
            "1 first shared_buffers",
            "1 second work_mem",
            "1 second maintenance_work_mem",
            "1 second shared_buffers",
            "2 first maintenance_work_mem",
            "2 second maintenance_work_mem",
        ]
    );
}

#[test]
fn only_the_targets_asked_for_are_planned() {
    let server = |name| Server::postgresql(name).has(Setting::work_mem());
    let case = Case::postgresql(&["work_mem: 8MB"])
        .on(server("one"))
        .on(server("two"))
        .only("two");
    let plan = case.plan();
    assert_eq!(plan.changes.len(), 1);
    assert_eq!(
        (plan.changes[0].target.as_str(), plan.targets.len()),
        ("two", 1)
    );
}

#[test]
fn a_name_is_found_whatever_its_case_and_shown_as_the_server_spells_it() {
    let server = Setting::text("TimeZone", "GMT").in_conf("UTC", 5);
    let plan = one("timezone: Europe/Berlin", server).plan();
    assert_eq!(plan.changes[0].setting.as_str(), "TimeZone");
}

#[test]
fn what_cannot_be_planned_is_an_error_and_no_panic() {
    let server = || Server::postgresql("postgresql").has(Setting::work_mem());
    let wrong = Case::postgresql(&["work_mem: 4mb"]).on(server()).refused();
    assert!(
        wrong.contains("work_mem on postgresql cannot be 4mb"),
        "{wrong}"
    );
    let unknown = Case::postgresql(&["work_men: 4MB"]).on(server()).refused();
    assert_eq!(unknown, "postgresql has no setting work_men");
    let phase = Case::postgresql(&["work_mem: 4MB"])
        .on(server())
        .phase(9)
        .refused();
    assert_eq!(phase, "the profile test has no phase 9");
    let target = Case::postgresql(&["work_mem: 4MB"])
        .on(server())
        .only("standby")
        .refused();
    assert_eq!(target, "there is no target standby");
    let engine = Case::redis(&["maxmemory: 1gb"]).on(server()).refused();
    assert_eq!(
        engine,
        "phase 1 has settings for Redis, and no Redis target is given"
    );
}

#[test]
fn an_error_about_a_secret_does_not_repeat_it() {
    let server = Server::redis("redis").has(Setting::redis("requirepass", ""));
    let mut case = Case::redis(&["requirepass: x"]).on(server);
    case.profile.phases[0].settings[0].value = Input::Text("hunter2\n".to_owned());
    let refused = case.refused();
    assert!(
        refused.starts_with("requirepass on redis cannot be ***"),
        "{refused}"
    );
    assert!(!refused.contains("hunter2"));
}
