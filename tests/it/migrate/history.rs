//! The history: refinery's own, which refinery goes on with; and what does not agree with the files.

use refinery::{Migration, Runner};

use super::deploy::Deploy;

const USERS: &str = "CREATE TABLE users (id int);\n";
const ORDERS: &str = "CREATE TABLE orders (id int);\n";

/// What refinery 0.10.1 without `int8-versions` gives the two files.
const NARROW: [(&str, &str); 2] = [
    ("users", "10915038114215788890"),
    ("orders", "13932546418107968358"),
];

fn two() -> Deploy {
    Deploy::new()
        .file("V1__users", USERS)
        .file("V2__orders", ORDERS)
}

fn refinery_of(files: &[(&str, &str)]) -> Runner {
    let migrations: Vec<Migration> = files
        .iter()
        .map(|(name, text)| Migration::unapplied(name, text).unwrap())
        .collect();
    Runner::new(&migrations)
}

#[test]
fn refinery_goes_on_with_the_history_of_dbtune_and_dbtune_with_that_of_refinery() {
    let deploy = Deploy::new().file("V1__users", USERS);
    deploy.migrate("").run().exits(0);
    let both = refinery_of(&[("V1__users.sql", USERS), ("V2__orders.sql", ORDERS)]);
    let report = both.run(&mut deploy.postgres.client()).unwrap();
    assert_eq!(report.applied_migrations().len(), 1);
    deploy.write("V2__orders", ORDERS);
    deploy.write("V3__more", "CREATE TABLE more ();");
    deploy
        .migrate("status")
        .run()
        .exits(0)
        .says("applied   V2__orders")
        .says("pending   V3__more");
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.applied(), ["1", "2", "3"]);
    let all = refinery_of(&[
        ("V1__users.sql", USERS),
        ("V2__orders.sql", ORDERS),
        ("V3__more.sql", "CREATE TABLE more ();"),
    ]);
    assert!(
        all.run(&mut deploy.postgres.client())
            .unwrap()
            .applied_migrations()
            .is_empty()
    );
}

fn narrow() -> Deploy {
    let deploy = two();
    deploy.postgres.sql(
        "CREATE TABLE refinery_schema_history (version int4 PRIMARY KEY, name varchar(255), \
         applied_on varchar(255), checksum varchar(255)); CREATE TABLE users (id int)",
    );
    let (name, checksum) = NARROW[0];
    deploy.postgres.sql(&format!(
        "INSERT INTO refinery_schema_history VALUES (1, '{name}', '2025-01-01T00:00:00Z', '{checksum}')"
    ));
    deploy
}

#[test]
fn a_history_of_32_bits_is_gone_on_with_as_refinery_would() {
    let deploy = narrow();
    deploy.migrate("").run().exits(0);
    let rows = deploy
        .postgres
        .sql("SELECT name, checksum FROM refinery_schema_history ORDER BY version");
    assert_eq!(
        rows,
        NARROW.map(|(name, checksum)| vec![name.to_owned(), checksum.to_owned()])
    );
    deploy.migrate("status --exit-code").run().exits(0);
}

#[test]
fn a_version_that_a_history_of_32_bits_cannot_hold_is_refused_until_it_is_widened() {
    let deploy = narrow();
    deploy.write("V20261124120000__wide", "CREATE TABLE wide ();");
    deploy
        .migrate("")
        .run()
        .exits(6)
        .complains("32 bits")
        .complains("dbtune migrate repair");
    assert_eq!(deploy.applied(), ["1"]);
    deploy.migrate("repair").run().exits(0).says("put right");
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.applied(), ["1", "2", "20261124120000"]);
    deploy.migrate("status --exit-code").run().exits(0);
}

#[test]
fn an_edited_file_is_refused_shown_and_accepted() {
    let deploy = two();
    deploy.migrate("").run().exits(0);
    deploy.write("V1__users", "CREATE TABLE users (id bigint);\n");
    deploy.write("V3__more", "CREATE TABLE more ();");
    deploy
        .migrate("")
        .run()
        .exits(6)
        .complains("V1__users was edited");
    deploy
        .migrate("status --exit-code")
        .run()
        .exits(3)
        .says("edited    V1__users");
    let shown = deploy.migrate("repair").run();
    shown
        .exits(6)
        .says("-CREATE TABLE users (id int);")
        .says("+CREATE TABLE users (id bigint);");
    deploy.migrate("repair --accept 1").run().exits(0);
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.applied(), ["1", "2", "3"]);
}

#[test]
fn an_edit_of_line_endings_alone_is_told_as_such() {
    let deploy = two();
    deploy.migrate("").run().exits(0);
    deploy.write("V1__users", &USERS.replace('\n', "\r\n"));
    deploy
        .migrate("repair")
        .run()
        .exits(6)
        .says("only line endings differ");
}

#[test]
fn a_missing_file_a_renamed_one_and_one_that_comes_too_late_are_refused_by_name() {
    let deploy = two().file("V4__x", "SELECT 1;");
    deploy.migrate("").run().exits(0);
    deploy.remove("V2__orders");
    deploy.remove("V1__users");
    deploy.write("V1__people", USERS);
    deploy.write("V3__late", "SELECT 1;");
    let refused = deploy.migrate("").run();
    refused
        .exits(6)
        .complains("V2__orders is applied, and there is no such file");
    refused
        .complains("V1__people was applied as V1__users")
        .complains("V3__late is pending, and a newer one")
        .complains("dbtune migrate repair")
        .complains("git mv migrations/V3__late.sql migrations/V5__late.sql");
    assert_eq!(deploy.applied(), ["1", "2", "4"]);
    let document = deploy.migrate("status --format json").run().json();
    let states: Vec<&str> = document["migrations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["edited", "missing", "pending", "applied"]);
}

#[test]
fn rows_that_refinery_did_not_write_are_an_error_and_no_panic() {
    let deploy = two();
    deploy.migrate("").run().exits(0);
    deploy.postgres.sql(
        "UPDATE refinery_schema_history SET checksum = 'none', applied_on = NULL WHERE version = 1",
    );
    deploy.migrate("status").run().exits(0).says("edited");
    deploy.write("V3__more", "SELECT 1;");
    deploy.migrate("").run().exits(6);
    deploy.postgres.sql(
        "DROP TABLE refinery_schema_history; CREATE TABLE refinery_schema_history (version text)",
    );
    deploy
        .migrate("")
        .run()
        .exits(6)
        .complains("is not refinery's history");
}

#[test]
fn a_baseline_says_what_is_there_and_runs_nothing() {
    let deploy = two().file("V3__more", "CREATE TABLE more ();");
    deploy
        .migrate("baseline 9")
        .run()
        .exits(2)
        .complains("nearest");
    deploy.migrate("baseline 2").run().exits(0);
    assert_eq!(
        deploy.postgres.value("SELECT to_regclass('users') IS NULL"),
        "t"
    );
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.applied(), ["1", "2", "3"]);
    deploy.migrate("baseline 3").run().exits(6);
}

#[test]
fn a_run_goes_no_further_than_it_is_told() {
    let deploy = two();
    deploy
        .migrate("up --to 7")
        .run()
        .exits(2)
        .complains("nearest are 2, 1");
    deploy.migrate("--to 1").run().exits(0);
    assert_eq!(deploy.applied(), ["1"]);
    deploy.migrate("up").run().exits(0);
    assert_eq!(deploy.applied(), ["1", "2"]);
}

#[test]
fn the_newest_migration_is_undone_by_its_file_or_by_what_is_known_of_builds() {
    let deploy = two().file("V2__orders.undo", "DROP TABLE orders;").file(
        "V3__index",
        "CREATE INDEX CONCURRENTLY by_id ON users (id);",
    );
    deploy.migrate("").run().exits(0);
    deploy.migrate("undo").run().exits(6).complains("--yes");
    deploy.migrate("undo --yes").run().exits(0);
    assert_eq!(deploy.index("by_id"), "none");
    assert_eq!(deploy.applied(), ["1", "2"]);
    deploy.remove("V2__orders.undo");
    deploy.migrate("undo --yes").run().exits(0);
    assert_eq!(
        deploy
            .postgres
            .value("SELECT to_regclass('orders') IS NULL"),
        "t"
    );
    deploy
        .migrate("undo --yes")
        .run()
        .exits(6)
        .complains("V1__users.undo.sql");
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.applied(), ["1", "2", "3"]);
}

#[test]
fn two_histories_of_one_database_do_not_touch_each_other() {
    let deploy = two();
    deploy.postgres.sql("CREATE SCHEMA shop");
    deploy.migrate("").run().exits(0);
    let url = format!(
        "{}?options=-csearch_path%3Dshop",
        deploy.postgres.url_of("postgres", "postgres")
    );
    deploy
        .migrate("")
        .env("DBTUNE_POSTGRES_URL", &url)
        .run()
        .exits(0);
    assert_eq!(
        deploy
            .postgres
            .value("SELECT count(*) FROM shop.refinery_schema_history"),
        "2"
    );
    assert_eq!(
        deploy
            .postgres
            .value("SELECT count(*) FROM dbtune.migration"),
        "4"
    );
}

#[test]
fn a_plan_of_settings_lists_the_migrations_that_are_pending() {
    let mut deploy = two();
    deploy.project = deploy.project.profile(
        "p",
        "profile: p\nphases: [{phase: 1, postgresql: {work_mem: 5MB}}]\n",
    );
    let pending = |deploy: &Deploy| {
        let plan = deploy
            .project
            .dbtune("plan --profile p --format json")
            .run()
            .json();
        plan["pending_migrations"].clone()
    };
    let both =
        serde_json::json!([{"version": 1, "name": "users"}, {"version": 2, "name": "orders"}]);
    assert_eq!(pending(&deploy), both);
    deploy.migrate("--to 1").run().exits(0);
    assert_eq!(
        pending(&deploy),
        serde_json::json!([{"version": 2, "name": "orders"}])
    );
    let shown = deploy.project.dbtune("plan --profile p").run();
    shown
        .exits(0)
        .says("Pending migrations: V2__orders   (dbtune migrate)");
    deploy.migrate("").run().exits(0);
    assert_eq!(pending(&deploy), serde_json::json!([]));
    deploy
        .postgres
        .sql("DROP TABLE refinery_schema_history; CREATE TABLE refinery_schema_history (x int)");
    assert_eq!(pending(&deploy), both);
}

#[test]
fn a_file_that_comes_too_late_is_told_its_next_version_and_nothing_of_repair() {
    let deploy = Deploy::new().file("V2__orders", ORDERS);
    deploy.migrate("").run().exits(0);
    deploy.write("V1__users", USERS);
    deploy
        .migrate("")
        .run()
        .exits(6)
        .complains("git mv migrations/V1__users.sql migrations/V3__users.sql")
        .never_shows("repair");
}

#[test]
fn what_is_open_after_a_repair_is_an_error_in_the_document() {
    let deploy = two();
    deploy.migrate("").run().exits(0);
    deploy.write("V1__users", "CREATE TABLE users (id bigint);\n");
    let shown = deploy.migrate("repair --format json").run();
    shown.exits(6);
    let error = &shown.json()["error"];
    assert_eq!(error["kind"], "history_differs");
    let text = error.to_string();
    assert!(
        text.contains("V1__users was edited") && text.contains("--accept"),
        "{text}"
    );
    let done = deploy.migrate("repair --accept 1 --format json").run();
    done.exits(0);
    assert!(done.json().get("error").is_none());
}

#[test]
fn a_way_back_that_fails_is_told_with_its_place_and_how_to_try_it_again() {
    let deploy = two().file("V2__orders.undo", "SELECT 1;\nDROP TABLE nothing;\n");
    deploy.migrate("").run().exits(0);
    deploy
        .migrate("undo --yes")
        .run()
        .exits(1)
        .complains("migrations/V2__orders.undo.sql:2:1: V2__orders (undo): ")
        .complains("run it again: dbtune migrate undo");
    deploy.remove("V2__orders.undo");
    deploy
        .migrate("undo --yes")
        .run()
        .exits(1)
        .complains("error: the way back from V2__orders:2:1: V2__orders (undo): ")
        .complains("run it again: dbtune migrate undo");
}

#[test]
fn where_nothing_is_applied_the_migration_that_is_half_done_is_named() {
    let deploy = Deploy::new().file("V1__half", "VACUUM;\nSELECT 1 / 0;\n");
    let undo = || deploy.migrate("undo --yes").run();
    undo().exits(6).complains("nothing to undo");
    deploy.migrate("").run().exits(1);
    undo().exits(6).complains("V1__half is half done");
}

#[test]
fn a_migration_whose_row_was_taken_out_of_the_history_is_run_again_with_a_warning() {
    let deploy = Deploy::new().file("V1__one", "SELECT 1;");
    deploy.migrate("").run().exits(0);
    deploy.postgres.sql("DELETE FROM refinery_schema_history");
    deploy
        .migrate("")
        .run()
        .exits(0)
        .complains("warning: V1__one was applied already, 20")
        .complains("taken out of the history since: it is run again");
    assert_eq!(deploy.applied(), ["1"]);
}
