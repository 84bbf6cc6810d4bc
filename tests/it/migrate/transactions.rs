//! Files that are run in one transaction, and what a statement that fails is told with.

use std::path::Path;

use dbtune::sandbox::PostgresqlBin;

use super::deploy::{Deploy, ends_soon};
use crate::support::{Postgres, variable};

#[test]
fn a_file_that_fails_is_rolled_back_and_told_with_its_place() {
    let deploy = Deploy::new().file(
        "V1__users",
        "CREATE TABLE users (id int);\n\nINSERT INTO users\n  VALUES ('none');\n",
    );
    let failed = deploy.migrate("").run();
    failed
        .exits(1)
        .complains("migrations/V1__users.sql:4:11: V1__users: invalid input syntax");
    failed
        .complains("statement 2 of 2")
        .complains("22P02")
        .complains("rolled back");
    assert!(deploy.applied().is_empty());
    assert_eq!(
        deploy.postgres.value("SELECT to_regclass('users') IS NULL"),
        "t"
    );
}

#[test]
fn an_error_without_a_position_is_told_at_its_statement() {
    let deploy = Deploy::new().file(
        "V1__users",
        "CREATE TABLE users (id int UNIQUE);\nINSERT INTO users VALUES (1);\nINSERT INTO users VALUES (1);\n",
    );
    let failed = deploy.migrate("").run();
    failed
        .exits(1)
        .complains("V1__users.sql:3:1")
        .complains("23505")
        .complains("Key (id)=(1) already exists");
}

#[test]
fn what_was_applied_before_a_failure_stays_and_is_told() {
    let deploy = Deploy::new()
        .file("V1__users", "CREATE TABLE users ();")
        .file("V2__no", "SELECT 1 / 0;");
    let failed = deploy.migrate("--format json").run();
    failed.exits(1);
    let document = failed.json();
    assert_eq!(document["outcome"], "failed");
    assert_eq!(document["applied"][0]["version"], 1);
    assert_eq!(document["error"]["kind"], "migration_failed");
    assert_eq!(deploy.applied(), ["1"]);
}

#[test]
fn a_table_that_is_locked_for_a_while_is_tried_again_and_nobody_queues_behind_it() {
    let deploy = Deploy::new()
        .with_users(3)
        .file("V1__alter", "ALTER TABLE users ADD name text;");
    let blocker = deploy.transaction("SELECT * FROM users");
    let running = deploy.spawn("--lock-timeout 200ms");
    let ended = ends_soon(blocker);
    let ran = running.wait();
    ran.exits(0).complains("trying again").complains("55P03");
    ended.join().unwrap();
    assert_eq!(deploy.applied(), ["1"]);
}

#[test]
fn what_a_file_sets_is_not_set_for_the_next_nor_for_the_history() {
    let deploy = Deploy::new()
        .file(
            "V1__set",
            "CREATE ROLE nobody; CREATE SCHEMA other; GRANT ALL ON SCHEMA other TO nobody; \
             SET search_path = other; SET ROLE nobody; SET lock_timeout = '1h'; CREATE TABLE here ();",
        )
        .file("V2__next", "CREATE TABLE there AS SELECT current_user::text AS who;");
    deploy.migrate("").run().exits(0);
    assert_eq!(
        deploy
            .postgres
            .value("SELECT to_regclass('other.here') IS NOT NULL"),
        "t"
    );
    assert_eq!(
        deploy.postgres.value("SELECT who FROM public.there"),
        "postgres"
    );
    assert_eq!(deploy.applied(), ["1", "2"]);
}

#[test]
fn a_setting_in_a_file_that_is_cut_off_is_set_again_by_the_next_run() {
    let deploy = Deploy::new().file(
        "V1__other",
        "CREATE SCHEMA other;\nSET search_path = other;\nCREATE TABLE t (id int);\n\
         CREATE INDEX CONCURRENTLY by_id ON t (id);\nINSERT INTO t VALUES (1 / 0);\n",
    );
    deploy
        .migrate("")
        .run()
        .exits(1)
        .complains("V1__other.sql:5:1")
        .complains("statements 1 to 4 of 5");
    deploy
        .migrate("status")
        .run()
        .exits(0)
        .says("partial")
        .says("of 5 statements done");
    deploy.write(
        "V1__other",
        "CREATE SCHEMA other;\nSET search_path = other;\nCREATE TABLE t (id int);\n\
         CREATE INDEX CONCURRENTLY by_id ON t (id);\nINSERT INTO t VALUES (1);\n",
    );
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.postgres.value("SELECT count(*) FROM other.t"), "1");
}

#[test]
fn a_statement_that_was_run_and_then_changed_is_refused_and_can_be_accepted() {
    let deploy = Deploy::new().with_users(2).file(
        "V1__mixed",
        "INSERT INTO users VALUES (7, 'x');\nCREATE INDEX CONCURRENTLY i ON users (id);\nSELECT 1 / 0;\n",
    );
    deploy.migrate("").run().exits(1);
    deploy.write(
        "V1__mixed",
        "INSERT INTO users VALUES (8, 'x');\nCREATE INDEX CONCURRENTLY i ON users (id);\nSELECT 1;\n",
    );
    deploy
        .migrate("")
        .run()
        .exits(6)
        .complains("statement 1 of V1__mixed was changed")
        .complains("(8, 'x')");
    deploy.migrate("repair").run().exits(6).says("--accept 1");
    deploy.migrate("repair --accept 1").run().exits(0);
    deploy.migrate("").run().exits(0);
    assert_eq!(
        deploy
            .postgres
            .value("SELECT count(*) FROM users WHERE id IN (7, 8)"),
        "1"
    );
}

#[test]
fn a_value_of_an_enumeration_can_be_added_and_used_in_one_file() {
    let deploy = Deploy::new()
        .file(
            "V1__type",
            "CREATE TYPE mood AS ENUM ('good'); CREATE TABLE t (m mood);",
        )
        .file(
            "V2__value",
            "ALTER TYPE mood ADD VALUE 'bad'; INSERT INTO t VALUES ('bad');",
        );
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.postgres.value("SELECT count(*) FROM t"), "1");
}

#[test]
fn statements_that_no_transaction_takes_are_run_on_their_own() {
    let deploy = Deploy::new().file(
        "V1__all",
        "CREATE TABLE t (id int);\nVACUUM t;\nALTER SYSTEM SET work_mem = '5MB';\nCREATE DATABASE other;\n\
         REINDEX DATABASE CONCURRENTLY postgres;\nDROP DATABASE other;\n",
    );
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.applied(), ["1"]);
    assert!(deploy.postgres.auto_conf().contains("5MB"));
}

#[test]
fn what_the_server_says_on_the_side_is_told() {
    let deploy = Deploy::new().file(
        "V1__notice",
        "DO $$ BEGIN RAISE WARNING 'mind the gap'; END $$;",
    );
    deploy.migrate("").run().exits(0).complains("mind the gap");
}

#[test]
fn a_constraint_that_fails_at_the_commit_rolls_the_file_back() {
    let deploy = Deploy::new().file(
        "V1__deferred",
        "CREATE TABLE t (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO t VALUES (1), (1);\n",
    );
    deploy.migrate("").run().exits(1).complains("23505");
    assert!(deploy.applied().is_empty());
}

#[test]
fn a_standby_takes_no_migration() {
    let primary = Postgres::start();
    let standby = primary.standby();
    let deploy = Deploy::on(standby).file("V1__t", "CREATE TABLE t ();");
    deploy.migrate("").run().exits(6).complains("standby");
    let deploy = Deploy::on(primary).file("V1__t", "CREATE TABLE t ();");
    deploy.migrate("").run().exits(0);
}

#[test]
fn a_role_that_may_not_create_is_told_what_to_grant() {
    let deploy = Deploy::new().file("V1__t", "SELECT 1;");
    deploy.postgres.sql(&format!(
        "CREATE ROLE app LOGIN PASSWORD '{}'",
        crate::support::PASSWORD
    ));
    let url = deploy.postgres.url_of("app", "postgres");
    let refused = deploy.migrate("").env("DBTUNE_POSTGRES_URL", &url).run();
    refused
        .exits(1)
        .complains("42501")
        .complains("GRANT CREATE ON");
    deploy
        .postgres
        .sql("GRANT CREATE ON DATABASE postgres TO app; GRANT CREATE ON SCHEMA public TO app");
    deploy
        .migrate("")
        .env("DBTUNE_POSTGRES_URL", &url)
        .run()
        .exits(0);
    deploy.postgres.sql(
        "REVOKE CREATE ON DATABASE postgres FROM app; REVOKE CREATE ON SCHEMA public FROM app",
    );
    deploy
        .migrate("")
        .env("DBTUNE_POSTGRES_URL", &url)
        .run()
        .exits(0)
        .says("nothing to do");
}

#[test]
fn a_value_of_an_enumeration_that_the_file_creates_can_be_used_on_every_version() {
    for bin in Postgres::every_bin() {
        let deploy = Deploy::on(Postgres::with_bin(bin).start()).file(
            "V1__all",
            "CREATE TYPE e AS ENUM ('a');\nALTER TYPE e ADD VALUE 'b';\nCREATE TABLE te (x e);\n\
             INSERT INTO te VALUES ('b');\n",
        );
        deploy.migrate("").run().exits(0);
        assert_eq!(deploy.postgres.value("SELECT x FROM te"), "b");
    }
}

#[test]
fn a_value_that_is_used_before_the_commit_is_told_with_the_directive() {
    let text = "ALTER TYPE mood ADD VALUE 'bad';\n\
                SELECT (enum_range(NULL::mood))[2];\n";
    let deploy = Deploy::new()
        .file("V1__type", "CREATE TYPE mood AS ENUM ('good');")
        .file("V2__value", text);
    deploy
        .migrate("")
        .run()
        .exits(1)
        .complains("55P04")
        .complains("`-- dbtune: no-transaction` on a line of its own");
    deploy.write("V2__value", &format!("-- dbtune: no-transaction\n{text}"));
    deploy.migrate("").run().exits(0);
}

#[test]
fn a_procedure_that_commits_is_told_why_it_cannot() {
    let deploy = Deploy::new().file(
        "V1__call",
        "-- dbtune: no-transaction\n\
         CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;\nCALL p();\n",
    );
    deploy
        .migrate("")
        .run()
        .exits(1)
        .complains("2D000")
        .complains("together with the note")
        .complains("psql");
}

#[test]
fn a_database_where_backslashes_escape_is_warned_of_and_files_mean_what_they_say() {
    let deploy = Deploy::new().file(
        "V1__rows",
        "CREATE TABLE words (word text); INSERT INTO words VALUES ('a\\'); INSERT INTO words VALUES ('b');",
    );
    deploy
        .postgres
        .sql("ALTER DATABASE postgres SET standard_conforming_strings = off");
    let ran = deploy.migrate("").run();
    ran.exits(0)
        .complains("warning: standard_conforming_strings is off");
    let words = "SELECT string_agg(word, ' ' ORDER BY word) FROM words";
    assert_eq!(deploy.postgres.value(words), "a\\ b");
    deploy
        .migrate("status")
        .run()
        .exits(0)
        .complains("standard_conforming_strings is off");
}

/// 14.0 to 14.3 build indexes that miss rows, which nothing on the server tells.
#[test]
fn a_server_whose_concurrent_builds_miss_rows_is_warned_of() {
    let Some(folder) = variable("DBTUNE_TEST_PG_BROKEN_BUILDS") else {
        return;
    };
    let bin = PostgresqlBin::at(Path::new(&folder)).unwrap();
    let deploy = Deploy::on(Postgres::with_bin(bin).start())
        .with_users(3)
        .file(
            "V1__index",
            "CREATE INDEX CONCURRENTLY by_email ON users (email);",
        );
    let warning = "can build indexes concurrently that miss rows";
    deploy.migrate("").run().exits(0).complains(warning);
    assert_eq!(deploy.index("by_email"), "valid");
    deploy.migrate("status").run().exits(0).complains(warning);
}
