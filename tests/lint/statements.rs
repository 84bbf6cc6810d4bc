//! Rules for a statement in its file.

use crate::{only, own};

const NOTHING: [&str; 0] = [];

#[test]
fn a_unique_index_cannot_be_a_hash() {
    let found = only(&["create unique index i on t using hash (a);"]);
    assert_eq!(
        (found.rule.as_str(), found.blocks),
        ("unique-hash-index", true)
    );
    assert_eq!(own(&["create index i on t using hash (a);"]), NOTHING);
    assert_eq!(
        own(&["create unique index i on t using btree (a);"]),
        NOTHING
    );
}

#[test]
fn a_concurrent_build_needs_a_name() {
    let found = only(&["create index concurrently on t (a);"]);
    assert_eq!(
        (found.rule.as_str(), found.blocks),
        ("unnamed-concurrent-index", true)
    );
    assert_eq!(own(&["create index on t (a);"]), NOTHING);
}

#[test]
fn what_cannot_run_in_a_transaction_is_found_in_a_file_that_asks_for_one() {
    let found = only(&["-- dbtune: transaction\n\ncreate index concurrently i on t (a);"]);
    assert_eq!(
        (found.rule.as_str(), found.blocks, found.place.line),
        ("concurrent-in-transaction", true, 3)
    );
    assert_eq!(
        found.message,
        "CREATE INDEX CONCURRENTLY cannot run in the transaction that the file asks for"
    );
    let vacuum = own(&["-- dbtune: transaction\nselect 1;\nvacuum t;"]);
    assert_eq!(vacuum, ["1:3:1 concurrent-in-transaction"]);
    for fine in [
        "-- dbtune: transaction\ncreate index i on t (a);",
        "-- dbtune: no-transaction\ncreate index concurrently i on t (a);",
        "create index concurrently i on t (a);",
    ] {
        assert_eq!(own(&[fine]), NOTHING, "{fine}");
    }
}

#[test]
fn a_build_among_statements_that_want_a_transaction_is_told_once() {
    let found = only(&["create index concurrently i on t (a);\nupdate t set a = 1;\nselect 1;"]);
    assert_eq!(
        (found.rule.as_str(), found.blocks, found.place.line),
        ("mixed-file", false, 2)
    );
    for fine in [
        "set maintenance_work_mem = '1GB'; create index concurrently i on t (a); analyze t;",
        "create index concurrently i on t (a); create index concurrently j on t (b);",
        "drop index concurrently j; create index concurrently i on t (a); vacuum t;",
        "update t set a = 1; select 1;",
        "vacuum t; update t set a = 1;",
    ] {
        assert_eq!(own(&[fine]), NOTHING, "{fine}");
    }
}

#[test]
fn an_index_is_built_once() {
    let build = "create index concurrently i on t (a);";
    let found = only(&[build, "create index concurrently i on t (b);"]);
    assert_eq!(
        (found.rule.as_str(), found.blocks),
        ("duplicate-build", true)
    );
    assert_eq!(found.message, "i is made already by V1__x.sql:1");
    for other in [
        "create index concurrently if not exists i on t (b);",
        "create index if not exists i on t (a, b);",
        "create unique index if not exists i on t (a);",
    ] {
        assert!(
            own(&[build, other]).join(" ").contains("duplicate-build"),
            "{other}"
        );
    }
    for fine in [
        "create index if not exists i on t (a);",
        "drop index concurrently i; create index concurrently i on t (b);",
        "alter index i rename to j; create index concurrently i on t (b);",
        "create index concurrently i on s.t (b);",
        "create index concurrently j on t (b);",
    ] {
        let found = own(&[build, fine]);
        assert!(!found.join(" ").contains("duplicate"), "{fine} {found:?}");
    }
}

#[test]
fn set_local_needs_a_transaction() {
    let text = "set local maintenance_work_mem = '1GB';\ncreate index concurrently i on t (a);";
    let found = only(&[text]);
    assert_eq!(
        (found.rule.as_str(), found.blocks, found.place.line),
        ("set-local-in-stepwise-file", true, 1)
    );
    assert_eq!(own(&[&text.replace("local ", "")]), NOTHING);
    assert_eq!(own(&["SET  LOCAL work_mem = '1GB'; select 1;"]), NOTHING);
}

#[test]
fn if_not_exists_is_needless_on_a_concurrent_build() {
    let found = only(&["create index concurrently if not exists i on t (a);"]);
    assert_eq!(
        (found.rule.as_str(), found.blocks),
        ("if-not-exists-on-concurrent-build", false)
    );
    assert_eq!(own(&["create index if not exists i on t (a);"]), NOTHING);
}

#[test]
fn a_table_of_the_same_file_needs_no_concurrent_build() {
    let found = own(&["create table t (a text);\ncreate index concurrently i on t (a);"]);
    assert_eq!(
        found,
        ["1:1:1 mixed-file", "1:2:1 needless-concurrent-build"]
    );
    let apart = [
        "create table t (a text);",
        "create index concurrently i on t (a);",
    ];
    assert_eq!(own(&apart), NOTHING);
}

#[test]
fn a_table_is_not_written_anew_under_the_eyes_of_its_users() {
    for text in [
        "vacuum full t;",
        "VACUUM (ANALYZE, FULL) t;",
        "cluster t using i;",
    ] {
        let found = only(&[text]);
        assert_eq!(
            (found.rule.as_str(), found.blocks),
            ("locking-rewrite", true),
            "{text}"
        );
    }
    for text in [
        "vacuum t;",
        "vacuum (full false, analyze) t;",
        "analyze t;",
        "drop table t;",
    ] {
        assert_eq!(own(&[text]), NOTHING, "{text}");
    }
}
