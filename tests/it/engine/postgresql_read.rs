//! What is read of a PostgreSQL server.

use std::fs;

use dbtune::setting::{Effect, EngineKind};
use dbtune::snapshot::{Entry, OverrideKind};

use super::door::{Door, Refused, reset, set};
use crate::support::Postgres;

fn present(text: &str) -> Entry {
    Entry::Present(text.to_owned())
}

#[test]
fn while_a_restart_is_pending_the_three_values_are_told_apart() {
    for bin in Postgres::every_bin() {
        let server = Postgres::with_bin(bin).start();
        let mut door = Door::open(&server.url());
        door.apply(&[set("shared_buffers", &["24MB"])]);
        let pending = door.observed("shared_buffers");
        assert_eq!(pending.running, "2048");
        assert_eq!(pending.configured.as_deref(), Some("24MB"));
        assert_eq!(pending.entry, present("24MB"));
        assert_eq!(pending.without_entry.as_deref(), Some("16MB"));
        assert_eq!(pending.effect, Effect::Restart);
        assert!(pending.pending_restart);
        assert_eq!(door.snapshot().file_problems, []);

        server.restart();
        let after = Door::open(&server.url()).observed("shared_buffers");
        assert_eq!(after.running, "3072");
        assert!(!after.pending_restart);
        assert!(
            after
                .source
                .file
                .unwrap()
                .ends_with("/postgresql.auto.conf")
        );
        assert!(after.source.line.is_some());
    }
}

#[test]
fn what_was_written_is_seen_as_pending_even_before_the_server_is_told_to_read_it() {
    for bin in Postgres::every_bin() {
        let server = Postgres::with_bin(bin).start();
        let mut door = Door::open(&server.url());
        door.engine
            .write(&[set("max_connections", &["40"])])
            .unwrap();
        let snapshot = door.snapshot();
        let observed = snapshot.setting(&"max_connections".into()).unwrap();
        assert_eq!(observed.configured.as_deref(), Some("40"));
        assert!(observed.pending_restart);
        assert_eq!(snapshot.file_problems, []);
    }
}

#[test]
fn a_line_that_is_gone_from_the_file_waits_for_a_restart_and_is_no_problem() {
    for bin in Postgres::every_bin() {
        let server = Postgres::with_bin(bin).start();
        let text = fs::read_to_string(server.conf_path()).unwrap();
        fs::write(
            server.conf_path(),
            text.replace("max_connections =", "#max_connections ="),
        )
        .unwrap();
        let mut door = Door::open(&server.url());
        door.engine.activate().unwrap();
        let snapshot = door.snapshot();
        let observed = snapshot.setting(&"max_connections".into()).unwrap();
        assert!(observed.pending_restart);
        assert_eq!(observed.configured.as_deref(), Some("100"));
        assert_eq!(snapshot.file_problems, []);
    }
}

#[test]
fn the_last_line_of_the_files_decides_and_taking_the_entry_away_uncovers_the_one_before() {
    let server = Postgres::setup()
        .setting("work_mem = 5MB")
        .setting("work_mem = 6MB")
        .start();
    let mut door = Door::open(&server.url());
    door.apply(&[set("Work_Mem", &["7MB"])]);
    let observed = door.observed("work_mem");
    assert_eq!(observed.configured.as_deref(), Some("7MB"));
    assert_eq!(observed.without_entry.as_deref(), Some("6MB"));
    assert_eq!(observed.boot.as_deref(), Some("4096"));

    door.apply(&[reset("work_mem")]);
    let observed = door.observed("work_mem");
    assert_eq!(observed.entry, Entry::Absent);
    assert_eq!(observed.running, "6144");
    assert_eq!(observed.source.kind, "configuration file");
    assert_eq!(observed.source.file.as_deref(), server.conf_path().to_str());
}

#[test]
fn a_setting_in_no_file_is_configured_as_the_server_was_built() {
    let server = Postgres::start();
    let observed = Door::open(&server.url()).observed("work_mem");
    assert_eq!(observed.configured.as_deref(), Some("4096"));
    assert_eq!(observed.without_entry.as_deref(), Some("4096"));
    assert_eq!(observed.entry, Entry::Absent);
    assert_eq!(observed.source.kind, "default");
}

#[test]
fn what_a_role_or_a_database_overrides_is_read_server_wide_and_the_override_is_named() {
    for bin in Postgres::every_bin() {
        let server = Postgres::with_bin(bin)
            .setting("work_mem = 5MB")
            .statement("CREATE DATABASE \"My Shop\"")
            .statement("CREATE ROLE \"O'Neil\" LOGIN")
            .statement("ALTER DATABASE postgres SET work_mem = '11MB'")
            .statement("ALTER ROLE postgres SET maintenance_work_mem = '12MB'")
            .statement("ALTER ROLE \"O'Neil\" IN DATABASE \"My Shop\" SET work_mem = '13MB'")
            .statement("ALTER ROLE ALL SET \"DateStyle\" = 'ISO, YMD'")
            .start();
        let mut door = Door::open(&server.url());
        let observed = door.observed("work_mem");
        assert_eq!(observed.running, "5MB");
        assert_eq!(observed.source.kind, "configuration file");
        assert_eq!(observed.source.file.as_deref(), server.conf_path().to_str());
        let whom: Vec<_> = observed
            .overrides
            .iter()
            .map(|by| by.who.as_deref())
            .collect();
        assert_eq!(
            whom,
            [
                Some("role O'Neil in database My Shop"),
                Some("database postgres")
            ]
        );
        assert_eq!(observed.overrides[1].value.as_deref(), Some("11MB"));

        let unset = door.observed("maintenance_work_mem");
        assert_eq!(unset.running, "65536");
        assert_eq!(unset.source.kind, "default");
        assert_eq!(door.observed("datestyle").overrides[0].who, None);
    }
}

#[test]
fn an_override_is_lifted_by_the_statement_that_is_given_for_it() {
    let server = Postgres::setup()
        .statement("CREATE DATABASE \"My Shop\"")
        .statement("CREATE ROLE \"O'Neil\" LOGIN")
        .statement("ALTER DATABASE \"My Shop\" SET \"DateStyle\" = 'SQL'")
        .statement("ALTER ROLE \"O'Neil\" SET \"DateStyle\" = 'SQL'")
        .statement("ALTER ROLE \"O'Neil\" IN DATABASE \"My Shop\" SET \"DateStyle\" = 'SQL'")
        .statement("ALTER ROLE ALL SET \"DateStyle\" = 'SQL'")
        .start();
    let mut door = Door::open(&server.url());
    let overrides = door.observed("datestyle").overrides;
    assert_eq!(overrides.len(), 4);
    for by in overrides {
        assert_eq!(by.by, OverrideKind::RoleOrDatabase);
        server.sql(&by.lift);
    }
    assert_eq!(door.observed("datestyle").overrides, []);
}

#[test]
fn what_this_session_was_started_with_is_not_taken_for_the_server() {
    let server = Postgres::setup().setting("work_mem = 5MB").start();
    let url = format!(
        "{}?options=-c%20work_mem%3D77MB&application_name=me",
        server.url()
    );
    let observed = Door::open(&url).observed("work_mem");
    assert_eq!(observed.running, "5MB");
    assert_eq!(observed.source.kind, "configuration file");
}

#[test]
fn the_limits_of_the_own_session_do_not_hide_those_of_the_server() {
    for bin in Postgres::every_bin() {
        let server = Postgres::with_bin(bin)
            .setting("statement_timeout = 90s")
            .argument("-c")
            .argument("lock_timeout=80s")
            .start();
        let mut door = Door::open(&server.url());
        for _again in 0..2 {
            let statement = door.observed("statement_timeout");
            assert_eq!(statement.running, "90000");
            assert_eq!(statement.source.kind, "configuration file");
            assert_eq!(door.observed("lock_timeout").source.kind, "command line");
            assert_eq!(door.observed("application_name").running, "");
        }
        let names = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dbtune'";
        assert_eq!(server.value(names), "1");
    }
}

#[test]
fn an_option_on_the_command_line_is_told_as_what_wins() {
    for bin in Postgres::every_bin() {
        let server = Postgres::with_bin(bin)
            .argument("-c")
            .argument("work_mem=9MB")
            .start();
        let mut door = Door::open(&server.url());
        door.apply(&[set("work_mem", &["20MB"])]);
        let observed = door.observed("work_mem");
        assert_eq!(observed.running, "9216");
        assert_eq!(observed.configured.as_deref(), Some("20MB"));
        assert_eq!(observed.overrides[0].by, OverrideKind::CommandLine);
        assert_eq!(observed.overrides[0].value.as_deref(), Some("9216"));
    }
}

#[test]
fn a_broken_line_is_a_problem_with_file_and_line() {
    for bin in Postgres::every_bin() {
        let server = Postgres::with_bin(bin).start();
        let mut door = Door::open(&server.url());
        let mut the_problem = || {
            let problems = door.snapshot().file_problems;
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert_eq!(problems[0].file.as_deref(), server.conf_path().to_str());
            assert!(problems[0].line.is_some());
            problems[0].clone()
        };
        server.add_to_conf("no_such_setting = 1");
        let unknown = the_problem();
        assert_eq!(unknown.setting.as_deref(), Some("no_such_setting"));
        assert_eq!(unknown.error, "unrecognized configuration parameter");

        server.add_to_conf("work_mem = 1 2 3");
        assert_eq!(the_problem().error, "syntax error");
    }
}

#[test]
fn a_bad_value_in_a_file_is_a_problem_and_not_a_pending_restart() {
    let server = Postgres::start();
    server.add_to_conf("work_mem = lots");
    let mut door = Door::open(&server.url());
    door.engine.activate().unwrap();
    let problems = door.snapshot().file_problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].setting.as_deref(), Some("work_mem"));
}

#[test]
fn the_server_is_known_by_its_identity_and_its_life() {
    for bin in Postgres::every_bin() {
        let server = Postgres::with_bin(bin).start();
        let snapshot = Door::open(&server.url()).snapshot();
        let identity = snapshot.identity.clone();
        assert_eq!(snapshot.engine, EngineKind::Postgresql);
        assert_eq!(snapshot.address, format!("127.0.0.1:{}", server.port()));
        let version = server.show("server_version");
        assert_eq!(Some(identity.version.as_str()), version.split(' ').next());
        assert_eq!(
            identity.version_number.to_string(),
            server.show("server_version_num")
        );
        let system = "SELECT system_identifier FROM pg_control_system()";
        assert_eq!(identity.system, server.value(system));
        assert_eq!(identity.user, "postgres");
        assert_eq!(identity.role, "primary");
        assert!(
            identity.started_at.ends_with('Z'),
            "{}",
            identity.started_at
        );

        assert_eq!(Door::open(&server.url()).snapshot().identity, identity);
        server.restart();
        let reborn = Door::open(&server.url()).snapshot().identity;
        assert_eq!(reborn.system, identity.system);
        assert!(reborn.started_at > identity.started_at);
    }
}

#[test]
fn a_standby_is_told_apart_and_can_be_locked_and_written_to() {
    for bin in Postgres::every_bin() {
        let server = Postgres::with_bin(bin).start();
        server.stop();
        fs::write(server.data().join("standby.signal"), "").unwrap();
        server.start_again();
        let mut door = Door::open(&server.url());
        assert_eq!(door.snapshot().identity.role, "standby");
        assert!(door.locks());
        door.apply(&[set("work_mem", &["7MB"])]);
        assert_eq!(door.observed("work_mem").running, "7168");
    }
}

#[test]
fn what_alter_system_takes_and_what_it_refuses_is_known_of_every_setting() {
    for bin in Postgres::every_bin() {
        let server = Postgres::with_bin(bin).start();
        let mut door = Door::open(&server.url());
        for (name, observed) in door.snapshot().settings {
            // A value that most do not take: whether it is looked at at all is what is asked.
            let outcome = door.engine.write(&[set(name.as_str(), &["\u{1}"])]);
            let cannot = outcome.is_err_and(|error| Refused::new(&error).sqlstate == "55P02");
            assert_eq!(cannot, observed.fixed.is_some(), "{name}");
        }
    }
}

#[test]
fn a_server_that_allows_no_alter_system_says_so_of_every_setting() {
    for bin in Postgres::bins_since(17) {
        let server = Postgres::with_bin(bin)
            .setting("allow_alter_system = off")
            .start();
        let mut door = Door::open(&server.url());
        let fixed = door.observed("work_mem").fixed.unwrap();
        assert!(fixed.contains("managed elsewhere"), "{fixed}");
        assert_eq!(door.refuses(&[set("work_mem", &["7MB"])]).sqlstate, "0A000");
    }
}

#[test]
fn a_setting_that_only_reports_is_fixed() {
    let server = Postgres::start();
    let fixed = Door::open(&server.url()).observed("block_size").fixed;
    assert!(fixed.unwrap().contains("block_size"));
}
