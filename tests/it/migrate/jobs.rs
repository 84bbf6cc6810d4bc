//! Several builds at once.

use super::deploy::Deploy;

fn three_tables() -> Deploy {
    let deploy = Deploy::new().with_users(1);
    for table in ["a", "b", "c"] {
        deploy.postgres.sql(&format!(
            "CREATE TABLE {table} (id int, email text); \
             INSERT INTO {table} SELECT g, 'user' || g FROM generate_series(1, 20) g;"
        ));
    }
    deploy
}

const FIRST: &str = "\
CREATE INDEX CONCURRENTLY a1 ON a (slow(email));
CREATE INDEX CONCURRENTLY a2 ON a (slow(email), id);
CREATE INDEX CONCURRENTLY b1 ON b (slow(email));
";
const SECOND: &str = "CREATE INDEX CONCURRENTLY c1 ON c (slow(email));";

#[test]
fn builds_on_different_tables_run_at_once_and_never_two_on_one() {
    let deploy = three_tables()
        .file("V1__first", FIRST)
        .file("V2__second", SECOND);
    let mut running = deploy.spawn("--jobs 3");
    let mut most = 0;
    while running.is_running() {
        let rows = deploy
            .postgres
            .sql("SELECT relid FROM pg_stat_progress_create_index WHERE phase LIKE 'building%'");
        let mut tables: Vec<String> = rows.into_iter().flatten().collect();
        most = most.max(tables.len());
        tables.sort();
        let number = tables.len();
        tables.dedup();
        assert_eq!(tables.len(), number, "two builds on one table");
    }
    running.wait().exits(0);
    assert!(most >= 2, "never two at once");
    for index in ["a1", "a2", "b1", "c1"] {
        assert_eq!(deploy.index(index), "valid", "{index}");
    }
    assert_eq!(deploy.applied(), ["1", "2"]);
}

#[test]
fn a_build_that_fails_leaves_the_history_in_order_and_the_others_done() {
    let deploy = three_tables()
        .file(
            "V1__first",
            "CREATE INDEX CONCURRENTLY a1 ON a (slow(email));",
        )
        .file(
            "V2__unique",
            "CREATE UNIQUE INDEX CONCURRENTLY b1 ON b ((id % 5));",
        )
        .file("V3__third", SECOND);
    let failed = deploy.migrate("--jobs 3").run();
    failed.exits(1).complains("V2__unique").complains("23505");
    deploy.has_no_debris();
    assert!(deploy.applied().is_empty() || deploy.applied() == ["1"]);
    deploy.postgres.sql("DELETE FROM b WHERE id > 5");
    deploy.migrate("--jobs 3").run().exits(0);
    assert_eq!(deploy.applied(), ["1", "2", "3"]);
}

#[test]
fn what_was_built_ahead_of_a_failure_is_told() {
    let deploy = three_tables()
        .file(
            "V1__unique",
            "CREATE UNIQUE INDEX CONCURRENTLY b1 ON b (slow((id % 5)::text));\n\
             CREATE INDEX CONCURRENTLY a1 ON a (email);\n",
        )
        .file("V2__other", "CREATE INDEX CONCURRENTLY c1 ON c (email);");
    deploy
        .migrate("--jobs 3")
        .run()
        .exits(1)
        .complains("none was done before it")
        .complains(
            "built by this run, and stays: statement 2 of V1__unique, statement 1 of V2__other",
        );
}

#[test]
fn of_two_indexes_of_one_name_the_first_is_the_one_that_is_built() {
    let deploy = three_tables().file(
        "V1__same",
        "CREATE INDEX CONCURRENTLY same ON a (id);\nCREATE INDEX CONCURRENTLY same ON b (id);\n",
    );
    deploy
        .migrate("--jobs 2")
        .run()
        .exits(1)
        .complains("another definition");
    let table = "SELECT indrelid::regclass FROM pg_index WHERE indexrelid = 'same'::regclass";
    assert_eq!(deploy.postgres.value(table), "a");
}
