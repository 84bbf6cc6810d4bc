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
