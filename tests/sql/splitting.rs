//! Where statements begin and end.

use crate::{script, statement, texts};

#[test]
fn semicolons_in_quotes_comments_and_bodies_end_nothing() {
    let odd = [
        "select ';' as \"a;b\" /* ; /* ; */ ; */ , 'it''s;'",
        r"select E'a\';b', U&'\0061;', B'01', $$;$$, $a$ ; $$ ; $b$ ; $a$",
        "create function f() returns int language sql begin atomic select 1; select 2; end",
        "create procedure p() begin atomic insert into t values (1); delete from t; end",
        "create function g() returns int language plpgsql as $f$ begin perform 1; return $$1;$$; end; $f$",
        "create rule r as on insert to t do also (insert into u values (1); delete from v)",
        "do $$ begin perform ';'; end $$",
        "select 1 -- ; not here\n + 1",
        "select a[1:2], b::text, c.d from e where f->>'g;' = 'h' and i @> '{\"j\": \";\"}'",
    ];
    for text in odd {
        assert_eq!(texts(text), [text]);
        assert_eq!(texts(&format!("{text};select 1 ; ")), [text, "select 1"]);
    }
}

#[test]
fn comments_around_statements_and_empty_ones_are_left_out() {
    let text = "-- head;\n;; /* a */ select 1 /* in */ , 2 /* b */ ; -- c\n\nselect 3 -- d";
    assert_eq!(texts(text), ["select 1 /* in */ , 2", "select 3"]);
}

#[test]
fn windows_line_ends_change_no_place() {
    let text = "-- é\r\nselect 1;\r\n\r\n  select\r\n'ü', x;\r\n";
    let script = script(text);
    let [first, second] = script.statements() else {
        panic!("{script:#?}")
    };
    assert_eq!(first.place().to_string(), "2:1");
    assert_eq!(second.place().to_string(), "4:3");
    assert_eq!(second.text(), "select\r\n'ü', x");
    let x = second.text().chars().position(|c| c == 'x').unwrap() + 1;
    assert_eq!(second.place_of(x).to_string(), "5:6");
}

#[test]
fn a_position_of_the_server_is_found_in_the_file() {
    let statement = statement("/* ü */ select 'ö', x");
    assert_eq!(statement.place().to_string(), "1:9");
    assert_eq!(statement.place_of(1).to_string(), "1:9");
    assert_eq!(statement.place_of(8).to_string(), "1:16");
    assert_eq!(statement.place_of(13).to_string(), "1:21");
    assert_eq!(statement.place_of(1000).to_string(), "1:22");
    assert_eq!(statement.place_of(0), statement.place());
}

#[test]
fn a_summary_is_one_short_line_without_comments() {
    let summary = |text: &str| statement(text).summary();
    assert_eq!(
        summary("create  table /* why */ t -- x\n(\n\ta int,\n\tb text)"),
        "create table t ( a int, b text)"
    );
    let long = summary(&format!("select '{}'", "ü ".repeat(200)));
    assert_eq!(long.chars().count(), 60);
    assert!(long.ends_with('…'), "{long}");
    assert_eq!(summary("select $$a\n  b$$"), "select $$a b$$");
}

#[test]
fn a_digest_is_that_of_the_text_alone() {
    let digest = |text: &str| statement(text).digest();
    assert_eq!(digest("-- a\nselect 1;"), digest("select 1"));
    assert_ne!(digest("select 1"), digest("select  1"));
    assert_eq!(
        digest("select 1"),
        "822ae07d4783158bc1912bb623e5107cc9002d519e1143a9c200ed6ee18b6d0f"
    );
}

#[test]
fn what_is_nested_deeply_does_not_end_the_program() {
    let deep = format!("select {}1{}", "(".repeat(5000), ")".repeat(5000));
    assert_eq!(texts(&deep), [deep.as_str()]);
}

/// A corpus of one statement a paragraph, to which each version of PostgreSQL added something.
#[test]
fn every_statement_of_the_corpus_is_read_as_one() {
    let corpus = include_str!("corpus.sql");
    let paragraphs: Vec<&str> = corpus
        .split("\n\n")
        .map(|paragraph| paragraph.trim_end_matches(['\n', ';']))
        .filter(|paragraph| !paragraph.is_empty())
        .collect();
    assert!(paragraphs.len() > 140, "{}", paragraphs.len());
    for paragraph in &paragraphs {
        assert_eq!(texts(paragraph), [*paragraph]);
    }
    assert_eq!(texts(corpus), paragraphs);
}
