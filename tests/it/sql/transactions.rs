//! What the server refuses in a transaction block.

use dbtune::sql::{self, Mode};
use postgres::Client;
use postgres::error::SqlState;

use super::statement;
use crate::support::Postgres;

const THERE: &str = "
    create table t (a int); create index i on t (a); create schema s;
    create table p (a int) partition by list (a);
    create table p1 partition of p for values in (1);
    create table q (a int) partition by list (a);
    create table q1 partition of q for values in (1);
    create database other;
    create subscription sub connection 'host=127.0.0.1 port=1' publication p, p3
        with (connect = false, slot_name = 'x');
    alter subscription sub enable;
    create subscription rests connection 'host=127.0.0.1 port=1' publication p
        with (connect = false, slot_name = 'y');
    create subscription idle connection 'host=127.0.0.1 port=1' publication p
        with (connect = false, slot_name = none)";

/// One statement a line.
const REFUSED: &str = "
    create index concurrently on t (a)
    create unique index concurrently if not exists i on only t (a)
    drop index concurrently i
    drop index concurrently if exists nothing
    reindex index concurrently i
    reindex (concurrently) table t
    reindex (verbose, concurrently true) index i
    reindex schema s
    reindex schema concurrently s
    reindex database postgres
    reindex system postgres
    vacuum
    vacuum t
    vacuum (full, analyze) t
    vacuum full
    alter system set work_mem = '8MB'
    alter system reset all
    create database d
    drop database if exists nothing
    alter database other set tablespace pg_default
    create tablespace ts location '/nowhere'
    drop tablespace if exists nothing
    create subscription more connection 'host=127.0.0.1 port=1' publication p
    create subscription more connection 'host=127.0.0.1 port=1' publication p with (enabled = false)
    drop subscription sub
    alter subscription sub refresh publication
    alter subscription sub set publication p
    alter subscription sub add publication p2
    alter subscription sub drop publication p with (refresh)
    cluster
    cluster verbose
    alter table p detach partition p1 concurrently
    commit prepared 'x'
    rollback prepared 'x'
    discard all";

/// Refused since a version, where the subscription is not at work.
const REFUSED_SINCE: [(u32, &str); 2] = [
    (17, "alter subscription rests set (failover = true)"),
    (18, "alter subscription rests set (two_phase = false)"),
];

/// Statements that look like those and are taken.
const TAKEN: &str = "
    create index on t (a)
    drop index i
    reindex table t
    reindex (concurrently false) index i
    analyze t
    alter database other set work_mem = '8MB'
    create subscription more connection 'host=127.0.0.1 port=1' publication p with (connect = false)
    alter subscription sub set publication p with (refresh = false)
    alter subscription sub disable
    cluster t using i
    alter table q detach partition q1
    discard plans
    refresh materialized view m
    alter type mood add value 'fine'";

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// What becomes of a statement in a transaction block.
fn in_a_transaction(client: &mut Client, text: &str) -> Result<(), SqlState> {
    client.batch_execute("begin").unwrap();
    let done = client.batch_execute(text);
    client.batch_execute("rollback").unwrap();
    done.map_err(|error| error.code().cloned().unwrap())
}

#[test]
fn what_is_said_to_be_refused_in_a_transaction_is_refused() {
    for bin in Postgres::every_bin() {
        let knows_all = bin.version() >= &[15];
        let server = Postgres::with_bin(bin).start();
        let mut client = server.client();
        for part in THERE.split(';') {
            client.batch_execute(part).unwrap();
        }
        for text in lines(REFUSED) {
            assert!(statement(text).outside_transaction().is_some(), "{text}");
            let done = in_a_transaction(&mut client, text);
            // Version 13 refreshes a subscription in a transaction.
            let is_older = done == Err(SqlState::SYNTAX_ERROR) || text.starts_with("alter sub");
            if knows_all || !is_older {
                assert_eq!(done, Err(SqlState::ACTIVE_SQL_TRANSACTION), "{text}");
            }
        }
    }
}

#[test]
fn what_newer_servers_refuse_is_said_to_be_refused() {
    for bin in Postgres::every_bin() {
        let version = bin.version().to_vec();
        let server = Postgres::with_bin(bin).start();
        let mut client = server.client();
        for part in THERE.split(';') {
            client.batch_execute(part).unwrap();
        }
        for (_, text) in REFUSED_SINCE
            .iter()
            .filter(|(since, _)| version >= vec![*since])
        {
            assert!(statement(text).outside_transaction().is_some(), "{text}");
            let done = in_a_transaction(&mut client, text);
            assert_eq!(done, Err(SqlState::ACTIVE_SQL_TRANSACTION), "{text}");
        }
    }
}

#[test]
fn what_is_not_said_to_be_refused_in_a_transaction_is_taken() {
    for bin in Postgres::every_bin() {
        let knows_all = bin.version() >= &[15];
        let server = Postgres::with_bin(bin).start();
        let mut client = server.client();
        for part in THERE.split(';') {
            client.batch_execute(part).unwrap();
        }
        server.sql("create materialized view m as select 1; create type mood as enum ('sad')");
        for text in lines(TAKEN) {
            assert_eq!(statement(text).outside_transaction(), None, "{text}");
            let done = in_a_transaction(&mut client, text);
            if knows_all || done != Err(SqlState::SYNTAX_ERROR) {
                assert_eq!(done, Ok(()), "{text}");
            }
        }
        assert_eq!(
            in_a_transaction(&mut client, "drop subscription idle"),
            Ok(())
        );
    }
}

/// Files, and whether they can run in one transaction: the server and we are of one mind.
#[test]
fn a_file_that_uses_a_value_before_the_commit_is_run_in_steps() {
    let files = [
        (
            "alter type mood add value 'fine'; insert into m values ('fine')",
            false,
        ),
        (
            "alter type mood add value 'fine'; alter table m alter a set default 'fine'",
            false,
        ),
        (
            "alter type mood add value 'fine'; select '{sad,fine}'::mood[]",
            false,
        ),
        (
            "alter type mood add value 'fine'; insert into m values ('sad')",
            true,
        ),
    ];
    for bin in Postgres::every_bin() {
        let server = Postgres::with_bin(bin).start();
        server.sql("create type mood as enum ('sad'); create table m (a mood)");
        let mut client = server.client();
        for (file, at_once) in files {
            let mode = sql::parse(file).unwrap().mode().unwrap();
            assert_eq!(mode == Mode::Transaction, at_once, "{file}");
            let done = in_a_transaction(&mut client, file);
            assert_eq!(done.is_ok(), at_once, "{file}: {done:?}");
        }
    }
}
