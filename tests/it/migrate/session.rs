//! What a file sets in its session, and what of it others see.

use super::deploy::Deploy;

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
