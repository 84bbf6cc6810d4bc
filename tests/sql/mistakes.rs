//! What is told of a file that cannot be run.

use crate::{mistakes, script};

#[test]
fn all_mistakes_are_told_in_the_order_of_the_file() {
    let text = "begin;\nselect 1 2;\n\\i other.sql\nselect 3;\ncopy t to stdout;\ncommit;\n";
    let found = mistakes(text);
    let places: Vec<&str> = found
        .iter()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(places, ["1:1", "2:9", "3:1", "5:1", "6:1"], "{found:#?}");
}

#[test]
fn a_command_of_psql_is_told_with_what_to_do_instead() {
    assert_eq!(
        mistakes("select 1;\n  \\i a.sql it's\nselect 2;"),
        [
            "2:3 `\\i` is a command of psql, not of the server (put the statements of that file here, or \
          into a migration of their own)"
        ]
    );
    assert_eq!(
        mistakes("\\set ON_ERROR_STOP on\n\\connect x\nselect 2;"),
        [
            "1:1 `\\set` is a command of psql, not of the server (leave it out: dbtune talks to the \
             server without psql)",
            "2:1 `\\connect` is a command of psql, not of the server (leave it out: dbtune connects to \
             the target that it is given)"
        ]
    );
    assert!(mistakes("\\copy t from 'x'\nselect 1")[0].contains("INSERT"));
    assert_eq!(mistakes("select 1 \\gexec\nselect 2;").len(), 1);
}

#[test]
fn a_variable_of_psql_is_told_as_such() {
    for (text, told) in [
        ("select :x;", "1:8 `:x` is"),
        ("select :'x';", "1:8 `:'x'` is"),
        ("insert into :tbl values (1);", "1:13 `:tbl` is"),
        ("create table :\"s\".t (id int);", "1:14 `:\"s\"` is"),
    ] {
        let found = mistakes(text);
        assert!(found[0].starts_with(told), "{text}: {found:?}");
        assert!(found[0].contains("a variable of psql"), "{text}: {found:?}");
    }
    script("select a[1:2], b[:n], 1::int from t;");
}

#[test]
fn set_names_is_told_with_what_is_the_same() {
    assert!(mistakes("select 1;\nSET NAMES 'utf8';")[0].contains("SET client_encoding"));
}

#[test]
fn a_backslash_in_quotes_comments_or_bodies_is_no_command() {
    script("select '\\i', \"\\x\", $$\\y$$, E'\\\\z' /* \\i */ -- \\i\n;");
}

#[test]
fn rows_behind_a_copy_are_no_statements() {
    let text = "copy t (a, b) from stdin with (format text);\n1\tit's\n\\N\t\\\\i\n\\.\n\nselect 1;\ncopy u from stdin;\n\\.\n";
    let found = mistakes(text);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!(
        found[0],
        "1:1 COPY ... FROM STDIN moves rows from or to the client (write the rows as INSERT, or load \
         them with psql, outside of the migrations)"
    );
    assert!(found[1].starts_with("7:1 COPY ... FROM STDIN"));
    script("copy t from '/tmp/x'; copy t to program 'cat';");
}

#[test]
fn transaction_control_is_a_mistake_as_a_statement_only() {
    let control = [
        ("begin", "BEGIN"),
        ("begin isolation level serializable", "BEGIN"),
        ("start transaction", "BEGIN"),
        ("commit", "COMMIT"),
        ("commit and chain", "COMMIT"),
        ("end", "COMMIT"),
        ("rollback", "ROLLBACK"),
        ("abort", "ROLLBACK"),
        ("savepoint s", "SAVEPOINT"),
        ("release s", "RELEASE SAVEPOINT"),
        ("rollback to s", "ROLLBACK TO SAVEPOINT"),
        ("prepare transaction 'x'", "PREPARE TRANSACTION"),
    ];
    for (text, word) in control {
        let found = mistakes(&format!("select 1;\n{text};"));
        let start = format!("2:1 {word} has no place in a migration (leave it out: dbtune begins");
        assert!(
            found.len() == 1 && found[0].starts_with(&start),
            "{found:#?}"
        );
    }
    script(
        "do $$ begin commit; end $$; create procedure p() language sql begin atomic select 1; end;",
    );
    script("prepare q as select 1; execute q; deallocate q;");
}

#[test]
fn a_file_without_a_statement_is_a_mistake() {
    for text in [
        "",
        " \n",
        "-- only\n/* comments */",
        ";;",
        "-- dbtune: transaction",
    ] {
        let found = mistakes(text);
        assert!(
            found.len() == 1 && found[0].starts_with("1:1 there is no statement in the file"),
            "{found:#?}"
        );
    }
}

#[test]
fn bytes_that_the_server_refuses_are_told() {
    let found = mistakes("\u{feff}select 1;\nselect 'a\0b';");
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].starts_with("1:1 the file begins with a byte order mark"));
    assert!(found[1].starts_with("2:10 the file has a NUL byte in it"));
}

#[test]
fn mistakes_of_grammar_have_the_place_and_the_words_of_the_parser() {
    assert_eq!(
        mistakes("select 1\ncreate table t (a int);"),
        ["1:9 missing semicolon between statements (end every statement with `;`)"]
    );
    assert_eq!(mistakes("selec 1 from t where;\nselect 2;").len(), 1);
    for text in [
        "select 'a",
        "select \"a",
        "select $$a",
        "select /* a",
        "create table t (a int",
        "select )",
    ] {
        assert!(!mistakes(text).is_empty(), "{text}");
    }
}

#[test]
fn what_is_thrown_at_the_parser_ends_in_a_mistake() {
    for text in [
        "\\",
        "\\\\",
        "'",
        "\0",
        "$",
        "(((",
        "\\i\n\\.",
        "copy t from stdin;",
        ";\\",
        "é\\é",
    ] {
        mistakes(text);
    }
}

/// The server reads one literal here, the parser two and a statement behind them.
#[test]
fn a_literal_that_the_parser_would_end_too_early_is_a_mistake() {
    let found = mistakes("select E'a'\n  'b'\n 'c\\'; drop table t; --'");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].starts_with("3:2 this literal goes on"),
        "{found:#?}"
    );
    script("select E'a\\'' \n 'b', 'c\\'");
}
