//! Files that cannot be run, each told by name before any server is asked.

use super::deploy::Deploy;
use crate::support::{Project, Ran, cli};

fn with(files: &[(&str, &[u8])]) -> Ran {
    let mut project = Project::new();
    for (name, content) in files {
        project = project.file(&format!("migrations/{name}"), "");
        std::fs::write(project.path(&format!("migrations/{name}")), content).unwrap();
    }
    // Nothing listens there: what is wrong with a file is told before.
    project
        .dbtune("migrate --postgres postgres://nobody@127.0.0.1:1/none")
        .run()
}

#[test]
fn every_odd_file_is_an_error_with_its_name() {
    let odd: [(&str, &[u8], &str); 13] = [
        ("V2__add-index.sql", b"SELECT 1;", "hyphen"),
        ("v8__x.sql", b"SELECT 1;", "capital V"),
        ("V3_x.sql", b"SELECT 1;", "two underscores"),
        ("V9.1__x.sql", b"SELECT 1;", "dot"),
        ("R__views.sql", b"SELECT 1;", "repeatable"),
        ("U5__x.sql", b"SELECT 1;", "out of order"),
        ("V7__x.up.sql", b"SELECT 1;", ".up.sql"),
        ("V1__empty.sql", b" \n", "it is empty"),
        (
            "V1__latin.sql",
            b"SELECT 1;\nSELECT '\xe4';",
            "line 2 is not UTF-8",
        ),
        ("V1__x.undo.sql", b"SELECT 1;", "leads back from"),
        ("V8__gone.undo.sql", b"", "it is empty"),
        ("sub/V4__x.SQL", b"SELECT 1;", "lower case"),
        ("V99999999999999999999__x.sql", b"SELECT 1;", "64 bits"),
    ];
    for (name, content, message) in odd {
        with(&[(name, content)])
            .exits(2)
            .complains(name)
            .complains(message);
    }
    let all: Vec<(&str, &[u8])> = odd
        .iter()
        .map(|(name, content, _)| (*name, *content))
        .collect();
    let ran = with(&all);
    for (name, _, _) in odd {
        ran.exits(2).complains(name);
    }
}

#[test]
fn two_files_of_one_version_are_an_error_that_names_both() {
    let ran = with(&[("V1__a.sql", b"SELECT 1;"), ("V01__b.sql", b"SELECT 1;")]);
    ran.exits(2)
        .complains("V1__a.sql")
        .complains("V01__b.sql")
        .complains("version 1 is taken");
}

#[test]
fn a_directive_that_contradicts_its_file_is_an_error_before_connecting() {
    let text = b"-- dbtune: transaction\nCREATE TABLE t (id int);\nCREATE INDEX CONCURRENTLY i ON t (id);\n";
    with(&[("V1__x.sql", text)])
        .exits(2)
        .complains("V1__x.sql:3:1");
}

#[test]
fn a_folder_that_is_not_there_is_told_with_what_to_do() {
    cli()
        .args(["migrate", "status", "--migrations", "nowhere"])
        .run()
        .exits(2)
        .complains("nowhere")
        .complains("--migrations");
}

#[test]
fn a_new_migration_gets_the_next_version() {
    let project = Project::new().file("migrations/V7__x.sql", "SELECT 1;");
    project
        .dbtune("migrate new add users-email")
        .run()
        .exits(0)
        .says("V8__add_users_email.sql");
    assert!(project.path("migrations/V8__add_users_email.sql").exists());
}

#[test]
fn mistakes_are_in_the_document_with_their_file() {
    let project = Project::new()
        .file("migrations/V1__x.sql", "SELECT 1;\nBEGIN;\n")
        .file("migrations/V2__y.sql", "SELECT 1;\n");
    let ran = project.dbtune("migrate lint --format json").run();
    ran.exits(2);
    assert_eq!(ran.json()["mistakes"][0]["line"], 2);
    let project = project.file("migrations/V3-z.sql", "SELECT 1;\n");
    let ran = project.dbtune("migrate --format json").run();
    ran.exits(2);
    let mistake = &ran.json()["mistakes"][0];
    assert_eq!(mistake["file"], "migrations/V3-z.sql");
    assert!(mistake["line"].is_null() && mistake["column"].is_null());
    let message = mistake["message"].as_str().unwrap();
    assert!(message.contains("two underscores"), "{message}");
}

#[test]
fn a_run_with_a_mistake_in_a_file_has_outcome_and_mistakes_in_its_document() {
    let deploy = Deploy::new().file("V1__x", "SELECT 1;\nBEGIN;\n");
    let ran = deploy.migrate("--format json").run();
    ran.exits(2);
    let document = ran.json();
    assert_eq!(document["outcome"], "refused");
    assert_eq!(document["mistakes"][0]["file"], "migrations/V1__x.sql");
    assert_eq!(document["mistakes"][0]["line"], 2);
    assert!(document["applied"].as_array().unwrap().is_empty());
    assert_eq!(document["error"]["kind"], "mistakes");
}

#[test]
fn a_folder_named_like_a_migration_is_an_error() {
    for name in ["V1__d.sql", "V1__d.undo.sql"] {
        with(&[(&format!("{name}/README.md"), b"")])
            .exits(2)
            .complains(name)
            .complains("it is a folder");
    }
}

#[test]
fn a_link_to_a_folder_is_an_error_and_one_to_a_file_is_none() {
    let project = Project::new()
        .file("elsewhere/a.sql", "SELECT 'found it';\n")
        .file("migrations/README.md", "");
    let link = |from: &str, to: &str| {
        std::os::unix::fs::symlink(project.path(from), project.path(to)).unwrap();
    };
    link("elsewhere/a.sql", "migrations/V1__a.sql");
    project.dbtune("migrate lint").run().exits(0);
    link("migrations", "migrations/again");
    project
        .dbtune("migrate lint")
        .run()
        .exits(2)
        .complains("migrations/again: it is a link to a folder")
        .complains("1 mistake");
}

#[test]
fn a_way_back_that_cannot_be_run_is_told_by_the_linter() {
    let project = Project::new()
        .file("migrations/V1__x.sql", "CREATE TABLE x (id bigint);\n")
        .file("migrations/V1__x.undo.sql", "BEGIN;\nDROP TABLE x;\n");
    project
        .dbtune("migrate lint")
        .run()
        .exits(2)
        .complains("V1__x.undo.sql:1:1");
}

#[test]
fn a_new_migration_needs_a_letter_or_a_digit_in_its_name() {
    for words in [&[""][..], &["-"], &["__", "!"]] {
        let project = Project::new();
        let new = project.dbtune("migrate new").args(["--"]).args(words);
        new.run()
            .exits(2)
            .complains("dbtune migrate new add_users_email");
        assert!(!project.path("migrations").exists());
    }
}

#[test]
fn something_temporary_in_a_file_that_is_run_by_statement_is_an_error() {
    let text = "CREATE TEMP TABLE t (id int);\nSELECT 1 AS a INTO TEMPORARY s;\n\
                CREATE TEMP VIEW v AS SELECT 1;\nCREATE TEMP SEQUENCE q;\n\
                CREATE TABLE pg_temp.u ();\nVACUUM;\n";
    let deploy = Deploy::new().file("V1__x", text);
    let refused = deploy.migrate("").run();
    let all = ["table", "table", "view", "sequence", "table"];
    for (line, what) in (1..).zip(all) {
        refused
            .exits(2)
            .complains(&format!("V1__x.sql:{line}:1"))
            .complains(&format!("a temporary {what}"));
    }
    deploy.write("V1__x", &text.replace("VACUUM;", ""));
    deploy.migrate("").run().exits(0);
}
