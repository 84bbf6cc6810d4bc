//! squawk's rules, with the places and the weight that dbtune gives them.

use dbtune::migrate::lint::all_rules;

use crate::{file, findings};

/// Line, column, rule and whether it blocks.
fn of(text: &str) -> Vec<(String, String, bool)> {
    let found = findings(&[text]).into_iter();
    found
        .map(|own| (own.place.to_string(), own.rule, own.blocks))
        .collect()
}

fn one(place: &str, rule: &str, blocks: bool) -> Vec<(String, String, bool)> {
    vec![(place.to_owned(), rule.to_owned(), blocks)]
}

#[test]
fn places_count_characters() {
    assert_eq!(
        of("-- éé\n/* ü */ create index i on t (a);"),
        one("2:9", "require-concurrent-index-creation", true)
    );
}

#[test]
fn what_locks_or_breaks_blocks_and_style_is_advice() {
    assert_eq!(
        of("drop index i;"),
        one("1:1", "require-concurrent-index-deletion", true)
    );
    assert_eq!(
        of("alter table t rename to u;"),
        one("1:15", "renaming-table", true)
    );
    assert_eq!(
        of("create table t (a int);"),
        one("1:19", "prefer-bigint-over-int", false)
    );
}

#[test]
fn what_dbtune_does_itself_is_not_asked_for() {
    for text in [
        "create index concurrently i on t (a);",
        "create index concurrently i on t (a); create index concurrently j on t (b);",
        "drop index concurrently i;",
        "create table t (a bigint); create index i on t (a);",
        "alter table t add column a bigint;",
    ] {
        assert_eq!(of(text), [], "{text}");
    }
}

#[test]
fn every_file_that_cannot_be_read_is_told_with_all_its_mistakes() {
    let files = [
        file(1, "selec 1;"),
        file(2, "select 1;"),
        file(3, "begin; selec 2;"),
    ];
    let mistakes = dbtune::migrate::lint::lint(&files, None).unwrap_err();
    let told: Vec<(String, usize)> = mistakes
        .iter()
        .map(|one| (one.path.display().to_string(), one.mistakes.len()))
        .collect();
    assert_eq!(told[0].0, "V1__x.sql");
    assert_eq!(told[1], ("V3__x.sql".to_owned(), 2));
}

#[test]
fn no_name_stands_for_two_rules() {
    let mut names: Vec<String> = all_rules().into_iter().map(|rule| rule.name).collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
}
