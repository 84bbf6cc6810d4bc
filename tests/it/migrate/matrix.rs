//! What every public tool ends badly with: each cell twice.

use super::deploy::Deploy;
use crate::support::eventually;

const TWO_BUILDS: &str = "CREATE INDEX CONCURRENTLY by_email ON users (email);\n\
                          CREATE INDEX CONCURRENTLY by_slow ON users (slow(email));\n";
const UNIQUE: &str = "CREATE UNIQUE INDEX CONCURRENTLY by_name ON users (name);";
const UNIQUE_IF: &str = "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS by_name ON users (name);";

fn twice(test: impl Fn()) {
    test();
    test();
}

fn with_duplicates(statement: &str) -> Deploy {
    let deploy = Deploy::new().with_users(10);
    deploy
        .postgres
        .sql("ALTER TABLE users ADD name text; UPDATE users SET name = 'name' || id % 9");
    deploy.file("V1__by_name", statement)
}

#[test]
fn two_concurrent_builds_stand_in_one_file() {
    twice(|| {
        let deploy = Deploy::new().with_users(4).file("V1__indexes", TWO_BUILDS);
        deploy.migrate("").run().exits(0);
        assert_eq!(deploy.index("by_email"), "valid");
        assert_eq!(deploy.index("by_slow"), "valid");
        assert_eq!(deploy.applied(), ["1"]);
        deploy.migrate("").run().exits(0).says("nothing to do");
    });
}

#[test]
fn two_runners_on_a_fresh_database_both_end_well() {
    twice(|| {
        let deploy = Deploy::new()
            .file(
                "V1__users",
                "CREATE TABLE users (id int); SELECT pg_sleep(0.3);",
            )
            .file("V2__rows", "INSERT INTO users VALUES (1);");
        let first = deploy.spawn("");
        let second = deploy.spawn("");
        first.wait().exits(0);
        second.wait().exits(0);
        assert_eq!(deploy.applied(), ["1", "2"]);
        assert_eq!(deploy.postgres.value("SELECT count(*) FROM users"), "1");
    });
}

#[test]
fn ten_runners_with_builds_pending_all_end_well() {
    let deploy = Deploy::new().with_users(10).file("V1__indexes", TWO_BUILDS);
    let runners: Vec<_> = (0..10).map(|_| deploy.spawn("")).collect();
    for runner in runners {
        runner.wait().exits(0);
    }
    assert_eq!(deploy.applied(), ["1"]);
    assert_eq!(deploy.index("by_slow"), "valid");
    deploy.has_no_debris();
}

#[test]
fn ten_runners_on_a_fresh_database_all_end_well() {
    let deploy = Deploy::new().file(
        "V1__users",
        "CREATE TABLE users (id int); INSERT INTO users VALUES (1);",
    );
    let runners: Vec<_> = (0..10).map(|_| deploy.spawn("")).collect();
    for runner in runners {
        runner.wait().exits(0);
    }
    assert_eq!(deploy.postgres.value("SELECT count(*) FROM users"), "1");
}

#[test]
fn a_second_runner_waits_while_the_first_builds_and_harms_nothing() {
    twice(|| {
        let deploy = Deploy::new().with_users(60).file("V1__indexes", TWO_BUILDS);
        let first = deploy.spawn("");
        deploy.builds_index("by_slow");
        let second = deploy.spawn("");
        second
            .wait()
            .exits(0)
            .complains("another run migrates this database");
        first.wait().exits(0);
        assert_eq!(deploy.index("by_slow"), "valid");
        assert_eq!(deploy.applied(), ["1"]);
    });
}

#[test]
fn a_runner_that_may_not_wait_says_who_holds_the_lock() {
    let deploy = Deploy::new().with_users(60).file("V1__indexes", TWO_BUILDS);
    let first = deploy.spawn("");
    deploy.builds_index("by_slow");
    deploy
        .migrate("--wait 0s")
        .run()
        .exits(5)
        .complains("dbtune migrate");
    first.wait().exits(0);
}

#[test]
fn a_rerun_right_after_the_runner_was_killed_adopts_the_build() {
    twice(|| {
        let deploy = Deploy::new().with_users(60).file("V1__indexes", TWO_BUILDS);
        let pid = deploy.orphan("by_slow");
        let still = format!("SELECT count(*) FROM pg_stat_progress_create_index WHERE pid = {pid}");
        assert_eq!(deploy.postgres.value(&still), "1");
        let oid = "SELECT oid FROM pg_class WHERE relname = 'by_slow'";
        let oid_before = deploy.postgres.value(oid);
        deploy.migrate("").run().exits(0);
        assert_eq!(deploy.postgres.value(oid), oid_before, "it was built again");
        assert_eq!(deploy.index("by_slow"), "valid");
        assert_eq!(deploy.applied(), ["1"]);
    });
}

#[test]
fn a_rerun_long_after_the_runner_was_killed_goes_on() {
    twice(|| {
        let deploy = Deploy::new().with_users(20).file("V1__indexes", TWO_BUILDS);
        let killed = deploy.spawn("");
        deploy.builds_index("by_slow");
        killed.kill();
        killed.wait();
        deploy.builds_nothing();
        deploy.migrate("").run().exits(0);
        assert_eq!(deploy.applied(), ["1"]);
        deploy.has_no_debris();
    });
}

#[test]
fn a_unique_build_that_failed_on_duplicates_succeeds_once_they_are_gone() {
    twice(|| {
        let deploy = with_duplicates(UNIQUE);
        let failed = deploy.migrate("").run();
        failed
            .exits(1)
            .complains("23505")
            .complains("Key (name)=(name1) is duplicated");
        failed
            .complains("(name) = (name1) is there 2 times")
            .complains("nothing of the index is left");
        assert_eq!(deploy.index("by_name"), "none");
        assert!(deploy.applied().is_empty());
        deploy.postgres.sql("DELETE FROM users WHERE id = 10");
        deploy.migrate("").run().exits(0);
        assert_eq!(deploy.index("by_name"), "valid");
        assert_eq!(deploy.applied(), ["1"]);
    });
}

#[test]
fn keys_of_expressions_of_some_rows_and_of_nulls_are_told_too() {
    let deploy = with_duplicates(
        "CREATE UNIQUE INDEX CONCURRENTLY by_name ON users (lower(name) text_pattern_ops DESC, (id % 3)) \
         WHERE name IS NOT NULL AND id IN (1, 10);",
    );
    deploy
        .migrate("")
        .run()
        .exits(1)
        .complains("(lower(name), (id % 3)) = (name1, 1) is there 2 times");
    let number = deploy.postgres.value("SHOW server_version_num");
    if number.parse::<u32>().unwrap() < 150_000 {
        return;
    }
    deploy
        .postgres
        .sql("UPDATE users SET name = NULL WHERE id < 4");
    deploy.write(
        "V1__by_name",
        "CREATE UNIQUE INDEX CONCURRENTLY by_name ON users (name) NULLS NOT DISTINCT;",
    );
    deploy
        .migrate("")
        .run()
        .exits(1)
        .complains("(name) = (NULL) is there 3 times");
}

#[test]
fn if_not_exists_hides_no_invalid_index() {
    twice(|| {
        let deploy = with_duplicates(UNIQUE_IF);
        for _rerun in 0..2 {
            deploy.migrate("").run().exits(1).complains("23505");
            assert_eq!(deploy.index("by_name"), "none");
            assert!(deploy.applied().is_empty());
        }
        // The carcass of another tool.
        let mut client = deploy.postgres.client();
        client.batch_execute(UNIQUE_IF).unwrap_err();
        eventually("the carcass", || deploy.index("by_name") == "INVALID");
        deploy
            .migrate("status --exit-code")
            .run()
            .exits(3)
            .says("INVALID   index by_name");
        deploy.postgres.sql("DELETE FROM users WHERE id = 10");
        deploy
            .migrate("")
            .run()
            .exits(0)
            .complains("dropping public.by_name, which is INVALID");
        assert_eq!(deploy.index("by_name"), "valid");
    });
}
