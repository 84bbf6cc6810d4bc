//! The way back.

use dbtune::plan::Action::{Blocked, PendingRestart, Reset, Unchanged, Update};
use dbtune::plan::{self, HazardKind};
use dbtune::setting::Assignment;

use crate::case::{Asked as _, Case, hazard};
use crate::server::{Server, Setting};

/// An entry that is replaced, one that is new, and a setting that needs a restart.
fn before() -> Case {
    Case::postgresql(&[
        "work_mem: 8MB",
        "maintenance_work_mem: 128MB",
        "shared_buffers: 384MB",
    ])
    .on(Server::postgresql("postgresql")
        .has(Setting::work_mem().stored("5MB"))
        .has(Setting::kb("maintenance_work_mem", "65536"))
        .has(Setting::shared_buffers()))
}

#[test]
fn a_run_is_undone_last_change_first() {
    let run = before().plan();
    let back = before().applied(&run).way_back(&run);
    assert_eq!(
        back.actions(),
        [
            (1, "shared_buffers", Reset),
            (1, "maintenance_work_mem", Reset),
            (1, "work_mem", Update),
        ]
    );
    let raw = Assignment::Set(vec!["5MB".to_owned()]);
    assert_eq!(back.change("work_mem").assignment, raw);
    assert_eq!(back.change("shared_buffers").desired, "128MB");
    assert!(back.goes_back);
}

#[test]
fn the_way_back_of_the_way_back_is_the_run() {
    let run = before().plan();
    let after = before().applied(&run);
    let back = after.way_back(&run);
    let forth = after.applied(&back).way_back(&back);
    let writes = forth
        .writes()
        .map(|change| (&change.setting, &change.assignment));
    let of_run = run
        .writes()
        .map(|change| (&change.setting, &change.assignment));
    assert_eq!(writes.collect::<Vec<_>>(), of_run.collect::<Vec<_>>());
}

#[test]
fn what_is_back_already_is_left_alone() {
    let run = before().plan();
    let back = before().way_back(&run);
    assert!(back.changes.iter().all(|change| change.action == Unchanged));
}

#[test]
fn what_is_back_and_waits_for_a_restart_says_so() {
    let run = before().plan();
    let running = before().applied(&run).restarted();
    let stored = running.applied(&running.way_back(&run));
    assert_eq!(
        stored.way_back(&run).change("shared_buffers").action,
        PendingRestart
    );
}

#[test]
fn what_somebody_changed_since_is_blocked_by_name_until_it_is_allowed() {
    let run = before().plan();
    let mut now = before().applied(&run);
    let other = Setting::work_mem().stored("16MB");
    now.servers[0] = now.servers[0].clone().has(other);
    let back = now.way_back(&run);
    assert_eq!(back.change("work_mem").action, Blocked);
    assert_eq!(back.change("shared_buffers").action, Reset);
    let (blocks, message) = hazard(back.change("work_mem"), HazardKind::Overridden);
    assert!(blocks);
    assert_eq!(
        message,
        "work_mem on postgresql is 16MB now and the run had set it to 8MB: somebody has changed it \
         since; `--allow overridden` goes back to 5MB nevertheless"
    );
    let allowed = plan::allow(back, &[HazardKind::Overridden].into());
    assert_eq!(allowed.change("work_mem").action, Update);
}

#[test]
fn an_entry_that_somebody_took_away_was_changed_since() {
    let run = before().plan();
    let mut now = before().applied(&run);
    now.servers[0] = now.servers[0].clone().has(Setting::work_mem());
    assert_eq!(now.way_back(&run).change("work_mem").action, Blocked);
}

#[test]
fn another_spelling_of_what_the_run_set_is_not_a_change() {
    let run = before().plan();
    let mut now = before().applied(&run);
    now.servers[0] = now.servers[0]
        .clone()
        .has(Setting::work_mem().stored("8192kB"));
    assert_eq!(now.way_back(&run).change("work_mem").action, Update);
}

#[test]
fn a_setting_that_the_run_wrote_twice_goes_back_step_by_step() {
    let case = Case::of(
        "profile: test
phases:
  - phase: 1
    postgresql: {work_mem: 8MB}
  - phase: 2
    postgresql: {work_mem: 16MB}
",
    )
    .on(Server::postgresql("postgresql").has(Setting::work_mem()));
    let run = case.plan();
    let back = case.applied(&run).way_back(&run);
    assert_eq!(
        back.actions(),
        [(2, "work_mem", Update), (1, "work_mem", Reset)]
    );
    let restored = case.applied(&run).applied(&back);
    assert_eq!(
        (restored.entries(), restored.running()),
        (case.entries(), case.running())
    );
}

#[test]
fn redis_goes_back_to_what_ran() {
    let redis = Server::redis("cache").has(Setting::redis("maxmemory", "268435456"));
    let case = Case::redis(&["maxmemory: 384mb"]).on(redis);
    let run = case.plan();
    let back = case.applied(&run).way_back(&run);
    assert_eq!(back.changes[0].desired, "256mb");
    let restored = case.applied(&run).applied(&back);
    assert_eq!(
        (restored.entries(), restored.running()),
        (case.entries(), case.running())
    );
}

#[test]
fn a_secret_that_was_set_is_taken_away_again() {
    let redis = Server::redis("cache").has(Setting::redis("requirepass", ""));
    let case = Case::redis(&["requirepass: hunter2"]).on(redis);
    let run = case.plan();
    let back = case.applied(&run).way_back(&run);
    assert_eq!(back.changes[0].action, Update);
    assert_eq!(
        back.changes[0].assignment,
        Assignment::Set(vec![String::new()])
    );
    assert!(
        back.changes[0]
            .note
            .as_deref()
            .unwrap()
            .contains("stores no secrets")
    );
}

#[test]
fn a_target_or_setting_that_is_gone_is_an_error() {
    let run = before().plan();
    let undos: Vec<_> = run.writes().map(crate::case::undo).collect();
    let refused = |case: &Case| {
        let back = plan::invert("test", &undos, &case.targets(), case.now);
        back.unwrap_err().to_string()
    };
    let other = Case::postgresql(&["work_mem: 8MB"]).on(Server::postgresql("other"));
    assert_eq!(refused(&other), "there is no target postgresql");
    let poor = Case::postgresql(&["work_mem: 8MB"]).on(Server::postgresql("postgresql"));
    assert_eq!(refused(&poor), "postgresql has no setting shared_buffers");
}

#[test]
fn an_entry_comes_back_even_where_the_file_says_the_same() {
    let setting = Setting::work_mem().in_conf("5120", 7).stored("5MB");
    let case =
        Case::postgresql(&["work_mem: default"]).on(Server::postgresql("postgresql").has(setting));
    let run = case.plan();
    let back = case.applied(&run).way_back(&run);
    assert_eq!(
        back.changes[0].assignment,
        Assignment::Set(vec!["5MB".to_owned()])
    );
    assert_eq!(back.changes[0].action, Update);
}

#[test]
fn a_change_that_waits_for_a_restart_is_taken_back_without_one() {
    let run = before().plan();
    let back = before().applied(&run).way_back(&run);
    let buffers = back.change("shared_buffers");
    assert_eq!((buffers.action, buffers.needs_restart()), (Reset, false));
    assert_eq!(back.summary().restart, 0);
    let after = before().applied(&run).restarted().way_back(&run);
    assert_eq!(after.summary().restart, 1);
}
