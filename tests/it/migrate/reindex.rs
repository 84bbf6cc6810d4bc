//! `REINDEX CONCURRENTLY` that is cut off, and what it leaves.

use super::deploy::Deploy;
use crate::support::eventually;

#[test]
fn what_a_given_up_reindex_leaves_of_the_toast_table_is_dropped_too() {
    let deploy = Deploy::new().with_users(1000);
    deploy
        .postgres
        .sql("CREATE INDEX by_email ON users (email)");
    let deploy = deploy.file("V1__reindex", "REINDEX TABLE CONCURRENTLY users;");
    let reader = deploy.transaction("SELECT * FROM users");
    deploy
        .migrate("--build-timeout 1s")
        .run()
        .exits(1)
        .complains("given up")
        .complains("left INVALID, because others are in the way")
        .complains("dropping pg_toast.");
    deploy
        .migrate("status")
        .run()
        .exits(0)
        .says("INVALID   index by_email_ccold on public.users")
        .never_shows("pg_toast");
    drop(reader);
    deploy.migrate("").run().exits(0);
    deploy.has_no_debris();
}

#[test]
fn what_a_given_up_reindex_of_a_partitioned_index_leaves_is_dropped() {
    let deploy = super::partitions::partitioned();
    let number = deploy.postgres.value("SHOW server_version_num");
    if number.parse::<u32>().unwrap() < 140_000 {
        // It refuses the statement.
        return;
    }
    deploy.postgres.sql("CREATE INDEX on_all ON events (id)");
    deploy.write("V1__index", "REINDEX INDEX CONCURRENTLY on_all;");
    let reader = deploy.transaction("SELECT * FROM events_3");
    deploy
        .migrate("--build-timeout 1s")
        .run()
        .exits(1)
        .complains("given up");
    drop(reader);
    deploy.migrate("").run().exits(0);
    deploy.has_no_debris();
}

#[test]
fn what_a_given_up_reindex_of_a_schema_or_of_the_database_leaves_is_dropped() {
    for what in [
        "SCHEMA CONCURRENTLY \"Shop\"",
        "DATABASE CONCURRENTLY postgres",
    ] {
        let deploy = Deploy::new();
        deploy.postgres.sql(
            "CREATE SCHEMA \"Shop\"; CREATE TABLE \"Shop\".users (id int PRIMARY KEY, email text UNIQUE)",
        );
        let deploy = deploy.file("V1__reindex", &format!("REINDEX {what};"));
        let reader = deploy.transaction("SELECT * FROM \"Shop\".users");
        deploy
            .migrate("--build-timeout 1s")
            .run()
            .exits(1)
            .complains("left INVALID, because others are in the way");
        drop(reader);
        deploy.migrate("").run().exits(0);
        deploy.has_no_debris();
        assert_eq!(deploy.applied(), ["1"]);
    }
}

/// The server process of a run that was killed goes on; what it builds is not torn down, and where it fails what
/// it leaves is dropped.
#[test]
fn the_reindex_of_a_run_that_was_killed_is_waited_for() {
    for fails in [false, true] {
        let deploy = Deploy::new().with_users(60);
        deploy
            .postgres
            .sql("CREATE INDEX by_email ON users (slow(email))");
        let deploy = deploy.file("V1__reindex", "REINDEX TABLE CONCURRENTLY users;");
        let orphan = deploy.orphan("by_email_ccnew");
        let second = deploy.spawn("");
        eventually("the second run asks for the lock", || {
            let runs =
                "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dbtune%'";
            deploy.postgres.value(runs) != "1"
        });
        if fails {
            deploy
                .postgres
                .sql(&format!("SELECT pg_cancel_backend({orphan})"));
        }
        let ran = second.wait();
        ran.exits(0);
        deploy.has_no_debris();
        assert_eq!(deploy.applied(), ["1"]);
    }
}

#[test]
fn a_reindex_that_only_partitions_keep_out_of_a_transaction_is_run_alone_where_that_is_asked() {
    let deploy = super::partitions::partitioned();
    let number = deploy.postgres.value("SHOW server_version_num");
    if number.parse::<u32>().unwrap() < 140_000 {
        // It refuses the statement.
        return;
    }
    deploy.write("V1__index", "REINDEX TABLE events;");
    deploy
        .migrate("")
        .run()
        .exits(1)
        .complains("25001")
        .complains("put `-- dbtune: no-transaction` on a line of its own");
    deploy.write(
        "V1__index",
        "-- dbtune: no-transaction\nREINDEX TABLE events;",
    );
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.applied(), ["1"]);
}
