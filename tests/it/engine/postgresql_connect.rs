//! How a connection to PostgreSQL is made, and what is said when it cannot be.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::process::Command;

use dbtune::engine::{self, EngineError, Interrupt};
use postgres::NoTls;

use super::door::{Door, dead_port, port_of, refusal, says, silent_port, target};
use crate::support::{PASSWORD, Postgres, eventually};

fn at(port: u16, rest: &str) -> String {
    format!("postgres://postgres:{PASSWORD}@127.0.0.1:{port}/postgres{rest}")
}

#[test]
fn nobody_listens_there() {
    let port = dead_port();
    let address = format!("cannot connect to primary at 127.0.0.1:{port}: connection refused");
    says(
        &refusal(&at(port, "")),
        &[&address, "is the server running"],
    );
}

#[test]
fn there_is_no_such_host() {
    let url = format!("postgres://u:{PASSWORD}@no-such-host.invalid:5999/d");
    says(
        &refusal(&url),
        &["no-such-host.invalid:5999", "no such host"],
    );
}

#[test]
fn there_is_no_such_socket() {
    let url = format!("host=/no/such/folder port=5433 user=u password={PASSWORD}");
    says(
        &refusal(&url),
        &["/no/such/folder/.s.PGSQL.5433", "no such socket"],
    );
}

#[test]
fn the_password_is_wrong_or_missing() {
    let server = Postgres::start();
    let port = server.port();
    let wrong = refusal(&format!(
        "postgres://postgres:not-it@127.0.0.1:{port}/postgres"
    ));
    says(&wrong, &["wrong password", "\"postgres\""]);
    assert!(!wrong.contains("not-it"), "{wrong}");
    let missing = refusal(&format!("postgres://postgres@127.0.0.1:{port}/postgres"));
    says(&missing, &["asks for a password", "the URL has none"]);
}

#[test]
fn there_is_no_such_database_or_role() {
    let server = Postgres::start();
    let database = refusal(&server.url_of("postgres", "nowhere"));
    says(
        &database,
        &["database \"nowhere\" does not exist", "another database"],
    );
    // Without a trace of which: so the server protects its role names.
    says(
        &refusal(&server.url_of("nobody", "postgres")),
        &["wrong password", "nobody"],
    );
}

#[test]
fn no_line_of_pg_hba_lets_us_in() {
    let server = Postgres::setup().statement("CREATE ROLE app LOGIN").start();
    fs::write(
        server.data().join("pg_hba.conf"),
        "host all postgres all scram-sha-256\n",
    )
    .unwrap();
    server.sql("SELECT pg_reload_conf()");
    eventually("the server has read it", || {
        postgres::Client::connect(&server.url_of("app", "postgres"), NoTls)
            .is_err_and(|error| error.code().is_some_and(|code| code.code() == "28000"))
    });
    says(
        &refusal(&server.url_of("app", "postgres")),
        &["no pg_hba.conf entry", "\"app\""],
    );
}

#[test]
fn there_are_too_many_connections() {
    let server = Postgres::setup()
        .setting("max_connections = 6")
        .setting("superuser_reserved_connections = 3")
        .setting("max_wal_senders = 0")
        .statement(&format!("CREATE ROLE app LOGIN PASSWORD '{PASSWORD}'"))
        .start();
    let url = server.url_of("app", "postgres");
    let mut doors = Vec::new();
    eventually("it is full", || {
        let door = engine::connect(&target(&url), &Interrupt::new());
        let full = door.is_err();
        doors.extend(door);
        full
    });
    says(&refusal(&url), &["too many connections", "reserved"]);
}

#[test]
fn the_server_is_shutting_down() {
    let server = Postgres::start();
    let _door = Door::open(&server.url());
    let pid = fs::read_to_string(server.data().join("postmaster.pid")).unwrap();
    // A smart shutdown: it waits for the session that is open.
    let ended = Command::new("kill")
        .arg("-TERM")
        .arg(pid.lines().next().unwrap())
        .status();
    assert!(ended.unwrap().success());
    eventually("it lets nobody in any more", || {
        postgres::Client::connect(&server.url(), NoTls).is_err()
    });
    says(
        &refusal(&server.url()),
        &["the database system is shutting down", "try again"],
    );
}

#[test]
fn nobody_answers_within_the_time_given() {
    let (_listener, port) = silent_port();
    says(
        &refusal(&at(port, "?connect_timeout=1")),
        &["no answer; gave up after 1 s"],
    );
}

#[test]
fn something_else_answers() {
    let server = crate::support::Redis::start();
    let port = port_of(&server);
    let text = refusal(&at(port, "?connect_timeout=2"));
    says(
        &text,
        &[
            "cannot connect to primary at 127.0.0.1:",
            "right address and port",
        ],
    );
    let text = refusal(&at(port, "?connect_timeout=2&sslmode=require"));
    says(&text, &["right address and port"]);
}

#[test]
fn something_that_speaks_another_language_answers() {
    for (answer, told) in [
        // It has no TLS, and then a message that is shorter than its own length.
        (b"NR\0\0\0\0".as_slice(), "is that a PostgreSQL server?"),
        (b"", "is it the right kind of server"),
    ] {
        let (listener, port) = silent_port();
        let answering = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut [0; 8]).unwrap();
            stream.write_all(answer).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            // Until the other side hangs up: nothing unread is to cut the answer off.
            drop(stream.read_to_end(&mut Vec::new()));
        });
        says(&refusal(&at(port, "?connect_timeout=5")), &[told]);
        answering.join().unwrap();
    }
}

#[test]
fn an_interrupt_ends_the_attempt() {
    let (_listener, port) = silent_port();
    let interrupt = Interrupt::new();
    interrupt.raise();
    let outcome = engine::connect(&target(&at(port, "?connect_timeout=600")), &interrupt);
    assert!(matches!(outcome.err(), Some(EngineError::Interrupted)));
}

#[test]
fn a_url_that_cannot_be_understood_says_why_and_where_it_came_from() {
    for (rest, reason) in [
        ("?conect_timeout=5", "conect_timeout"),
        ("?connect_timeout=soon", "connect_timeout"),
    ] {
        says(
            &refusal(&at(5432, rest)),
            &["--postgres", reason, "postgres://USER"],
        );
    }
}

#[test]
fn a_password_with_a_bare_at_sign_is_not_shown_as_a_host() {
    let text = refusal("postgres://postgres:half@otherhalf@127.0.0.1:1/postgres");
    says(&text, &["more than one `@`", "%40"]);
    assert!(!text.contains("half"), "{text}");
}

#[test]
fn the_first_host_that_lets_us_in_is_taken_and_named() {
    let server = Postgres::start();
    let (dead, port) = (dead_port(), server.port());
    let url = format!("postgres://postgres:{PASSWORD}@127.0.0.1:{dead},localhost:{port}/postgres");
    let address = Door::open(&url).snapshot().address;
    assert_eq!(address, format!("localhost:{port}"));
}

#[test]
fn a_socket_is_reached_and_named_by_its_path() {
    let server = Postgres::start();
    let folder = server.data().parent().unwrap().display().to_string();
    let port = server.port();
    let url = format!("host={folder} port={port} user=postgres password={PASSWORD}");
    let address = Door::open(&url).snapshot().address;
    assert_eq!(address, format!("{folder}/.s.PGSQL.{port}"));
}

#[test]
fn a_wrong_password_is_not_tried_until_patience_ends() {
    let server = Postgres::start();
    let mut door = Door::open(&server.url());
    server.sql("ALTER ROLE postgres PASSWORD 'another'");
    let failed = |log: &str| log.matches("password authentication failed").count();
    let before = failed(&server.log());
    let error = door
        .engine
        .reconnect(std::time::Duration::from_mins(10))
        .unwrap_err();
    assert!(error.to_string().contains("wrong password"), "{error}");
    eventually("the server logs it", || failed(&server.log()) > before);
    assert_eq!(failed(&server.log()), before + 1);
}
