//! Which locks statements take.

use std::collections::BTreeMap;

use dbtune::sql::{Lock, LockMode};
use postgres::Client;
use postgres::error::SqlState;

use super::statement;
use crate::support::Postgres;

const THERE: &str = r#"
    create schema s;
    create table t (a int not null, b int, c text, d int generated always as (b) stored);
    create unique index i on t (a);
    create index j on t (b);
    create table u (a int primary key, b int);
    create table s."T" (a int, b int);
    create index k on s."T" (a);
    create table w (a int, b int, constraint b_is_there foreign key (b) references u not valid,
        constraint b_is_small check (b < 10) not valid);
    create table p (a int) partition by list (a);
    create table p1 partition of p for values in (1);
    create table p2 (a int);
    create index pi on only p (a);
    create index p1i on p1 (a);
    create table parent (a int);
    create table heir (a int) inherits (parent);
    create view v as select * from u;
    create materialized view m as select * from u;
    create unique index mi on m (a);
    create sequence q;
    create function f() returns trigger language plpgsql as 'begin return null; end';
    create trigger g after insert on t for each row execute function f();
    create policy y on t;
    create rule r as on insert to w do also nothing;
    create publication pub for table u"#;

/// One statement a line.
const STATEMENTS: &str = r#"
    select * from t, s."T" as x where exists (select 1 from u)
    select * from t join u using (a) for update
    select * from (select * from t for share) as x, u
    with x as (insert into t (a) values (1) returning a) select * from x, u
    insert into t (a) select a from u on conflict do nothing
    update only t as x set b = u.b from u where x.a = u.a
    delete from s."T" using u where u.a = "T".a
    merge into t using u on t.a = u.a when matched then delete
    table u
    explain delete from u
    copy u to program 'cat'
    copy u from program 'true'
    create table n as select * from u
    select * into n from u
    create view n as select * from t
    create or replace view v as select * from u
    create materialized view n as select * from t
    create index on t (c)
    create unique index n on only s."T" (b)
    drop index j
    reindex table t
    reindex index j
    cluster t using i
    analyze t (a), s."T"
    truncate t, only s."T"
    lock table t
    lock t, u in share row exclusive mode
    lock t in row share mode
    lock t in access share mode
    drop table s."T"
    drop view v
    drop materialized view m
    drop sequence q
    refresh materialized view m
    refresh materialized view concurrently m
    create trigger n after insert on t for each row execute function f()
    create constraint trigger n after insert on t from u for each row execute function f()
    alter trigger g on t rename to n
    drop trigger g on t
    create policy n on t using (a in (select a from u))
    alter policy y on t using (true)
    alter policy y on t rename to n
    drop policy y on t
    create rule n as on insert to t do also delete from u
    drop rule r on w
    create statistics n on a, b from t
    comment on table t is 'x'
    comment on column s."T".a is 'x'
    comment on view v is 'x'
    comment on index j is 'x'
    create publication n for table t, s."T"
    alter publication pub add table t
    alter publication pub drop table u
    alter sequence q restart
    alter sequence q increment 2
    alter sequence q rename to n
    alter sequence q owner to current_user
    alter sequence q set schema s
    alter view v rename to n
    alter view v set (security_barrier)
    alter view v alter a set default 1
    alter materialized view m rename to n
    alter materialized view m set (fillfactor = 70)
    alter materialized view m cluster on mi
    alter index j rename to n
    alter index j set (fillfactor = 70)
    alter index j reset (fillfactor, deduplicate_items)
    alter index j set tablespace pg_default
    alter index pi attach partition p1i
    create table n (x int references u, y int, foreign key (y) references t (a), like s."T") inherits (parent)
    create table n partition of p for values in (2)
    alter table t add column n int
    alter table t add n int references u
    alter table t add constraint n foreign key (b) references u (a)
    alter table t add foreign key (b) references u (a) not valid
    alter table t add constraint n check (a > 0) not valid
    alter table t add unique (b)
    alter table t add constraint n unique using index i
    alter table w validate constraint b_is_small
    alter table w drop constraint b_is_small
    alter table w alter constraint b_is_there deferrable
    alter table t drop column c
    alter table t rename c to n
    alter table t rename to n
    alter table w rename constraint b_is_small to n
    alter table t set schema s
    alter table t owner to current_user
    alter table t alter b set not null
    alter table t alter a drop not null
    alter table t alter b set default 1
    alter table t alter c set statistics 10
    alter table t alter c set (n_distinct = 5)
    alter table t alter c reset (n_distinct)
    alter table t alter c set storage external
    alter table t alter c set compression pglz
    alter table t alter c type varchar(10)
    alter table t alter d drop expression
    alter table t alter a add generated always as identity
    alter table t set (fillfactor = 70)
    alter table t set (autovacuum_enabled = off, toast.autovacuum_enabled = off, parallel_workers = 2)
    alter table t set (user_catalog_table = true)
    alter table t set (fillfactor = 70, user_catalog_table = true)
    alter table t reset (fillfactor, vacuum_truncate, toast_tuple_target, log_autovacuum_min_duration)
    alter table t set (vacuum_index_cleanup = off)
    alter table t disable trigger g
    alter table t enable always trigger g, enable trigger user
    alter table t enable row level security
    alter table w disable rule r
    alter table t cluster on i
    alter table t set without cluster
    alter table t replica identity full
    alter table t set unlogged
    alter table p2 inherit parent
    alter table heir no inherit parent
    alter table p attach partition p2 for values in (2)
    alter table p detach partition p1
    alter table t alter c set statistics 10, disable trigger g
    alter table t alter c set statistics 10, add column n int"#;

/// Statements that came with versions 16 to 18.
const NEWER: &str = "
    merge into t using u on t.a = u.a when not matched by source then delete returning merge_action()
    alter table t alter d set expression as (b * 2)
    alter table t set access method default
    alter table t add constraint n not null b
    alter table t add constraint n not null b not valid
    alter table w alter constraint b_is_there not enforced
    create table n (a int, b int generated always as (a) virtual, foreign key (a) references u not enforced)";

/// The relations that are there before a statement runs, by their number.
fn relations(client: &mut Client) -> BTreeMap<u32, String> {
    let rows = client.query(
        "select c.oid, c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = relnamespace
         where nspname in ('public', 's')",
        &[],
    );
    rows.unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect()
}

const MODES: [LockMode; 8] = [
    LockMode::AccessShare,
    LockMode::RowShare,
    LockMode::RowExclusive,
    LockMode::ShareUpdateExclusive,
    LockMode::Share,
    LockMode::ShareRowExclusive,
    LockMode::Exclusive,
    LockMode::AccessExclusive,
];

/// A mode by the name that `pg_locks` has for it: `AccessShareLock`.
fn mode(name: &str) -> LockMode {
    let is_it = |mode: &LockMode| {
        format!("{mode}lock")
            .replace(' ', "")
            .eq_ignore_ascii_case(name)
    };
    MODES.into_iter().find(is_it).unwrap()
}

/// The strongest lock that a statement holds on each relation that was there before it; `None` where the
/// server does not know the statement.
fn held(client: &mut Client, text: &str) -> Option<BTreeMap<String, LockMode>> {
    let before = relations(client);
    client.batch_execute("begin").unwrap();
    if let Err(error) = client.batch_execute(text) {
        assert_eq!(
            error.code(),
            Some(&SqlState::SYNTAX_ERROR),
            "{text}: {error:?}"
        );
        client.batch_execute("rollback").unwrap();
        return None;
    }
    let rows = client.query(
        "select relation, mode from pg_locks where pid = pg_backend_pid() and locktype = 'relation'",
        &[],
    );
    let mut held = BTreeMap::new();
    for row in rows.unwrap() {
        let (relation, taken): (u32, String) = (row.get(0), row.get(1));
        if let Some(name) = before.get(&relation) {
            let strongest = held.entry(name.clone()).or_insert(LockMode::AccessShare);
            *strongest = mode(&taken).max(*strongest);
        }
    }
    client.batch_execute("rollback").unwrap();
    Some(held)
}

/// Locks that a statement does not show: on what hangs on the relations that it names.
fn is_hidden(text: &str, relation: &str, mode: LockMode) -> bool {
    let is_index = ["i", "j", "s.k", "mi", "pi", "p1i", "u_pkey"].contains(&relation);
    let reads_a_source = mode == LockMode::AccessShare;
    let table_of_an_index = text.contains("index j") || text.contains("index pi");
    let other_of_a_key = text.contains("alter constraint") && relation == "u";
    is_index
        || reads_a_source
        || other_of_a_key
        || table_of_an_index && ["t", "p", "p1"].contains(&relation)
}

/// Where what is told of a statement and what the server holds differ.
fn differences(text: &str, mut held: BTreeMap<String, LockMode>) -> Vec<String> {
    let mut found = Vec::new();
    for Lock { mode, relation } in statement(text).locks() {
        let relation = relation.as_ref().unwrap().to_string();
        let taken = held.remove(&relation);
        if taken != Some(*mode) {
            found.push(format!("{text}: {relation} {mode}, but {taken:?}"));
        }
    }
    held.retain(|relation, mode| !is_hidden(text, relation, *mode));
    if !held.is_empty() {
        found.push(format!("{text}: not told: {held:?}"));
    }
    found
}

#[test]
fn the_locks_that_are_told_are_those_that_the_server_takes() {
    for bin in Postgres::every_bin() {
        let version = bin.version().to_vec();
        let server = Postgres::with_bin(bin).start();
        server.sql(THERE);
        let mut client = server.client();
        let mut wrong = Vec::new();
        for (statements, since) in [(STATEMENTS, 15), (NEWER, 18)] {
            let statements = statements.lines().map(str::trim);
            for text in statements.filter(|line| !line.is_empty()) {
                match held(&mut client, text) {
                    Some(held) => wrong.extend(differences(text, held)),
                    None => assert!(version < vec![since], "{text}"),
                }
            }
        }
        if version < vec![14] {
            wrong.retain(|wrong| !wrong.contains("detach partition p1: p1 ACCESS EXCLUSIVE"));
        }
        assert!(wrong.is_empty(), "{version:?}\n{wrong:#?}");
    }
}
