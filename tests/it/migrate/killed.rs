//! Runners and servers that die.

use std::thread;
use std::time::Duration;

use super::deploy::Deploy;
use crate::support::{Cli, Point, Proxy, after, before, eventually};

/// Statements of every kind: two that write data, one that is built, one that no transaction takes.
const MIXED: &str = "\
INSERT INTO log (line) VALUES ('first');
CREATE INDEX CONCURRENTLY by_email ON users (email);
INSERT INTO log (line) VALUES ('second');
DROP INDEX CONCURRENTLY old;
VACUUM log;
INSERT INTO log (line) VALUES ('third');
";

const AFTER: &str = "INSERT INTO log (line) VALUES ('fourth');";

fn mixed() -> Deploy {
    let deploy = Deploy::new();
    begin(&deploy);
    deploy.file("V1__mixed", MIXED).file("V2__after", AFTER)
}

/// The database as it was before any run.
fn begin(deploy: &Deploy) {
    deploy.postgres.sql(
        "SET client_min_messages = error; DROP SCHEMA IF EXISTS dbtune CASCADE; \
         DROP TABLE IF EXISTS refinery_schema_history, log, users",
    );
    deploy.postgres.sql(
        "CREATE TABLE users (id int PRIMARY KEY, email text); \
         INSERT INTO users SELECT g, 'user' || g FROM generate_series(1, 1000) g; \
         CREATE TABLE log (n serial, line text); CREATE INDEX old ON users (id)",
    );
}

fn is_whole(deploy: &Deploy, what: &str) {
    let lines = deploy.postgres.sql("SELECT line FROM log ORDER BY n");
    let lines: Vec<String> = lines.into_iter().flatten().collect();
    assert_eq!(lines, ["first", "second", "third", "fourth"], "{what}");
    assert_eq!(deploy.applied(), ["1", "2"], "{what}");
    assert_eq!(deploy.index("by_email"), "valid", "{what}");
    assert_eq!(deploy.index("old"), "none", "{what}");
    let steps = "SELECT count(*) FROM dbtune.migration_step";
    assert_eq!(deploy.postgres.value(steps), "0", "{what}");
}

/// `dbtune` that reaches the server through a proxy.
fn through(deploy: &Deploy, proxy: &Proxy) -> Cli {
    let entry = proxy.entry_of(&deploy.postgres);
    let yaml = format!(
        "targets:\n  - {{name: db, engine: postgresql, url: \"{}\"}}\n",
        entry.url
    );
    std::fs::write(deploy.project.path("proxied.yaml"), yaml).unwrap();
    deploy.migrate("--targets-file proxied.yaml")
}

/// Kills a run at a point of its conversation; returns whether it came to that point.
fn kill_at(deploy: &Deploy, point: Point) -> bool {
    let proxy = deploy.postgres.proxy();
    let held = proxy.hold(point);
    let mut running = through(deploy, &proxy).spawn();
    eventually("the point or the end", || {
        held.is_held() || !running.is_running()
    });
    let is_held = held.is_held();
    if is_held {
        running.kill();
    }
    running.wait();
    is_held
}

#[test]
fn a_runner_that_is_killed_before_or_after_any_request_is_put_right_by_the_next() {
    let deploy = mixed();
    let proxy = deploy.postgres.proxy();
    through(&deploy, &proxy).run().exits(0);
    let requests = proxy.requests();
    assert!(requests.len() > 20, "only {requests:#?}");
    let mut kills = 0;
    for nth in 1..=requests.len() {
        for point in [before(""), after("")] {
            begin(&deploy);
            kills += usize::from(kill_at(&deploy, point.nth(nth)));
            deploy.migrate("").run().exits(0);
            is_whole(
                &deploy,
                &format!("killed at request {nth}: {}", requests[nth - 1]),
            );
        }
    }
    assert!(kills >= 50, "only {kills} runs were killed");
}

#[test]
fn a_connection_that_is_cut_at_any_request_is_made_anew_and_the_run_goes_on() {
    let deploy = mixed();
    let proxy = deploy.postgres.proxy();
    through(&deploy, &proxy).run().exits(0);
    let requests = proxy.requests().len();
    for nth in (5..=requests).step_by(2) {
        begin(&deploy);
        let proxy = deploy.postgres.proxy();
        proxy.cut(after("").nth(nth));
        let ran = through(&deploy, &proxy).args(["--format", "json"]).run();
        if ran.code() == Some(0) {
            // Also one whose commit was the last that the connection carried.
            let applied = &ran.json()["applied"];
            assert_eq!(applied[0]["version"], 1, "cut at request {nth}: {applied}");
            assert_eq!(applied[1]["version"], 2, "cut at request {nth}: {applied}");
        } else {
            deploy.migrate("").run().exits(0);
        }
        is_whole(&deploy, &format!("cut at request {nth}"));
    }
}

#[test]
fn a_database_that_was_not_dropped_before_a_kill_is_dropped_by_the_next_run() {
    let deploy = Deploy::new().file("V1__drop", "DROP DATABASE \"Old Shop\";");
    deploy.postgres.sql("CREATE DATABASE \"Old Shop\"");
    assert!(kill_at(&deploy, before("DROP DATABASE")));
    deploy.migrate("").run().exits(0);
    let left = "SELECT count(*) FROM pg_database WHERE datname = 'Old Shop'";
    assert_eq!(deploy.postgres.value(left), "0");
    assert_eq!(deploy.applied(), ["1"]);
}

#[test]
fn a_server_that_crashes_in_the_middle_of_a_build_is_healed_by_the_run_or_the_next() {
    let deploy = Deploy::new().with_users(60).file(
        "V1__index",
        "CREATE INDEX CONCURRENTLY by_slow ON users (slow(email));",
    );
    let running = deploy.spawn("");
    deploy.builds("building");
    deploy.postgres.crash();
    deploy.postgres.start_again();
    running.wait().exits(0).complains("connecting again");
    assert_eq!(deploy.index("by_slow"), "valid");
    assert_eq!(deploy.applied(), ["1"]);
}

#[test]
fn a_session_that_is_terminated_is_made_anew() {
    let deploy = Deploy::new().with_users(60).file(
        "V1__index",
        "CREATE INDEX CONCURRENTLY by_slow ON users (slow(email));",
    );
    let running = deploy.spawn("");
    deploy.builds("building");
    deploy
        .postgres
        .sql("SELECT pg_terminate_backend(pid) FROM pg_stat_progress_create_index");
    running.wait().exits(0);
    assert_eq!(deploy.index("by_slow"), "valid");
    deploy.has_no_debris();
}

#[test]
fn a_server_that_is_still_starting_is_waited_for_when_that_is_asked() {
    let deploy = Deploy::new().file("V1__t", "CREATE TABLE t ();");
    deploy.postgres.stop();
    deploy.migrate("--wait 0s").run().exits(1);
    let running = deploy.spawn("--wait 60s");
    thread::sleep(Duration::from_millis(500));
    deploy.postgres.start_again();
    running.wait().exits(0);
    assert_eq!(deploy.applied(), ["1"]);
}
