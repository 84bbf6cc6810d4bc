//! What stands between dbtune and a change, found on servers on which it does.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::seen::{Found, examine};
use crate::shop::{PROFILE, Shop};
use crate::support::{
    PASSWORD, Postgres, Project, Redis, Target as _, TargetEntry, before, eventually,
};

/// A Redis that keeps its keys and has a limit, as one in production does.
const SOUND: [&str; 2] = ["maxmemory 32mb", "save 3600 1"];

/// What the doctor finds on a PostgreSQL alone, without a profile.
fn on_postgres(server: &Postgres) -> Found {
    examine(&Project::new().targets(&[server]), "")
}

/// What the doctor finds on a Redis alone, without a profile.
fn on_redis(entry: &TargetEntry) -> Found {
    examine(&Project::new().targets(&[entry]), "")
}

#[test]
fn nothing_is_wrong_with_sound_servers_and_their_superusers() {
    let (postgres, redis) = (Postgres::start(), Redis::with(&SOUND));
    let project = Project::new()
        .targets(&[&postgres, &redis])
        .profile("shop", PROFILE);
    for arguments in ["", "--profile shop"] {
        let found = examine(&project, arguments);
        found.exits(0);
        assert_eq!(found.wrong(), [], "{}", found.ran);
        let connection = found.only("postgresql", "connection", "ok").message;
        for part in ["primary", "127.0.0.1", "as postgres", "targets.yaml:4"] {
            assert!(connection.contains(part), "{part}: {connection}");
        }
    }
    let found = examine(&project, "--target redis");
    assert!(
        found
            .all()
            .iter()
            .all(|finding| finding.target != "postgresql")
    );
    project.dbtune("doctor --target nobody").run().exits(2);
    // Nothing was left behind, in the database or on the disk.
    assert!(!project.state().exists());
    assert_eq!(
        postgres.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'dbtune'"),
        "0"
    );
}

#[test]
fn it_is_said_to_a_person_and_in_markdown_as_well() {
    let postgres = Postgres::start();
    postgres.add_to_conf("no_such_setting = 1");
    let project = Project::new().targets(&[&postgres]);
    project
        .dbtune("doctor")
        .run()
        .exits(6)
        .says("postgresql\n  ok      connection: PostgreSQL ")
        .says("\n  problem config files: ")
        .says("\n          → edit ")
        .says("1 problem\n")
        .says("--profile NAME");
    let ran = project.dbtune("doctor --format markdown").run();
    ran.exits(6)
        .says("| target | check | verdict | seen | remedy |\n| --- |")
        .says("| postgresql | config_files | problem | ");
}

#[test]
fn a_plain_role_is_told_every_statement_that_it_lacks() {
    let server = Postgres::setup()
        .statement(&format!("CREATE ROLE plain LOGIN PASSWORD '{PASSWORD}'"))
        .start();
    let entry = TargetEntry::at("postgresql", &server.url_of("plain", "postgres"));
    let project = Project::new().targets(&[&entry]);
    let found = examine(&project, "");
    found.exits(6);
    assert_eq!(found.of("postgresql", "rights", "problem").len(), 5);
    for statement in found.statements() {
        server.sql(&statement);
    }
    let found = examine(&project, "");
    found.exits(0);
    assert_eq!(found.wrong(), [], "{}", found.ran);
}

#[test]
fn a_broken_line_in_a_configuration_file_is_named_until_it_is_mended() {
    let server = Postgres::start();
    let sound = fs::read_to_string(server.conf_path()).unwrap();
    server.add_to_conf("no_such_setting = 1");
    let found = on_postgres(&server);
    let problem = found.exits(6).only("postgresql", "config_files", "problem");
    let line = fs::read_to_string(server.conf_path())
        .unwrap()
        .lines()
        .count();
    let place = format!("{}:{line}", server.conf_path().display());
    assert_eq!(problem.remedy, format!("edit {place}"), "{problem:?}");
    assert!(problem.message.contains("no_such_setting"));
    fs::write(server.conf_path(), sound).unwrap();
    assert_eq!(on_postgres(&server).exits(0).wrong(), []);
}

#[test]
fn where_alter_system_is_switched_off_the_line_that_does_it_is_named() {
    for bin in Postgres::bins_since(17) {
        let server = Postgres::with_bin(bin)
            .setting("allow_alter_system = off")
            .start();
        let project = Project::new().targets(&[&server]).profile("shop", PROFILE);
        let found = examine(&project, "--profile shop");
        let off = found.exits(6).only("postgresql", "alter_system", "problem");
        assert!(off.remedy.contains("postgresql.conf:"), "{off:?}");
    }
}

#[test]
fn a_file_that_the_server_cannot_write_is_a_problem() {
    let server = Postgres::start();
    let path = server.data().join("postgresql.auto.conf");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    let problem = on_postgres(&server)
        .exits(6)
        .only("postgresql", "config_files", "problem");
    assert!(problem.message.contains("is read-only"), "{problem:?}");
    assert!(problem.remedy.starts_with("chmod u+w "), "{problem:?}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    on_postgres(&server).exits(0);
}

#[test]
fn what_waits_for_a_restart_is_named_with_the_command() {
    let server = Postgres::setup()
        .statement("ALTER SYSTEM SET max_connections = 40")
        .statement("SELECT pg_reload_conf()")
        .start();
    eventually("the server has read its files", || {
        let pending = "SELECT pending_restart FROM pg_settings WHERE name = 'max_connections'";
        server.value(pending) == "t"
    });
    let waits = on_postgres(&server)
        .exits(0)
        .only("postgresql", "pending_restart", "warning");
    assert!(waits.message.contains("max_connections"), "{waits:?}");
    assert!(waits.remedy.contains(&server.restart_command().join(" ")));
}

#[test]
fn what_overrides_a_setting_of_the_profile_is_told_with_what_lifts_it() {
    let server = Postgres::setup()
        .argument("-c")
        .argument("work_mem=6MB")
        .statement("CREATE ROLE app")
        .statement("ALTER ROLE app SET maintenance_work_mem = '70MB'")
        .start();
    let profile = |work_mem: &str| {
        format!(
            "profile: p\nphases: [{{phase: 1, postgresql: {{work_mem: {work_mem}, \
             maintenance_work_mem: 128MB}}}}]\n"
        )
    };
    let project = Project::new()
        .targets(&[&server])
        .profile("other", &profile("8MB"))
        .profile("same", &profile("6144kB"));
    let found = examine(&project, "--profile other");
    let line = found.exits(6).only("postgresql", "overrides", "problem");
    assert!(line.message.contains("sets work_mem to 6MB"), "{line:?}");
    let role = found.only("postgresql", "overrides", "warning");
    assert!(role.message.contains("role app"), "{role:?}");
    assert_eq!(role.remedy, "ALTER ROLE app RESET maintenance_work_mem");
    examine(&project, "--profile same").exits(0);
}

#[test]
fn a_profile_that_does_not_fit_is_told_by_setting_and_engine() {
    let server = Postgres::start();
    let misfit = "profile: misfit\nrequires: {postgresql: \">=99\"}\nphases:\n  - phase: 1\n    \
                  postgresql: {no_such_thing: 1, config_file: /x.conf}\n    redis: {maxmemory: 64mb}\n";
    let project = Project::new().targets(&[&server]).profile("misfit", misfit);
    let found = examine(&project, "--profile misfit");
    found.exits(6);
    let missing = found.only("", "profile", "problem");
    assert!(missing.remedy.contains("--redis URL"), "{missing:?}");
    let unknown = found.only("postgresql", "profile", "problem");
    assert!(unknown.message.contains("no_such_thing"), "{unknown:?}");
    let fixed = found.only("postgresql", "alter_system", "problem");
    assert!(fixed.message.contains("config_file"), "{fixed:?}");
    let version = found.only("postgresql", "version", "problem");
    assert!(version.message.contains(">=99"), "{version:?}");
}

#[test]
fn a_server_that_cannot_be_reached_keeps_no_other_from_being_examined() {
    let postgres = Postgres::start();
    let gone = TargetEntry {
        name: "gone".to_owned(),
        ..TargetEntry::at("redis", &format!("redis://:{PASSWORD}@127.0.0.1:1"))
    };
    let project = Project::new().targets(&[&gone, &postgres]);
    let found = examine(&project, "");
    let problem = found.exits(1).only("gone", "connection", "problem");
    assert!(
        problem.message.contains("connection refused"),
        "{problem:?}"
    );
    assert_eq!(found.of("postgresql", "connection", "ok").len(), 1);
    assert_eq!(found.of("postgresql", "memory", "ok").len(), 1);
    assert_eq!(found.ran.json()["error"]["kind"], "not_examined");
    postgres.stop();
    let found = examine(&project, "");
    assert_eq!(
        found
            .exits(1)
            .only("postgresql", "connection", "problem")
            .verdict,
        "problem"
    );
    let nobody = Project::new();
    let ran = nobody.dbtune("doctor").run();
    ran.exits(2).complains("no target is known");
}

#[test]
fn a_wrong_password_is_told_and_not_shown() {
    let redis = Redis::with(&SOUND);
    let wrong = "Not-The-Password-77";
    let entry = TargetEntry::at(
        "redis",
        &format!("redis://:{wrong}@127.0.0.1:{}", redis.port()),
    );
    let found = on_redis(&entry);
    let problem = found.exits(1).only("redis", "connection", "problem");
    assert!(
        problem.message.contains("wrong user or password"),
        "{problem:?}"
    );
    found.ran.never_shows(wrong);
}

#[test]
fn a_redis_without_a_config_file_is_a_problem_unless_persist_is_none() {
    let redis = Redis::without_file(&SOUND);
    let rewrites = TargetEntry {
        persist: None,
        ..redis.entry()
    };
    let problem = on_redis(&rewrites)
        .exits(6)
        .only("redis", "config_files", "problem");
    assert!(problem.remedy.contains("persist: none"), "{problem:?}");
    let elsewhere = TargetEntry {
        persist: Some("none"),
        ..redis.entry()
    };
    on_redis(&elsewhere).exits(0);
}

#[test]
fn a_redis_that_may_lose_everything_or_let_everybody_in_is_warned_of() {
    let redis = Redis::with(&["save \"\"", "protected-mode no"]);
    let found = on_redis(&redis.entry());
    found.exits(0);
    let memory = found.only("redis", "memory", "warning");
    assert!(memory.message.contains("maxmemory is 0"), "{memory:?}");
    found.only("redis", "persistence", "warning");
    assert_eq!(found.of("redis", "protected_mode", "warning"), []);
    redis.ask("ACL SETUSER keeper on nopass ~* +@all");
    let open = TargetEntry::at(
        "redis",
        &format!("redis://keeper:any@127.0.0.1:{}", redis.port()),
    );
    let cleared = redis::cmd("CONFIG")
        .arg(&["SET", "requirepass", ""])
        .exec(&mut redis.client());
    cleared.unwrap();
    let warned = on_redis(&open).only("redis", "protected_mode", "warning");
    // Protected mode without a password would shut out whoever comes from another host.
    assert!(warned.remedy.starts_with("set `requirepass`"), "{warned:?}");
    assert!(!warned.remedy.contains("SET protected-mode"), "{warned:?}");
}

#[test]
fn a_redis_whose_config_is_renamed_is_told_apart_from_one_that_is_fine() {
    let redis = Redis::with(&["rename-command CONFIG \"\""]);
    let found = on_redis(&redis.entry());
    assert_ne!(found.ran.code(), Some(0));
    let problems = found.wrong().into_iter();
    let said: Vec<String> = problems.map(|finding| finding.message).collect();
    assert!(
        said.iter().any(|message| message.contains("CONFIG")),
        "{said:?}"
    );
}

#[test]
fn a_replica_that_is_no_target_is_warned_of_and_one_that_is_is_not() {
    let master = Redis::with(&SOUND);
    let follow = format!("replicaof 127.0.0.1 {}", master.port());
    let password = format!("masterauth {PASSWORD}");
    let replica = Redis::with(&[SOUND[0], SOUND[1], &follow, &password]);
    eventually("the replica follows", || {
        master
            .ask("INFO replication")
            .concat()
            .contains("state=online")
    });
    let listed = TargetEntry {
        name: "replica".to_owned(),
        ..replica.entry()
    };
    let alone = on_redis(&master.entry());
    let warning = alone.exits(0).only("redis", "replication", "warning");
    assert!(
        warning.message.contains("1 replica of it, 0 among"),
        "{warning:?}"
    );
    let both = examine(&Project::new().targets(&[&master, &listed]), "");
    assert_eq!(both.exits(0).wrong(), [], "{}", both.ran);
    let orphan = on_redis(&listed);
    orphan.exits(0).only("replica", "replication", "warning");
    master.stop();
    eventually("the replica has lost its master", || {
        replica
            .ask("INFO replication")
            .concat()
            .contains("master_link_status:down")
    });
    let cut_off = on_redis(&listed).of("replica", "replication", "warning");
    assert!(
        cut_off
            .iter()
            .any(|one| one.message.contains("not connected")),
        "{cut_off:?}"
    );
}

#[test]
fn a_restart_command_that_cannot_be_run_is_a_problem() {
    let server = Postgres::start();
    let with = |program: &str| TargetEntry {
        restart: Some(vec![program.to_owned(), "restart".to_owned()]),
        ..server.entry()
    };
    for program in ["no-such-program", "./targets.yaml", "./missing"] {
        let found = examine(&Project::new().targets(&[&with(program)]), "");
        let problem = found
            .exits(6)
            .only("postgresql", "restart_command", "problem");
        assert!(problem.message.contains(program), "{problem:?}");
    }
    examine(&Project::new().targets(&[&with("sh")]), "").exits(0);
}

#[test]
fn a_journal_that_cannot_be_written_or_is_open_to_others_is_told() {
    let server = Postgres::start();
    let project = Project::new().targets(&[&server]);
    let ran = project
        .dbtune("doctor")
        .env("DBTUNE_STATE_DIR", project.path("targets.yaml"))
        .run();
    ran.exits(6)
        .says("local journal cannot be written")
        .says("DBTUNE_STATE_DIR");
    let runs = project.state().join("runs");
    fs::create_dir_all(&runs).unwrap();
    fs::set_permissions(&runs, fs::Permissions::from_mode(0o755)).unwrap();
    let found = examine(&project, "");
    let open = found.exits(0).only("", "journal", "warning");
    assert_eq!(open.remedy, format!("chmod 700 {}", runs.display()));
    fs::set_permissions(&runs, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(examine(&project, "").wrong(), []);
}

#[test]
fn a_standby_that_is_named_before_its_primary_does_not_have_the_history() {
    let primary = Postgres::start();
    let standby = primary.standby();
    let named = |server: &Postgres, name: &str| TargetEntry {
        name: name.to_owned(),
        ..server.entry()
    };
    let (first, second) = (named(&standby, "standby"), named(&primary, "primary"));
    let both = Project::new().targets(&[&first, &second]);
    let found = examine(&both, "");
    assert_eq!(found.exits(0).of("standby", "history", "problem"), []);
    let alone = examine(&Project::new().targets(&[&first]), "");
    alone.exits(6).only("standby", "history", "problem");
}

#[test]
fn a_run_that_was_cut_off_is_named_until_it_is_settled() {
    let (shop, proxy) = Shop::with_postgres_behind_a_proxy();
    let hold = proxy.hold(before("ALTER SYSTEM SET"));
    let running = shop.dbtune("apply --phase 1 --yes").spawn();
    hold.wait();
    let under_way = examine(&shop.project, "");
    assert!(
        under_way
            .only("", "runs", "warning")
            .message
            .contains("is under way")
    );
    running.kill();
    running.wait();
    drop(hold);
    let mut cut_off = examine(&shop.project, "");
    eventually("the server has noticed that the run is gone", || {
        cut_off = examine(&shop.project, "");
        cut_off
            .only("", "runs", "warning")
            .message
            .contains("was cut off")
    });
    cut_off.exits(0);
    shop.dbtune("rollback --yes").run().exits(0);
    assert_eq!(examine(&shop.project, "").of("", "runs", "warning"), []);
}

#[test]
fn what_waits_for_a_restart_and_would_keep_the_server_from_starting_is_a_problem() {
    let postgres = Postgres::start();
    postgres.sql("alter system set superuser_reserved_connections = 30");
    postgres.sql("select pg_reload_conf()");
    let ran = Project::new().targets(&[&postgres]).dbtune("doctor").run();
    ran.exits(6)
        .says("the server would not")
        .says("do not restart postgresql");
}
