//! What is written to a PostgreSQL server.

use std::cell::RefCell;
use std::iter;
use std::time::Duration;

use dbtune::engine::EngineError;
use dbtune::setting::SettingName;
use dbtune::snapshot::Entry;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::door::{Door, reset, set};
use crate::support::{Postgres, after, before, eventually};

#[test]
fn what_is_read_after_activating_is_never_stale() {
    // 400 times on one version, which takes a while, and 40 times on every other.
    for (bin, last) in Postgres::every_bin()
        .into_iter()
        .rev()
        .zip(iter::once(1400).chain(iter::repeat(1040)))
    {
        let server = Postgres::with_bin(bin).start();
        let mut door = Door::open(&server.url());
        for kilobytes in 1000..last {
            door.apply(&[set("work_mem", &[&format!("{kilobytes}kB")])]);
            assert_eq!(door.observed("work_mem").running, kilobytes.to_string());
            if kilobytes % 40 == 0 {
                assert_eq!(server.show("work_mem"), format!("{kilobytes}kB"));
            }
        }
    }
}

#[test]
fn any_text_comes_back_from_the_file_as_it_was_written() {
    for bin in Postgres::every_bin() {
        let server = Postgres::with_bin(bin).start();
        let door = RefCell::new(Door::open(&server.url()));
        // A text is refused by the server when it holds a newline, and by the protocol for a NUL.
        let text = prop_oneof![
            "[ -~]{0,40}",
            r#"['"\\E$;\-{}=# \t]{0,20}"#,
            "[^\0\n]{0,40}"
        ];
        let mut runner = TestRunner::new(Config {
            cases: 150,
            ..Config::default()
        });
        let outcome = runner.run(&text, |text| {
            let mut door = door.borrow_mut();
            door.engine
                .write(&[set("archive_command", &[&text])])
                .unwrap();
            prop_assert_eq!(door.observed("archive_command").entry, Entry::Present(text));
            Ok(())
        });
        outcome.unwrap();
    }
}

#[test]
fn a_literal_means_the_same_without_standard_conforming_strings() {
    let server = Postgres::setup()
        .statement("ALTER ROLE postgres SET standard_conforming_strings = off")
        .start();
    let mut door = Door::open(&server.url());
    let text = r"it's C:\n \' -- \\";
    door.apply(&[set("archive_command", &[text])]);
    assert_eq!(
        door.observed("archive_command").entry,
        Entry::Present(text.to_owned())
    );
    assert_eq!(door.engine.notices(), [""; 0]);
}

#[test]
fn the_elements_of_a_list_are_stored_one_by_one() {
    for bin in Postgres::every_bin() {
        let server = Postgres::with_bin(bin).start();
        let mut door = Door::open(&server.url());
        let mut stored = |name: &str, literals: &[&str]| {
            door.engine.write(&[set(name, literals)]).unwrap();
            door.observed(name).entry
        };
        let entry = |text: &str| Entry::Present(text.to_owned());
        assert_eq!(
            stored("search_path", &["$user", "public"]),
            entry("\"$user\", public")
        );
        assert_eq!(
            stored("search_path", &["My Shop, 2"]),
            entry("\"My Shop, 2\"")
        );
        assert_eq!(
            stored("shared_preload_libraries", &["a", "b"]),
            entry("a, b")
        );
        assert_eq!(stored("datestyle", &["ISO, YMD"]), entry("ISO, YMD"));
    }
}

#[test]
fn an_empty_list_is_not_sent() {
    let server = Postgres::start();
    let mut door = Door::open(&server.url());
    let error = door
        .engine
        .write(&[set("shared_preload_libraries", &[])])
        .unwrap_err();
    assert!(matches!(error, EngineError::Unexpected { .. }), "{error}");
    assert!(!server.auto_conf().contains("shared_preload_libraries"));
}

#[test]
fn a_text_with_a_nul_byte_is_not_sent_and_the_session_goes_on() {
    let server = Postgres::start();
    let mut door = Door::open(&server.url());
    for write in [
        set("archive_command", &["a\0b"]),
        set("archive\0command", &["a"]),
    ] {
        let error = door.engine.write(&[write]).unwrap_err();
        assert!(error.to_string().contains("NUL"), "{error}");
    }
    door.apply(&[set("work_mem", &["7MB"])]);
}

#[test]
fn a_refused_value_is_told_with_everything_the_server_says() {
    for bin in Postgres::every_bin() {
        let server = Postgres::with_bin(bin).start();
        let mut door = Door::open(&server.url());
        let writes = [
            set("work_mem", &["7MB"]),
            set("shared_buffers", &["384mb"]),
            set("maintenance_work_mem", &["77MB"]),
        ];
        let refused = door.refuses(&writes);
        assert_eq!(
            refused.statement,
            "ALTER SYSTEM SET shared_buffers = '384mb'"
        );
        assert_eq!(refused.setting.as_deref(), Some("shared_buffers"));
        assert_eq!(refused.sqlstate, "22023");
        assert!(refused.message.contains("384mb"), "{}", refused.message);
        assert!(refused.hint.contains("\"kB\""), "{}", refused.hint);

        let settings = door.snapshot().settings;
        let entry = |name: &str| settings[&SettingName::from(name)].entry.clone();
        assert_eq!(entry("work_mem"), Entry::Present("7MB".to_owned()));
        assert_eq!(entry("maintenance_work_mem"), Entry::Absent);
    }
}

#[test]
fn a_name_cannot_smuggle_a_statement() {
    let server = Postgres::start();
    let mut door = Door::open(&server.url());
    let name = "work_mem = '1MB'; DROP TABLE t; --";
    server.sql("CREATE TABLE t ()");
    assert_eq!(
        door.refuses(&[set(name, &["1"])]).setting.as_deref(),
        Some(name)
    );
    assert_eq!(
        door.refuses(&[reset("x\" = 1; DROP TABLE t; --")]).sqlstate,
        "42704"
    );
    assert_eq!(server.value("SELECT count(*) FROM t"), "0");
}

#[test]
fn a_secret_is_in_no_part_of_an_error() {
    for bin in Postgres::every_bin() {
        let server = Postgres::with_bin(bin).start();
        let mut door = Door::open(&server.url());
        let secret = "password=Tell-Nobody";
        for literals in [vec![secret, secret], vec!["password=Tell-Nobody\n"]] {
            let refused = door.refuses(&[set("Primary_ConnInfo", &literals)]);
            assert!(refused.statement.contains("***"), "{}", refused.statement);
            assert!(!refused.text.contains("Tell-Nobody"), "{}", refused.text);
        }
        assert!(door.observed("primary_conninfo").secret);
    }
}

#[test]
fn a_file_that_is_broken_elsewhere_keeps_the_server_from_reading_any_of_it() {
    for bin in Postgres::every_bin() {
        let server = Postgres::with_bin(bin).start();
        let mut door = Door::open(&server.url());
        server.add_to_conf("no_such_setting = 1");
        door.engine.write(&[set("work_mem", &["7MB"])]).unwrap();
        let error = door.engine.activate().unwrap_err();
        let EngineError::ReloadAbandoned { problems, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains("postgresql.conf:"), "{problems:?}");
        assert!(problems[0].contains("(no_such_setting)"), "{problems:?}");
        assert_eq!(door.observed("work_mem").running, "4096");
    }
}

#[test]
fn nothing_is_written_after_an_interrupt_until_it_is_shielded() {
    let server = Postgres::start();
    let mut door = Door::open(&server.url());
    door.interrupt.raise();
    let write = [set("work_mem", &["7MB"])];
    assert!(matches!(
        door.engine.write(&write),
        Err(EngineError::Interrupted)
    ));
    assert!(matches!(
        door.engine.activate(),
        Err(EngineError::Interrupted)
    ));
    assert!(matches!(
        door.engine.snapshot(),
        Err(EngineError::Interrupted)
    ));
    assert!(!server.auto_conf().contains("work_mem"));

    let _shield = door.interrupt.shield();
    door.apply(&write);
    assert_eq!(door.observed("work_mem").running, "7168");
}

#[test]
fn an_interrupt_ends_a_wait_for_the_server_and_the_late_answer_is_not_mistaken_for_another() {
    let server = Postgres::start();
    let proxy = server.proxy();
    let mut door = Door::open(&proxy.url());
    let hold = proxy.hold(before("pg_file_settings"));
    let interrupt = door.interrupt.clone();
    let reading = std::thread::spawn(move || {
        let outcome = door.engine.snapshot();
        (door, outcome)
    });
    hold.wait();
    interrupt.raise();
    let (mut door, outcome) = reading.join().unwrap();
    assert!(
        matches!(outcome, Err(EngineError::Interrupted)),
        "{outcome:?}"
    );
    hold.release();
    let _shield = door.interrupt.shield();
    assert!(door.locks());
    assert_eq!(door.observed("work_mem").running, "4096");
}

#[test]
fn a_lost_connection_is_told_apart_from_a_refusal_and_can_be_made_anew() {
    let server = Postgres::start();
    let mut door = Door::open(&server.url());
    assert!(door.locks());
    server.crash();
    let write = [set("work_mem", &["7MB"])];
    let error = door.engine.write(&write).unwrap_err();
    let EngineError::Lost { during, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(during, "ALTER SYSTEM SET work_mem = '7MB'");
    assert!(matches!(
        door.engine.snapshot(),
        Err(EngineError::Lost { .. })
    ));

    server.start_again();
    door.engine.reconnect(Duration::from_secs(30)).unwrap();
    let mut other = Door::open(&server.url());
    assert!(other.locks());
    door.apply(&write);
}

#[test]
fn a_terminated_session_is_a_lost_connection() {
    let server = Postgres::start();
    let mut door = Door::open(&server.url());
    let terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                     WHERE application_name = 'dbtune'";
    assert_eq!(server.value(terminate), "t");
    let lost = |door: &mut Door| matches!(door.engine.snapshot(), Err(EngineError::Lost { .. }));
    eventually("the session is gone", || lost(&mut door));
    door.engine.reconnect(Duration::ZERO).unwrap();
    door.snapshot();
}

#[test]
fn a_connection_cut_after_the_write_leaves_it_done_and_says_that_this_is_not_known() {
    let server = Postgres::start();
    let proxy = server.proxy();
    let mut door = Door::open(&proxy.url());
    proxy.cut(after("ALTER SYSTEM"));
    let error = door.engine.write(&[set("work_mem", &["7MB"])]).unwrap_err();
    assert!(matches!(error, EngineError::Lost { .. }), "{error:?}");
    door.engine.reconnect(Duration::from_secs(30)).unwrap();
    assert_eq!(
        door.observed("work_mem").entry,
        Entry::Present("7MB".to_owned())
    );
}

#[test]
fn a_server_that_is_being_restarted_is_waited_for() {
    let server = Postgres::start();
    let mut door = Door::open(&server.url());
    server.stop();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| door.engine.reconnect(Duration::from_mins(1)));
        server.start_again();
        waiting.join().unwrap().unwrap();
    });
    door.snapshot();
}

#[test]
fn what_the_server_says_on_the_side_is_kept_in_order_and_told_once() {
    let server = Postgres::setup()
        .statement("ALTER ROLE postgres SET default_tablespace = 'gone'")
        .start();
    let mut door = Door::open(&server.url());
    let notices = door.engine.notices();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(notices[0].starts_with("WARNING: "), "{notices:?}");
    assert!(notices[0].contains("default_tablespace"), "{notices:?}");
    assert_eq!(door.engine.notices(), [""; 0]);
}
