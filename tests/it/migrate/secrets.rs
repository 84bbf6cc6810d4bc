//! A secret in a migration is run, and shown and kept nowhere.

use super::deploy::Deploy;

const ROLE: &str = "CREATE ROLE app LOGIN PASSWORD 'tiger';\n";
const STEPWISE: &str =
    "-- dbtune: no-transaction\nALTER ROLE app PASSWORD 'tiger';\nSELECT 1 / 0;\n";

fn kept(deploy: &Deploy) -> String {
    let rows = deploy.postgres.sql(
        "SELECT concat(sql, undo) FROM dbtune.migration \
         UNION ALL SELECT statement FROM dbtune.migration_step",
    );
    rows.concat().concat()
}

#[test]
fn a_secret_of_a_file_in_one_transaction_is_not_shown_and_not_kept() {
    let deploy = Deploy::new().file("V1__role", ROLE).file(
        "V1__role.undo",
        "ALTER ROLE app PASSWORD 'tiger'; DROP ROLE app;",
    );
    for format in ["human", "json", "markdown"] {
        let shown = deploy
            .migrate(&format!("--dry-run --format {format}"))
            .run();
        shown.exits(0).says("PASSWORD '***'").never_shows("tiger");
    }
    deploy
        .migrate("--verbose")
        .run()
        .exits(0)
        .never_shows("tiger");
    let stored = "SELECT rolpassword LIKE 'SCRAM%' FROM pg_authid WHERE rolname = 'app'";
    assert_eq!(deploy.postgres.value(stored), "t");
    let kept = kept(&deploy);
    assert!(
        kept.contains("PASSWORD '***'") && !kept.contains("tiger"),
        "{kept}"
    );
    let shown = deploy.migrate("undo --dry-run").run();
    shown.exits(0).says("PASSWORD '***'").never_shows("tiger");
    deploy.remove("V1__role.undo");
    // What was kept could not be run.
    deploy
        .migrate("undo --yes")
        .run()
        .exits(6)
        .complains("no way back");
}

#[test]
fn a_secret_of_a_file_that_fails_or_was_edited_is_not_shown_and_not_kept() {
    let deploy = Deploy::new().file("V1__role", STEPWISE);
    deploy.postgres.sql("CREATE ROLE app");
    for arguments in ["--verbose", "--format json"] {
        deploy
            .migrate(arguments)
            .run()
            .exits(1)
            .never_shows("tiger");
    }
    let kept = kept(&deploy);
    assert!(
        kept.contains("PASSWORD '***'") && !kept.contains("tiger"),
        "{kept}"
    );
    deploy.write("V1__role", &STEPWISE.replace("tiger", "lion"));
    for arguments in ["", "repair", "repair --format json"] {
        let refused = deploy.migrate(arguments).run();
        refused.exits(6).never_shows("tiger").never_shows("lion");
    }
    deploy.postgres.sql("DELETE FROM dbtune.migration_step");
    deploy.write(
        "V1__role",
        &ROLE.replace("CREATE ROLE app", "ALTER ROLE nobody"),
    );
    deploy
        .migrate("")
        .run()
        .exits(1)
        .complains("ALTER ROLE nobody LOGIN PASSWORD '***'")
        .never_shows("tiger");
}

#[test]
fn a_secret_that_the_server_cites_is_not_shown() {
    let deploy = Deploy::new().file(
        "V1__role",
        "DO $$ BEGIN EXECUTE 'ALTER ROLE nobody PASSWORD ''tiger'''; END $$;\n",
    );
    deploy
        .migrate("")
        .run()
        .exits(1)
        .complains("CONTEXT")
        .never_shows("tiger");
}
