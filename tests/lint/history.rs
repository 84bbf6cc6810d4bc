//! What the files of a folder say of tables and columns.

use crate::{only, own};

const INDEX: &str = "create index concurrently i on t (a);";
const NOTHING: [&str; 0] = [];

#[test]
fn a_column_that_the_table_never_had_is_missing() {
    let found = only(&["create table t (aa text, b text);", INDEX]);
    assert_eq!(
        (found.rule.as_str(), found.blocks),
        ("missing-column", true)
    );
    assert_eq!(found.message, "t has no column a");
    assert_eq!(found.hint.as_deref(), Some("did you mean aa?"));
    assert_eq!(found.place.to_string(), "1:1");
    let statement = "CREATE INDEX CONCURRENTLY i ON t (a)".to_lowercase();
    assert_eq!(found.statement, Some(statement));
}

#[test]
fn a_column_that_is_only_carried_along_counts_as_well() {
    let index = "create index i on t (a) include (b);";
    assert_eq!(
        own(&["create table t (a text);", index]),
        ["2:1:1 missing-column"]
    );
}

#[test]
fn a_column_comes_and_goes_with_the_files() {
    let table = "create table t (b text);";
    for with in [
        "alter table t add column a text;",
        "alter table public.t add a text;",
        "alter table if exists only t add column if not exists \"a\" text, drop column b;",
        "alter table t rename column b to a;",
        "alter table t rename b to A;",
    ] {
        assert_eq!(own(&[table, with, INDEX]), NOTHING, "{with}");
    }
    for without in [
        "alter table t add column a text; alter table t drop column a;",
        "alter table t add column \"A\" text;",
        "alter table u add column a text;",
    ] {
        let found = own(&[table, without, INDEX]);
        assert_eq!(found, ["3:1:1 missing-column"], "{without}");
    }
}

#[test]
fn columns_that_are_not_written_are_not_guessed() {
    for table in [
        "create table t (like u);",
        "create table t () inherits (u);",
        "create table t partition of u for values in (1);",
        "create table t of ty;",
        "create table t as select 1;",
        "create table t (b text); alter table t inherit u;",
        "create materialized view t as select 1;",
        "select 1 into t;",
        "create table t (b text); do $$ begin alter table t add column a text; end $$;",
        "create table u (b text);",
        "create table s.t (b text);",
        "select 1;",
    ] {
        assert_eq!(own(&[table, INDEX]), NOTHING, "{table}");
    }
    let expression = "create index i on t (lower(x)) where y > 0;";
    assert_eq!(own(&["create table t (b text);", expression]), NOTHING);
}

#[test]
fn a_table_that_went_is_missing() {
    let found = only(&["create table t (a text);", "drop table t;", INDEX]);
    assert_eq!((found.rule.as_str(), found.blocks), ("missing-table", true));
    assert_eq!(found.message, "the table t is dropped by V2__x.sql:1");
    let found = only(
        &["alter table t rename to u;", "select 1;"]
            .map(|text| text.replace("select 1", "create table t (a text)"))
            .iter()
            .map(String::as_str)
            .rev()
            .chain([INDEX])
            .collect::<Vec<_>>(),
    );
    assert_eq!(found.message, "the table t is renamed to u by V2__x.sql:1");
    assert_eq!(own(&["drop table t;", INDEX]), ["2:1:1 missing-table"]);
}

#[test]
fn a_table_that_came_back_or_of_which_nothing_is_known_is_not_missing() {
    let gone = "drop table t;";
    for again in [
        "create table t (a text);",
        "create table t as select 1 as a;",
        "alter table u rename to t;",
        "do $$ begin execute 'create table t (a text)'; end $$;",
        "set search_path = other;",
    ] {
        let made = "create table u (a text);";
        let last = format!("{again} {INDEX}");
        let found = own(&[made, gone, &last]);
        assert!(
            found.iter().all(|own| !own.contains("missing")),
            "{again} {found:?}"
        );
    }
    assert_eq!(own(&[INDEX]), NOTHING);
    assert_eq!(own(&["drop table s.t;", INDEX]), NOTHING);
}

#[test]
fn a_search_path_is_for_one_file_alone() {
    let elsewhere = "set search_path = s; create table t (b text);";
    assert_eq!(own(&[elsewhere, INDEX]), NOTHING);
    let table = "create table t (a text);";
    let index = "create index i on t (x);";
    let other = "set search_path = s; select 1;";
    assert_eq!(own(&[table, other, index]), ["3:1:1 missing-column"]);
}

#[test]
fn what_is_temporary_hides_what_is_not() {
    let table = "create table t (b text);";
    let file = "create temporary table t (a text); create index i on t (a);";
    assert_eq!(own(&[table, file]), NOTHING);
}
