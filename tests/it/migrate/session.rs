//! What a file sets in its session, and what of it others see.

use super::deploy::Deploy;
use crate::support::Postgres;

#[test]
fn no_file_sees_what_the_one_before_it_has_made_temporary_or_set() {
    let deploy = Deploy::new()
        .file("V1__log", "CREATE TABLE log (line text);")
        .file("V2__temporary", "CREATE TEMP TABLE log (line text); PREPARE p AS SELECT 1;")
        .file("V3__real", "INSERT INTO log VALUES ('real'); PREPARE p AS SELECT 1;")
        .file("V4__other", "CREATE TABLE pg_temp.log (line text);")
        .file("V5__real", "INSERT INTO log VALUES ('too'); VACUUM log;")
        .file("V6__read", "SET default_transaction_isolation = serializable; SET default_transaction_read_only = on;")
        .file(
            "V7__written",
            "INSERT INTO log SELECT current_setting('transaction_isolation');",
        );
    deploy.migrate("").run().exits(0);
    let lines = "SELECT string_agg(line, ', ') FROM log";
    assert_eq!(deploy.postgres.value(lines), "real, too, read committed");
}

#[test]
fn the_row_of_a_file_is_written_whatever_it_has_set() {
    let deploy = Deploy::new().with_users(3).file(
        "V1__read",
        "VACUUM users; SET default_transaction_read_only = on;",
    );
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.applied(), ["1"]);
}

#[test]
fn a_history_that_row_security_hides_is_not_taken_for_an_empty_one() {
    let deploy = Deploy::new().file(
        "V1__log",
        "CREATE TABLE IF NOT EXISTS log (line text); INSERT INTO log VALUES ('paid');",
    );
    let url = deploy.role("app");
    let migrate = |arguments: &str| {
        let run = deploy.migrate(arguments);
        run.env("DBTUNE_POSTGRES_URL", &url)
    };
    migrate("").run().exits(0);
    deploy.postgres.sql(
        "ALTER TABLE refinery_schema_history ENABLE ROW LEVEL SECURITY; \
         ALTER TABLE refinery_schema_history FORCE ROW LEVEL SECURITY",
    );
    for arguments in ["", "status", "repair", "undo --yes"] {
        migrate(arguments)
            .run()
            .exits(6)
            .complains("row security may hide rows of refinery_schema_history from app")
            .complains("BYPASSRLS");
    }
    assert_eq!(deploy.postgres.value("SELECT count(*) FROM log"), "1");
    deploy.migrate("status --exit-code").run().exits(0);
}

/// Another session that goes on with the file would not have it: the rest would be run in another schema.
#[test]
fn what_a_statement_sets_by_the_way_in_a_file_of_many_steps_is_refused_before_it_is_done() {
    let deploy = Deploy::new();
    deploy.postgres.sql(
        "CREATE SCHEMA a; CREATE TABLE a.t (x int); CREATE TABLE t (x int); CREATE ROLE other; \
         CREATE FUNCTION sets() RETURNS void LANGUAGE plpgsql AS \
         $$ BEGIN PERFORM set_config('search_path', 'a', false); END $$",
    );
    for (statement, set) in [
        (
            "DO $$ BEGIN SET search_path TO a; END $$",
            "search_path = a",
        ),
        ("SELECT public.sets()", "search_path = a"),
        (
            "SELECT x.* FROM (SELECT set_config('search_path', 'a', false)) x",
            "search_path = a",
        ),
        ("DO $$ BEGIN SET ROLE other; END $$", "role = other"),
    ] {
        deploy.write(
            "V1__index",
            &format!("{statement};\nCREATE INDEX CONCURRENTLY i ON t (x);\n"),
        );
        let ran = deploy.migrate("").run();
        ran.exits(1)
            .complains(&format!(
                "it sets something in the session that the statements after it would have: {set}"
            ))
            .complains("none was done before it");
    }
    assert_eq!(deploy.index("i"), "none");
    deploy.write(
        "V1__index",
        "SELECT public.sets();\nVACUUM t;\nCREATE INDEX CONCURRENTLY i ON t (x);\n",
    );
    deploy.migrate("").run().exits(1);
    deploy.write(
        "V1__index",
        "VACUUM t;\nSET search_path = a;\nSELECT public.sets();\nCREATE INDEX CONCURRENTLY i ON t (x);\nSELECT public.sets();\n",
    );
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.postgres.value("SELECT 'a.i'::regclass"), "a.i");
}

#[test]
fn the_limits_that_a_file_or_the_database_sets_are_lifted_for_builds_alone() {
    let limits = "INSERT INTO log SELECT concat_ws('|', current_setting('statement_timeout'), \
        current_setting('lock_timeout'));\n";
    let deploy = Deploy::new().with_users(3).file(
        "V1__limits",
        &format!(
            "CREATE TABLE log (line text);\nCREATE INDEX CONCURRENTLY a ON users (id);\n{limits}\
             SET statement_timeout = '7s';\nVACUUM users;\n{limits}\
             SET lock_timeout = '9s';\nVACUUM users;\n{limits}VACUUM users;\n\
             SET statement_timeout = '8s';\nRESET lock_timeout;\n{limits}"
        ),
    );
    let deploy = deploy.file("V2__after", limits);
    deploy
        .postgres
        .sql("ALTER DATABASE postgres SET statement_timeout = '6s'");
    deploy.migrate("--lock-timeout 2s").run().exits(0);
    let lines = "SELECT string_agg(line, ' ') FROM log";
    assert_eq!(
        deploy.postgres.value(lines),
        "6s|2s 7s|2s 7s|9s 8s|2s 6s|2s"
    );
}

#[test]
fn what_another_session_would_not_have_is_refused_in_a_file_of_many_steps() {
    let deploy = Deploy::new();
    deploy.postgres.sql(
        "CREATE TABLE t (x int); CREATE TABLE log (line text); CREATE FUNCTION pay() RETURNS text LANGUAGE sql \
         AS $$ INSERT INTO log VALUES ('paid') RETURNING 'public' $$",
    );
    let rest = "INSERT INTO log VALUES (current_setting('app.tenant', true));\n\
        CREATE INDEX CONCURRENTLY i ON t (x);\n";
    for (statement, set) in [
        (
            "DO $$ BEGIN PERFORM set_config('app.tenant', '7', false); END $$",
            "app.tenant = 7",
        ),
        (
            "DO $$ BEGIN CREATE TEMP TABLE scratch (line text); END $$",
            "temporary scratch",
        ),
        ("PREPARE p AS SELECT 1", "prepared statement p"),
        (
            "SELECT set_config('app.tenant', pay(), false)",
            "app.tenant = public",
        ),
    ] {
        deploy.write("V1__index", &format!("{statement};\n{rest}"));
        deploy
            .migrate("")
            .run()
            .exits(1)
            .complains(&format!("that the statements after it would have: {set}"));
    }
    assert_eq!(deploy.postgres.value("SELECT count(*) FROM log"), "0");
}

#[test]
fn what_is_set_and_put_back_by_a_statement_is_no_change() {
    let deploy = Deploy::new().with_users(3).file(
        "V1__index",
        "DO $$ DECLARE old text := current_setting('search_path'); BEGIN \
         PERFORM set_config('search_path', 'pg_catalog', false); \
         PERFORM set_config('search_path', old, false); END $$;\n\
         CREATE INDEX CONCURRENTLY i ON users (email);\n",
    );
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.index("i"), "valid");
}

#[test]
fn what_was_set_for_statements_that_were_done_is_a_part_of_them() {
    let file = |schema: &str, column: &str| {
        format!(
            "SET search_path = {schema}, public;\nINSERT INTO w VALUES (1);\n\
             CREATE INDEX CONCURRENTLY i ON users ({column});\nINSERT INTO w VALUES (2);\n"
        )
    };
    let deploy = Deploy::new()
        .with_users(3)
        .file("V1__w", &file("a", "nothing"));
    deploy.postgres.sql(
        "CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.w (x int); CREATE TABLE b.w (x int)",
    );
    deploy.migrate("").run().exits(1);
    deploy.write("V1__w", &file("b", "email"));
    deploy
        .migrate("")
        .run()
        .exits(6)
        .complains("statement 1 of V1__w was changed after it had been run");
    deploy.write("V1__w", &file("a", "email"));
    deploy
        .migrate("--dry-run")
        .run()
        .exits(0)
        .says("SET search_path = a, public;\n-- done by an earlier run:\n--   INSERT");
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.postgres.value("SELECT count(*) FROM a.w"), "2");
}

#[test]
fn a_transaction_timeout_of_a_file_strikes_no_build() {
    for bin in Postgres::bins_since(17) {
        let postgres = Postgres::with_bin(bin).start();
        let deploy = Deploy::on(postgres).with_users(40).file(
            "V1__index",
            "SET transaction_timeout = '500ms';\nCREATE INDEX CONCURRENTLY i ON users (slow(email));\n\
             CREATE TABLE log AS SELECT current_setting('transaction_timeout') AS line;\n",
        );
        deploy.migrate("").run().exits(0);
        assert_eq!(deploy.index("i"), "valid");
        assert_eq!(deploy.postgres.value("SELECT line FROM log"), "500ms");
    }
}

#[test]
fn what_only_looks_like_a_setting_of_the_session_is_no_change() {
    let deploy = Deploy::new().with_users(3);
    deploy.postgres.sql("CREATE TABLE log (line text)");
    let files = [
        "ALTER DATABASE postgres SET app.cfg = 'x';",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET app.bypass = 'on' AS 'SELECT 1';",
        "DO $$ BEGIN NULL; END $$;\nSET plpgsql.check_asserts = off;",
        "SET plpgsql.variable_conflict = 'use_column';\nDO $$ BEGIN NULL; END $$;",
        "DO $$ BEGIN SET LOCAL statement_timeout = '10s'; PERFORM set_config('app.own', 'x', true); END $$;",
        "DO $$ BEGIN CREATE TEMP TABLE x ON COMMIT DROP AS SELECT 1; END $$;",
        "SELECT set_config('app.a', '1', false), set_config('app.b', '2', false);",
    ];
    for (version, file) in (1..).zip(files) {
        let text = format!("VACUUM users;\n{file}\nSELECT 1;\n");
        deploy.write(&format!("V{version}__file"), &text);
        deploy.migrate("").run().exits(0);
    }
}

#[test]
fn a_role_that_the_file_has_given_up_and_dropped_since_is_not_set_again() {
    let file = |last: &str| {
        format!(
            "CREATE ROLE for_a_while;\nSET ROLE for_a_while;\nSELECT 1;\nRESET ROLE;\nDROP ROLE for_a_while;\n\
             VACUUM {last};\n"
        )
    };
    let deploy = Deploy::new().with_users(3).file("V1__role", &file("nope"));
    deploy.migrate("").run().exits(1);
    deploy.write("V1__role", &file("users"));
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.applied(), ["1"]);
}

#[test]
fn what_was_done_is_looked_up_where_it_was_done() {
    let file = |column: &str| {
        format!(
            "SET search_path = a;\nCREATE INDEX CONCURRENTLY i ON t (x);\nSET search_path = b;\n\
             CREATE INDEX CONCURRENTLY i ON t (x);\nCREATE INDEX CONCURRENTLY j ON t ({column});\n"
        )
    };
    let deploy = Deploy::new().file("V1__index", &file("nothing"));
    deploy.postgres.sql(
        "CREATE TABLE t (x int); CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t (x int); CREATE TABLE b.t (x int)",
    );
    deploy.migrate("").run().exits(1);
    deploy.postgres.sql("DROP INDEX a.i");
    deploy.write("V1__index", &file("x"));
    deploy.migrate("").run().exits(0);
    let there = "SELECT string_agg(schemaname || '.' || indexname, ' ' ORDER BY schemaname, indexname) \
        FROM pg_indexes WHERE indexname IN ('i', 'j')";
    assert_eq!(deploy.postgres.value(there), "a.i b.i b.j");
}
