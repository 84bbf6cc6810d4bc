//! The helpers do what they say: else every other test would be in doubt.

use std::process::Command;

use super::support::wire::{Answers, Requests, Taken, Wire};
use super::support::{
    Cli, Hold, PASSWORD, Postgres, Project, Proxy, Redis, Stream, Target as _, after, before, cli,
    eventually,
};

fn client(proxy: &Proxy) -> Result<postgres::Client, postgres::Error> {
    postgres::Client::connect(&proxy.url(), postgres::NoTls)
}

/// Runs a statement through the proxy, in a thread of its own.
fn in_background(proxy: &Proxy, sql: &'static str) -> std::thread::JoinHandle<bool> {
    let url = proxy.url();
    std::thread::spawn(move || {
        let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
        client.batch_execute(sql).is_ok()
    })
}

const TABLE: &str = "create table t (n int)";

fn rows(postgres: &Postgres) -> String {
    postgres.value("select count(*) from t")
}

#[test]
fn a_postgres_has_the_settings_arguments_and_roles_that_the_test_wants() {
    let postgres = Postgres::setup()
        .setting("work_mem = 5MB")
        .argument("-c")
        .argument("maintenance_work_mem=33MB")
        .statement(&format!("create role app login password '{PASSWORD}'"))
        .start();
    assert_eq!(postgres.show("work_mem"), "5MB");
    assert_eq!(postgres.show("shared_buffers"), "16MB");
    let source = "select source from pg_settings where name = 'maintenance_work_mem'";
    assert_eq!(postgres.value(source), "command line");
    let url = postgres.url_of("app", "postgres");
    assert!(postgres::Client::connect(&url, postgres::NoTls).is_ok());
    let wrong = url.replace(PASSWORD, "wrong");
    assert!(postgres::Client::connect(&wrong, postgres::NoTls).is_err());
}

#[test]
fn a_postgres_answers_in_rows_of_text() {
    let postgres = Postgres::start();
    let rows = postgres.sql("select 1, null union all select 2, 'b' order by 1");
    assert_eq!(rows, [["1", ""], ["2", "b"]]);
}

#[test]
fn a_postgres_can_be_restarted_stopped_and_crashed() {
    let postgres = Postgres::setup().statement(TABLE).start();
    let started = || postgres.value("select pg_postmaster_start_time()");
    let first = started();
    postgres.restart();
    let second = started();
    assert_ne!(first, second);
    postgres.add_to_conf("work_mem = 7MB");
    postgres.stop();
    assert!(postgres::Client::connect(&postgres.url(), postgres::NoTls).is_err());
    postgres.start_again();
    assert_eq!(postgres.show("work_mem"), "7MB");
    postgres.crash();
    postgres.start_again();
    assert!(
        postgres.log().contains("was not properly shut down"),
        "{}",
        postgres.log()
    );
    assert_eq!(rows(&postgres), "0");
}

#[test]
fn a_restart_fails_with_the_log_when_the_server_does_not_come_up() {
    let postgres = Postgres::start();
    postgres.sql("alter system set shared_preload_libraries = 'nowhere'");
    assert!(postgres.auto_conf().contains("nowhere"));
    let output = run(&postgres.restart_command());
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("could not access file \"nowhere\""), "{said}");
}

#[test]
fn every_postgres_that_the_environment_names_can_be_tested_with() {
    for bin in Postgres::every_bin() {
        let postgres = Postgres::with_bin(bin.clone()).start();
        let version = postgres.show("server_version_num");
        assert!(
            version.starts_with(&bin.version()[0].to_string()),
            "{version}"
        );
    }
}

fn run(command: &[String]) -> std::process::Output {
    Command::new(&command[0])
        .args(&command[1..])
        .output()
        .unwrap()
}

#[test]
fn a_redis_can_be_restarted_stopped_and_crashed() {
    let redis = Redis::with(&["maxmemory 100mb", "save 900 1"]);
    assert_eq!(redis.config("maxmemory"), "104857600");
    let started = |redis: &Redis| redis.ask("INFO server").concat();
    let first = started(&redis);
    redis.ask("SET kept 1");
    assert!(run(&redis.restart_command()).status.success());
    assert_ne!(first, started(&redis));
    assert_eq!(redis.ask("GET kept"), ["1"]);
    redis.restart();
    redis.stop();
    assert!(
        redis::Client::open(redis.url())
            .unwrap()
            .get_connection()
            .is_err()
    );
    redis.start_again();
    redis.ask("SET lost 1");
    redis.crash();
    redis.start_again();
    assert_eq!(redis.ask("EXISTS kept lost"), ["1"]);
    assert!(redis.log().contains("Ready to accept connections"));
}

#[test]
fn a_redis_may_rewrite_its_file_when_it_has_one() {
    let redis = Redis::start();
    redis.ask("CONFIG SET maxmemory 64mb");
    redis.ask("CONFIG REWRITE");
    assert!(redis.conf().contains("maxmemory 64mb"), "{}", redis.conf());
    let redis = Redis::without_file(&["maxmemory 64mb"]);
    assert_eq!(redis.config("maxmemory"), "67108864");
    let refused = redis::cmd("CONFIG")
        .arg("REWRITE")
        .query::<()>(&mut redis.client());
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("without a config file")
    );
}

#[test]
fn a_proxy_passes_everything_and_notes_the_requests() {
    let (postgres, redis) = (Postgres::start(), Redis::start());
    let (to_postgres, to_redis) = (postgres.proxy(), redis.proxy());
    let mut client = client(&to_postgres).unwrap();
    client.batch_execute(TABLE).unwrap();
    client.execute("insert into t values ($1)", &[&7]).unwrap();
    assert_eq!(rows(&postgres), "1");
    let requests = to_postgres.requests();
    let expected = ["(startup)", "(authentication)", "(authentication)", TABLE];
    assert_eq!(requests[..4], expected);
    assert_eq!(to_postgres.count("insert into"), 1, "{requests:?}");

    let client = redis::Client::open(to_redis.url()).unwrap();
    let mut connection = client.get_connection().unwrap();
    let got: Vec<String> = redis::cmd("CONFIG")
        .arg("GET")
        .arg("maxmemory")
        .query(&mut connection)
        .unwrap();
    assert_eq!(got, ["maxmemory", "0"]);
    assert_eq!(to_redis.count("CONFIG GET maxmemory"), 1);
    assert!(!to_redis.requests().concat().contains(PASSWORD));
}

#[test]
fn a_statement_held_before_the_server_is_not_done_until_it_is_released() {
    let postgres = Postgres::setup().statement(TABLE).start();
    let proxy = postgres.proxy();
    let held = proxy.hold(before("insert").nth(2));
    let done = in_background(&proxy, "insert into t values (1)");
    assert!(done.join().unwrap());
    assert!(!held.is_held());
    let done = in_background(&proxy, "insert into t values (2)");
    held.wait();
    assert!(held.is_held());
    assert_eq!(rows(&postgres), "1");
    held.release();
    assert!(done.join().unwrap());
    assert_eq!(rows(&postgres), "2");
}

#[test]
fn a_statement_held_after_the_server_is_done_and_not_answered() {
    let postgres = Postgres::setup().statement(TABLE).start();
    let proxy = postgres.proxy();
    let held = proxy.hold(after("insert"));
    let done = in_background(&proxy, "insert into t values (1)");
    held.wait();
    assert_eq!(rows(&postgres), "1");
    assert!(!done.is_finished());
    held.release();
    assert!(done.join().unwrap());
}

#[test]
fn a_prepared_statement_is_held_when_it_is_executed() {
    let postgres = Postgres::setup().statement(TABLE).start();
    for (point, rows_then) in [(before("insert"), "0"), (after("insert"), "1")] {
        let proxy = postgres.proxy();
        let held = proxy.hold(point);
        let mut client = client(&proxy).unwrap();
        let done =
            std::thread::spawn(move || client.execute("insert into t values ($1)", &[&7]).is_ok());
        held.wait();
        assert_eq!(rows(&postgres), rows_then);
        held.cut();
        assert!(!done.join().unwrap());
        assert_eq!(rows(&postgres), rows_then);
    }
}

#[test]
fn a_connection_is_cut_before_or_after_the_statement_is_done() {
    let postgres = Postgres::setup().statement(TABLE).start();
    for (point, rows_then) in [(before("insert"), "0"), (after("insert"), "1")] {
        let proxy = postgres.proxy();
        proxy.cut(point);
        assert!(
            !in_background(&proxy, "insert into t values (1)")
                .join()
                .unwrap()
        );
        assert_eq!(rows(&postgres), rows_then);
        assert!(client(&proxy).is_ok(), "the next connection is not cut");
    }
}

#[test]
fn a_redis_command_is_held_or_cut_like_a_statement() {
    let redis = Redis::start();
    for (point, kept) in [(before("SET k"), "0"), (after("SET k"), "1")] {
        let proxy = redis.proxy();
        proxy.cut(point);
        let mut connection = redis::Client::open(proxy.url())
            .unwrap()
            .get_connection()
            .unwrap();
        assert!(
            redis::cmd("SET")
                .arg("k")
                .arg("1")
                .query::<()>(&mut connection)
                .is_err()
        );
        assert_eq!(redis.ask("EXISTS k"), [kept]);
    }
    let proxy = redis.proxy();
    let held = proxy.hold(after("SET other"));
    let url = proxy.url();
    let done = std::thread::spawn(move || {
        let mut connection = redis::Client::open(url).unwrap().get_connection().unwrap();
        redis::cmd("SET")
            .arg("other")
            .arg("1")
            .query::<()>(&mut connection)
            .is_ok()
    });
    held.wait();
    assert_eq!(redis.ask("EXISTS other"), ["1"]);
    held.release();
    assert!(done.join().unwrap());
}

#[test]
fn the_end_of_the_connection_set_up_can_be_held_and_cut() {
    let postgres = Postgres::start();
    for point in [
        before("(startup)"),
        after("(startup)"),
        before("(auth"),
        after("(auth").nth(2),
    ] {
        let proxy = postgres.proxy();
        proxy.cut(point.clone());
        assert!(client(&proxy).is_err(), "{point:?}");
        assert!(client(&proxy).is_ok(), "{point:?}");
    }
}

#[test]
fn answers_are_cut_at_the_byte() {
    let postgres = Postgres::start();
    let proxy = postgres.proxy();
    for bytes in [1, 30, 200] {
        proxy.cut_after_bytes(Stream::Answers, bytes);
        assert!(client(&proxy).is_err(), "{bytes}");
    }
    let mut client = client(&proxy).unwrap();
    proxy.cut_after_bytes(Stream::Answers, 1);
    assert!(client.batch_execute(TABLE).is_err());
    assert_eq!(rows(&postgres), "0");
}

#[test]
fn a_request_that_is_cut_at_a_byte_is_never_done() {
    let postgres = Postgres::setup().statement(TABLE).start();
    let proxy = postgres.proxy();
    let mut client = client(&proxy).unwrap();
    proxy.cut_after_bytes(Stream::Requests, 20);
    let inserted = client.batch_execute("insert into t values (1)");
    assert!(inserted.is_err());
    assert_eq!(rows(&postgres), "0");
    assert_eq!(proxy.cut_no_more(), 0, "the cut has been made");
    assert!(proxy.take_lengths(Stream::Requests).len() > 2);
}

#[test]
fn a_client_that_dies_while_it_is_held_never_gets_its_statement_done() {
    let postgres = Postgres::setup().statement(TABLE).start();
    let proxy = postgres.proxy();
    let held: Hold = proxy.hold(before("insert"));
    let mut psql = Command::new("/bin/sh");
    psql.args([
        "-c",
        &format!(
            "exec psql -X '{}' -c 'insert into t values (1)'",
            proxy.url()
        ),
    ]);
    let Some(mut psql) = has_psql().then(|| psql.spawn().unwrap()) else {
        return;
    };
    held.wait();
    psql.kill().unwrap();
    psql.wait().unwrap();
    let others = "select count(*) from pg_stat_activity \
                  where backend_type = 'client backend' and pid <> pg_backend_pid()";
    eventually("the server notices", || postgres.value(others) == "0");
    held.release();
    assert_eq!(rows(&postgres), "0");
}

fn has_psql() -> bool {
    Command::new("psql").arg("--version").output().is_ok()
}

/// The texts of the requests in a stream that arrives in pieces of a size.
fn requests(wire: Wire, stream: &[u8], size: usize) -> Vec<String> {
    let mut requests = Requests::new(wire);
    let mut found = Vec::new();
    for piece in stream.chunks(size) {
        requests.feed(piece);
        while let Some(Taken::Message(message)) = requests.next() {
            found.extend(message.request);
        }
    }
    found
}

/// How many complete answers there are in a stream that arrives in pieces of a size.
fn answers(wire: Wire, stream: &[u8], size: usize) -> usize {
    let mut answers = Answers::new(wire);
    let mut last = 0;
    for piece in stream.chunks(size) {
        answers.feed(piece);
        while let Some(piece) = answers.next() {
            last += usize::from(piece.is_last);
        }
    }
    last
}

#[test]
fn messages_are_found_however_the_stream_is_cut() {
    let startup = b"\0\0\0\x0a\0\x03\0\0u\0";
    let query = b"Q\0\0\0\x0bSELECT\0S\0\0\0\x04";
    let postgresql = [&startup[..], query].concat();
    let redis = b"*2\r\n$4\r\nAUTH\r\n$3\r\npwd\r\nPING\r\n*2\r\n$3\r\nGET\r\n$4\r\na\r\nb\r\n";
    let replies = b"+OK\r\n$-1\r\n$2\r\n\r\n\r\n*2\r\n:1\r\n*1\r\n$1\r\na\r\n%1\r\n+k\r\n*0\r\n-ERR x\r\n*-1\r\n";
    for size in 1..replies.len() {
        let expected = ["(startup)", "SELECT"];
        assert_eq!(
            requests(Wire::Postgresql, &postgresql, size),
            expected,
            "{size}"
        );
        assert_eq!(
            requests(Wire::Redis, redis, size),
            ["AUTH", "PING", "GET a b"],
            "{size}"
        );
        assert_eq!(answers(Wire::Redis, replies, size), 7, "{size}");
        let answer = b"C\0\0\0\x04Z\0\0\0\x05IC\0\0\0\x04Z\0\0\0\x05I";
        assert_eq!(answers(Wire::Postgresql, answer, size), 2, "{size}");
    }
}

#[test]
fn a_project_holds_targets_profiles_and_one_state_folder() {
    let postgres = Postgres::start();
    let proxy = postgres.proxy();
    let project = Project::new()
        .targets(&[&proxy.entry_of(&postgres)])
        .profile("small", "profile: small\n");
    let targets = std::fs::read_to_string(project.path("targets.yaml")).unwrap();
    assert!(targets.contains(&proxy.url()), "{targets}");
    assert!(targets.contains("server.sh"), "{targets}");
    assert!(project.path("tuning-profiles/small.yaml").exists());
    project.holds_no_secret();
    assert!(!project.state().exists());
}

#[test]
#[should_panic(expected = "leak.txt shows the password")]
fn a_project_that_holds_a_secret_is_found_out() {
    Project::new()
        .file("state/leak.txt", &format!("url: {PASSWORD}"))
        .holds_no_secret();
}

#[test]
fn an_entry_of_a_targets_file_can_be_changed() {
    let redis = Redis::start();
    let entry = super::support::TargetEntry {
        restart: None,
        ..redis.entry()
    };
    assert_eq!((entry.name.as_str(), entry.engine), ("redis", "redis"));
    assert_eq!(entry.entry().restart, None);
}

/// `dbtune sandbox` runs any command: here one that shows what `dbtune` is given.
fn shell(script: &str) -> Cli {
    cli().args(["sandbox", "--", "sh", "-c", script])
}

#[test]
fn a_run_of_its_own_has_the_files_that_it_was_given_and_nothing_else() {
    let redis = Redis::start();
    let ran = shell("ls; ls tuning-profiles; grep -c engine targets.yaml; echo \"[$USER]\"")
        .targets(&[&redis])
        .profile("small", "profile: small\n")
        .run();
    ran.exits(0)
        .says("targets.yaml\ntuning-profiles\nsmall.yaml\n1\n[]\n");
}

#[test]
fn a_run_shows_its_json_document_and_both_its_outputs() {
    let ran = shell(r#"echo '{"format_version": 1}'; echo oh >&2; exit 4"#).run();
    assert_eq!(ran.json()["format_version"], 1);
    ran.exits(4).complains("oh").never_shows("ah");
    assert_eq!(ran.code(), Some(4));
}

#[test]
#[should_panic(expected = "is shown")]
fn a_run_that_shows_the_password_is_found_out() {
    shell(&format!("echo {PASSWORD} >&2")).run();
}

#[test]
#[should_panic(expected = "not exit code 0")]
fn a_run_with_another_exit_code_is_found_out() {
    shell("exit 1").run().exits(0);
}
