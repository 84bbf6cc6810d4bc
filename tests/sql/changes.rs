//! What statements change in tables.

use dbtune::sql::{Change, CreateTable, Key, Name};

use crate::statement;

fn changes(text: &str) -> Vec<Change> {
    statement(text).changes().to_vec()
}

fn named(name: &str) -> Name {
    let (schema, name) = name.split_once('.').unzip();
    match (schema, name) {
        (Some(schema), Some(name)) => Name {
            schema: Some(schema.to_owned()),
            name: name.to_owned(),
        },
        _ => unreachable!("every name here has a schema"),
    }
}

fn created(text: &str) -> CreateTable {
    match changes(text).as_slice() {
        [Change::CreateTable(table)] => table.clone(),
        other => panic!("{text}\n{other:#?}"),
    }
}

fn key(columns: &[&str]) -> Key {
    Key {
        name: None,
        is_primary: false,
        columns: columns.iter().map(|&column| column.to_owned()).collect(),
        include: Vec::new(),
        nulls_not_distinct: false,
        is_deferrable: false,
        using_index: None,
    }
}

#[test]
fn a_table_is_read_with_its_columns_and_keys() {
    let table = created(
        "CREATE TABLE IF NOT EXISTS s.\"T\" (Id int CONSTRAINT pk PRIMARY KEY, \"B c\" text UNIQUE, d text, \
         CONSTRAINT u UNIQUE NULLS NOT DISTINCT (d, \"B c\") INCLUDE (id) DEFERRABLE, CHECK (d > ''), \
         EXCLUDE USING gist (d WITH =), FOREIGN KEY (d) REFERENCES o (d))",
    );
    assert_eq!(table.name, named("s.T"));
    assert_eq!(table.columns, ["id", "B c", "d"]);
    assert!(table.is_complete && table.if_not_exists);
    let primary = Key {
        name: Some("pk".to_owned()),
        is_primary: true,
        ..key(&["id"])
    };
    let both = Key {
        name: Some("u".to_owned()),
        include: vec!["id".to_owned()],
        nulls_not_distinct: true,
        is_deferrable: true,
        ..key(&["d", "B c"])
    };
    assert_eq!(table.keys, [primary, key(&["B c"]), both]);
}

#[test]
fn a_table_that_takes_columns_from_another_is_not_complete() {
    for rest in [
        "(LIKE u INCLUDING ALL)",
        "(a int) INHERITS (u)",
        "OF ty",
        "PARTITION OF u DEFAULT",
    ] {
        assert!(
            !created(&format!("CREATE TABLE t {rest}")).is_complete,
            "{rest}"
        );
    }
    assert_eq!(
        created("CREATE TEMP TABLE t (a int)").name,
        named("pg_temp.t")
    );
}

#[test]
fn several_actions_are_several_changes() {
    let table = || named("s.t");
    let words = |word: &str| word.to_owned();
    assert_eq!(
        changes(
            "ALTER TABLE IF EXISTS ONLY s.t ADD COLUMN a int UNIQUE, DROP COLUMN IF EXISTS \"B\" CASCADE, \
             ADD CONSTRAINT c PRIMARY KEY USING INDEX i, DROP CONSTRAINT d, ALTER COLUMN e SET NOT NULL, \
             INHERIT p"
        ),
        [
            Change::AddColumn {
                table: table(),
                column: words("a")
            },
            Change::AddKey {
                table: table(),
                key: key(&["a"])
            },
            Change::DropColumn {
                table: table(),
                column: words("B")
            },
            Change::AddKey {
                table: table(),
                key: Key {
                    name: Some(words("c")),
                    is_primary: true,
                    using_index: Some(words("i")),
                    ..key(&[])
                },
            },
            Change::DropConstraint {
                table: table(),
                name: words("d")
            },
            Change::Inherit(table()),
        ]
    );
}

#[test]
fn names_and_schemas_change() {
    let table = || named("s.t");
    let words = |word: &str| word.to_owned();
    let one = |text: &str| changes(text).pop().unwrap();
    assert_eq!(
        one("ALTER TABLE s.t RENAME TO u"),
        Change::RenameTable {
            table: table(),
            to: words("u")
        }
    );
    assert_eq!(
        one("ALTER TABLE s.t SET SCHEMA z"),
        Change::MoveTable {
            table: table(),
            schema: words("z")
        }
    );
    assert_eq!(
        one("ALTER TABLE s.t RENAME COLUMN a TO B"),
        Change::RenameColumn {
            table: table(),
            from: words("a"),
            to: words("b")
        }
    );
    assert_eq!(
        one("ALTER TABLE s.t RENAME CONSTRAINT a TO b"),
        Change::RenameConstraint {
            table: table(),
            from: words("a"),
            to: words("b")
        }
    );
    assert_eq!(
        one("ALTER INDEX s.t RENAME TO j"),
        Change::RenameIndex {
            index: table(),
            to: words("j")
        }
    );
}

#[test]
fn relations_come_and_go() {
    for text in [
        "CREATE VIEW s.t AS SELECT 1",
        "CREATE MATERIALIZED VIEW s.t AS SELECT 1",
        "CREATE TABLE s.t AS SELECT 1",
        "SELECT 1 INTO s.t",
    ] {
        assert_eq!(
            changes(text),
            [Change::CreateRelation(named("s.t"))],
            "{text}"
        );
    }
    let both = ["s.t", "s.u"].map(named).map(Change::DropRelation);
    for kind in ["TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE"] {
        let text = format!("DROP {kind} IF EXISTS s.t, s.u CASCADE");
        assert_eq!(changes(&text), both, "{text}");
    }
    let schema = Change::DropSchema("s".to_owned());
    assert_eq!(changes("DROP SCHEMA s CASCADE"), [schema]);
}

#[test]
fn what_can_mean_anything_is_known_as_that() {
    for text in [
        "SET search_path = s",
        "SET LOCAL search_path TO s, public",
        "SET SCHEMA 's'",
        "SELECT pg_catalog.set_config('search_path', 's', false)",
    ] {
        assert_eq!(changes(text), [Change::SearchPath], "{text}");
    }
    assert!(matches!(
        changes("DO $$ BEGIN END $$").as_slice(),
        [Change::Code(_)]
    ));
    for text in [
        "SET work_mem = '1GB'",
        "SELECT 1",
        "INSERT INTO t VALUES (1)",
    ] {
        assert_eq!(changes(text), [], "{text}");
    }
}
