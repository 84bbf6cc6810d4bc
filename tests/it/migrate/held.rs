//! What must hold whatever a file does: the lock, exactly-once, and no success that is none.

use super::deploy::Deploy;
use crate::support::{Postgres, eventually};

#[test]
fn a_file_that_gives_up_the_locks_of_its_session_lets_no_second_run_in() {
    for given_up in ["DISCARD ALL", "SELECT pg_advisory_unlock_all()"] {
        let deploy = Deploy::new().with_users(60).file(
            "V1__mixed",
            &format!(
                "INSERT INTO users VALUES (1000, 'a');\n{given_up};\n\
                 CREATE INDEX CONCURRENTLY by_slow ON users (slow(email));\n\
                 INSERT INTO users VALUES (1001, 'b');\n\
                 INSERT INTO users SELECT 1002, 'c' FROM pg_sleep(0.5);\n"
            ),
        );
        deploy
            .postgres
            .sql("ALTER TABLE users DROP CONSTRAINT users_pkey");
        let first = deploy.spawn("");
        deploy.builds("building");
        let second = deploy.spawn("");
        first.wait().exits(0);
        second.wait().exits(0);
        let rows = "SELECT count(*) FROM users WHERE id >= 1000";
        assert_eq!(deploy.postgres.value(rows), "3", "{given_up}");
        assert_eq!(deploy.applied(), ["1"]);
    }
}

#[test]
fn a_corrected_build_that_had_failed_is_run_as_it_now_stands() {
    let deploy = Deploy::new().with_users(3).file(
        "V1__index",
        "CREATE INDEX CONCURRENTLY by_mail ON users (mail);",
    );
    deploy.migrate("").run().exits(1).complains("42703");
    deploy.write(
        "V1__index",
        "CREATE INDEX CONCURRENTLY by_mail ON users (email);",
    );
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.index("by_mail"), "valid");
}

#[test]
fn a_migration_that_is_half_done_cannot_be_given_another_number_or_go_away_unseen() {
    let deploy = Deploy::new().with_users(3).file(
        "V1__mixed",
        "INSERT INTO users VALUES (7, 'x');\nCREATE UNIQUE INDEX CONCURRENTLY u ON users ((id % 2));\n",
    );
    deploy.migrate("").run().exits(1).complains("23505");
    let text = "INSERT INTO users VALUES (7, 'x');\nCREATE INDEX CONCURRENTLY u ON users (id);\n";
    deploy.remove("V1__mixed");
    deploy
        .migrate("")
        .run()
        .exits(6)
        .complains("V1__mixed was begun (1 statements are done)");
    deploy.write("V2__mixed", text);
    deploy
        .migrate("")
        .run()
        .exits(6)
        .complains("V1__mixed was begun");
    deploy
        .migrate("status --exit-code")
        .run()
        .exits(3)
        .says("missing   V1__mixed");
    deploy.remove("V2__mixed");
    deploy.write("V1__mixed", text);
    deploy.migrate("").run().exits(0);
    assert_eq!(
        deploy
            .postgres
            .value("SELECT count(*) FROM users WHERE id = 7"),
        "1"
    );
}

#[test]
fn an_undo_that_is_half_done_is_seen_and_gone_on_with() {
    let deploy = Deploy::new()
        .with_users(3)
        .file("V1__rows", "INSERT INTO users VALUES (7, 'x');")
        .file(
            "V1__rows.undo",
            "DELETE FROM users WHERE id = 7;\nCREATE INDEX CONCURRENTLY i ON users (nothing);\n",
        );
    deploy.migrate("").run().exits(0);
    deploy.migrate("undo --yes").run().exits(1);
    deploy
        .migrate("status --exit-code")
        .run()
        .exits(3)
        .says("partial   V1__rows")
        .says("half undone");
    deploy.write("V2__next", "SELECT 1;");
    deploy.migrate("").run().exits(6).complains("half undone");
    deploy.remove("V2__next");
    deploy.write(
        "V1__rows.undo",
        "DELETE FROM users WHERE id = 7;\nCREATE INDEX CONCURRENTLY i ON users (id);\n",
    );
    deploy.migrate("undo --yes").run().exits(0);
    assert!(deploy.applied().is_empty());
}

#[test]
fn an_index_with_another_name_by_now_is_not_taken_for_one_that_was_dropped() {
    let deploy = Deploy::new().with_users(3).file(
        "V1__index",
        "CREATE INDEX CONCURRENTLY made ON users (email);",
    );
    deploy.migrate("").run().exits(0);
    deploy.postgres.sql("ALTER INDEX made RENAME TO renamed");
    deploy.migrate("undo --yes").run().exits(6).complains(
        "made, is not where it was built any more, and it may be the one that is public.renamed",
    );
    deploy
        .postgres
        .sql("ALTER INDEX renamed RENAME TO made; CREATE SCHEMA s; ALTER TABLE users SET SCHEMA s");
    deploy
        .migrate("undo --yes")
        .run()
        .exits(6)
        .complains("s.made");
    deploy
        .postgres
        .sql("ALTER TABLE s.users SET SCHEMA public; DROP INDEX made");
    deploy.migrate("undo --yes").run().exits(0);
    assert!(deploy.applied().is_empty());
}

#[test]
fn a_half_done_file_that_comes_too_late_is_given_another_number_by_the_commands_that_are_told() {
    let build = |column: &str| format!("CREATE INDEX CONCURRENTLY u ON users ({column});\n");
    let deploy = Deploy::new()
        .with_users(3)
        .file("V1__mixed", &format!("SELECT 1;\n{}", build("nothing")));
    deploy.migrate("").run().exits(1);
    deploy.postgres.sql(
        "INSERT INTO refinery_schema_history VALUES (2, 'newer', '2026-01-01T00:00:00Z', '1')",
    );
    deploy.write("V2__newer", "SELECT 2;");
    deploy.migrate("repair --accept 2").run().exits(0);
    deploy
        .migrate("")
        .run()
        .exits(6)
        .complains("forget what was done under the old one")
        .complains("git mv migrations/V1__mixed.sql migrations/V3__mixed.sql")
        .complains("dbtune migrate repair --accept 1");
    deploy.remove("V1__mixed");
    deploy.write("V3__mixed", &format!("SELECT 1;\n{}", build("id")));
    deploy.migrate("repair --accept 1").run().exits(0);
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.index("u"), "valid");
}

#[test]
fn nothing_is_undone_below_a_file_that_is_half_done() {
    let deploy = Deploy::new()
        .file(
            "V1__log",
            "CREATE TABLE log (line text); INSERT INTO log VALUES ('a'), ('a');",
        )
        .file("V1__log.undo", "DROP TABLE log;")
        .file(
            "V2__paid",
            "INSERT INTO log VALUES ('paid');\nCREATE UNIQUE INDEX CONCURRENTLY u ON log (line);\n",
        );
    deploy.migrate("").run().exits(1);
    for arguments in ["undo --dry-run", "undo --yes"] {
        deploy
            .migrate(arguments)
            .run()
            .exits(6)
            .complains("V2__paid is half done: V1__log is not the last that was run")
            .complains("dbtune migrate repair --accept 2");
    }
    assert_eq!(deploy.postgres.value("SELECT count(*) FROM log"), "3");
    deploy.remove("V2__paid");
    deploy.migrate("repair --accept 2").run().exits(0);
    deploy.migrate("undo --yes").run().exits(0);
    assert!(deploy.applied().is_empty());
}

#[test]
fn a_half_done_undo_that_was_edited_is_shown_and_can_be_accepted() {
    let rest = |column: &str| format!("CREATE INDEX CONCURRENTLY i ON users ({column});\n");
    let deploy = Deploy::new()
        .with_users(3)
        .file("V1__rows", "INSERT INTO users VALUES (7, 'x'), (8, 'y');")
        .file(
            "V1__rows.undo",
            &format!("DELETE FROM users WHERE id = 7;\n{}", rest("nothing")),
        );
    deploy.migrate("").run().exits(0);
    deploy.migrate("undo --yes").run().exits(1);
    deploy.write(
        "V1__rows.undo",
        &format!(
            "-- one more\nDELETE FROM users WHERE id IN (7, 8);\n{}",
            rest("id")
        ),
    );
    deploy
        .migrate("undo --yes")
        .run()
        .exits(6)
        .complains("dbtune migrate repair --accept 1");
    deploy
        .migrate("repair")
        .run()
        .exits(6)
        .says("statement 1 of V1__rows (undo) was changed")
        .says("id IN (7, 8)");
    deploy.migrate("repair --accept 1").run().exits(0);
    deploy.migrate("undo --yes").run().exits(0);
    assert!(deploy.applied().is_empty());
    assert_eq!(deploy.index("i"), "valid");
    let rows = "SELECT string_agg(id::text, ' ' ORDER BY id) FROM users";
    assert_eq!(deploy.postgres.value(rows), "1 2 3 8");
    let steps = "SELECT count(*) FROM dbtune.migration_step";
    assert_eq!(deploy.postgres.value(steps), "0");
}

#[test]
fn an_undo_leaves_alone_what_was_there_before_and_what_is_another_by_now() {
    let deploy = Deploy::new().with_users(3).file(
        "V1__indexes",
        "CREATE INDEX CONCURRENTLY mine ON users (email);\nCREATE INDEX CONCURRENTLY made ON users (id);\n",
    );
    deploy.postgres.sql("CREATE INDEX mine ON users (email)");
    deploy.migrate("").run().exits(0);
    deploy
        .postgres
        .sql("DROP INDEX made; CREATE INDEX made ON users (id DESC)");
    deploy
        .migrate("undo --yes")
        .run()
        .exits(6)
        .complains("id DESC");
    deploy
        .postgres
        .sql("DROP INDEX made; CREATE INDEX made ON users (id)");
    deploy.migrate("undo --yes").run().exits(0);
    assert_eq!(deploy.index("made"), "none");
    assert_eq!(deploy.index("mine"), "valid");
}

#[test]
fn a_plain_statement_with_if_not_exists_passes_over_no_invalid_index() {
    for more in ["", "VACUUM users;\n"] {
        let deploy = Deploy::new().with_users(3).file(
            "V1__index",
            &format!("{more}CREATE INDEX IF NOT EXISTS u ON users ((id % 2));\n"),
        );
        let mut client = deploy.postgres.client();
        let failed = "CREATE UNIQUE INDEX CONCURRENTLY u ON users ((id % 2))";
        client.batch_execute(failed).unwrap_err();
        deploy.migrate("").run().exits(1).complains("u is INVALID");
        assert!(deploy.applied().is_empty());
        deploy.postgres.sql("DROP INDEX u");
        deploy.migrate("").run().exits(0);
        assert_eq!(deploy.index("u"), "valid");
    }
}

#[test]
fn a_build_whose_expression_names_its_table_is_adopted() {
    for expression in ["slow(users.email)", "(users.id + 1)) WHERE (users.id > 0"] {
        let deploy = Deploy::new().with_users(60).file(
            "V1__index",
            &format!("CREATE INDEX CONCURRENTLY i ON users ({expression});\nSELECT 1;\n"),
        );
        let killed = deploy.spawn("");
        eventually("it is begun", || {
            deploy.index("i") != "none" || !deploy.applied().is_empty()
        });
        killed.kill();
        killed.wait();
        deploy.migrate("").run().exits(0);
        assert_eq!(deploy.index("i"), "valid");
    }
}

#[test]
fn a_role_without_temporary_tables_compares_definitions_all_the_same() {
    let deploy = Deploy::new()
        .with_users(3)
        .file("V1__index", "CREATE INDEX CONCURRENTLY i ON users (email);");
    let url = deploy.role("app");
    deploy.postgres.sql(
        "ALTER TABLE users OWNER TO app; REVOKE TEMP ON DATABASE postgres FROM PUBLIC; \
         CREATE INDEX i ON users (email)",
    );
    deploy
        .migrate("")
        .env("DBTUNE_POSTGRES_URL", &url)
        .run()
        .exits(0)
        .complains("same definition");
}

#[test]
fn a_search_path_that_leads_nowhere_is_refused() {
    let deploy = Deploy::new().file("V1__one", "SELECT 1;");
    deploy
        .postgres
        .sql("ALTER DATABASE postgres SET search_path = nosuch");
    deploy.migrate("").run().exits(6).complains("search path");
}

#[test]
fn a_history_elsewhere_is_warned_of_when_the_search_path_has_been_changed() {
    let deploy = Deploy::new().file("V1__one", "SELECT 1;");
    deploy.migrate("").run().exits(0);
    deploy
        .postgres
        .sql("CREATE SCHEMA app; ALTER DATABASE postgres SET search_path = app");
    deploy
        .migrate("")
        .run()
        .exits(0)
        .complains("public.refinery_schema_history holds 1 migrations");
}

#[test]
fn what_a_function_sets_in_the_session_is_set_again_after_an_interruption() {
    let deploy = Deploy::new().file(
        "V1__other",
        "SELECT pg_catalog.set_config('search_path', 'other', false);\n\
         CREATE INDEX CONCURRENTLY i ON t (missing);\nINSERT INTO t VALUES (2);\n",
    );
    deploy
        .postgres
        .sql("CREATE SCHEMA other; CREATE TABLE other.t (a int); CREATE TABLE public.t (a int)");
    deploy.migrate("").run().exits(1);
    deploy
        .postgres
        .sql("ALTER TABLE other.t ADD missing int; ALTER TABLE public.t ADD missing int");
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.postgres.value("SELECT count(*) FROM other.t"), "1");
    assert_eq!(deploy.postgres.value("SELECT count(*) FROM public.t"), "0");
}

#[test]
fn a_partition_that_is_half_detached_is_detached_by_the_next_run() {
    for bin in Postgres::bins_since(14) {
        let deploy = Deploy::on(Postgres::with_bin(bin).start()).file(
            "V1__detach",
            "ALTER TABLE events DETACH PARTITION events_1 CONCURRENTLY;",
        );
        deploy.postgres.sql(
            "CREATE TABLE events (id int) PARTITION BY RANGE (id); \
             CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10)",
        );
        let reader = deploy.transaction("SELECT * FROM events");
        let running = deploy.spawn("");
        let pending = "SELECT count(*) FROM pg_inherits WHERE inhdetachpending";
        eventually("it is half detached", || {
            deploy.postgres.value(pending) == "1"
        });
        running.interrupt();
        running.wait().exits(130).complains("half detached");
        drop(reader);
        deploy.migrate("").run().exits(0);
        let left = "SELECT count(*) FROM pg_inherits";
        assert_eq!(deploy.postgres.value(left), "0");
    }
}

#[test]
fn an_interrupt_says_what_is_done_and_what_is_left() {
    let deploy = Deploy::new().with_users(60).file(
        "V1__mixed",
        "INSERT INTO users VALUES (1000, 'a');\nCREATE INDEX CONCURRENTLY i ON users (slow(email));\n",
    );
    let running = deploy.spawn("");
    deploy.builds("building");
    running.interrupt();
    let ran = running.wait();
    ran.exits(130)
        .complains("statement 1 of 2 was done and stays")
        .complains("nothing of the index is left");
}
