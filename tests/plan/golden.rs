//! Plans as people and scripts read them. Each case is a folder in `tests/plans`: the profile, and
//! what comes out as text, JSON, markdown and diff. `INSTA_UPDATE=always` writes them anew.

use std::fs;
use std::path::Path;

use dbtune::plan::{self, Plan};
use dbtune::profile::{self, Variables};
use dbtune::render;

use crate::case::Case;
use crate::server::{Server, Setting};

/// The profile of a case.
fn case(name: &str) -> Case {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("tests/plans").join(name).join("profile.yaml");
    Case::of(&fs::read_to_string(file).unwrap())
}

/// Compares a plan in every form with what stands in the folder.
#[track_caller]
fn shows(name: &str, case: &Case, plan: &Plan, next: &str) {
    let human = render::plan_human(plan, next, false);
    let json = serde_json::to_string_pretty(&render::plan_json(plan).unwrap()).unwrap();
    let diff = plan::diff_text(plan, &case.snapshots());
    let forms = [
        ("human", human),
        ("json", json),
        ("markdown", render::plan_markdown(plan)),
        ("diff", diff),
    ];
    insta::with_settings!({
        snapshot_path => format!("../plans/{name}"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        for (form, text) in forms {
            assert_fits(name, form, &text);
            insta::assert_snapshot!(form, text);
        }
    });
}

/// What a person reads fits into 80 columns, but for a single word that is longer.
#[track_caller]
fn assert_fits(name: &str, form: &str, text: &str) {
    let long =
        |line: &&str| render::table::width(line) > 80 && !line.trim_start().starts_with("then ");
    if form == "human" && name != "long-values" {
        assert_eq!(text.lines().find(long), None, "{name}");
    }
}

#[track_caller]
fn planned(name: &str, case: &Case, next: &str) {
    shows(name, case, &case.plan(), next);
}

fn postgresql() -> Server {
    Server::postgresql("postgresql").restarted_by(&["systemctl", "restart", "postgresql@15-main"])
}

fn max_connections() -> Setting {
    Setting::number("max_connections", None, "100").restart()
}

fn maintenance_work_mem() -> Setting {
    Setting::kb("maintenance_work_mem", "65536")
}

/// The PostgreSQL that the MediaNest report starts from.
fn medianest() -> Server {
    let mut milliseconds = Setting::number("log_min_duration_statement", Some("ms"), "-1");
    milliseconds = milliseconds.runs("-1");
    postgresql()
        .has(Setting::shared_buffers().in_conf("32768", 127))
        .has(max_connections().in_conf("200", 65))
        .has(Setting::pages("effective_cache_size", "524288").in_conf("131072", 421))
        .has(Setting::work_mem())
        .has(maintenance_work_mem())
        .has(Setting::text("shared_preload_libraries", "").restart())
        .has(Setting::boolean("track_io_timing", "off"))
        .has(milliseconds)
}

/// The Redis that the MediaNest report starts from.
fn cache() -> Server {
    Server::redis("redis")
        .has(Setting::redis("maxmemory", "268435456"))
        .has(Setting::redis("maxmemory-policy", "allkeys-lru"))
        .has(Setting::redis("save", "900 1 300 10 60 10000"))
        .has(Setting::redis("tcp-keepalive", "300"))
        .has(Setting::redis("timeout", "300"))
        .has(Setting::redis("slowlog-log-slower-than", "10000"))
        .has(Setting::redis("latency-monitor-threshold", "0"))
}

#[test]
fn the_profile_of_the_report_on_the_servers_of_the_report() {
    let profile = profile::load("medianest-production", &Variables::new()).unwrap();
    let case = Case::with(profile).on(medianest()).on(cache());
    planned(
        "medianest",
        &case,
        "dbtune apply --profile medianest-production",
    );
    planned(
        "medianest-phase-1",
        &case.phase(1),
        "dbtune apply --phase 1",
    );
}

#[test]
fn changes_that_wait_for_a_restart() {
    let server = postgresql()
        .has(Setting::shared_buffers().pending("384MB"))
        .has(max_connections().pending("300"))
        .has(Setting::work_mem());
    planned(
        "pending-restart",
        &case("pending-restart").on(server),
        "dbtune apply",
    );
}

#[test]
fn nothing_to_do() {
    let server = postgresql()
        .has(Setting::work_mem().stored("8192kB"))
        .has(maintenance_work_mem())
        .has(Setting::pages("wal_buffers", "-1").restart().runs("512"));
    let redis = Server::redis("redis").has(Setting::redis("maxmemory", "402653184"));
    planned(
        "nothing-to-do",
        &case("nothing-to-do").on(server).on(redis),
        "dbtune apply",
    );
}

#[test]
fn values_that_something_else_decides() {
    let server = postgresql()
        .has(Setting::work_mem().for_role("report", "64MB"))
        .has(max_connections().on_command_line("150"))
        .has(maintenance_work_mem().for_role("report", "1GB"));
    planned(
        "overridden",
        &case("overridden").on(server),
        "dbtune apply --phase 1",
    );
}

#[test]
fn a_configuration_file_with_an_error() {
    let server = postgresql()
        .has(Setting::work_mem())
        .has(maintenance_work_mem().stored("96MB"))
        .has(Setting::number("random_page_cost", None, "4"))
        .broken_at(812, "syntax error");
    planned(
        "broken-config-file",
        &case("broken-config-file").on(server),
        "dbtune apply",
    );
}

#[test]
fn overrides_that_are_taken_away() {
    let server = postgresql()
        .has(Setting::work_mem().in_conf("5120", 130).stored("12MB"))
        .has(Setting::shared_buffers().stored("384MB"))
        .has(maintenance_work_mem());
    let redis = Server::redis("redis")
        .has(Setting::redis("maxmemory-policy", "allkeys-lru"))
        .has(Setting::redis("some-module-setting", "7"));
    planned(
        "defaults",
        &case("defaults").on(server).on(redis),
        "dbtune apply",
    );
}

#[test]
fn a_limit_that_is_raised_step_by_step() {
    let server = postgresql().has(max_connections().pending("300"));
    planned("staged", &case("staged").on(server), "dbtune apply");
}

#[test]
fn a_phase_too_early_and_at_the_wrong_time() {
    let server = postgresql()
        .has(Setting::shared_buffers().pending("384MB"))
        .has(Setting::work_mem());
    let redis = Server::redis("cache")
        .has(Setting::redis("maxmemory", "268435456"))
        .has(Setting::redis("maxmemory-policy", "noeviction"));
    let case = case("earlier-phase-and-window")
        .on(server)
        .on(redis)
        .phase(2);
    planned("earlier-phase-and-window", &case, "dbtune apply --phase 2");
}

#[test]
fn secrets_are_never_shown() {
    let server = postgresql().has(Setting::text("primary_conninfo", ""));
    let redis = Server::redis("redis")
        .has(Setting::redis("requirepass", "swordfish"))
        .has(Setting::redis("masterauth", "hunter2"));
    planned(
        "secrets",
        &case("secrets").on(server).on(redis),
        "dbtune apply",
    );
}

#[test]
fn values_that_are_hard_to_show() {
    let server = postgresql()
        .has(
            Setting::text("shared_preload_libraries", "")
                .stored("pg_stat_statements")
                .restart(),
        )
        .has(Setting::text("log_line_prefix", "%m [%p] ").in_conf("\u{1b}[31m%t\t`%a` ", 5))
        .has(
            Setting::text("event_source", "")
                .stored("データベース")
                .restart(),
        )
        .has(Setting::text("search_path", "\"$user\", public").stored("app"))
        .has(Setting::work_mem());
    planned(
        "long-values",
        &case("long-values").on(server),
        "dbtune apply",
    );
}

#[test]
fn files_that_the_role_may_not_see() {
    let server = postgresql()
        .has(Setting::work_mem())
        .has(maintenance_work_mem())
        .with_unreadable_files();
    planned(
        "unreadable-files",
        &case("unreadable-files").on(server),
        "dbtune apply",
    );
}

#[test]
fn a_redis_that_would_forget() {
    let redis = cache().without_config_file();
    planned(
        "redis-without-config-file",
        &case("redis-without-config-file").on(redis),
        "dbtune apply",
    );
}

#[test]
fn two_servers_of_one_kind() {
    let server = |name| {
        let server = Server::postgresql(name).has(Setting::work_mem());
        server.has(Setting::shared_buffers().in_conf("32768", 127))
    };
    let mut standby = server("standby");
    standby.snapshot.address = "standby.internal:5432".to_owned();
    standby.identity().role = "standby".to_owned();
    let case = case("two-servers").on(server("primary")).on(standby);
    planned("two-servers", &case, "dbtune apply");
}

#[test]
fn a_way_back_that_somebody_crossed() {
    let server = postgresql()
        .has(Setting::work_mem().stored("5MB"))
        .has(maintenance_work_mem())
        .has(Setting::shared_buffers());
    let redis = Server::redis("redis").has(Setting::redis("maxmemory", "268435456"));
    let case = case("rollback").on(server).on(redis);
    let run = case.plan();
    let mut now = case.applied(&run).restarted();
    now.servers[0] = now.servers[0]
        .clone()
        .has(Setting::work_mem().stored("16MB"));
    let back = now.way_back(&run);
    shows(
        "rollback",
        &now,
        &back,
        "dbtune rollback 01JDABCDEFGHJKMNPQRSTVWXYZ",
    );
}

#[test]
fn a_way_back_before_the_restart() {
    let server = postgresql()
        .has(Setting::shared_buffers())
        .has(Setting::work_mem());
    let case = Case::postgresql(&["shared_buffers: 384MB", "work_mem: 8MB"]).on(server);
    let run = case.plan();
    let now = case.applied(&run);
    shows(
        "rollback-before-restart",
        &now,
        &now.way_back(&run),
        "dbtune rollback 01JDABCD",
    );
}
