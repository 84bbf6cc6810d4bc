//! `rollback` and `history`: the way back, and what is remembered.

use serde_json::json;

use crate::shop::Shop;
use crate::support::{Postgres, Project, Redis, before};

#[test]
fn a_rollback_restores_raw_values_and_takes_away_what_was_not_there() {
    let shop = Shop::open();
    let before = shop.state();
    shop.dbtune("apply --phase 1 --yes").run().exits(0);
    assert_ne!(shop.state(), before);
    let ran = shop.dbtune("rollback --yes --format json").run();
    ran.exits(0);
    assert_eq!(ran.json()["outcome"], "rolled_back");
    assert_eq!(shop.state().without_file(), before.without_file());
    let history = shop.history();
    assert_eq!(history[0]["command"], "rollback");
    assert_eq!(history[1]["outcome"], "applied");
    assert_eq!(history[1]["undone_by"], history[0]["run"]);
}

#[test]
fn rollbacks_walk_back_run_by_run_and_then_have_nothing_to_do() {
    let shop = Shop::open();
    let before = shop.state();
    shop.dbtune("apply --phase 1 --yes").run().exits(0);
    shop.dbtune("apply --phase 2 --yes --restart")
        .run()
        .exits(0);
    shop.dbtune("rollback --yes --restart").run().exits(0);
    assert_eq!(shop.postgres.show("max_connections"), "30");
    assert_eq!(shop.postgres.show("work_mem"), "8MB");
    shop.dbtune("rollback --yes").run().exits(0);
    assert_eq!(shop.state().without_file(), before.without_file());
    let ran = shop.dbtune("rollback --yes --format json").run();
    ran.exits(0);
    assert_eq!(ran.json()["outcome"], "nothing_to_do");
}

#[test]
fn a_rollback_that_needs_a_restart_says_so() {
    let shop = Shop::open();
    shop.dbtune("apply --phase 1 --phase 2 --yes --restart")
        .run()
        .exits(0);
    let ran = shop.dbtune("rollback --yes --format json").run();
    ran.exits(4);
    assert_eq!(ran.json()["pending_restart"], json!(["postgresql"]));
    shop.postgres.restart();
    assert_eq!(shop.postgres.show("max_connections"), "30");
    assert_eq!(shop.history()[0]["outcome"], "rolled_back");
}

#[test]
fn a_pending_restart_that_is_rolled_back_needs_no_restart() {
    let shop = Shop::open();
    shop.dbtune("apply --phase 1 --yes").run().exits(0);
    shop.dbtune("apply --phase 2 --yes").run().exits(4);
    shop.dbtune("rollback --yes").run().exits(0);
    let plan = shop.dbtune("plan --phase 2 --format json").run().json();
    assert_eq!(plan["summary"]["pending_restart"], 0);
}

#[test]
fn a_named_run_is_undone_by_the_beginning_of_its_id() {
    let shop = Shop::open();
    let run = shop
        .dbtune("apply --phase 1 --yes --format json")
        .run()
        .json()["run"]
        .clone();
    let run = run.as_str().unwrap();
    shop.dbtune(&format!("rollback {} --yes", run.split_at(20).0))
        .run()
        .exits(0);
    assert_eq!(shop.postgres.show("work_mem"), "5MB");
    shop.dbtune(&format!("rollback {run} --yes"))
        .run()
        .exits(6)
        .complains("was undone by");
    shop.dbtune("rollback 0ZZZZ --yes")
        .run()
        .exits(2)
        .complains("there is no run");
}

#[test]
fn a_rollback_can_itself_be_rolled_back() {
    let shop = Shop::open();
    shop.dbtune("apply --phase 1 --yes").run().exits(0);
    let rollback = shop.dbtune("rollback --yes --format json").run().json()["run"].clone();
    shop.dbtune(&format!("rollback {} --yes", rollback.as_str().unwrap()))
        .run()
        .exits(0);
    assert_eq!(shop.postgres.show("work_mem"), "8MB");
    assert_eq!(shop.history().last().unwrap()["undone_by"], json!(null));
}

#[test]
fn lists_and_odd_texts_come_back_as_they_were() {
    let postgres = Postgres::setup()
        .statement("ALTER SYSTEM SET search_path = 'Other Schema', 'x,y'")
        .statement(r"ALTER SYSTEM SET log_line_prefix = E'it''s \\ %m'")
        .statement("SELECT pg_reload_conf()")
        .start();
    let redis = Redis::with(&["save 900 1"]);
    let profile = r#"
profile: odd
phases:
  - phase: 1
    postgresql:
      search_path: ['"$user"', public, My Schema]
      log_line_prefix: '%m \ it''s "x" $1 é '
      archive_command: 'cp "%p" ''/tmp/x y/%f'''
      temp_tablespaces: ''
      cluster_name: "a'b\\c"
    redis:
      save: ''
      client-output-buffer-limit: pubsub 16mb 8mb 60
"#;
    let project = Project::new()
        .targets(&[&postgres, &redis])
        .profile("odd", profile);
    let entries = || {
        let text = postgres.auto_conf();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let before = (entries(), redis.config("save"));
    let limits = redis.config("client-output-buffer-limit");
    project
        .dbtune("apply --yes --profile odd --allow not_persisted")
        .run()
        .exits(4);
    assert_eq!(
        postgres.show("search_path"),
        r#""$user", public, "My Schema""#
    );
    project.dbtune("rollback --yes").run().exits(0);
    assert_eq!((entries(), redis.config("save")), before);
    assert_eq!(redis.config("client-output-buffer-limit"), limits);
}

#[test]
fn what_somebody_changed_since_blocks_by_name() {
    let shop = Shop::open();
    shop.dbtune("apply --phase 1 --yes").run().exits(0);
    shop.postgres.sql("ALTER SYSTEM SET work_mem = '11MB'");
    shop.postgres.sql("SELECT pg_reload_conf()");
    let ran = shop.dbtune("rollback --yes").run();
    ran.exits(6).complains("work_mem").complains("11MB");
    assert_eq!(shop.postgres.show("maintenance_work_mem"), "128MB");
    shop.dbtune("rollback --yes --allow overridden")
        .run()
        .exits(0);
    assert_eq!(shop.postgres.show("work_mem"), "5MB");
}

#[test]
fn the_history_is_shared_by_whoever_uses_the_same_server() {
    let shop = Shop::open();
    shop.dbtune("apply --phase 1 --yes").run().exits(0);
    let elsewhere = Project::new().targets(&[&shop.postgres, &shop.redis]);
    let runs = elsewhere.dbtune("history --format json").run().json();
    assert_eq!(runs["runs"].as_array().unwrap().len(), 1);
    assert_eq!(runs["runs"][0]["phases"], json!([1]));
    elsewhere.dbtune("rollback --yes").run().exits(0);
    assert_eq!(shop.postgres.show("work_mem"), "5MB");
}

#[test]
fn history_shows_one_run_with_its_changes() {
    let shop = Shop::open();
    shop.dbtune("history").run().exits(0).says("No runs yet");
    let run = shop
        .dbtune("apply --phase 1 --yes --format json")
        .run()
        .json()["run"]
        .clone();
    shop.dbtune(&format!("history {}", run.as_str().unwrap()))
        .run()
        .exits(0)
        .says("postgresql.work_mem")
        .says("5MB → 8MB");
}

#[test]
fn a_secret_appears_in_no_output_no_file_and_no_table() {
    let shop = Shop::open();
    let secret = "S3cret-of-the-profile";
    let project = Project::new()
        .targets(&[&shop.postgres, &shop.redis])
        .profile(
            "secret",
            "profile: secret\nphases:\n  - phase: 1\n    postgresql:\n      \
         primary_conninfo: host=elsewhere password=${SECRET}\n    redis:\n      \
         masterauth: ${SECRET}\n",
        );
    let run = |arguments: &str| {
        let ran = project.dbtune(arguments).env("SECRET", secret).run();
        ran.never_shows(secret);
        ran
    };
    run("plan --profile secret --diff").exits(0).says("***");
    run("plan --profile secret --format json --out saved.json").exits(0);
    run("plan --profile secret --format markdown").exits(0);
    run("profile show --profile secret").exits(0).says("***");
    run("apply --profile secret --yes --verbose").exits(0);
    run("history").exits(0);
    assert!(shop.postgres.auto_conf().contains(secret));
    assert_eq!(shop.redis.config("masterauth"), secret);
    let table = shop.postgres.sql("SELECT intent, ending FROM dbtune.run");
    assert!(!format!("{table:?}").contains(secret), "{table:?}");
    for entry in walk(&project.path("")) {
        let text = std::fs::read_to_string(&entry).unwrap();
        assert!(
            !text.contains(secret),
            "{} holds the secret",
            entry.display()
        );
    }
    run("rollback --yes").exits(0);
    assert!(!shop.postgres.auto_conf().contains(secret));
    assert_eq!(shop.redis.config("masterauth"), "");
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let paths = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                walk(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[test]
fn a_list_entry_that_was_written_as_one_name_comes_back_as_it_was() {
    for entry in ["'a, b'", "''"] {
        let postgres = Postgres::setup()
            .statement(&format!("ALTER SYSTEM SET search_path = {entry}"))
            .statement("SELECT pg_reload_conf()")
            .start();
        let project = Project::new().targets(&[&postgres]).profile(
            "list",
            "profile: list\nphases:\n  - phase: 1\n    postgresql: {search_path: [x, 'UP, y']}\n",
        );
        let before = postgres.auto_conf();
        project.dbtune("apply --yes --profile list").run().exits(0);
        project.dbtune("rollback --yes").run().exits(0);
        assert_eq!(postgres.auto_conf(), before);
    }
}

#[test]
fn a_rollback_that_waits_for_a_restart_is_finished_by_the_next_one() {
    let shop = Shop::open();
    shop.dbtune("apply --phase 1 --yes").run().exits(0);
    shop.dbtune("apply --phase 2 --yes --restart")
        .run()
        .exits(0);
    shop.dbtune("rollback --yes").run().exits(4);
    shop.dbtune("rollback --yes").run().exits(4);
    shop.dbtune("rollback --yes --restart").run().exits(0);
    assert_eq!(shop.postgres.show("max_connections"), "30");
    assert_eq!(shop.postgres.show("work_mem"), "8MB");
}

#[test]
fn a_run_killed_after_its_restart_is_settled_as_waiting_for_another() {
    let (shop, proxy) = Shop::with_postgres_behind_a_proxy();
    shop.dbtune("apply --phase 1 --yes").run().exits(0);
    // The lock is taken again after the restart.
    let hold = proxy.hold(before("pg_try_advisory_lock").nth(2));
    let running = shop.dbtune("apply --phase 2 --yes --restart").spawn();
    hold.wait();
    running.kill();
    running.wait();
    hold.cut();
    assert_eq!(shop.postgres.show("max_connections"), "40");
    let ran = shop.dbtune("rollback --yes --format json").run();
    ran.exits(4);
    assert_eq!(ran.json()["pending_restart"], json!(["postgresql"]));
    assert_eq!(shop.history()[0]["outcome"], "rolled_back");
    shop.postgres.restart();
    assert_eq!(shop.postgres.show("max_connections"), "30");
}
