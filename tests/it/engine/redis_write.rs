//! What is written to a Redis server, and the lock.

use std::thread;
use std::time::Duration;

use dbtune::engine::EngineError;

use super::door::{Door, Refused, contend, port_of, reset, says, set};
use crate::support::{PASSWORD, Redis, after, eventually};

#[test]
fn several_settings_are_set_at_once() {
    let server = Redis::start();
    let mut door = Door::open(&server.url());
    door.apply(&[
        set("maxmemory", &["384mb"]),
        set("maxmemory-policy", &["allkeys-lru"]),
        set("save", &["900 1", "300 10"]),
    ]);
    assert_eq!(door.observed("maxmemory").running, "402653184");
    assert_eq!(door.observed("maxmemory-policy").running, "allkeys-lru");
    assert_eq!(door.observed("save").running, "900 1 300 10");
    if sets_several(&mut door) {
        let calls = server.ask("INFO commandstats").concat();
        says(&calls, &["cmdstat_config|set:calls=1,"]);
    }
}

/// Whether one `CONFIG SET` takes several settings, as from version 7 on.
fn sets_several(door: &mut Door) -> bool {
    door.snapshot().identity.version_number >= 70_000
}

#[test]
fn an_empty_text_and_odd_texts_are_set_as_they_are() {
    let server = Redis::start();
    let mut door = Door::open(&server.url());
    for text in ["", "a b", "quote ' and \" and \\", "ünïcödé\n"] {
        door.apply(&[set("masteruser", &[text])]);
        assert_eq!(door.observed("masteruser").running, text);
    }
    door.apply(&[]);
}

#[test]
fn of_several_settings_the_one_that_is_refused_is_named_and_none_is_set_where_the_server_can() {
    let server = Redis::start();
    let mut door = Door::open(&server.url());
    let writes = [
        set("timeout", &["30"]),
        set("maxmemory-policy", &["sometimes"]),
        set("hz", &["20"]),
    ];
    let refused = door.refuses(&writes);
    assert_eq!(refused.setting.as_deref(), Some("maxmemory-policy"));
    let (shown, message, timeout) = if sets_several(&mut door) {
        let together = "CONFIG SET timeout 30 maxmemory-policy sometimes hz 20";
        (together, "must be one of", "0")
    } else {
        let alone = "CONFIG SET maxmemory-policy sometimes";
        (alone, "Invalid argument", "30")
    };
    assert_eq!(refused.statement, shown);
    says(&refused.message, &[message]);
    assert_eq!(door.observed("timeout").running, timeout);
    assert_eq!(door.observed("hz").running, "10");
}

#[test]
fn an_immutable_an_unknown_and_a_protected_setting_are_refused_by_name() {
    let server = Redis::start();
    let mut door = Door::open(&server.url());
    let immutable = door.refuses(&[set("databases", &["4"])]);
    assert_eq!(immutable.setting.as_deref(), Some("databases"));
    assert_eq!(
        door.refuses(&[set("no-such", &["4"])]).setting.as_deref(),
        Some("no-such")
    );
    // Before version 7 the server says of both the same, and protects nothing.
    if sets_several(&mut door) {
        says(&immutable.hint, &["configuration file, with a restart"]);
        let protected = door.refuses(&[set("dir", &["/"])]);
        says(&protected.hint, &["enable-protected-configs"]);
    } else {
        says(
            &immutable.hint,
            &["only be changed in the configuration file"],
        );
    }
}

#[test]
fn a_secret_is_in_no_part_of_an_error() {
    let server = Redis::with(&["rename-command CONFIG \"\""]);
    let mut door = Door::open(&server.url());
    let writes = [set("requirepass", &["Tell-Nobody"]), set("hz", &["20"])];
    let refused = door.refuses(&writes);
    says(&refused.statement, &["CONFIG SET requirepass ***"]);
    says(&refused.message, &["unknown command", "***"]);
    assert!(!refused.text.contains("Tell-Nobody"), "{}", refused.text);
}

#[test]
fn there_is_no_override_to_be_taken_away() {
    let server = Redis::start();
    let mut door = Door::open(&server.url());
    let error = door
        .engine
        .write(&[set("hz", &["20"]), reset("hz")])
        .unwrap_err();
    assert!(matches!(error, EngineError::Unexpected { .. }), "{error:?}");
    assert_eq!(door.observed("hz").running, "10");
}

#[test]
fn what_is_persisted_outlives_a_restart() {
    let server = Redis::start();
    let mut door = Door::open(&server.url());
    door.apply(&[set("maxmemory", &["384mb"])]);
    door.engine.persist().unwrap();
    server.restart();
    door.engine.reconnect(Duration::from_secs(30)).unwrap();
    assert_eq!(door.observed("maxmemory").running, "402653184");
}

#[test]
fn without_a_file_nothing_can_be_persisted() {
    let server = Redis::without_file(&[]);
    let refused = Refused::new(&Door::open(&server.url()).engine.persist().unwrap_err());
    assert_eq!(refused.statement, "CONFIG REWRITE");
    says(&refused.message, &["without a config file"]);
    says(&refused.hint, &["persist: none"]);
}

#[test]
fn a_file_that_cannot_be_replaced_is_told_with_what_to_do() {
    let server = Redis::start();
    let mut door = Door::open(&server.url());
    std::fs::remove_file(server.conf_path()).unwrap();
    std::fs::create_dir(server.conf_path()).unwrap();
    let refused = Refused::new(&door.engine.persist().unwrap_err());
    says(&refused.message, &["Rewriting config file"]);
    says(&refused.hint, &["write to that directory"]);
}

#[test]
fn one_run_keeps_another_away_and_is_named() {
    let server = Redis::start();
    let mut first = Door::open(&server.url());
    let mut second = Door::open(&server.url());
    assert!(first.locks() && first.locks());
    says(
        &second.holder(),
        &[
            "client ",
            "user default",
            "from 127.0.0.1:",
            "connected for ",
        ],
    );
    assert!(!second.locks());
    first.engine.unlock().unwrap();
    first.engine.unlock().unwrap();
    assert!(second.locks());
    assert_eq!(server.ask("DBSIZE"), ["0"], "no key is written for it");
}

#[test]
fn the_lock_is_gone_with_its_holder() {
    let server = Redis::start();
    let mut first = Door::open(&server.url());
    let mut second = Door::open(&server.url());
    assert!(first.locks());
    drop(first);
    eventually("the server notices", || second.locks());
}

#[test]
fn a_user_who_may_not_list_connections_has_the_lock() {
    let server = Redis::start();
    server.ask(&format!("ACL SETUSER tuner on >{PASSWORD} +@all -client"));
    let url = format!("redis://tuner:{PASSWORD}@127.0.0.1:{}", port_of(&server));
    let mut door = Door::open(&url);
    assert!(door.locks());
    door.engine.unlock().unwrap();
    door.snapshot();
}

#[test]
fn of_six_never_two_hold_the_lock() {
    let server = Redis::start();
    let urls: [String; 6] = std::array::from_fn(|_| server.url());
    contend(&urls);
}

#[test]
fn a_lost_connection_is_told_apart_from_a_refusal_and_can_be_made_anew() {
    let server = Redis::start();
    let proxy = server.proxy();
    let mut door = Door::open(&proxy.url());
    proxy.cut(after("CONFIG"));
    let error = door.engine.write(&[set("hz", &["20"])]).unwrap_err();
    let EngineError::Lost { during, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(during, "CONFIG SET hz 20");
    assert!(matches!(
        door.engine.snapshot(),
        Err(EngineError::Lost { .. })
    ));
    door.engine.reconnect(Duration::from_secs(30)).unwrap();
    assert_eq!(door.observed("hz").running, "20");
}

#[test]
fn a_server_that_is_being_restarted_is_waited_for() {
    let server = Redis::start();
    let mut door = Door::open(&server.url());
    server.stop();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| door.engine.reconnect(Duration::from_mins(1)));
        server.start_again();
        waiting.join().unwrap().unwrap();
    });
    door.snapshot();
}

#[test]
fn nothing_is_written_after_an_interrupt_until_it_is_shielded() {
    let server = Redis::start();
    let mut door = Door::open(&server.url());
    door.interrupt.raise();
    let write = [set("hz", &["20"])];
    assert!(matches!(
        door.engine.write(&write),
        Err(EngineError::Interrupted)
    ));
    assert_eq!(server.config("hz"), "10");
    let _shield = door.interrupt.shield();
    door.apply(&write);
    assert_eq!(server.config("hz"), "20");
}
