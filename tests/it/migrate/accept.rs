//! Edits of files that are half done, and what becomes of them where they are accepted.

use super::deploy::Deploy;

const BUILD: &str = "CREATE UNIQUE INDEX CONCURRENTLY u ON users (email);\n";

/// An `INSERT` into the log.
fn line(text: &str) -> String {
    format!("INSERT INTO log VALUES ('{text}');\n")
}

/// A deploy in which these lines were written, and the build after them failed.
fn half_done(lines: &[&str]) -> Deploy {
    let deploy = Deploy::new();
    deploy.postgres.sql(
        "CREATE TABLE log (line text); CREATE TABLE users (email text); INSERT INTO users VALUES ('a'), ('a')",
    );
    let lines: String = lines.iter().map(|text| line(text)).collect();
    let deploy = deploy.file("V1__log", &format!("{lines}{BUILD}"));
    deploy.migrate("").run().exits(1);
    deploy.postgres.sql("DELETE FROM users");
    deploy
}

fn log(deploy: &Deploy) -> String {
    let lines = "SELECT string_agg(line, ' ' ORDER BY ctid) FROM log";
    deploy.postgres.value(lines)
}

#[test]
fn of_a_statement_that_stands_twice_the_one_that_was_edited_is_not_run_again() {
    for (file, expected) in [(["A", "a"], "a a"), (["a", "A"], "a a")] {
        let deploy = half_done(&["a", "a"]);
        let lines: String = file.iter().map(|text| line(text)).collect();
        deploy.write("V1__log", &format!("{lines}{BUILD}"));
        deploy.migrate("repair --accept 1").run().exits(0);
        deploy.migrate("").run().exits(0);
        assert_eq!(log(&deploy), expected);
        assert_eq!(deploy.index("u"), "valid");
    }
}

#[test]
fn all_that_becomes_of_an_edited_file_is_shown_before_it_is_accepted() {
    let deploy = half_done(&["a", "b", "c"]);
    deploy.write("V1__log", &format!("{BUILD}{}", line("new")));
    let shown = deploy.migrate("repair").run();
    shown
        .exits(6)
        .says("was done, and is forgotten:")
        .says("what was done counts as statement 2:")
        .says("-INSERT INTO log VALUES ('b')")
        .says("+INSERT INTO log VALUES ('new')")
        .says("statement 1 is run by the next run:")
        .says("dbtune migrate repair --accept 1");
    let document = deploy.migrate("repair --format json").run();
    let becomes = |nth: usize| document.json()["open"][0]["statements"][nth]["becomes"].clone();
    assert_eq!(
        [becomes(0), becomes(1), becomes(2), becomes(3)],
        ["forgotten", "done", "forgotten", "run"]
    );
    deploy.migrate("repair --accept 1").run().exits(0);
    deploy.migrate("").run().exits(0);
    assert_eq!(log(&deploy), "a b c");
    assert_eq!(deploy.index("u"), "valid");
}

#[test]
fn a_dry_run_refuses_what_a_run_would_refuse() {
    let deploy = half_done(&["a"]);
    deploy.write("V1__log", &format!("{}{BUILD}", line("x")));
    for arguments in ["up --dry-run", "up"] {
        deploy
            .migrate(arguments)
            .run()
            .exits(6)
            .complains("statement 1 of V1__log was changed after it had been run");
    }
}

#[test]
fn what_was_done_of_a_way_back_is_shown_and_a_file_that_is_gone_is_named() {
    let back = |text: &str| format!("{}DROP INDEX CONCURRENTLY nope;\n", line(text));
    let deploy = Deploy::new()
        .with_users(3)
        .file("V1__log", "CREATE TABLE log (line text);")
        .file("V2__index", "CREATE INDEX CONCURRENTLY i ON users (email);");

    deploy.migrate("").run().exits(0);
    deploy.write("V2__index.undo", &back("undone"));
    deploy.migrate("undo --yes").run().exits(1);
    deploy
        .migrate("undo --dry-run")
        .run()
        .exits(0)
        .says("-- done by an earlier run, and not run again: statement 1");
    deploy.write("V2__index.undo", &back("other"));
    deploy
        .migrate("undo --dry-run")
        .run()
        .exits(6)
        .complains("statement 1 of V2__index (undo) was changed");
    deploy.remove("V2__index.undo");
    deploy
        .migrate("undo --yes")
        .run()
        .exits(6)
        .complains("there is no V2__index.undo.sql any more");
    deploy.write("V2__index.undo", "COMMIT;");
    deploy
        .migrate("undo --dry-run")
        .run()
        .exits(2)
        .complains("COMMIT has no place in a migration");
}

#[test]
fn a_row_whose_checksum_alone_is_another_is_told_as_such_and_a_version_below_0_can_be_accepted() {
    let deploy = Deploy::new().file("V1__one", "SELECT 1;");
    deploy.migrate("").run().exits(0);
    deploy.postgres.sql(
        "UPDATE refinery_schema_history SET checksum = '7'; \
         INSERT INTO refinery_schema_history VALUES (-1, 'odd', '2026-01-01T00:00:00Z', '1')",
    );
    deploy
        .migrate("repair")
        .run()
        .exits(6)
        .says("it is the checksum in the history that is another")
        .says("dbtune migrate repair --accept -1");
    deploy
        .migrate("repair --accept -1 --accept 1")
        .run()
        .exits(0);
    deploy.migrate("").run().exits(0);
}
