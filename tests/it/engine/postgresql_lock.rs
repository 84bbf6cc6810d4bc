//! The lock that keeps two runs away from one PostgreSQL server.

use super::door::{Door, contend, says};
use crate::support::{Postgres, eventually};

fn with_shop() -> Postgres {
    Postgres::setup().statement("CREATE DATABASE shop").start()
}

#[test]
fn one_run_keeps_another_away_and_is_named() {
    let server = with_shop();
    let mut first = Door::open(&server.url());
    let mut second = Door::open(&server.url());
    assert!(first.locks());
    let pid = "SELECT pid FROM pg_locks WHERE locktype = 'advisory'";
    let pid = format!("pid {},", server.value(pid));
    says(
        &second.holder(),
        &[
            &pid,
            "user postgres",
            "application dbtune",
            "from 127.0.0.1",
            "database postgres",
            "since 2",
        ],
    );
    first.engine.unlock().unwrap();
    assert!(second.locks());
    assert!(!first.locks());
}

#[test]
fn the_lock_holds_across_databases() {
    for bin in Postgres::every_bin() {
        let server = Postgres::with_bin(bin)
            .statement("CREATE DATABASE shop")
            .start();
        let mut first = Door::open(&server.url_of("postgres", "shop"));
        let mut second = Door::open(&server.url());
        assert!(first.locks());
        assert!(second.holder().contains("database shop"));
        let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
        assert_eq!(server.value(locks), "1", "the one that gave way let go");
        first.engine.unlock().unwrap();
        assert!(second.locks());
    }
}

#[test]
fn taking_the_lock_twice_is_taking_it_once() {
    let server = with_shop();
    let mut first = Door::open(&server.url());
    assert!(first.locks() && first.locks());
    first.engine.unlock().unwrap();
    first.engine.unlock().unwrap();
    assert!(Door::open(&server.url()).locks());
    assert_eq!(first.engine.notices(), [""; 0]);
}

#[test]
fn the_lock_is_gone_with_its_holder() {
    let server = with_shop();
    let mut first = Door::open(&server.url());
    let mut second = Door::open(&server.url());
    assert!(first.locks());
    drop(first);
    eventually("the server notices", || second.locks());

    let mut third = Door::open(&server.url());
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'");
    eventually("the server has ended the session", || third.locks());
}

#[test]
fn of_six_in_three_databases_never_two_hold_it() {
    let server = Postgres::setup()
        .statement("CREATE DATABASE shop")
        .statement("CREATE DATABASE bank")
        .start();
    let databases = ["postgres", "shop", "bank", "postgres", "shop", "bank"];
    contend(&databases.map(|database| server.url_of("postgres", database)));
}
