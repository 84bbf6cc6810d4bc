//! Files that an earlier run has done in part, and what people then do to them.

use std::process::Command;

use super::deploy::Deploy;

/// A bank whose money is counted, and a file whose first statement adds to it and whose second fails.
fn bank() -> Deploy {
    let deploy = Deploy::new();
    deploy
        .postgres
        .sql("CREATE TABLE users (id int); CREATE TABLE bank (n int); INSERT INTO bank VALUES (0)");
    let deploy = deploy.file(
        "V1__bank",
        "UPDATE bank SET n = n + 100;\nCREATE INDEX CONCURRENTLY by_id ON users (nothing);\n",
    );
    deploy.migrate("").run().exits(1).complains("42703");
    deploy
}

fn money(deploy: &Deploy) -> String {
    deploy.postgres.value("SELECT n FROM bank")
}

fn notes(deploy: &Deploy) -> String {
    deploy
        .postgres
        .value("SELECT count(*) FROM dbtune.migration_step")
}

#[test]
fn a_half_done_file_that_could_run_in_a_transaction_by_now_does_nothing_twice() {
    let deploy = bank();
    deploy.write(
        "V1__bank",
        "UPDATE bank SET n = n + 100;\nCREATE INDEX by_id ON users (id);\n",
    );
    deploy
        .migrate("--dry-run")
        .run()
        .exits(0)
        .says("begun its statements one by one");
    deploy
        .migrate("")
        .run()
        .exits(0)
        .complains("statement 1 is done");
    assert_eq!(money(&deploy), "100");
    assert_eq!(deploy.index("by_id"), "valid");
    assert_eq!(notes(&deploy), "0");
}

#[test]
fn a_half_done_file_with_other_statements_is_refused_whatever_its_mode() {
    let deploy = bank();
    deploy.write("V1__bank", "UPDATE bank SET n = n + 7;\n");
    deploy
        .migrate("")
        .run()
        .exits(6)
        .complains("statement 1 of V1__bank was changed")
        .complains("repair --accept 1");
    assert_eq!(money(&deploy), "100");
}

#[test]
fn a_half_done_way_back_that_could_run_in_a_transaction_by_now_does_nothing_twice() {
    let deploy = Deploy::new().with_users(3).file(
        "V1__index",
        "CREATE INDEX CONCURRENTLY by_email ON users (email);",
    );
    deploy.postgres.sql("CREATE TABLE log (line text)");
    deploy.migrate("").run().exits(0);
    let back = |drop: &str| format!("INSERT INTO log VALUES ('back');\n{drop};\n");
    deploy.write("V1__index.undo", &back("DROP INDEX CONCURRENTLY nothing"));
    deploy.migrate("undo --yes").run().exits(1);
    deploy.write("V1__index.undo", &back("DROP INDEX by_email"));
    deploy.migrate("undo --yes").run().exits(0);
    assert_eq!(deploy.postgres.value("SELECT count(*) FROM log"), "1");
    assert_eq!(deploy.index("by_email"), "none");
    assert_eq!(notes(&deploy), "0");
}

#[test]
fn no_baseline_is_laid_over_a_half_done_file() {
    let deploy = bank();
    deploy
        .migrate("baseline 1")
        .run()
        .exits(6)
        .complains("V1__bank is half done");
    assert!(deploy.applied().is_empty());
}

#[test]
fn a_build_in_the_place_of_a_statement_that_was_done_is_never_accepted_on_trust() {
    let deploy = Deploy::new();
    deploy
        .postgres
        .sql("CREATE TABLE users (id int); CREATE TABLE log (line text)");
    let first = "INSERT INTO log VALUES ('first');\n";
    let build = "CREATE INDEX CONCURRENTLY by_id ON users (id);\n";
    let deploy = deploy.file(
        "V1__log",
        &format!("{first}INSERT INTO log VALUES ('second');\nSELECT 1/0;\n{build}"),
    );
    deploy.migrate("").run().exits(1);
    deploy.write("V1__log", &format!("{first}{build}"));
    deploy.migrate("").run().exits(6);
    deploy
        .migrate("status")
        .run()
        .says("2 statements done, and the file was changed since: dbtune migrate repair");
    deploy.migrate("repair --accept 1").run().exits(0);
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.index("by_id"), "valid");
    assert_eq!(deploy.postgres.value("SELECT count(*) FROM log"), "2");
}

#[test]
fn an_index_that_is_invalid_again_before_its_file_is_done_is_built_anew() {
    let deploy = Deploy::new().with_users(3).file(
        "V1__index",
        "CREATE INDEX CONCURRENTLY by_email ON users (email);\nSELECT 1/0;\n",
    );
    deploy.migrate("").run().exits(1);
    deploy
        .postgres
        .sql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_email'::regclass");
    deploy.write(
        "V1__index",
        "CREATE INDEX CONCURRENTLY by_email ON users (email);\nSELECT 1;\n",
    );
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.index("by_email"), "valid");
    assert_eq!(deploy.applied(), ["1"]);
}

#[test]
fn a_half_done_file_that_is_gone_is_not_told_as_applied() {
    let deploy = bank();
    deploy.remove("V1__bank");
    let told = deploy.migrate("repair").run();
    told.exits(6)
        .says("V1__bank is half done (1 of its statements were run)")
        .says("would run all of it again");
}

#[test]
fn an_invalid_index_that_cannot_be_dropped_is_told() {
    let deploy = Deploy::new().with_users(3).file(
        "V1__index",
        "CREATE INDEX CONCURRENTLY by_email ON users (email);",
    );
    deploy
        .postgres
        .sql("CREATE INDEX by_email ON users (email)");
    deploy
        .postgres
        .sql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_email'::regclass");
    let reader = deploy.transaction("SELECT * FROM users");
    let ran = deploy.migrate("--build-timeout 1s").run();
    ran.exits(1)
        .complains("by_email is left INVALID, because it could not be dropped");
    drop(reader);
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.index("by_email"), "valid");
}

#[test]
fn the_index_of_a_deferrable_constraint_is_not_the_one_that_is_asked_for() {
    let deploy = Deploy::new().with_users(3).file(
        "V1__index",
        "CREATE UNIQUE INDEX CONCURRENTLY by_email ON users (email);",
    );
    deploy
        .postgres
        .sql("ALTER TABLE users ADD CONSTRAINT by_email UNIQUE (email) DEFERRABLE");
    deploy
        .migrate("")
        .run()
        .exits(1)
        .complains("of a DEFERRABLE constraint");
    assert!(deploy.applied().is_empty());
}

#[test]
fn that_nothing_is_left_is_only_said_of_what_was_asked_for() {
    let deploy = Deploy::new()
        .file("V1__one", "SELECT 1;")
        .file("V2__two", "SELECT 2;");
    deploy.migrate("--to 1").run().exits(0);
    deploy
        .migrate("--to 1")
        .run()
        .exits(0)
        .says("nothing to do: every migration up to version 1 is applied");
}

#[test]
fn a_pipe_with_the_name_of_a_migration_is_a_mistake_and_not_waited_at() {
    let deploy = Deploy::new();
    let pipe = deploy.project.path("migrations/V1__pipe.sql");
    assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
    deploy
        .migrate("status")
        .run()
        .exits(2)
        .complains("V1__pipe.sql")
        .complains("it is no file");
}

/// What was done is found by its text: a statement that was put before it, or a failed one that was taken away,
/// moves it and stands for nothing.
#[test]
fn statements_that_were_never_run_are_not_accepted_in_the_place_of_others() {
    let deploy = Deploy::new();
    deploy
        .postgres
        .sql("CREATE TABLE users (id int); CREATE TABLE log (n serial, line text)");
    let line = |text: &str| format!("INSERT INTO log (line) VALUES ('{text}');\n");
    let (a, b, c) = (line("a"), line("b"), line("c"));
    let build = |column: &str| format!("CREATE INDEX CONCURRENTLY by_id ON users ({column});\n");
    let deploy = deploy.file("V1__log", &format!("{a}{b}{}", build("nothing")));
    deploy.migrate("").run().exits(1);
    deploy.write("V1__log", &format!("{c}{a}{b}{}", build("id")));
    deploy.migrate("").run().exits(6);
    deploy.migrate("repair --accept 1").run().exits(0);
    deploy.migrate("").run().exits(0);
    let lines = "SELECT string_agg(line, ' ' ORDER BY n) FROM log";
    assert_eq!(deploy.postgres.value(lines), "a b c");
    assert_eq!(deploy.index("by_id"), "valid");
    assert_eq!(notes(&deploy), "0");
}

#[test]
fn a_build_that_was_cut_off_and_then_taken_out_of_its_file_strands_nobody() {
    let deploy = Deploy::new().with_users(60);
    deploy.postgres.sql("CREATE TABLE log (line text)");
    let deploy = deploy.file(
        "V1__log",
        "INSERT INTO log VALUES ('a');\nCREATE INDEX CONCURRENTLY by_slow ON users (slow(email));\n",
    );
    let killed = deploy.spawn("");
    deploy.builds("building");
    killed.kill();
    killed.wait();
    deploy
        .postgres
        .sql("SELECT pg_cancel_backend(pid) FROM pg_stat_progress_create_index");
    deploy.builds_nothing();
    deploy.write(
        "V1__log",
        "INSERT INTO log VALUES ('a');\nINSERT INTO log VALUES ('b');\n",
    );
    deploy.migrate("").run().exits(6);
    deploy.migrate("repair --accept 1").run().exits(0);
    deploy
        .migrate("--quiet")
        .run()
        .exits(0)
        .complains("warning: public.by_slow on users is INVALID: no query uses it")
        .complains("DROP INDEX CONCURRENTLY public.by_slow");
    let lines = "SELECT string_agg(line, ' ' ORDER BY line) FROM log";
    assert_eq!(deploy.postgres.value(lines), "a b");
    assert_eq!(deploy.applied(), ["1"]);
}

#[test]
fn an_index_that_is_gone_before_its_file_is_done_is_built_again_unless_the_file_has_dropped_it() {
    let build = |name: &str| format!("CREATE INDEX CONCURRENTLY {name} ON users (email);\n");
    let (kept, dropped) = (build("kept"), build("dropped"));
    let file = |last: &str| {
        format!(
            "{dropped}DROP INDEX CONCURRENTLY dropped;\n{kept}ANALYZE users;\nREINDEX INDEX CONCURRENTLY kept;\nCREATE INDEX CONCURRENTLY x ON users ({last});\n"
        )
    };
    let deploy = Deploy::new()
        .with_users(3)
        .file("V1__indexes", &file("nothing"));
    deploy.migrate("").run().exits(1);
    deploy.postgres.sql("DROP INDEX kept");
    deploy.write("V1__indexes", &file("id"));
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.index("kept"), "valid");
    assert_eq!(deploy.index("dropped"), "none");
}
