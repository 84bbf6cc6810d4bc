//! `dbtune migrate lint`: what it prints and how it ends, without a server and against one.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Postgres, Project};

const SCHEMA: &str = include_str!("../lint/medianest/V1__schema.sql");
const INDEXES: &str = include_str!("../lint/medianest/V2__medianest_indexes.sql");

const HISTORY: &str = "create table refinery_schema_history (
    version int8 primary key, name varchar(255), applied_on varchar(255), checksum varchar(255))";

fn folder(files: &[(&str, &str)]) -> Project {
    let write = |project: Project, (name, text): &(&str, &str)| {
        project.file(&format!("migrations/{name}"), text)
    };
    files.iter().fold(Project::new(), write)
}

/// Rule, file and line of each finding, and whether it blocks.
fn findings(document: &Value) -> Vec<(String, String, u64, bool)> {
    let findings = document["findings"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    findings
        .iter()
        .map(|finding| {
            (
                text(&finding["rule"]),
                text(&finding["file"]).replace("migrations/", ""),
                finding["line"].as_u64().unwrap(),
                finding["blocks"].as_bool().unwrap(),
            )
        })
        .collect()
}

fn own_of(document: &Value) -> Vec<(String, String, u64, bool)> {
    let mut findings = findings(document);
    findings.retain(|(rule, ..)| !rule.starts_with("prefer-"));
    findings
}

#[test]
fn a_person_sees_the_place_the_rule_and_the_line() {
    let project = folder(&[
        ("V1__users.sql", "create table users (email text unique);\n"),
        (
            "V2__index.sql",
            "-- dbtune: allow mixed-file — it is small\n\nset local work_mem = '1GB';\n\
             create index concurrently i on users (email);\n\
             alter role app password 'hush', rename to b;",
        ),
    ]);
    let ran = project.dbtune("migrate lint").run();
    ran.exits(2).complains("V2__index.sql:5");
    ran.never_shows("hush");
    let text = "-- dbtune: allow mixed-file — it is small\n\nset local work_mem = '1GB';\n\
                create index concurrently i on users (email);\n";
    let project = project.file("migrations/V2__index.sql", text);
    let ran = project.dbtune("migrate lint").run();
    ran.exits(3);
    assert_snapshot!(ran.stdout, @r"
    migrations/V2__index.sql:1:1: unused-allow (advice): mixed-file is allowed for nothing: the file gives it no cause to speak
      |
    1 | -- dbtune: allow mixed-file — it is small
      | ^
      = help: take the comment away

    migrations/V2__index.sql:3:1: set-local-in-stepwise-file: SET LOCAL has no effect here: the file is run statement by statement, each on its own
      |
    3 | set local work_mem = '1GB';
      | ^
      = help: write SET: dbtune gives every file a session with fresh settings

    migrations/V2__index.sql:4:1: redundant-index: i (email) is redundant: the same key as the constraint users_email_key (email) (V1__users.sql:1)
      |
    4 | create index concurrently i on users (email);
      | ^
      = help: leave it out: every write pays for both, and the planner may use either

    2 migrations looked at: 2 findings block, 1 advice
    What is meant as it is can be allowed, right before its statement: -- dbtune: allow RULE — reason
    ");
}

#[test]
fn json_is_one_document() {
    let project = folder(&[("V1__hash.sql", "create unique index i on t using hash (a);")]);
    let ran = project.dbtune("migrate lint --format json").run();
    let document = ran.exits(3).json();
    assert_eq!(document["format_version"], 1);
    assert_eq!(
        document["summary"],
        json!({"files": 1, "blocking": 2, "advice": 0})
    );
    assert_eq!(
        document["findings"][1],
        json!({
            "rule": "unique-hash-index",
            "blocks": true,
            "file": "migrations/V1__hash.sql",
            "line": 1,
            "column": 1,
            "message": "the server refuses a unique index with the method hash",
            "hint": "leave out USING hash: the default, btree, can be unique",
        })
    );
}

#[test]
fn markdown_is_a_table() {
    let project = folder(&[(
        "V1__a.sql",
        "drop index concurrently i; create table t (a int);",
    )]);
    let ran = project.dbtune("migrate lint --format markdown").run();
    ran.exits(0)
        .says("| `migrations/V1__a.sql:1:46` | `prefer-bigint-over-int` | no |")
        .says("1 migration looked at: 0 findings block, 1 advice");
}

#[test]
fn another_folder_may_be_named_and_nothing_found_is_said() {
    let project = Project::new().file("sql/V1__a.sql", "select 1;");
    let ran = project.dbtune("--migrations sql migrate lint").run();
    ran.exits(0).says("1 migration looked at: nothing found");
    project
        .dbtune("migrate lint --migrations sql")
        .run()
        .exits(0);
}

#[test]
fn files_that_cannot_be_read_are_told_all_with_their_places() {
    let project = folder(&[
        ("V1__a.sql", "select 1;\nselec 2;"),
        ("V2__b.sql", "begin;"),
    ]);
    let ran = project.dbtune("migrate lint").run();
    ran.exits(2)
        .complains("--> migrations/V1__a.sql:2:1")
        .complains("--> migrations/V2__b.sql:1:1")
        .complains("2 files");
    let document = project
        .dbtune("migrate lint --format json")
        .run()
        .exits(2)
        .json();
    assert_eq!(document["error"]["kind"], "mistakes");
    assert_eq!(document["mistakes"][0]["line"], 2);
    let odd = folder(&[("V1__add-index.sql", "select 1;")]);
    odd.dbtune("migrate lint")
        .run()
        .exits(2)
        .complains("V1__add-index.sql");
    let none = Project::new();
    none.dbtune("migrate lint")
        .run()
        .exits(2)
        .complains("migrations: there is no such folder");
}

#[test]
fn live_needs_a_server_and_says_which_flag_names_it() {
    let project = folder(&[("V1__a.sql", "select 1;")]);
    project
        .dbtune("migrate lint --live")
        .run()
        .exits(2)
        .complains("--postgres");
    let refused = project
        .dbtune("migrate lint --live --postgres postgres://127.0.0.1:1/x")
        .run();
    refused.exits(1).complains("127.0.0.1:1");
}

#[test]
fn the_database_tells_what_the_folder_does_not() {
    let postgres = Postgres::start();
    postgres.sql("create schema s");
    postgres.sql("create table users (id int primary key, email text unique, \"Name\" text)");
    postgres.sql("create table parts (id int, at date) partition by range (at)");
    postgres.sql("create index parts_at on parts (at)");
    let project = folder(&[(
        "V1__indexes.sql",
        "create index concurrently a on users (email);
         create index concurrently b on users (emial);
         create index concurrently c on usres (email);
         create index concurrently d on s.users (email);
         create index concurrently e on users (\"Name\", email);
         create index concurrently f on parts (at);
         create index concurrently g on public.users (id, email);",
    )])
    .targets(&[&postgres]);
    project
        .dbtune("migrate lint")
        .run()
        .exits(0)
        .says("nothing found");
    let document = project
        .dbtune("migrate lint --live --format json")
        .run()
        .exits(3)
        .json();
    assert_eq!(document["target"], "postgresql");
    let file = || "V1__indexes.sql".to_owned();
    assert_eq!(
        findings(&document),
        [
            ("redundant-index".to_owned(), file(), 1, true),
            ("missing-column".to_owned(), file(), 2, true),
            ("missing-table".to_owned(), file(), 3, true),
            ("missing-table".to_owned(), file(), 4, true),
            ("redundant-index".to_owned(), file(), 6, true),
        ]
    );
    let messages = document.to_string();
    for told in [
        "the constraint users_email_key (email) (in the database)",
        "did you mean email?",
        "did you mean users?",
        "there is no table s.users",
    ] {
        assert!(messages.contains(told), "{told}\n{document:#}");
    }
}

#[test]
fn medianest_is_judged_alike_by_its_folder_and_by_its_database() {
    let postgres = Postgres::start();
    let project = folder(&[
        ("V1__schema.sql", SCHEMA),
        ("V2__medianest_indexes.sql", INDEXES),
    ])
    .targets(&[&postgres]);
    let of_folder = project
        .dbtune("migrate lint --format json")
        .run()
        .exits(3)
        .json();
    postgres.client().batch_execute(SCHEMA).unwrap();
    postgres.sql(HISTORY);
    postgres.sql("insert into refinery_schema_history values (1, 'schema', '', '')");
    let live = "migrate lint --live --format json";
    let of_database = project.dbtune(live).run().exits(3).json();
    assert_eq!(own_of(&of_folder), own_of(&of_database));
    assert_eq!(own_of(&of_folder).len(), 5);
    // A build that was begun finds itself, and that is no second one.
    postgres.sql("create index concurrently idx_users_email on users (email)");
    postgres
        .sql("create index concurrently idx_users_status_created_at on users (status, created_at)");
    let again = project.dbtune(live).run().exits(3).json();
    assert_eq!(own_of(&again), own_of(&of_database));
}

#[test]
fn what_is_applied_is_judged_by_the_folder_and_blocks_nothing() {
    let postgres = Postgres::start();
    let project = folder(&[
        ("V1__a.sql", "create table t (a text, b text);"),
        (
            "V2__b.sql",
            "create index i on t (a); create index j on t (a);",
        ),
        ("V3__c.sql", "alter table t rename column a to c;"),
        ("V4__d.sql", "create index concurrently k on t (c);"),
    ])
    .targets(&[&postgres]);
    for statement in [
        HISTORY,
        "create table t (a text, b text)",
        "create index i on t (a)",
        "create index j on t (a)",
        "alter table t rename column a to c",
        "insert into refinery_schema_history select n, 'x', '', '' from generate_series(1, 3) as n",
    ] {
        postgres.sql(statement);
    }
    let document = project
        .dbtune("migrate lint --live --format json")
        .run()
        .exits(3)
        .json();
    let mut found = findings(&document);
    found.retain(|(rule, ..)| rule.ends_with("-index"));
    assert_eq!(
        found,
        [
            (
                "redundant-index".to_owned(),
                "V2__b.sql".to_owned(),
                1,
                false
            ),
            (
                "redundant-index".to_owned(),
                "V4__d.sql".to_owned(),
                1,
                true
            ),
        ]
    );
    let blocking = document["summary"]["blocking"].as_u64();
    assert_eq!(blocking, Some(1));
}

#[test]
fn an_allow_for_what_only_a_server_sees_is_held_against_the_server() {
    let postgres = Postgres::start();
    postgres.sql("create table t (a text unique)");
    let text = "-- dbtune: allow redundant-index — wanted\ncreate index concurrently i on t (a);
                -- dbtune: allow redundant-index — not needed\ncreate index concurrently j on u (a);";
    let project = folder(&[("V1__a.sql", text)]).targets(&[&postgres]);
    postgres.sql("create table u (a text)");
    project
        .dbtune("migrate lint")
        .run()
        .exits(0)
        .says("nothing found");
    let document = project
        .dbtune("migrate lint --live --format json")
        .run()
        .exits(0)
        .json();
    assert_eq!(
        findings(&document),
        [("unused-allow".to_owned(), "V1__a.sql".to_owned(), 3, false)]
    );
}

/// Statements that change tables and indexes in many ways, one a file.
const HISTORY_OF_TABLES: [&str; 20] = [
    "create table a (id int primary key, \"B c\" text unique, d text, e text, f text)",
    "create unique index a_d on a (d) include (e)",
    "create index a_e on a (e desc nulls last) where e <> 'x'",
    "create index a_lower on a (lower(d), e)",
    "alter table a rename column d to dd",
    "alter table a add column g text unique, drop column f",
    "alter table a rename to z",
    "alter table z rename constraint a_pkey to z_pkey",
    "create schema s; create table s.t (x int, y int, unique (x, y) deferrable)",
    "create index t_y on s.t using hash (y); create index t_xy on s.t (x, y)",
    "alter table s.t set schema public",
    "alter index t_y rename to t_yy",
    "create table gone (a int); drop table gone",
    "create table p (k int, v int) partition by hash (k); create index p_v on p (v)",
    "create table p1 partition of p for values with (modulus 1, remainder 0)",
    "create unique index z_e on z (e); alter table z add constraint z_unique unique using index z_e",
    "alter table z drop constraint z_unique",
    "create materialized view m as select 1 as one; create index m_one on m (one)",
    "alter table z add constraint z_named unique nulls not distinct (e)",
    "create view w as select 1 as one; drop view w",
];

/// Indexes that find something there, or just nothing.
const PROBES: &str = "create index n01 on z (id);
create index n02 on z (\"B c\");
create index n03 on z (dd);
create index n04 on z (d);
create index n05 on z (f);
create index n06 on z (g);
create index n07 on z (e desc nulls last) where e <> 'x';
create index n08 on z (lower(dd));
create index n09 on z (dd, e);
create index n10 on z (e);
create unique index n11 on z (e);
create unique index n12 on z (dd);
create index n13 on t (x);
create unique index n14 on t (x, y);
create index n15 on t using hash (y);
create index n16 on t (y);
create index n17 on t (x desc, y desc);
create index n18 on t (z);
create index n19 on gone (a);
create index n20 on a (id);
create index n21 on s.t (x);
create index n22 on p (v);
create index n23 on p (v, k);
create index n24 on m (one);
create unique index n25 on z (e) nulls not distinct;
";

/// What is found, by line.
const TOLD: [&str; 31] = [
    "01 redundant-index",
    "02 redundant-index",
    "03 redundant-index",
    "04 missing-column",
    "05 missing-column",
    "06 redundant-index",
    "07 redundant-index",
    "08 redundant-index",
    "09 superseded-index",
    "10 redundant-index",
    "11 redundant-index",
    "11 superseded-index",
    "12 redundant-index",
    "12 superseded-index",
    "13 redundant-index",
    "14 superseded-index",
    "14 superseded-index",
    "15 redundant-index",
    "17 redundant-index",
    "17 superseded-index",
    "18 missing-column",
    "19 missing-table",
    "20 missing-table",
    "21 missing-table",
    "22 redundant-index",
    "23 superseded-index",
    "23 superseded-index",
    "24 redundant-index",
    "25 redundant-index",
    "25 superseded-index",
    "25 superseded-index",
];

#[test]
fn the_folder_and_the_server_come_to_the_same_tables_and_indexes() {
    let postgres = Postgres::start();
    if postgres
        .value("show server_version_num")
        .parse::<u32>()
        .unwrap()
        < 150_000
    {
        return;
    }
    let mut project = Project::new().targets(&[&postgres]);
    let mut client = postgres.client();
    client.batch_execute(HISTORY).unwrap();
    for (number, text) in (1..).zip(HISTORY_OF_TABLES) {
        client.batch_execute(text).unwrap();
        project = project.file(&format!("migrations/V{number}__x.sql"), &format!("{text};"));
    }
    let last = HISTORY_OF_TABLES.len();
    let applied =
        "insert into refinery_schema_history select n, 'x', '', '' from generate_series(1, ";
    client
        .batch_execute(&format!("{applied}{last}) as n"))
        .unwrap();
    let probes = format!("migrations/V{}__probes.sql", last + 1);
    let project = project.file(&probes, PROBES);
    let found = |arguments: &str| -> Vec<String> {
        let line = format!("migrate lint --format json {arguments}");
        let found = findings(&project.dbtune(&line).run().exits(3).json());
        let of_probes = found.into_iter().filter(|(rule, file, ..)| {
            file.ends_with("probes.sql") && !rule.starts_with("require-")
        });
        of_probes
            .map(|(rule, _, line, _)| format!("{line:02} {rule}"))
            .collect()
    };
    assert_eq!(found("--live"), TOLD);
    assert_eq!(found(""), TOLD);
}
