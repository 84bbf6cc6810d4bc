//! What to know before a change.

use std::collections::BTreeSet;

use dbtune::plan::Action::{Blocked, PendingRestart, Unchanged, Update};
use dbtune::plan::{self, HazardKind};
use dbtune::snapshot::{Answer, Question};
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

#[test]
fn fewer_connections_than_are_open_block_until_it_is_allowed() {
    let server = || {
        Server::postgresql("primary")
            .has(Setting::number("max_connections", None, "100").restart())
            .has(Setting::number("superuser_reserved_connections", None, "3").restart())
    };
    let plan = Case::postgresql(&["max_connections: 20"])
        .on(server().with_connections(18))
        .plan();
    let (blocks, message) = hazard(plan.change("max_connections"), HazardKind::ConnectionBudget);
    assert!(blocks);
    assert!(message.contains("18 connections to primary are open now and 17 would be let in"));
    let plan = Case::postgresql(&["max_connections: 20"])
        .on(server().with_connections(17))
        .plan();
    assert!(!kinds(plan.change("max_connections")).contains(&HazardKind::ConnectionBudget));
    // More is let in than before: superusers hold what is open beyond that.
    let plan = Case::postgresql(&["max_connections: 102"])
        .on(server().with_connections(100))
        .plan();
    assert!(!kinds(plan.change("max_connections")).contains(&HazardKind::ConnectionBudget));
}

/// A server on this machine, of which a trial of the start with `max_connections = 40` says this.
fn tried(answer: Answer) -> Server {
    let mut server = server().has(Setting::number("max_connections", None, "100").restart());
    server.facts().on_this_host = true;
    let asked = [("max_connections".into(), "40".to_owned())].into();
    server.answers(Question::Start(asked), answer)
}

#[test]
fn what_a_trial_of_the_start_says_no_to_is_blocked_until_it_is_allowed() {
    let no = Answer::No("it must be less than max_connections (40)".to_owned());
    let case = Case::postgresql(&["max_connections: 40"]).on(tried(no));
    assert!(case.plan().questions.is_empty());
    let plan = case.plan();
    let (blocks, message) = hazard(&plan.changes[0], HazardKind::WillNotStart);
    assert!(blocks);
    assert_eq!(
        message,
        "primary would not start: it must be less than max_connections (40)"
    );
    assert_eq!(blocking(&case, &[]), [HazardKind::WillNotStart]);
    assert_eq!(blocking(&case, &[HazardKind::WillNotStart]), []);
}

#[test]
fn a_start_that_was_tried_and_works_is_no_hazard_and_one_that_nobody_could_try_is_told() {
    let case = |answer| Case::postgresql(&["max_connections: 40"]).on(tried(answer));
    assert_eq!(
        kinds(&case(Answer::Yes).plan().changes[0]),
        [HazardKind::Restart].into()
    );
    let unknown = case(Answer::Unknown("no programs".to_owned())).plan();
    let (blocks, message) = hazard(&unknown.changes[0], HazardKind::WillNotStart);
    assert!(!blocks);
    assert_eq!(
        message,
        "whether primary would start could not be tried: no programs"
    );
}

#[test]
fn a_start_is_only_tried_where_it_can_be_and_something_matters_at_a_start() {
    let asks = |settings: &[&str], here: bool| {
        let mut server = server()
            .has(Setting::number("max_connections", None, "100").restart())
            .has(Setting::kb("min_wal_size", "81920"))
            .has(Setting::work_mem());
        server.facts().on_this_host = here;
        let plan = Case::postgresql(settings).on(server).plan();
        let questions: Vec<Question> = plan.questions.into_values().flatten().collect();
        questions
            .iter()
            .filter(|question| question.is_trial())
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(asks(&["max_connections: 40"], false), []);
    assert_eq!(asks(&["work_mem: 8MB"], true), []);
    assert_eq!(asks(&["min_wal_size: 32MB"], true).len(), 1);
    let both = [
        ("max_connections".into(), "40".to_owned()),
        ("work_mem".into(), "8MB".to_owned()),
    ];
    assert_eq!(
        asks(&["max_connections: 40", "work_mem: 8MB"], true),
        [Question::Start(both.into())]
    );
}

#[test]
fn a_folder_for_the_log_only_matters_at_a_start_where_something_writes_there() {
    let asked = |collector: &str, settings: &[&str]| {
        let mut server = server()
            .has(Setting::boolean("logging_collector", collector).restart())
            .has(Setting::text("log_directory", "log"));
        server.facts().on_this_host = true;
        let plan = Case::postgresql(settings).on(server).plan();
        let mut questions = plan.questions.into_values().flatten();
        questions.find_map(|question| match question {
            Question::Start(asked) => Some(asked.contains_key(&"log_directory".into())),
            Question::Library(_) | Question::File(_) | Question::Folder(_) => None,
        })
    };
    let folder = "log_directory: /nowhere/log";
    assert_eq!(asked("off", &[folder]), None);
    assert_eq!(asked("on", &[folder]), Some(true));
    assert_eq!(asked("off", &[folder, "logging_collector: on"]), Some(true));
    assert_eq!(
        asked("on", &[folder, "logging_collector: off"]),
        Some(false)
    );
}

#[test]
fn a_trial_tells_its_words_at_the_setting_that_they_name_and_nowhere_else() {
    let settings = ["max_connections: 40", "max_wal_senders: 50"];
    let mut server = server()
        .has(Setting::number("max_connections", None, "100").restart())
        .has(Setting::number("max_wal_senders", None, "10").restart());
    server.facts().on_this_host = true;
    let asked = [
        ("max_connections".into(), "40".to_owned()),
        ("max_wal_senders".into(), "50".to_owned()),
    ];
    let told = |words: &str| {
        let answer = Answer::No(words.to_owned());
        let server = server
            .clone()
            .answers(Question::Start(asked.clone().into()), answer);
        let plan = Case::postgresql(&settings).on(server).plan();
        ["max_connections", "max_wal_senders"]
            .map(|name| kinds(plan.change(name)).contains(&HazardKind::WillNotStart))
    };
    assert_eq!(told("max_wal_senders is too much"), [false, true]);
    assert_eq!(told("could not map anonymous shared memory"), [true, false]);
}

#[test]
fn a_wrong_value_that_waits_in_the_files_already_blocks_the_restart_for_another_one() {
    let mut server = server()
        .has(
            Setting::number("superuser_reserved_connections", None, "3")
                .restart()
                .pending("100"),
        )
        .has(Setting::shared_buffers().pending("384MB"));
    server.facts().on_this_host = true;
    let asked = [
        ("shared_buffers".into(), "384MB".to_owned()),
        ("superuser_reserved_connections".into(), "100".to_owned()),
    ];
    let answer = Answer::No("superuser_reserved_connections (100) must be less".to_owned());
    let server = server.answers(Question::Start(asked.into()), answer);
    let plan = Case::postgresql(&["shared_buffers: 384MB"])
        .on(server)
        .plan();
    assert_eq!(plan.changes[0].action, PendingRestart);
    let (blocks, _) = hazard(&plan.changes[0], HazardKind::WillNotStart);
    assert!(blocks);
}

#[test]
fn a_list_is_tried_as_the_server_would_store_it() {
    let mut server = server().has(Setting::text("shared_preload_libraries", "").restart());
    server.facts().on_this_host = true;
    let plan = Case::postgresql(&["shared_preload_libraries: [auto_explain, pg_stat_statements]"])
        .on(server)
        .plan();
    let raw = "\"auto_explain\", \"pg_stat_statements\"".to_owned();
    let asked = Question::Start([("shared_preload_libraries".into(), raw)].into());
    let questions: Vec<Question> = plan.questions.into_values().flatten().collect();
    assert!(questions.contains(&asked), "{questions:?}");
}
