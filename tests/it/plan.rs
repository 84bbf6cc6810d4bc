//! `plan` on real servers: what it shows, in every format, and what it never shows as a change.

use std::process::Command;

use serde_json::json;

use crate::shop::{PROFILE, Shop};
use crate::support::{Postgres, Project, Redis, Target as _, TargetEntry};

/// Spellings that a server takes for the value that it runs with, as a profile's lines.
const SAME_POSTGRESQL: &str = "
      shared_buffers: 0x4000
      work_mem: .00390625GB
      maintenance_work_mem: 65536
      effective_cache_size: 4096MB
      checkpoint_timeout: 0.0833333333333h
      checkpoint_completion_target: 9e-1
      random_page_cost: 4.0
      seq_page_cost: '1.0000001'
      max_connections: 0x1e
      max_wal_size: 0.0625GB
      min_wal_size: 32768kB
      wal_buffers: -1
      vacuum_cost_delay: 0us
      autovacuum_vacuum_cost_delay: 2000us
      autovacuum_naptime: 1.0min
      bgwriter_delay: 0.2s
      statement_timeout: 0d
      deadlock_timeout: 1000000us
      log_min_duration_statement: -1
      log_rotation_age: 24h
      log_file_mode: 384
      unix_socket_permissions: '0x1ff'
      autovacuum: t
      fsync: 'FALSE'
      full_page_writes: ye
      synchronous_commit: 'true'
      wal_compression: '0'
      huge_pages: TRY
      constraint_exclusion: Partition
      client_min_messages: Notice
      log_min_messages: WARNING
      log_min_error_statement: Error
      xmloption: CONTENT
      search_path: ['$user', public]
      datestyle: iso, mdy
      timezone: utc
      listen_addresses: 127.0.0.1
      log_destination: 'StdErr'
";

/// The same for Redis.
const SAME_REDIS: &str = "
      maxmemory: 64mB
      maxmemory-policy: AllKeys-LRU
      save: [900 1, 300 10]
      timeout: '30'
      tcp-keepalive: 300
      hz: 10
      appendonly: 'NO'
      activedefrag: No
      notify-keyspace-events: KEA
      client-output-buffer-limit: pubsub 32mb 8mb 60
      repl-backlog-size: 1mb
      lazyfree-lazy-eviction: NO
      slowlog-log-slower-than: 10000
      latency-tracking-info-percentiles: 50.0 99.0 99.9
      slave-read-only: YES
";

fn odd_spellings() -> (Postgres, Redis) {
    let postgres = Postgres::setup()
        .setting("shared_buffers = 128MB")
        .setting("timezone = 'UTC'")
        .setting("datestyle = 'ISO, MDY'")
        .setting("unix_socket_permissions = 0777")
        .start();
    let redis = Redis::with(&[
        "maxmemory 64mb",
        "maxmemory-policy allkeys-lru",
        "save 900 1 300 10",
        "timeout 30",
        "notify-keyspace-events AKE",
    ]);
    (postgres, redis)
}

#[test]
fn spellings_that_equal_the_live_value_are_never_a_change() {
    let (postgres, redis) = odd_spellings();
    let profile = format!(
        "profile: same\nphases:\n  - phase: 1\n    postgresql:{SAME_POSTGRESQL}    \
         redis:{SAME_REDIS}"
    );
    let project = Project::new()
        .targets(&[&postgres, &redis])
        .profile("same", &profile);
    let ran = project
        .dbtune("plan --profile same --exit-code --format json")
        .run();
    let changes = ran.json()["changes"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let found: Vec<_> = changes
        .iter()
        .filter(|change| change["action"] != "unchanged")
        .collect();
    assert!(found.is_empty(), "{found:#?}\n{ran}");
    assert_eq!(changes.len(), 53, "{ran}");
    ran.exits(0);
}

#[test]
fn a_value_that_differs_by_one_unit_always_shows() {
    let (postgres, redis) = odd_spellings();
    let project = Project::new().targets(&[&postgres, &redis]).profile(
        "other",
        "profile: other\nphases:\n  - phase: 1\n    postgresql:\n      \
         shared_buffers: 131080kB\n      work_mem: 4097kB\n      checkpoint_timeout: 301s\n      \
         max_connections: 31\n      checkpoint_completion_target: 0.900001\n      \
         deadlock_timeout: 1001ms\n      log_file_mode: 0601\n    redis:\n      \
         maxmemory: 67108865\n      timeout: 31\n      save: 900 1 300 11\n",
    );
    let plan = project
        .dbtune("plan --profile other --exit-code --format json")
        .run();
    plan.exits(3);
    assert_eq!(plan.json()["summary"]["update"], 10, "{plan}");
}

#[test]
fn the_json_of_a_plan_is_as_the_contract_says() {
    let shop = Shop::open();
    let plan = shop.dbtune("plan --phase 1 --phase 2 --format json").run();
    plan.exits(0);
    let plan = plan.json();
    assert_eq!(plan["format_version"], 1);
    assert_eq!(plan["profile"], "shop");
    assert_eq!(plan["pending_migrations"], json!([]));
    let fields: Vec<&String> = plan["targets"][0].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["name", "engine", "version", "address", "role"]);
    let change = &plan["changes"][0];
    let fields: Vec<&String> = change.as_object().unwrap().keys().collect();
    let expected = [
        "phase",
        "target",
        "setting",
        "action",
        "effect",
        "current",
        "configured",
        "desired",
        "source",
        "hazards",
        "because",
    ];
    assert_eq!(fields, expected);
    assert_eq!(change["setting"], "work_mem");
    assert_eq!(change["current"], "5MB");
    assert_eq!(change["configured"], "5MB");
    assert_eq!(change["desired"], "8MB");
    assert_eq!(change["source"]["kind"], "configuration file");
    assert_eq!(
        plan["summary"],
        json!({"update": 6, "reset": 0, "unchanged": 0, "pending_restart": 0, "blocked": 0,
               "restart": 1})
    );
}

#[test]
fn the_three_values_of_a_setting_are_told_apart_while_a_restart_is_pending() {
    let shop = Shop::open();
    shop.postgres.sql("ALTER SYSTEM SET max_connections = 40");
    shop.postgres.sql("SELECT pg_reload_conf()");
    let plan = shop.dbtune("plan --phase 2 --allow-nothing").run();
    plan.exits(2);
    let plan = shop
        .dbtune("plan --phase 1 --phase 2 --format json")
        .run()
        .json();
    let changes = plan["changes"].as_array().unwrap();
    let change = changes
        .iter()
        .find(|change| change["setting"] == "max_connections")
        .unwrap();
    assert_eq!(change["action"], "pending_restart");
    assert_eq!(change["current"], "30");
    assert_eq!(change["configured"], "40");
    assert_eq!(change["desired"], "40");
}

#[test]
fn a_setting_of_two_phases_is_planned_on_what_the_first_leaves_and_never_flaps() {
    let postgres = Postgres::start();
    let project = Project::new().targets(&[&postgres]).profile(
        "staged",
        "profile: staged\nphases:\n  - phase: 1\n    postgresql: {work_mem: 8MB}\n  - phase: 2\n    \
         postgresql: {work_mem: 16MB}\n",
    );
    let plan = project
        .dbtune("plan --profile staged --format json")
        .run()
        .json();
    assert_eq!(plan["changes"][0]["current"], "4MB");
    assert_eq!(plan["changes"][1]["current"], "8MB");
    project
        .dbtune("apply --yes --profile staged")
        .run()
        .exits(0);
    assert_eq!(postgres.show("work_mem"), "16MB");
    project
        .dbtune("plan --exit-code --profile staged")
        .run()
        .exits(0);
    project
        .dbtune("apply --phase 1 --yes --profile staged")
        .run()
        .exits(0);
    assert_eq!(postgres.show("work_mem"), "16MB");
    project.dbtune("rollback --yes").run().exits(0);
    assert_eq!(postgres.show("work_mem"), "4MB");
}

#[test]
fn default_takes_the_override_away() {
    let shop = Shop::open();
    let project = Project::new().targets(&[&shop.postgres]).profile(
        "back",
        "profile: back\nphases:\n  - phase: 1\n    postgresql: {work_mem: default}\n",
    );
    let plan = project
        .dbtune("plan --profile back --format json")
        .run()
        .json();
    assert_eq!(plan["changes"][0]["action"], "reset");
    assert_eq!(plan["changes"][0]["desired"], "4MB");
    project.dbtune("apply --profile back --yes").run().exits(0);
    assert!(!shop.postgres.auto_conf().contains("work_mem"));
    project
        .dbtune("plan --profile back --exit-code")
        .run()
        .exits(0);
    project.dbtune("rollback --yes").run().exits(0);
    assert!(shop.postgres.auto_conf().contains("work_mem = '5MB'"));
}

#[test]
fn a_command_line_setting_blocks_and_a_role_setting_warns() {
    let postgres = Postgres::setup()
        .argument("-c")
        .argument("work_mem=7MB")
        .statement("ALTER ROLE postgres SET maintenance_work_mem = '9MB'")
        .start();
    let project = Project::new().targets(&[&postgres]).profile(
        "over",
        "profile: over\nphases:\n  - phase: 1\n    postgresql:\n      work_mem: 8MB\n      \
         maintenance_work_mem: 128MB\n",
    );
    let ran = project.dbtune("plan --profile over --format json").run();
    let plan = ran.json();
    assert_eq!(plan["changes"][0]["action"], "blocked", "{ran}");
    assert_eq!(plan["changes"][0]["hazards"][0]["kind"], "overridden");
    assert_eq!(plan["changes"][1]["action"], "update");
    assert_eq!(plan["changes"][1]["current"], "64MB");
    assert_eq!(plan["changes"][1]["hazards"][0]["blocks"], false);
    project.dbtune("apply --profile over --yes").run().exits(6);
    assert!(!postgres.auto_conf().contains("128MB"));
}

#[test]
fn a_plan_is_readable_at_80_columns_and_has_no_colour_unless_asked() {
    let shop = Shop::open();
    let plain = shop.dbtune("plan --diff").run();
    plain.exits(0).says("work_mem").says("5MB").says("8MB");
    assert!(!plain.stdout.contains('\u{1b}'), "{plain}");
    // A command that is to be copied stays on one line.
    let is_too_wide = |line: &&str| line.chars().count() > 80 && !line.contains("/bin/sh");
    let too_wide = plain.stdout.lines().filter(is_too_wide).count();
    assert_eq!(too_wide, 0, "{plain}");
    assert!(
        shop.dbtune("plan --color always")
            .run()
            .stdout
            .contains('\u{1b}')
    );
    let no_color = shop.dbtune("plan").env("NO_COLOR", "1").run();
    assert!(!no_color.stdout.contains('\u{1b}'));
}

#[test]
fn a_reader_that_stops_early_is_no_error() {
    let shop = Shop::open();
    let line = format!(
        "{} plan --profile shop | head -n 1; echo ${{PIPESTATUS[0]}}",
        env!("CARGO_BIN_EXE_dbtune")
    );
    let output = Command::new("bash")
        .args(["-c", &line])
        .current_dir(shop.project.path(""))
        .output()
        .unwrap();
    assert!(
        String::from_utf8_lossy(&output.stdout).ends_with("0\n"),
        "{output:?}"
    );
}

#[test]
fn markdown_is_a_table_for_a_pull_request() {
    let shop = Shop::open();
    shop.dbtune("plan --format markdown")
        .run()
        .exits(0)
        .says("| ")
        .says("work_mem");
}

#[test]
fn a_profile_of_what_was_changed_plans_to_no_change() {
    let shop = Shop::open();
    shop.dbtune("apply --phase 1 --yes").run().exits(0);
    let ran = shop.project.dbtune("profile init mine").run();
    ran.exits(0)
        .says("work_mem: 8MB")
        .says("maxmemory: 64mb")
        .never_shows("requirepass:");
    let project = Project::new()
        .targets(&[&shop.postgres, &shop.redis])
        .profile("mine", &ran.stdout);
    project.dbtune("profile check mine").run().exits(0);
    project
        .dbtune("plan --profile mine --exit-code")
        .run()
        .exits(0);
}

#[test]
fn profile_check_needs_no_server_and_reports_every_mistake_at_once() {
    let project = Project::new().profile(
        "bad",
        "profile: bad\nphases:\n  - phase: 1\n    postgresql:\n      shared_bufers: 1GB\n      \
         work_mem: 8mb\n    redis:\n      maxmemory: lots\n",
    );
    project
        .dbtune("profile check bad")
        .run()
        .exits(2)
        .complains("shared_buffers")
        .complains("8MB")
        .complains("tuning-profiles/bad.yaml:8:18")
        .complains("3 mistakes");
    project
        .dbtune("profile check medianest-production")
        .run()
        .exits(0);
    project
        .dbtune("profile show medianest-production")
        .run()
        .exits(0)
        .says("shared_buffers");
    let ran = project.dbtune("profile check bad --format json").run();
    ran.exits(2);
    assert_eq!(ran.json()["mistakes"].as_array().unwrap().len(), 3);
}

#[test]
fn targets_come_from_flags_before_the_environment() {
    let postgres = Postgres::start();
    let profile = "profile: p\nphases:\n  - phase: 1\n    postgresql: {work_mem: 8MB}\n";
    let project = Project::new().profile("p", profile);
    project
        .dbtune("plan --profile p")
        .env("DATABASE_URL", postgres.url())
        .run()
        .exits(0)
        .says("work_mem");
    project
        .dbtune("plan --profile p")
        .env("DBTUNE_POSTGRES_URL", "postgres://127.0.0.1:1/none")
        .args(["--postgres", &postgres.url()])
        .run()
        .exits(0);
    project
        .dbtune("plan --profile p")
        .env("PGHOST", "127.0.0.1")
        .env("PGPORT", postgres.port().to_string())
        .env("PGUSER", "postgres")
        .env("PGPASSWORD", crate::support::PASSWORD)
        .run()
        .exits(0);
    project
        .dbtune("plan --profile p")
        .run()
        .exits(2)
        .complains("--postgres");
}

#[test]
fn a_role_with_too_few_rights_is_refused_with_the_grants_to_give() {
    let postgres = Postgres::setup()
        .statement(&format!(
            "CREATE ROLE app LOGIN PASSWORD '{}'",
            crate::support::PASSWORD
        ))
        .start();
    let entry = TargetEntry {
        url: postgres.url_of("app", "postgres"),
        ..postgres.entry()
    };
    let project = Project::new().targets(&[&entry]).profile("shop", PROFILE);
    let ran = project
        .dbtune("apply --phase 1 --target postgresql --yes --profile shop")
        .run();
    ran.exits(6).says("GRANT");
    assert!(!postgres.auto_conf().contains("work_mem"));
}

#[test]
fn what_the_server_cuts_or_spells_its_own_way_is_no_change_once_it_is_applied() {
    let postgres = Postgres::start();
    let long = "x".repeat(80);
    let profile = format!(
        "profile: odd\nphases:\n  - phase: 1\n    postgresql:\n      datestyle: dmy\n      \
         application_name: {long}\n      search_path: ''\n      temp_tablespaces: ''\n      \
         default_text_search_config: pg_catalog.simple\n"
    );
    let project = Project::new()
        .targets(&[&postgres])
        .profile("odd", &profile);
    project.dbtune("apply --yes --profile odd").run().exits(0);
    project
        .dbtune("plan --profile odd --exit-code")
        .run()
        .exits(0);
    project.dbtune("rollback --yes").run().exits(0);
    assert_eq!(postgres.show("search_path"), r#""$user", public"#);
}
