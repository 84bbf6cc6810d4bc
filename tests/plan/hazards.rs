//! What to know before a change.

use std::collections::BTreeSet;

use dbtune::plan::Action::{Blocked, PendingRestart, Unchanged, Update};
use dbtune::plan::{self, HazardKind};
use time::macros::datetime;

use crate::case::{Asked as _, Case, hazard, kinds};
use crate::server::{Server, Setting};

fn server() -> Server {
    Server::postgresql("primary")
}

fn blocking(case: &Case, allowed: &[HazardKind]) -> Vec<HazardKind> {
    let allowed: BTreeSet<HazardKind> = allowed.iter().copied().collect();
    let plan = plan::allow(case.plan(), &allowed);
    plan::blocking(&plan, &allowed)
        .iter()
        .map(|hazard| hazard.kind)
        .collect()
}

#[test]
fn a_restart_is_named_with_its_command_where_there_is_one() {
    let case = Case::postgresql(&["shared_buffers: 384MB"]);
    let unknown = case
        .clone()
        .on(server().has(Setting::shared_buffers()))
        .plan();
    let (blocks, message) = hazard(&unknown.changes[0], HazardKind::Restart);
    assert!(
        !blocks && message.contains("no restart command"),
        "{message}"
    );
    let known = server().restarted_by(&["systemctl", "restart", "postgresql@15-main"]);
    let plan = case.on(known.has(Setting::shared_buffers())).plan();
    let (_, message) = hazard(&plan.changes[0], HazardKind::Restart);
    assert_eq!(
        message,
        "takes effect after a restart of primary: systemctl restart postgresql@15-main"
    );
}

#[test]
fn the_command_line_blocks_until_it_is_allowed() {
    let setting = Setting::work_mem().on_command_line("6144");
    let case = Case::postgresql(&["work_mem: 8MB"]).on(server().has(setting));
    let plan = case.plan();
    assert_eq!(plan.changes[0].action, Blocked);
    let (blocks, message) = hazard(&plan.changes[0], HazardKind::Overridden);
    assert!(
        blocks && message.contains("sets work_mem to 6MB and wins over every file"),
        "{message}"
    );
    assert_eq!(blocking(&case, &[]), [HazardKind::Overridden]);
    assert_eq!(blocking(&case, &[HazardKind::Overridden]), []);
    let allowed = plan::allow(plan, &[HazardKind::Overridden].into());
    assert_eq!(allowed.changes[0].action, Update);
}

#[test]
fn a_value_that_the_command_line_keeps_from_running_is_blocked_though_it_is_stored() {
    let setting = Setting::shared_buffers()
        .pending("384MB")
        .on_command_line("32768");
    let case = Case::postgresql(&["shared_buffers: 384MB"]).on(server().has(setting));
    assert_eq!(case.plan().changes[0].action, Blocked);
}

#[test]
fn the_override_of_a_role_is_told_and_blocks_nothing() {
    let setting = Setting::work_mem().for_role("report", "64MB");
    let plan = Case::postgresql(&["work_mem: 8MB"])
        .on(server().has(setting))
        .plan();
    assert_eq!(plan.changes[0].action, Update);
    let (blocks, message) = hazard(&plan.changes[0], HazardKind::Overridden);
    assert!(!blocks);
    assert_eq!(
        message,
        "role report has work_mem set to 64MB and keeps that; `ALTER ROLE report RESET work_mem` lifts it"
    );
}

#[test]
fn the_override_of_a_role_is_told_also_where_nothing_changes_unless_it_is_the_same_value() {
    let plan = |value| {
        let setting = Setting::work_mem().for_role("report", value);
        Case::postgresql(&["work_mem: 4MB"])
            .on(server().has(setting))
            .plan()
    };
    assert_eq!(
        kinds(&plan("64MB").changes[0]),
        [HazardKind::Overridden].into()
    );
    assert_eq!(kinds(&plan("4096kB").changes[0]), [].into());
}

#[test]
fn a_broken_file_blocks_every_change_and_cannot_be_allowed() {
    let case = Case::postgresql(&["work_mem: 8MB", "shared_buffers: 128MB"]).on(server()
        .has(Setting::work_mem())
        .has(Setting::shared_buffers())
        .broken_at(42, "syntax error"));
    let plan = case.plan();
    assert_eq!(plan.change("work_mem").action, Blocked);
    assert_eq!(plan.change("shared_buffers").action, Unchanged);
    let (_, message) = hazard(plan.change("work_mem"), HazardKind::BrokenConfigFile);
    assert!(
        message.contains("postgresql.conf:42: syntax error"),
        "{message}"
    );
    assert_eq!(
        blocking(&case, &HazardKind::ALL),
        [HazardKind::BrokenConfigFile]
    );
}

#[test]
fn a_broken_file_blocks_a_restart_too() {
    let setting = Setting::shared_buffers().pending("384MB");
    let server = server().has(setting).broken_at(42, "syntax error");
    let case = Case::postgresql(&["shared_buffers: 384MB"]).on(server);
    assert_eq!(case.plan().changes[0].action, PendingRestart);
    assert_eq!(blocking(&case, &[]), [HazardKind::BrokenConfigFile]);
}

#[test]
fn what_else_waits_for_a_restart_is_named() {
    let case = Case::postgresql(&["shared_buffers: 384MB", "work_mem: 8MB"]).on(server()
        .has(Setting::shared_buffers())
        .has(Setting::work_mem())
        .has(
            Setting::number("max_connections", None, "100")
                .restart()
                .pending("500"),
        ));
    let plan = case.plan();
    let (blocks, message) = hazard(
        plan.change("shared_buffers"),
        HazardKind::ForeignPendingRestart,
    );
    assert!(
        !blocks && message.ends_with("max_connections from 100 to 500"),
        "{message}"
    );
    assert_eq!(kinds(plan.change("work_mem")), [].into());
}

#[test]
fn a_redis_without_a_file_loses_the_change_unless_that_is_wanted() {
    let redis = || {
        Server::redis("cache")
            .has(Setting::redis("maxmemory", "0"))
            .without_config_file()
    };
    let case = Case::redis(&["maxmemory: 384mb"]);
    assert_eq!(
        blocking(&case.clone().on(redis()), &[]),
        [HazardKind::NotPersisted]
    );
    assert_eq!(
        blocking(&case.clone().on(redis()), &[HazardKind::NotPersisted]),
        []
    );
    let stated = case.on(redis().persist_none());
    assert_eq!(blocking(&stated, &[]), []);
    assert_eq!(
        kinds(&stated.plan().changes[0]),
        [HazardKind::NotPersisted].into()
    );
}

#[test]
fn a_fixed_setting_says_why() {
    let setting = Setting::text("server_encoding", "UTF8").fixed("it was chosen by initdb");
    let plan = Case::postgresql(&["server_encoding: LATIN1"])
        .on(server().has(setting))
        .plan();
    assert_eq!(plan.changes[0].action, Blocked);
    let (_, message) = hazard(&plan.changes[0], HazardKind::NotPermitted);
    assert_eq!(
        message,
        "server_encoding cannot be changed on primary: it was chosen by initdb"
    );
}

#[test]
fn a_missing_right_blocks_what_is_written_and_nothing_else() {
    let server = server()
        .has(Setting::work_mem())
        .has(Setting::kb("maintenance_work_mem", "65536"))
        .lacks("role app may not reload; GRANT EXECUTE ON FUNCTION pg_reload_conf() TO app");
    let case = Case::postgresql(&["work_mem: 8MB", "maintenance_work_mem: 64MB"]).on(server);
    let plan = case.plan();
    let (blocks, message) = hazard(plan.change("work_mem"), HazardKind::NotPermitted);
    assert!(blocks && message.contains("GRANT EXECUTE"), "{message}");
    assert_eq!(plan.change("maintenance_work_mem").action, Unchanged);
    assert_eq!(
        blocking(&case, &HazardKind::ALL),
        [HazardKind::NotPermitted]
    );
}

#[test]
fn a_secret_may_be_set_and_not_replaced() {
    let redis = |now| Server::redis("cache").has(Setting::redis("requirepass", now));
    let case = Case::redis(&["requirepass: new"]);
    assert_eq!(case.clone().on(redis("")).plan().changes[0].action, Update);
    assert_eq!(
        case.clone().on(redis("new")).plan().changes[0].action,
        Unchanged
    );
    assert_eq!(case.on(redis("old")).plan().changes[0].action, Blocked);
}

#[test]
fn a_secret_of_postgresql_may_be_set_where_nothing_was_stored() {
    let case = Case::postgresql(&["primary_conninfo: password=new"]);
    let absent = Setting::text("primary_conninfo", "");
    assert_eq!(
        case.clone().on(server().has(absent.clone())).plan().changes[0].action,
        Update
    );
    let stored = absent.stored("password=old");
    assert_eq!(
        case.on(server().has(stored)).plan().changes[0].action,
        Blocked
    );
}

const WINDOW: &str = "profile: test
phases:
  - phase: 1
    window: Sun 02:00-05:00 UTC
    postgresql: {work_mem: 8MB}
";

#[test]
fn outside_its_window_a_phase_is_blocked_and_says_when_it_opens() {
    let case = Case::of(WINDOW).on(server().has(Setting::work_mem()));
    let plan = case.plan();
    assert_eq!(plan.changes[0].action, Update);
    let (blocks, message) = hazard(&plan.changes[0], HazardKind::OutsideWindow);
    assert!(
        blocks && message.contains("opens next on Sun 2026-11-29 02:00 UTC"),
        "{message}"
    );
    let inside = case.at(datetime!(2026-11-29 03:00 UTC));
    assert_eq!(blocking(&inside, &[]), []);
}

#[test]
fn a_phase_with_nothing_to_do_needs_no_window() {
    let case = Case::of(WINDOW).on(server().has(Setting::work_mem().stored("8MB")));
    assert_eq!(blocking(&case, &[]), []);
}

const PHASES: &str = "profile: test
phases:
  - phase: 1
    postgresql: {shared_buffers: 384MB, work_mem: 8MB}
  - phase: 2
    redis: {maxmemory: 384mb}
";

fn phases(postgresql: Server) -> Case {
    let redis = Server::redis("cache").has(Setting::redis("maxmemory", "0"));
    Case::of(PHASES).on(postgresql).on(redis).phase(2)
}

#[test]
fn a_later_phase_waits_for_the_earlier_one() {
    let case = phases(
        server()
            .has(Setting::shared_buffers())
            .has(Setting::work_mem()),
    );
    let plan = case.plan();
    let (blocks, message) = hazard(&plan.changes[0], HazardKind::EarlierPhase);
    assert!(blocks);
    assert_eq!(
        message,
        "phase 1 comes before and is not finished: shared_buffers on primary, work_mem on primary; \
         first run `dbtune apply --phase 1`"
    );
    assert_eq!(blocking(&case, &[HazardKind::EarlierPhase]), []);
}

#[test]
fn a_restart_of_the_earlier_phase_is_waited_for() {
    let case = phases(
        server()
            .has(Setting::shared_buffers().pending("384MB"))
            .has(Setting::work_mem().stored("8MB")),
    );
    let plan = case.plan();
    let (_, message) = hazard(&plan.changes[0], HazardKind::EarlierPhase);
    assert!(
        message.contains("phase 1 comes before and waits for a restart: shared_buffers on primary")
    );
    assert!(
        message.contains("restart primary, or run `dbtune apply --phase 1 --restart`"),
        "{message}"
    );
}

#[test]
fn a_finished_earlier_phase_or_one_that_is_shown_holds_nothing_up() {
    let done = server()
        .has(Setting::shared_buffers().stored("384MB"))
        .has(Setting::work_mem().stored("8MB"));
    assert_eq!(blocking(&phases(done), &[]), []);
    let both = phases(
        server()
            .has(Setting::shared_buffers())
            .has(Setting::work_mem()),
    )
    .phase(1);
    assert_eq!(blocking(&both, &[]), []);
}

#[test]
fn an_earlier_phase_counts_on_the_targets_asked_for_only() {
    let case = phases(
        server()
            .has(Setting::shared_buffers())
            .has(Setting::work_mem()),
    );
    assert_eq!(blocking(&case.only("cache"), &[]), []);
}
