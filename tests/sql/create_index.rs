//! `CREATE INDEX`, and the same with a few words changed.

use dbtune::sql::{CreateIndex, Kind, Name, Rewriting};

use crate::kind;

fn index(text: &str) -> CreateIndex {
    let Kind::CreateIndex(index) = kind(text) else {
        panic!("{text}")
    };
    index
}

fn named(name: &str) -> Name {
    Name {
        schema: None,
        name: name.to_owned(),
    }
}

const FULL: &str = "CREATE UNIQUE INDEX /* a */ CONCURRENTLY -- b\n IF  NOT EXISTS \"My idx\" ON ONLY s.T \
                    USING BTREE (A, lower(b) COLLATE \"C\" text_ops DESC NULLS LAST, (c), (c + 1), d \
                    COLLATE \"x\") INCLUDE (e, \"F\") NULLS NOT DISTINCT WITH (fillfactor = 70) \
                    TABLESPACE ts WHERE a > 0 -- on ONLY concurrently";

#[test]
fn everything_that_it_says_is_read() {
    let index = index(FULL);
    assert_eq!(index.name.as_deref(), Some("My idx"));
    assert_eq!(index.table.to_string(), "s.t");
    assert!(
        index.only
            && index.unique
            && index.concurrently
            && index.if_not_exists
            && index.predicate.is_some()
    );
    assert_eq!(index.method.as_deref(), Some("btree"));
    assert_eq!(index.include, ["e", "F"]);
    assert!(index.nulls_not_distinct);
    assert_eq!(index.predicate.as_deref(), Some("a > 0"));
    let keys = index.columns.iter();
    let keys: Vec<_> = keys
        .map(|c| (c.key.as_str(), c.descending, c.nulls_first))
        .collect();
    assert_eq!(
        keys,
        [
            ("a", false, false),
            ("lower ( b ) collate \"C\" text_ops", true, false),
            ("c", false, false),
            ("c + 1", false, false),
            ("d collate x", false, false),
        ]
    );
    let columns = index.columns.iter();
    let columns: Vec<_> = columns
        .map(|c| (c.name.as_deref(), c.text.as_str()))
        .collect();
    assert_eq!(
        columns,
        [
            (Some("a"), "A"),
            (None, "lower(b) COLLATE \"C\" text_ops DESC NULLS LAST"),
            (Some("c"), "(c)"),
            (None, "(c + 1)"),
            (Some("d"), "d COLLATE \"x\""),
        ]
    );
}

#[test]
fn the_least_is_read() {
    let index = index("create index on t (a)");
    assert_eq!(
        (index.name.as_deref(), index.method.as_deref()),
        (None, None)
    );
    assert!(!index.only && !index.unique && !index.concurrently);
    assert!(!index.if_not_exists && index.predicate.is_none() && index.include.is_empty());
}

#[test]
fn opclasses_with_parameters_and_other_methods_are_read() {
    let index =
        index("create index i on t using gist (ts gist_ltree_ops (siglen = 100), p inet_ops)");
    assert_eq!(index.method.as_deref(), Some("gist"));
    assert_eq!(index.columns[0].name.as_deref(), Some("ts"));
    assert_eq!(index.columns[1].text, "p inet_ops");
}

#[test]
fn words_are_taken_out_and_the_rest_stays() {
    assert_eq!(
        index(FULL).rewritten(&Rewriting::default()),
        FULL.replace("CONCURRENTLY -- b", "-- b")
            .replace("IF  NOT EXISTS ", "")
            .replace("ON ONLY s.T", "ON s.T")
            .trim_end_matches(" -- on ONLY concurrently")
    );
}

#[test]
fn words_are_put_in_and_the_rest_stays() {
    let all = Rewriting {
        name: Some("New \"one\"".to_owned()),
        table: Some(named("select")),
        concurrently: true,
        only: true,
        if_not_exists: true,
    };
    assert_eq!(
        index("create index  on t(a)").rewritten(&all),
        "create index CONCURRENTLY  IF NOT EXISTS \"New \"\"one\"\"\" on ONLY \"select\"(a)"
    );
    assert_eq!(
        index("create index i/**/on only (s.t)(a)").rewritten(&all),
        "create index CONCURRENTLY IF NOT EXISTS \"New \"\"one\"\"\"/**/on only (\"select\")(a)"
    );
    assert_eq!(
        index("create index concurrently if not exists i on t * (a)").rewritten(&all),
        "create index concurrently if not exists \"New \"\"one\"\"\" on ONLY \"select\" (a)"
    );
}

#[test]
fn what_is_written_anew_is_read_as_meant() {
    let texts = [
        FULL,
        "create index on t (a)",
        "create index i on only(t) (a)",
        "create unique index concurrently\"i\"on\"t\"(a)",
        "create index concurrently on t * (a)",
        "create index if not exists U&\"d!0061\" uescape '!' on t (a)",
    ];
    for text in texts {
        for bits in 0..32_u8 {
            let has = |bit: u8| bits & (1 << bit) != 0;
            let as_ = Rewriting {
                name: has(0).then(|| "n x".to_owned()),
                table: has(1).then(|| named("t y")),
                concurrently: has(2),
                only: has(3),
                if_not_exists: has(4),
            };
            let before = index(text);
            let after = index(&before.rewritten(&as_));
            let name = as_.name.or(before.name.clone());
            assert_eq!(
                after.if_not_exists,
                as_.if_not_exists && name.is_some(),
                "{text} {bits}"
            );
            assert_eq!(after.name, name);
            assert_eq!(after.table, as_.table.unwrap_or(before.table.clone()));
            assert_eq!(
                (after.concurrently, after.only),
                (as_.concurrently, as_.only)
            );
            assert_eq!(after.columns, before.columns);
            assert_eq!(after.predicate, before.predicate);
        }
    }
}

#[test]
fn the_same_again_is_the_same_text() {
    let full = FULL.trim_end_matches(" -- on ONLY concurrently");
    for text in [full, "create index on t * (a)"] {
        let index = index(text);
        let same = Rewriting {
            name: None,
            table: None,
            concurrently: index.concurrently,
            only: index.only,
            if_not_exists: index.if_not_exists,
        };
        assert_eq!(index.rewritten(&same), text);
    }
}
