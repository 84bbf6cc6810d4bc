//! `apply`: what it writes, what it refuses, what it says.

use serde_json::json;

use crate::shop::{PROFILE, Shop};
use crate::support::{Postgres, Project, Redis, Target as _, TargetEntry};

#[test]
fn phase_one_is_in_effect_on_both_servers_and_in_their_files() {
    let shop = Shop::open();
    let ran = shop.dbtune("apply --phase 1 --yes --format json").run();
    ran.exits(0);
    let run = ran.json();
    assert_eq!(run["outcome"], "applied");
    assert_eq!(run["phases"], json!([1]));
    assert_eq!(run["changes"].as_array().unwrap().len(), 4);
    assert_eq!(
        run["undo"],
        format!("dbtune rollback {}", run["run"].as_str().unwrap())
    );
    assert_eq!(shop.postgres.show("work_mem"), "8MB");
    assert_eq!(shop.postgres.show("maintenance_work_mem"), "128MB");
    assert_eq!(shop.redis.config("maxmemory"), "67108864");
    assert!(shop.redis.conf().contains("maxmemory 64mb"));
    shop.postgres.restart();
    shop.redis.restart();
    assert_eq!(shop.postgres.show("work_mem"), "8MB");
    assert_eq!(shop.redis.config("timeout"), "30");
}

#[test]
fn a_second_apply_has_nothing_to_do_and_records_no_run() {
    let shop = Shop::open();
    shop.dbtune("apply --phase 1 --yes").run().exits(0);
    let again = shop.dbtune("apply --phase 1 --yes --format json").run();
    again.exits(0);
    assert_eq!(again.json()["outcome"], "nothing_to_do");
    assert_eq!(again.json()["run"], json!(null));
    assert_eq!(shop.history().len(), 1);
}

#[test]
fn what_needs_a_restart_is_pending_until_it_has_happened() {
    let shop = Shop::open();
    shop.dbtune("apply --phase 1 --yes").run().exits(0);
    let ran = shop.dbtune("apply --phase 2 --yes --format json").run();
    ran.exits(4);
    assert_eq!(ran.json()["outcome"], "pending_restart");
    assert_eq!(ran.json()["pending_restart"], json!(["postgresql"]));
    shop.dbtune("apply --phase 2 --yes")
        .run()
        .exits(4)
        .says("max_connections");
    let plan = shop.dbtune("plan --phase 2 --format json").run().json();
    assert_eq!(plan["summary"]["pending_restart"], 1);
    assert_eq!(shop.history()[0]["outcome"], "pending_restart");
    shop.postgres.restart();
    shop.dbtune("apply --phase 2 --yes").run().exits(0);
    assert_eq!(shop.postgres.show("max_connections"), "40");
    assert_eq!(shop.history()[0]["outcome"], "applied");
}

#[test]
fn restart_runs_the_targets_own_command_and_asks_the_server_again() {
    let shop = Shop::open();
    shop.dbtune("apply --phase 1 --yes").run().exits(0);
    let ran = shop
        .dbtune("apply --phase 2 --yes --restart --format json")
        .run();
    ran.exits(0);
    assert_eq!(ran.json()["restarted"], json!(["postgresql"]));
    assert_eq!(ran.json()["outcome"], "applied");
    assert_eq!(shop.postgres.show("max_connections"), "40");
}

#[test]
fn restart_finishes_what_an_earlier_run_left_pending() {
    let shop = Shop::open();
    shop.dbtune("apply --phase 1 --phase 2 --yes")
        .run()
        .exits(4);
    shop.dbtune("apply --phase 2 --yes --restart")
        .run()
        .exits(0);
    assert_eq!(shop.postgres.show("max_connections"), "40");
    // The restart alone is no change to undo: the run before it is what a rollback takes.
    shop.dbtune("rollback --yes --restart").run().exits(0);
    assert_eq!(shop.postgres.show("max_connections"), "30");
    assert_eq!(shop.postgres.show("work_mem"), "5MB");
}

#[test]
fn restart_without_a_restart_command_is_refused_before_anything_is_written() {
    let shop = Shop::with(|postgres, _| {
        vec![TargetEntry {
            restart: None,
            ..postgres.entry()
        }]
    });
    let before = shop.state();
    shop.dbtune("apply --phase 1 --phase 2 --yes --restart")
        .run()
        .exits(2)
        .complains("postgresql has no restart command");
    assert_eq!(shop.state(), before);
}

#[test]
fn a_restart_command_that_fails_puts_everything_back() {
    let failing = vec![
        "sh".to_owned(),
        "-c".to_owned(),
        "echo no way >&2; exit 7".to_owned(),
    ];
    let shop = Shop::with(|postgres, _| {
        vec![TargetEntry {
            restart: Some(failing),
            ..postgres.entry()
        }]
    });
    let before = shop.state();
    shop.dbtune("apply --phase 1 --phase 2 --yes --restart")
        .run()
        .exits(1)
        .complains("no way")
        .complains("everything that it changed has been put back");
    assert_eq!(shop.state().without_file(), before.without_file());
    assert_eq!(shop.history()[0]["outcome"], "rolled_back");
}

#[test]
fn a_later_phase_is_refused_while_an_earlier_one_is_outstanding() {
    let shop = Shop::open();
    let before = shop.state();
    let ran = shop.dbtune("apply --phase 3 --yes --format json").run();
    ran.exits(6);
    assert_eq!(ran.json()["error"]["kind"], "earlier_phase");
    assert_eq!(ran.json()["outcome"], "refused");
    assert_eq!(shop.state(), before);
    shop.dbtune("apply --phase 3 --yes --allow earlier_phase")
        .run()
        .exits(0);
    assert_eq!(shop.redis.config("maxmemory-policy"), "allkeys-lru");
}

#[test]
fn a_phase_is_refused_outside_its_window() {
    let shop = Shop::open();
    // No window is open on a day other than today.
    let today = time::OffsetDateTime::from(std::time::UNIX_EPOCH + now()).weekday();
    let day: String = today.next().next().to_string().chars().take(3).collect();
    let profile = format!(
        "profile: night\nphases:\n  - phase: 1\n    window: {day} 02:00-03:00 UTC\n    \
         postgresql: {{work_mem: 8MB}}\n"
    );
    let project = Project::new()
        .targets(&[&shop.postgres])
        .profile("night", &profile);
    let ran = project
        .dbtune("apply --profile night --yes --format json")
        .run();
    ran.exits(6);
    assert_eq!(ran.json()["error"]["kind"], "outside_window");
    assert_eq!(shop.postgres.show("work_mem"), "5MB");
    project
        .dbtune("apply --profile night --yes --allow outside_window")
        .run()
        .exits(0);
}

fn now() -> std::time::Duration {
    #[expect(
        clippy::disallowed_methods,
        reason = "the test must know which day it is"
    )]
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
}

#[test]
fn a_value_that_the_server_refuses_takes_back_what_was_written_before_it() {
    let shop = Shop::open();
    let before = shop.state();
    // Within its range, and more than the operating system gives: only the server can know.
    let project = Project::new().targets(&[&shop.postgres]).profile(
        "deep",
        "profile: deep\nphases:\n  - phase: 1\n    postgresql:\n      work_mem: 8MB\n      \
         max_stack_depth: 1GB\n",
    );
    project
        .dbtune("apply --profile deep --yes")
        .run()
        .exits(1)
        .complains("max_stack_depth")
        .complains("22023")
        .complains("everything that it changed has been put back");
    assert_eq!(shop.state(), before);
}

#[test]
fn a_redis_that_refuses_takes_back_what_postgresql_had_written() {
    let shop = Shop::open();
    let before = shop.state();
    let project = Project::new()
        .targets(&[&shop.postgres, &shop.redis])
        .profile(
            "bound",
            "profile: bound\nphases:\n  - phase: 1\n    postgresql: {work_mem: 8MB}\n    \
         redis: {maxmemory: 64mb, bind: 127.0.0.1 203.0.113.7}\n",
        );
    project
        .dbtune("apply --profile bound --yes")
        .run()
        .exits(1)
        .complains("redis")
        .complains("everything that it changed has been put back");
    assert_eq!(shop.state(), before);
}

#[test]
fn a_broken_config_file_elsewhere_is_refused_before_writing() {
    let shop = Shop::open();
    let before = shop.state();
    shop.postgres.add_to_conf("no_such_setting_at_all = 1");
    let ran = shop.dbtune("apply --phase 1 --yes --format json").run();
    ran.exits(6);
    assert_eq!(ran.json()["error"]["kind"], "broken_config_file");
    ran.says("no_such_setting_at_all");
    assert_eq!(shop.state(), before);
}

#[test]
fn without_a_terminal_and_without_yes_nothing_is_done() {
    let shop = Shop::open();
    let before = shop.state();
    shop.dbtune("apply --phase 1")
        .run()
        .exits(6)
        .complains("--yes");
    assert_eq!(shop.state(), before);
    assert!(shop.history().is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_only_yes_goes_on_and_ctrl_c_ends_the_question() {
    let shop = Shop::open();
    let before = shop.state();
    for (keys, code) in [("no\n", 6), ("y\n", 6), ("\x03", 130)] {
        let terminal = shop.dbtune("apply --phase 1").on_a_terminal();
        let ran = terminal.when_asked("Apply this plan?").types(keys).wait();
        ran.exits(code).says("work_mem");
        assert_eq!(shop.state(), before);
    }
    let terminal = shop.dbtune("apply --phase 1").on_a_terminal();
    let ran = terminal
        .when_asked("Apply this plan?")
        .types("yes\n")
        .wait();
    ran.exits(0);
    assert_eq!(shop.postgres.show("work_mem"), "8MB");
}

#[test]
fn a_dry_run_shows_the_plan_and_changes_nothing() {
    let shop = Shop::open();
    let before = shop.state();
    shop.dbtune("apply --phase 1 --dry-run")
        .run()
        .exits(0)
        .says("work_mem");
    assert_eq!(shop.state(), before);
    assert!(shop.history().is_empty());
}

#[test]
fn a_redis_without_a_config_file_is_refused_unless_persist_is_none() {
    let redis = Redis::without_file(&[]);
    let profile = "profile: cache\nphases:\n  - phase: 1\n    redis: {maxmemory: 64mb}\n";
    let project = Project::new().targets(&[&redis]).profile("cache", profile);
    let ran = project
        .dbtune("apply --profile cache --yes --format json")
        .run();
    ran.exits(6);
    assert_eq!(ran.json()["error"]["kind"], "not_persisted");
    let entry = TargetEntry {
        persist: Some("none"),
        ..redis.entry()
    };
    let project = project.targets(&[&entry]);
    project.dbtune("apply --profile cache --yes").run().exits(0);
    assert_eq!(redis.config("maxmemory"), "67108864");
}

#[test]
fn an_unknown_setting_is_named_with_its_place_and_the_nearest_name() {
    let postgres = Postgres::start();
    let project = Project::new().targets(&[&postgres]).profile(
        "typo",
        "profile: typo\nphases:\n  - phase: 1\n    postgresql:\n      wrok_mem: 8MB\n",
    );
    for command in ["plan", "apply --yes"] {
        project
            .dbtune(&format!("{command} --profile typo"))
            .run()
            .exits(2)
            .complains("wrok_mem")
            .complains("tuning-profiles/typo.yaml:5:7")
            .complains("work_mem");
    }
}

#[test]
fn a_value_of_a_wrong_unit_or_out_of_range_is_refused_with_the_right_spelling() {
    let postgres = Postgres::start();
    let project = Project::new().targets(&[&postgres]).profile(
        "values",
        "profile: values\nphases:\n  - phase: 1\n    postgresql:\n      work_mem: 8mb\n      \
         max_connections: 0\n",
    );
    project
        .dbtune("plan --profile values")
        .run()
        .exits(2)
        .complains("8MB")
        .complains("tuning-profiles/values.yaml:6:24");
}

#[test]
fn a_server_too_old_for_the_profile_is_refused() {
    let postgres = Postgres::start();
    let project = Project::new().targets(&[&postgres]).profile(
        "future",
        "profile: future\nrequires: {postgresql: '>=99'}\nphases:\n  - phase: 1\n    \
         postgresql: {work_mem: 8MB}\n",
    );
    for command in ["plan", "apply --yes"] {
        project
            .dbtune(&format!("{command} --profile future"))
            .run()
            .exits(6)
            .complains(">=99");
    }
}

#[test]
fn an_engine_without_a_target_is_an_error_that_names_the_flag() {
    let postgres = Postgres::start();
    let project = Project::new()
        .targets(&[&postgres])
        .profile("shop", PROFILE);
    project
        .dbtune("plan --profile shop")
        .run()
        .exits(2)
        .complains("--redis");
    project
        .dbtune("plan --profile shop --target postgresql")
        .run()
        .exits(0);
}

#[test]
fn a_target_that_cannot_be_reached_is_named_with_where_and_why() {
    let shop = Shop::open();
    shop.redis.stop();
    let ran = shop.dbtune("plan --format json").run();
    ran.exits(1);
    let message = ran.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("redis"), "{message}");
    assert!(
        message.contains(&shop.redis.port().to_string()),
        "{message}"
    );
    assert!(message.contains("refused"), "{message}");
}

#[test]
fn a_wrong_flag_is_one_json_document_too() {
    let ran = crate::support::cli()
        .args(["plan", "--no-such-flag", "--format", "json"])
        .run();
    ran.exits(2);
    assert_eq!(ran.json()["format_version"], 1);
    assert_eq!(ran.json()["error"]["kind"], "usage");
}

#[test]
fn six_runs_at_once_end_well_and_exactly_one_writes() {
    let shop = Shop::open();
    let runs: Vec<_> = (0..6)
        .map(|_| shop.dbtune("apply --phase 1 --yes").spawn())
        .collect();
    let codes: Vec<i32> = runs
        .into_iter()
        .map(|run| run.wait().code().unwrap())
        .collect();
    assert!(codes.iter().all(|code| [0, 5].contains(code)), "{codes:?}");
    assert!(codes.contains(&0), "{codes:?}");
    let history = shop.history();
    assert_eq!(history.len(), 1, "{history:?}");
    assert_eq!(shop.postgres.show("work_mem"), "8MB");
}

#[test]
fn a_run_that_holds_the_lock_keeps_another_out() {
    let postgres = Postgres::start();
    let redis = Redis::with(&["maxmemory 32mb"]);
    let proxy = postgres.proxy();
    let held_up = Project::new()
        .targets(&[&proxy.entry_of(&postgres), &redis])
        .profile("shop", PROFILE);
    let other = Project::new()
        .targets(&[&postgres, &redis])
        .profile("shop", PROFILE);
    let hold = proxy.hold(crate::support::before("ALTER SYSTEM SET"));
    let running = held_up
        .dbtune("apply --phase 1 --yes --profile shop")
        .spawn();
    hold.wait();
    let ran = other
        .dbtune("apply --phase 1 --yes --profile shop --format json")
        .run();
    ran.exits(5);
    assert_eq!(ran.json()["error"]["kind"], "locked");
    let history = other.dbtune("history --format json").run().json();
    assert_eq!(history["runs"][0]["outcome"], "running");
    hold.release();
    running.wait().exits(0);
}

#[test]
fn runs_in_different_databases_of_one_cluster_keep_each_other_out() {
    let postgres = Postgres::setup().statement("CREATE DATABASE other").start();
    let profile = "profile: p\nphases:\n  - phase: 1\n    postgresql: {work_mem: 8MB}\n";
    let proxy = postgres.proxy();
    let first = Project::new()
        .targets(&[&proxy.entry_of(&postgres)])
        .profile("p", profile);
    let entry = TargetEntry {
        url: postgres.url_of("postgres", "other"),
        ..postgres.entry()
    };
    let second = Project::new().targets(&[&entry]).profile("p", profile);
    let hold = proxy.hold(crate::support::before("ALTER SYSTEM SET"));
    let running = first.dbtune("apply --yes --profile p").spawn();
    hold.wait();
    second.dbtune("apply --yes --profile p").run().exits(5);
    hold.release();
    running.wait().exits(0);
}

#[test]
fn a_setting_that_keeps_new_sessions_out_is_put_back() {
    let shop = Shop::open();
    let before = shop.state();
    let project = Project::new().targets(&[&shop.postgres]).profile(
        "shut",
        "profile: shut\nphases:\n  - phase: 1\n    postgresql:\n      \
         session_preload_libraries: [no_such_library]\n",
    );
    // The plan knows, and is told to go on.
    project
        .dbtune("apply --yes --profile shut --allow will_not_start")
        .run()
        .exits(1)
        .complains("no_such_library")
        .complains("everything that it changed has been put back");
    assert_eq!(shop.state(), before);
}

#[test]
fn a_dry_run_of_a_refused_plan_is_one_json_document() {
    let shop = Shop::open();
    let ran = shop
        .dbtune("apply --phase 3 --dry-run --yes --format json")
        .run();
    ran.exits(6);
    assert_eq!(ran.json()["error"]["kind"], "earlier_phase");
}

#[test]
fn a_failed_run_tells_in_json_what_became_of_each_write() {
    let failing = vec!["false".to_owned()];
    let shop = Shop::with(|postgres, _| {
        vec![TargetEntry {
            restart: Some(failing),
            ..postgres.entry()
        }]
    });
    let ran = shop
        .dbtune("apply --phase 1 --phase 2 --yes --restart --format json")
        .run();
    ran.exits(1);
    assert_eq!(ran.json()["outcome"], "rolled_back");
    assert_eq!(ran.json()["changes"].as_array().unwrap().len(), 6);
    assert_eq!(ran.json()["error"]["kind"], "run_failed");
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let shop = Shop::open();
    let line = format!(
        "{} plan --profile shop > /dev/full",
        env!("CARGO_BIN_EXE_dbtune")
    );
    let mut shell = std::process::Command::new("bash");
    let status = shell
        .args(["-c", &line])
        .current_dir(shop.project.path(""))
        .status();
    assert_eq!(status.unwrap().code(), Some(1));
}

#[cfg(target_os = "linux")]
#[test]
fn a_lost_answer_says_which_run_stands() {
    let shop = Shop::open();
    for format in ["json", "human"] {
        let command = format!("apply --profile shop --phase 1 -y -q --format {format}");
        let ran = shop.project.dbtune(&command).stdout_to("/dev/full").run();
        ran.exits(1).complains("the answer could not be written");
        let runs = shop.project.dbtune("history --format json").run().json();
        let run = runs["runs"][0]["run"].as_str().unwrap().to_owned();
        ran.complains(&format!("run {run} was carried out"))
            .complains(&format!("dbtune rollback {run}"));
        shop.project.dbtune("rollback --yes").run().exits(0);
    }
}
