//! What a file allows by name.

use crate::{file, findings, only, own};

const NOTHING: [&str; 0] = [];
const HASH: &str = "create unique index i on t using hash (a);";
const OTHER: &str = "create unique index j on t using hash (b);";

#[test]
fn a_comment_right_before_a_statement_is_for_that_statement() {
    for comment in [
        "-- dbtune: allow unique-hash-index",
        "-- dbtune: allow unique-hash-index — to see it refused",
        "--dbtune: ALLOW Unique-Hash-Index - to see it refused",
        "-- dbtune: allow unique-hash-index\n-- and a word",
        "-- dbtune: allow mixed-file, unique-hash-index: to see it refused",
    ] {
        let text = format!("select 1;\n\n{comment}\n{HASH}\n{OTHER}");
        let line = text.lines().count();
        let found = own(&[&text]);
        assert!(
            found.contains(&format!("1:{line}:1 unique-hash-index")),
            "{comment} {found:?}"
        );
        assert!(
            !found.contains(&format!("1:{}:1 unique-hash-index", line - 1)),
            "{comment}"
        );
    }
}

#[test]
fn a_comment_at_the_top_with_a_blank_line_behind_it_is_for_the_file() {
    let text = format!("-- About it.\n-- dbtune: allow unique-hash-index\n\n{HASH}\n{OTHER}");
    assert_eq!(own(&[&text]), NOTHING);
    let one = format!("-- dbtune: allow unique-hash-index\n{HASH}\n{OTHER}");
    assert_eq!(own(&[&one]), ["1:3:1 unique-hash-index"]);
    let windows = text.replace('\n', "\r\n");
    assert_eq!(own(&[&windows]), NOTHING);
}

#[test]
fn the_rules_of_squawk_are_allowed_in_the_same_way_and_in_its_own() {
    let drop = "alter table t drop column a;";
    assert_eq!(findings(&[drop]).len(), 1);
    for comment in [
        "-- dbtune: allow ban-drop-column — unused",
        "-- squawk-ignore ban-drop-column",
    ] {
        assert_eq!(findings(&[&format!("{comment}\n{drop}")]), []);
    }
    let whole = format!("-- squawk-ignore-file ban-drop-column\nselect 1;\n{drop}");
    assert_eq!(findings(&[&whole]), []);
}

#[test]
fn an_unknown_rule_is_told_with_the_nearest_one() {
    let text = format!("-- dbtune: allow unique-hash\n{HASH}");
    let found = findings(&[&text]);
    let rules: Vec<&str> = found.iter().map(|own| own.rule.as_str()).collect();
    let told = [
        "unknown-rule",
        "require-concurrent-index-creation",
        "unique-hash-index",
    ];
    assert_eq!(rules, told);
    assert!(found[0].blocks);
    assert_eq!(found[0].message, "there is no rule unique-hash");
    assert_eq!(
        found[0].hint.as_deref(),
        Some("did you mean unique-hash-index?")
    );
    assert_eq!(found[0].statement, None);
    let none = only(&["-- dbtune: allow\nselect 1;"]);
    assert_eq!(none.message, "the comment names no rule");
    let ignored = &findings(&["-- squawk-ignore ban-everything\nselect 1;"])[0];
    assert_eq!(
        (ignored.rule.as_str(), ignored.blocks),
        ("unused-ignore", false)
    );
}

#[test]
fn a_comment_that_silences_nothing_is_told() {
    let rest = [
        (
            "-- dbtune: allow mixed-file\nselect 1;",
            "the statement gives it no cause to speak",
        ),
        (
            "-- dbtune: allow mixed-file\n\nselect 1;",
            "the file gives it no cause to speak",
        ),
        (
            "select 1;\n-- dbtune: allow mixed-file\n\nselect 2;",
            "no statement stands right behind",
        ),
        (
            "select 1;\n-- dbtune: allow mixed-file\n",
            "no statement stands right behind",
        ),
        (
            "-- dbtune: allow ban-drop-column\nselect 1;",
            "the statement gives it no cause",
        ),
        (
            "-- dbtune: allow prefer-robust-stmts\nselect 1;",
            "dbtune leaves that rule of squawk's out",
        ),
    ];
    for (text, because) in rest {
        let found = only(&[text]);
        assert_eq!(
            (found.rule.as_str(), found.blocks),
            ("unused-allow", false),
            "{text}"
        );
        assert!(found.message.contains(because), "{text} {}", found.message);
    }
}

#[test]
fn what_only_a_server_could_find_may_be_allowed_without_one() {
    for rule in [
        "redundant-index",
        "missing-table",
        "missing-column",
        "superseded-index",
    ] {
        assert_eq!(
            own(&[&format!("-- dbtune: allow {rule}\nselect 1;")]),
            NOTHING
        );
    }
}

#[test]
fn a_comment_on_the_line_of_a_statement_is_a_mistake() {
    let files = [file(1, "select 1; -- dbtune: allow mixed-file")];
    let mistakes = dbtune::migrate::lint::lint(&files, None).unwrap_err();
    assert_eq!(mistakes[0].mistakes[0].place.to_string(), "1:11");
}
