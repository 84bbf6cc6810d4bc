//! The trial of a start, asked of real servers of every version: each value that the server takes and
//! does not start with.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use dbtune::sandbox::PostgresqlBin;
use dbtune::setting::SettingName;
use dbtune::snapshot::{Answer, Question};

use super::door::{Door, says};
use crate::support::Postgres;

fn question(settings: &[(&str, &str)]) -> Question {
    let settings = settings.iter();
    Question::Start(
        settings
            .map(|&(name, raw)| (SettingName::from(name), raw.to_owned()))
            .collect(),
    )
}

fn ask(server: &Postgres, settings: &[(&str, &str)]) -> Answer {
    let mut door = Door::open(&server.url());
    door.engine.answer(&question(settings)).unwrap()
}

#[track_caller]
fn refused(server: &Postgres, settings: &[(&str, &str)], words: &[&str]) {
    match ask(server, settings) {
        Answer::No(said) => {
            says(&said, words);
            assert!(!said.contains("dbtune-trial"), "{said}");
        }
        other @ (Answer::Yes | Answer::Unknown(_)) => panic!(
            "{settings:?} on {}: {other:?}",
            server.show("server_version")
        ),
    }
}

fn servers() -> impl Iterator<Item = Postgres> {
    let bins: Vec<PostgresqlBin> = Postgres::every_bin();
    bins.into_iter().map(|bin| Postgres::with_bin(bin).start())
}

/// Settings, raw by name, and what the server says of them.
type Refused = (
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

/// What every server takes one by one, and does not start with.
const REFUSED: [Refused; 16] = [
    (
        &[("shared_buffers", "4000GB")],
        &["could not map anonymous shared memory", "currently"],
    ),
    (
        &[("superuser_reserved_connections", "30")],
        &[
            "superuser_reserved_connections",
            "must be less than",
            "max_connections",
        ],
    ),
    (&[("wal_level", "minimal")], &["WAL streaming", "wal_level"]),
    (
        &[
            ("wal_level", "minimal"),
            ("max_wal_senders", "0"),
            ("archive_mode", "on"),
        ],
        &["archival", "wal_level"],
    ),
    (
        &[("shared_preload_libraries", "nope")],
        &["could not access file \"nope\""],
    ),
    (
        &[("shared_preload_libraries", "\"\"")],
        &["could not access file \"\""],
    ),
    (
        &[("listen_addresses", "192.0.2.1")],
        &[
            "could not bind",
            "192.0.2.1",
            "could not create any TCP/IP sockets",
        ],
    ),
    (
        &[("listen_addresses", "no.such.host.invalid")],
        &["could not translate", "could not create any TCP/IP sockets"],
    ),
    (
        &[("unix_socket_directories", "/nonexistent")],
        &["could not create", "/nonexistent"],
    ),
    (
        &[("ssl", "on")],
        &["could not load server certificate file \"server.crt\""],
    ),
    (
        &[("ssl", "on"), ("ssl_cert_file", "/nonexistent.crt")],
        &["/nonexistent.crt"],
    ),
    (
        &[("log_directory", "/nonexistent/deep/log")],
        &["could not open a log file", "/nonexistent/deep/log"],
    ),
    (
        &[("log_directory", "/proc")],
        &["could not open a log file", "/proc"],
    ),
    (
        &[("hba_file", "/nonexistent_hba")],
        &["/nonexistent_hba", "could not load"],
    ),
    (
        &[("min_wal_size", "2")],
        &["\"min_wal_size\" must be at least twice \"wal_segment_size\""],
    ),
    (
        &[("max_wal_size", "2")],
        &["\"max_wal_size\" must be at least twice \"wal_segment_size\""],
    ),
];

#[test]
fn every_value_that_keeps_a_server_from_starting_is_refused_in_its_own_words() {
    for server in servers() {
        for (settings, words) in REFUSED {
            refused(&server, settings, words);
        }
    }
}

#[test]
fn huge_pages_that_the_machine_has_not_got_are_refused() {
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap();
    let has_none = meminfo
        .lines()
        .any(|line| line.starts_with("HugePages_Total:") && line.ends_with(" 0"));
    for server in servers() {
        let answer = ask(&server, &[("huge_pages", "on")]);
        match answer {
            Answer::No(said) if has_none => says(&said, &["could not map anonymous shared memory"]),
            Answer::Yes | Answer::Unknown(_) if !has_none => {}
            other @ (Answer::Yes | Answer::No(_) | Answer::Unknown(_)) => panic!("{other:?}"),
        }
    }
}

#[test]
fn values_that_a_server_starts_with_are_said_to_be_good() {
    for server in servers() {
        let log = server.data().join("new_log");
        for settings in [
            &[][..],
            &[("shared_buffers", "32MB"), ("max_connections", "40")],
            &[("listen_addresses", "127.0.0.1")],
            &[
                ("search_path", "\"$user\", \"My Schema\""),
                ("cluster_name", "x"),
            ],
            &[("unix_socket_directories", "\"/tmp\"")],
            &[("listen_addresses", "*")],
            &[
                ("huge_pages", "off"),
                ("logging_collector", "on"),
                ("log_directory", "new_log"),
            ],
            &[
                ("wal_level", "logical"),
                ("archive_mode", "on"),
                ("archive_command", "touch /tmp/dbtune-archived-by-a-trial"),
            ],
            &[("cluster_name", "it's \\a name")],
        ] {
            assert_eq!(ask(&server, settings), Answer::Yes, "{settings:?}");
        }
        assert!(!log.exists());
        assert!(!PathBuf::from("/tmp/dbtune-archived-by-a-trial").exists());
        assert_eq!(
            server.value("select count(*) > 0 from pg_stat_activity"),
            "t"
        );
    }
}

#[test]
fn what_waits_in_the_files_already_is_part_of_the_trial() {
    let server = Postgres::start();
    server.sql("alter system set superuser_reserved_connections = 30");
    // From 16 on the name stands in quotes.
    refused(&server, &[], &["superuser_reserved_connections", "(30)"]);
    // The value that is asked about comes after the files.
    let cured = [("superuser_reserved_connections", "3")];
    assert_eq!(ask(&server, &cured), Answer::Yes);
}

#[test]
fn a_certificate_beside_the_data_is_found_by_its_relative_path() {
    let server = Postgres::start();
    fs::write(server.data().join("server.crt"), "no certificate").unwrap();
    refused(
        &server,
        &[("ssl", "on")],
        &["server certificate file \"server.crt\""],
    );
    let said = ask(&server, &[("ssl", "on")]);
    let Answer::No(said) = said else {
        panic!("{said:?}")
    };
    assert!(!said.contains("No such file"), "{said}");
}

#[test]
fn a_port_of_somebody_else_is_refused_and_the_servers_own_is_not() {
    let server = Postgres::start();
    let other = Postgres::start();
    let port = other.port().to_string();
    let there = [("port", port.as_str()), ("listen_addresses", "127.0.0.1")];
    refused(&server, &there, &["could not bind"]);
    assert_eq!(
        ask(&server, &[("listen_addresses", "127.0.0.1")]),
        Answer::Yes
    );
}

#[test]
fn a_trial_leaves_nothing_behind() {
    let server = Postgres::start();
    let before: BTreeSet<PathBuf> = left_in(&server);
    for settings in [&[][..], &[("ssl", "on")], &[("shared_buffers", "4000GB")]] {
        drop(ask(&server, settings));
    }
    assert_eq!(left_in(&server), before);
    let own = std::process::id();
    let folders = fs::read_dir("/tmp").unwrap().flatten();
    let scratch: Vec<_> = folders
        .filter(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .starts_with("dbtune-trial-")
        })
        .filter(|entry| {
            let conf = fs::read_to_string(entry.path().join("postgresql.conf"));
            conf.is_ok_and(|text| text.contains(&*server.data().to_string_lossy()))
        })
        .collect();
    assert!(scratch.is_empty(), "{own}: {scratch:?}");
}

/// The files of the data directory that a running server does not make and remove by itself.
fn left_in(server: &Postgres) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(server.data()).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_role_that_may_not_see_where_the_files_are_cannot_try() {
    let server = Postgres::setup()
        .statement("create role app login password 'sesame'")
        .statement(&format!(
            "alter role app password '{}'",
            crate::support::PASSWORD
        ))
        .start();
    let mut door = Door::open(&server.url_of("app", "postgres"));
    let answer = door.engine.answer(&question(&[])).unwrap();
    assert!(matches!(answer, Answer::Unknown(_)), "{answer:?}");
}
