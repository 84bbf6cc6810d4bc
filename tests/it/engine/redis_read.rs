//! What is read of a Redis server.

use std::thread;
use std::time::Duration;

use dbtune::engine::EngineError;
use dbtune::setting::EngineKind;
use dbtune::snapshot::{Entry, Manager};

use super::door::{Door, port_of, says};
use crate::support::{PASSWORD, Redis, eventually};

#[test]
fn every_setting_is_read_with_its_raw_value() {
    let server = Redis::with(&["maxmemory 256mb", "save 900 1", "save 300 10"]);
    let mut door = Door::open(&server.url());
    let snapshot = door.snapshot();
    assert_eq!(snapshot.engine, EngineKind::Redis);
    assert_eq!(snapshot.address, format!("127.0.0.1:{}", port_of(&server)));
    assert_eq!(
        snapshot.settings.len(),
        server.ask("CONFIG GET *").len() / 2
    );
    let observed = door.observed("MaxMemory");
    assert_eq!(observed.running, "268435456");
    assert_eq!(observed.configured, None);
    assert_eq!(observed.entry, Entry::Unknown);
    assert_eq!(observed.source.kind, "running");
    assert_eq!(door.observed("save").running, "900 1 300 10");
    assert!(door.observed("requirepass").secret);
}

#[test]
fn both_names_of_a_setting_are_there() {
    let server = Redis::start();
    let mut door = Door::open(&server.url());
    for name in ["replica-priority", "slave-priority"] {
        assert_eq!(door.observed(name).running, "100");
    }
}

#[test]
fn one_life_of_the_server_has_one_start() {
    let server = Redis::start();
    let first = Door::open(&server.url()).snapshot().identity;
    assert!(first.started_at.ends_with('Z'), "{}", first.started_at);
    // Over more than a second, because the server counts its uptime in whole ones.
    for _reading in 0..25 {
        assert_eq!(Door::open(&server.url()).snapshot().identity, first);
        thread::sleep(Duration::from_millis(50));
    }
    server.restart();
    let second = Door::open(&server.url()).snapshot().identity;
    assert_ne!(second.system, first.system);
}

#[test]
fn the_server_is_known_by_version_role_and_user() {
    let server = Redis::start();
    let mut door = Door::open(&server.url());
    let identity = door.snapshot().identity;
    let info = server.ask("INFO server").concat();
    assert!(info.contains(&format!("redis_version:{}\r\n", identity.version)));
    assert!(info.contains(&format!("run_id:{}\r\n", identity.system)));
    assert!(identity.version_number >= 60_000);
    assert_eq!((&*identity.role, &*identity.user), ("master", "default"));

    let master = Redis::start();
    server.ask(&format!("REPLICAOF 127.0.0.1 {}", port_of(&master)));
    eventually("it is a replica", || {
        door.snapshot().identity.role == "replica"
    });

    server.ask(&format!("ACL SETUSER tuner on >{PASSWORD} +@all"));
    let url = format!("redis://tuner:{PASSWORD}@127.0.0.1:{}", port_of(&server));
    assert_eq!(Door::open(&url).snapshot().identity.user, "tuner");
}

#[test]
fn the_file_that_would_be_rewritten_is_told() {
    let server = Redis::start();
    let file = Door::open(&server.url()).snapshot().persisted_in.unwrap();
    assert_eq!(Some(file.as_str()), server.conf_path().to_str());
    let server = Redis::without_file(&[]);
    assert_eq!(Door::open(&server.url()).snapshot().persisted_in, None);
}

#[test]
fn a_server_without_config_is_refused_with_a_hint() {
    let server = Redis::with(&["rename-command CONFIG \"\""]);
    let error = Door::open(&server.url()).engine.snapshot().unwrap_err();
    let EngineError::NotReadable {
        managed_by,
        reason,
        hint,
        ..
    } = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!(*managed_by, Some(Manager::RedisService));
    says(reason, &["renamed or switched off"]);
    says(hint, &["config_command: NAME", "managed service"]);
}

#[test]
fn a_user_without_the_right_is_told_which_one() {
    let server = Redis::start();
    server.ask(&format!("ACL SETUSER tuner on >{PASSWORD} +info +client"));
    let url = format!("redis://tuner:{PASSWORD}@127.0.0.1:{}", port_of(&server));
    let error = Door::open(&url).engine.snapshot().unwrap_err();
    let EngineError::NotReadable {
        managed_by: None,
        reason,
        hint,
        ..
    } = &error
    else {
        panic!("{error:?}");
    };
    says(reason, &["NOPERM"]);
    let right = if server.info("redis_version").starts_with("6.") {
        "+config"
    } else {
        "+config|get"
    };
    says(hint, &["ACL SETUSER tuner", right]);

    server.ask("ACL SETUSER tuner +config");
    let snapshot = Door::open(&url).snapshot();
    assert_eq!(
        snapshot.identity.user, "default",
        "ACL WHOAMI is not among its rights"
    );
    assert!(snapshot.missing_rights.is_empty());
}
