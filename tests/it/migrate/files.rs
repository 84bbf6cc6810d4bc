//! Files that cannot be run, each told by name before any server is asked.

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
    let odd: [(&str, &[u8], &str); 12] = [
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
