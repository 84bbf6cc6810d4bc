//! Which index makes which needless.

use crate::{only, own};

#[test]
fn a_cast_that_the_server_adds_makes_no_difference() {
    let one = "create index i on t (a) where b <> 'x';";
    for (other, is_same) in [
        ("'x'::text", true),
        ("('x'::text)", false),
        ("'x'::citext", false),
        ("'x ::text'", false),
    ] {
        let found = of(
            one,
            &format!("create index j on t (a) where (b <> {other});"),
        );
        assert_eq!(found == [REDUNDANT], is_same, "{other}");
    }
}

const TABLE: &str =
    "create table t (a text, b text, c text, constraint t_b_key unique (b), primary key (c));";

/// What is found where the second index is built after the first.
fn of(first: &str, second: &str) -> Vec<String> {
    own(&[TABLE, first, second])
}

const REDUNDANT: &str = "3:1:1 redundant-index";
const SUPERSEDED: &str = "3:1:1 superseded-index";

#[test]
fn the_same_key_twice_is_redundant() {
    for (first, second) in [
        ("create index i on t (a);", "create index j on t (a);"),
        (
            "create index i on t (a);",
            "create index j on public.t (A asc);",
        ),
        (
            "create index i on t (a);",
            "create index j on t (\"a\" nulls last);",
        ),
        ("create index i on t (a);", "create index j on t (a desc);"),
        (
            "create index i on t (a);",
            "create index j on t using btree ((a));",
        ),
        (
            "create index i on t (lower(a));",
            "create index j on t (LOWER( a ));",
        ),
        (
            "create index i on t (a collate \"C\");",
            "create index j on t (a collate \"C\");",
        ),
        (
            "create index i on t using hash (a);",
            "create index j on t using hash (a);",
        ),
        (
            "create unique index i on t (a);",
            "create index j on t (a);",
        ),
        (
            "create unique index i on t (a);",
            "create unique index j on t (a);",
        ),
        (
            "create index i on t (a) where b > 'x';",
            "create index j on t (a) where (b>'x');",
        ),
    ] {
        assert_eq!(of(first, second), [REDUNDANT], "{first} {second}");
    }
}

#[test]
fn a_left_part_of_a_key_is_redundant_and_the_other_way_round_it_is_superseded() {
    for (short, long) in [
        ("create index i on t (a);", "create index j on t (a, b);"),
        (
            "create index i on t (a, b);",
            "create index j on t (a, b, c);",
        ),
        (
            "create index i on t (a desc);",
            "create index j on t (a, b);",
        ),
        (
            "create index i on t (a);",
            "create unique index j on t (a, b);",
        ),
        (
            "create index i on t (a) include (b);",
            "create index j on t (a, b);",
        ),
        (
            "create index i on t (a) include (b);",
            "create index j on t (a, c) include (b);",
        ),
    ] {
        assert_eq!(of(long, short), [REDUNDANT], "{long} {short}");
        assert_eq!(of(short, long), [SUPERSEDED], "{short} {long}");
    }
}

/// Pairs that differ in the key or its order.
const OTHER_KEYS: [(&str, &str); 9] = [
    ("create index i on t (a);", "create index j on t (b, a);"),
    ("create index i on t (a, b);", "create index j on t (b, a);"),
    (
        "create index i on t (a, b);",
        "create index j on t (a, b desc);",
    ),
    (
        "create index i on t (a);",
        "create index j on t (a nulls first);",
    ),
    (
        "create index i on t (a);",
        "create index j on t (a collate \"C\");",
    ),
    (
        "create index i on t (a);",
        "create index j on t (a text_pattern_ops);",
    ),
    (
        "create index i on t (a);",
        "create index j on t (lower(a));",
    ),
    (
        "create index i on t (lower(a));",
        "create index j on t (upper(a));",
    ),
    ("create index i on t (\"A\");", "create index j on t (a);"),
];

/// Pairs that differ in anything else.
const OTHER_INDEXES: [(&str, &str); 11] = [
    (
        "create index i on t (a);",
        "create index j on t using hash (a);",
    ),
    (
        "create index i on t using hash (a);",
        "create index j on t (a);",
    ),
    (
        "create index i on t using gin (a, b);",
        "create index j on t using gin (a);",
    ),
    (
        "create index i on t (a);",
        "create index j on t (a) where a > 'x';",
    ),
    (
        "create index i on t (a) where a > 'x';",
        "create index j on t (a);",
    ),
    (
        "create index i on t (a) where a > 'x';",
        "create index j on t (a) where a > 'X';",
    ),
    (
        "create index i on t (a);",
        "create index j on t (a) where a is not null;",
    ),
    (
        "create index i on t (a);",
        "create index j on t (a) include (b);",
    ),
    ("create index i on t (a);", "create index j on u (a);"),
    ("create index i on t (a);", "create index j on s.t (a);"),
    ("create index i on only t (a);", "create index j on t (a);"),
];

#[test]
fn what_differs_in_anything_that_counts_is_not_redundant() {
    for (first, second) in OTHER_KEYS.into_iter().chain(OTHER_INDEXES) {
        let found = of(first, second);
        assert!(!found.contains(&REDUNDANT.to_owned()), "{first} {second}");
    }
}

#[test]
fn an_index_that_enforces_something_is_not_redundant_because_of_one_that_does_not() {
    for (first, second) in [
        (
            "create index i on t (a);",
            "create unique index j on t (a, b);",
        ),
        (
            "create unique index i on t (a, b);",
            "create unique index j on t (a);",
        ),
        (
            "create unique index i on t (a);",
            "create unique index j on t (a) nulls not distinct;",
        ),
        (
            "create unique index i on t (a) nulls not distinct;",
            "create unique index j on t (a) where a is not null;",
        ),
        (
            "alter table t add constraint i unique (a) deferrable;",
            "create unique index j on t (a);",
        ),
    ] {
        let found = of(first, second);
        assert!(!found.contains(&REDUNDANT.to_owned()), "{first} {second}");
    }
    assert_eq!(
        of(
            "create unique index i on t (a);",
            "create unique index j on t (a, b);"
        ),
        [""; 0]
    );
}

#[test]
fn a_unique_index_takes_over_from_a_plain_one() {
    let found = of(
        "create index i on t (a);",
        "create unique index j on t (a);",
    );
    assert_eq!(found, [SUPERSEDED]);
}

#[test]
fn a_unique_index_without_the_nulls_is_redundant_beside_one_with_them() {
    let found = of(
        "create unique index i on t (a);",
        "create unique index j on t (a) where (a IS NOT NULL);",
    );
    assert_eq!(found, [REDUNDANT]);
}

#[test]
fn keys_have_indexes_too() {
    let found = only(&[TABLE, "create index i on t (b);"]);
    assert_eq!(
        found.message,
        "i (b) is redundant: the same key as the constraint t_b_key (b) (V1__x.sql:1)"
    );
    assert_eq!(found.rule, "redundant-index");
    let found = only(&[TABLE, "create index i on t (c);"]);
    assert!(found.message.contains("the constraint t_pkey (c)"));
    for key in [
        "create table t (a text primary key);",
        "create table t (a text unique);",
        "create table t (a text); alter table t add primary key (a);",
        "create table t (); alter table t add column a text unique;",
        "create table t (a text); create unique index k on t (a);
         alter table t add constraint c unique using index k;",
    ] {
        assert_eq!(
            own(&[key, "create index i on t (a);"]),
            ["2:1:1 redundant-index"],
            "{key}"
        );
    }
    // A constraint is never superseded.
    assert_eq!(own(&[TABLE, "create index i on t (b, a);"]), [""; 0]);
}

#[test]
fn what_is_dropped_later_is_no_matter() {
    let (first, second) = ("create index i on t (a);", "create index j on t (a);");
    for cure in [
        "drop index concurrently i;",
        "drop index concurrently j;",
        "drop index public.i;",
        "alter table t drop column a;",
        "drop table t;",
    ] {
        assert_eq!(own(&[TABLE, first, second, cure]), [""; 0], "{cure}");
    }
    let key = "alter table t drop constraint t_b_key;";
    assert_eq!(
        own(&[TABLE, "create unique index i on t (b);", key]),
        [""; 0]
    );
    let renamed = "alter index i rename to k; drop index k;";
    assert_eq!(own(&[TABLE, first, second, renamed]), [""; 0]);
}

#[test]
fn an_index_follows_its_table_and_its_columns() {
    let first = "create index i on t (a);";
    for (change, second) in [
        ("alter table t rename to u;", "create index j on u (a);"),
        (
            "alter table t rename column a to z;",
            "create index j on t (z);",
        ),
        ("alter table t set schema s;", "create index j on s.t (a);"),
    ] {
        assert_eq!(
            own(&[TABLE, first, change, second]),
            ["4:1:1 redundant-index"],
            "{change}"
        );
    }
    let anew = "drop table t; create table t (a text);";
    assert_eq!(
        own(&[TABLE, first, anew, "create index j on t (a);"]),
        [""; 0]
    );
}
