//! Builds and statements that other sessions hold up.

use std::os::unix::fs::{MetadataExt as _, chown};

use super::deploy::{Deploy, ends_soon};
use crate::support::{Postgres, eventually};

const BUILD: &str = "CREATE INDEX CONCURRENTLY by_email ON users (email);";
const SLOW_BUILD: &str = "CREATE INDEX CONCURRENTLY by_slow ON users (slow(email));";

/// What holds a concurrent build up, each in the transaction that it is left open in.
const BLOCKERS: [(&str, &str); 3] = [
    ("a writer", "UPDATE users SET email = 'x' WHERE id = 1"),
    (
        "an idle transaction with a snapshot",
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM pg_class LIMIT 1",
    ),
    (
        "an open cursor",
        "DECLARE c CURSOR FOR SELECT generate_series(1, 1000); FETCH c",
    ),
];

#[test]
fn a_build_waits_for_those_in_its_way_and_ends_well() {
    for (who, statements) in BLOCKERS {
        let deploy = Deploy::new().with_users(5).file("V1__index", BUILD);
        let blocker = deploy.transaction(statements);
        let running = deploy.spawn("");
        deploy.builds("waiting");
        let ended = ends_soon(blocker);
        running.wait().exits(0);
        ended.join().unwrap();
        assert_eq!(deploy.index("by_email"), "valid", "{who}");
    }
}

#[test]
fn a_build_that_is_held_up_for_too_long_is_given_up_cleanly_with_who_held_it_up() {
    for (who, statements) in BLOCKERS {
        let deploy = Deploy::new().with_users(5).file("V1__index", BUILD);
        let mut blocker = deploy.transaction(statements);
        let pid: i32 = blocker
            .query_one("SELECT pg_backend_pid()", &[])
            .unwrap()
            .get(0);
        let gave_up = deploy.migrate("--build-timeout 2s").run();
        gave_up
            .exits(1)
            .complains("held up by")
            .complains(&format!("pid {pid}"));
        assert!(deploy.applied().is_empty(), "{who}");
        drop(blocker);
        deploy.migrate("").run().exits(0);
        assert_eq!(deploy.index("by_email"), "valid", "{who}");
        deploy.has_no_debris();
    }
}

#[test]
fn an_interrupt_in_each_wait_leaves_nothing_invalid() {
    for (who, statements) in BLOCKERS {
        let deploy = Deploy::new().with_users(5).file("V1__index", BUILD);
        let blocker = deploy.transaction(statements);
        let running = deploy.spawn("");
        deploy.builds("waiting");
        running.interrupt();
        eventually("the build ends", || {
            let builds = "SELECT count(*) FROM pg_stat_progress_create_index";
            deploy.postgres.value(builds) == "0"
        });
        drop(blocker);
        running.wait().exits(130);
        deploy.has_no_debris();
        deploy.migrate("").run().exits(0);
        assert_eq!(deploy.index("by_email"), "valid", "{who}");
    }
}

#[test]
fn an_interrupt_while_it_works_leaves_nothing_invalid() {
    let deploy = Deploy::new().with_users(100).file("V1__index", SLOW_BUILD);
    let running = deploy.spawn("");
    deploy.builds("building");
    running.interrupt();
    running.wait().exits(130);
    assert_eq!(deploy.index("by_slow"), "none");
    assert!(deploy.applied().is_empty());
}

#[test]
fn a_build_survives_alter_table_and_analyze_that_queue_behind_it() {
    for statement in ["ALTER TABLE users ADD extra int", "ANALYZE users"] {
        let deploy = Deploy::new().with_users(60).file("V1__index", SLOW_BUILD);
        let running = deploy.spawn("");
        deploy.builds("building");
        let mut queued = deploy.postgres.client();
        let queued = std::thread::spawn(move || queued.batch_execute(statement));
        running.wait().exits(0);
        assert_eq!(deploy.index("by_slow"), "valid", "{statement}");
        // Whether it was the victim of the deadlock is not ours to say.
        drop(queued.join().unwrap());
        deploy.has_no_debris();
    }
}

#[test]
fn a_server_that_cancels_the_build_is_told_and_nothing_is_left() {
    let deploy = Deploy::new().with_users(100).file("V1__index", SLOW_BUILD);
    let running = deploy.spawn("");
    deploy.builds("building");
    deploy
        .postgres
        .sql("SELECT pg_cancel_backend(pid) FROM pg_stat_progress_create_index");
    running.wait().exits(1).complains("57014");
    assert_eq!(deploy.index("by_slow"), "none");
}

#[test]
fn limits_of_the_role_do_not_strike_a_build() {
    let deploy = Deploy::new().with_users(40).file("V1__index", SLOW_BUILD);
    deploy.postgres.sql("ALTER ROLE postgres SET statement_timeout = '500ms'; ALTER ROLE postgres SET lock_timeout = '100ms'");
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.index("by_slow"), "valid");
}

#[test]
fn an_index_with_another_definition_under_the_right_name_is_an_error_that_shows_both() {
    let deploy = Deploy::new().with_users(5).file("V1__index", BUILD);
    deploy
        .postgres
        .sql("CREATE INDEX by_email ON users (email DESC)");
    let refused = deploy.migrate("").run();
    refused
        .exits(1)
        .complains("(email DESC)")
        .complains("ON public.users (email)");
    assert!(deploy.applied().is_empty());
}

#[test]
fn an_index_in_another_tablespace_than_was_asked_for_is_another() {
    let asked = "CREATE INDEX CONCURRENTLY by_email ON users (email) TABLESPACE other;";
    let deploy = Deploy::new().with_users(5);
    let folder = deploy.postgres.data().with_file_name("other");
    std::fs::create_dir(&folder).unwrap();
    let data = deploy.postgres.data().metadata().unwrap();
    chown(&folder, Some(data.uid()), Some(data.gid())).unwrap();
    deploy.postgres.sql(&format!(
        "CREATE TABLESPACE other LOCATION '{}'",
        folder.display()
    ));
    deploy
        .postgres
        .sql("CREATE INDEX by_email ON users (email)");
    let deploy = deploy.file("V1__index", asked);
    deploy
        .migrate("")
        .run()
        .exits(1)
        .complains("TABLESPACE other");
    deploy
        .postgres
        .sql("ALTER INDEX by_email SET TABLESPACE other");
    deploy.migrate("").run().exits(0);
}

#[test]
fn a_prepared_transaction_that_holds_a_build_up_is_told_by_its_name() {
    let postgres = Postgres::setup()
        .setting("max_prepared_transactions = 2")
        .start();
    let deploy = Deploy::on(postgres).with_users(5).file("V1__index", BUILD);
    let mut writer = deploy.transaction("INSERT INTO users VALUES (7, 'x')");
    writer
        .batch_execute("PREPARE TRANSACTION 'left behind'")
        .unwrap();
    deploy
        .migrate("--build-timeout 1s")
        .run()
        .exits(1)
        .complains("'left behind' of postgres, prepared")
        .complains("ROLLBACK PREPARED")
        .never_shows("pid 0");
    deploy.postgres.sql("ROLLBACK PREPARED 'left behind'");
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.index("by_email"), "valid");
}

#[test]
fn an_index_that_is_there_with_the_same_definition_is_done() {
    let deploy = Deploy::new().with_users(5).file(
        "V1__index",
        "CREATE UNIQUE INDEX CONCURRENTLY \"By Email\" ON users USING btree (lower(email) text_pattern_ops, id DESC) \
         INCLUDE (email) WITH (fillfactor = 70) WHERE email IS NOT NULL AND id > 0;",
    );
    deploy.postgres.sql(
        "ALTER TABLE users ADD gone int; ALTER TABLE users DROP gone; \
         CREATE UNIQUE INDEX \"By Email\" ON users (lower(email) text_pattern_ops, id DESC) INCLUDE (email) \
         WITH (fillfactor=70) WHERE (email IS NOT NULL) AND (id > 0)",
    );
    deploy
        .migrate("")
        .run()
        .exits(0)
        .complains("same definition");
    assert_eq!(deploy.applied(), ["1"]);
}
