//! What a statement is.

use dbtune::sql::{ClusterThingKind, Kind, ReindexWhat};

use crate::{kind, statement};

fn outside(text: &str) -> Option<&'static str> {
    statement(text).outside_transaction()
}

#[test]
fn a_drop_of_indexes_is_read() {
    let Kind::DropIndex(drop) = kind("drop index concurrently if exists A.\"B\", c cascade") else {
        panic!()
    };
    let names: Vec<String> = drop.names.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["a.\"B\"", "c"]);
    assert!(drop.concurrently && drop.if_exists && drop.cascade);
    let Kind::DropIndex(drop) = kind("drop index c restrict") else {
        panic!()
    };
    assert!(!drop.concurrently && !drop.if_exists && !drop.cascade);
}

#[test]
fn a_reindex_is_read_however_it_is_written() {
    let read = |text: &str| {
        let Kind::Reindex(reindex) = kind(text) else {
            panic!("{text}")
        };
        let what = match reindex.what {
            ReindexWhat::Index(name) => format!("index {name}"),
            ReindexWhat::Table(name) => format!("table {name}"),
            ReindexWhat::Schema(name) => format!("schema {name}"),
            ReindexWhat::Database => "database".to_owned(),
            ReindexWhat::System => "system".to_owned(),
        };
        format!("{what} {}", reindex.concurrently)
    };
    assert_eq!(read("reindex index s.I"), "index s.i false");
    assert_eq!(read("reindex table concurrently t"), "table t true");
    assert_eq!(
        read("reindex (concurrently, verbose) index i"),
        "index i true"
    );
    assert_eq!(
        read("reindex (verbose, concurrently off) index i"),
        "index i false"
    );
    assert_eq!(
        read("reindex (concurrently FALSE) table t"),
        "table t false"
    );
    assert_eq!(
        read("reindex (concurrently 1, tablespace x) schema t"),
        "schema t true"
    );
    assert_eq!(read("reindex database"), "database false");
    assert_eq!(read("reindex system concurrently d"), "system true");
}

#[test]
fn an_added_value_is_read() {
    let added = |text: &str| {
        let Kind::AddEnumValue { type_name, value } = kind(text) else {
            panic!("{text}")
        };
        format!("{type_name} {value}")
    };
    assert_eq!(
        added("alter type S.Mood add value if not exists 'it''s' before 'x'"),
        "s.mood it's"
    );
    assert_eq!(added("alter type m add value $a$x$$y$a$"), "m x$$y");
    assert_eq!(kind("alter type m rename value 'a' to 'b'"), Kind::Other);
    assert_eq!(kind("alter type c add attribute a int"), Kind::Other);
}

#[test]
fn what_is_made_or_dropped_in_no_transaction_is_read_with_its_name() {
    let read = |text: &str| {
        let Kind::ClusterThing(thing) = kind(text) else {
            panic!("{text}")
        };
        (thing.what, thing.name, thing.is_made)
    };
    let named = |name: &str| name.to_owned();
    assert_eq!(
        read("create /* ours */ database Shop owner app"),
        (ClusterThingKind::Database, named("shop"), true)
    );
    assert_eq!(
        read("drop database if exists \"My \"\"Shop\" with (force)"),
        (ClusterThingKind::Database, named("My \"Shop"), false)
    );
    assert_eq!(
        read("create tablespace Fast location '/fast'"),
        (ClusterThingKind::Tablespace, named("fast"), true)
    );
    assert_eq!(
        read("drop tablespace \"Fast\""),
        (ClusterThingKind::Tablespace, named("Fast"), false)
    );
    assert_eq!(
        read("create subscription s connection 'x' publication p"),
        (ClusterThingKind::Subscription, named("s"), true)
    );
    assert_eq!(
        read("drop subscription if exists \"S\" cascade"),
        (ClusterThingKind::Subscription, named("S"), false)
    );
}

#[test]
fn a_partition_that_is_detached_concurrently_is_read() {
    let detach = |text: &str| {
        let Kind::Detach(detach) = kind(text) else {
            return None;
        };
        Some(detach.finalize())
    };
    assert_eq!(
        detach("alter table if exists only Shop.\"All Events\"\n detach -- now\n partition \"E 1\" concurrently")
            .as_deref(),
        Some("ALTER TABLE shop.\"All Events\" DETACH PARTITION \"E 1\" FINALIZE")
    );
    assert_eq!(detach("alter table e detach partition e1"), None);
    assert_eq!(detach("alter table e detach partition e1 finalize"), None);
}

/// What a transaction refuses only with an option, which the server of a test cannot be asked without a
/// second one.
#[test]
fn subscriptions_are_refused_with_their_slots() {
    let create = "create subscription s connection 'x' publication p";
    assert!(outside(create).is_some());
    assert!(
        outside(&format!(
            "{create} with (connect = false, create_slot = true)"
        ))
        .is_some()
    );
    assert!(outside(&format!("{create} with (connect = false)")).is_none());
    assert!(outside(&format!("{create} with (create_slot = off)")).is_none());
    assert!(outside("alter subscription s set publication p").is_some());
    assert!(outside("alter subscription s add publication p").is_some());
    assert!(outside("alter subscription s drop publication p with (refresh = 'false')").is_none());
    assert!(outside("alter subscription s refresh publication with (copy_data = false)").is_some());
    assert!(outside("alter subscription s set (failover = true)").is_some());
    assert!(outside("alter subscription s set (two_phase = false)").is_some());
    assert!(outside("alter subscription s set (two_phase = true)").is_none());
    assert!(outside("alter subscription s set (slot_name = none)").is_none());
    assert!(outside("alter subscription s disable").is_none());
    assert!(outside("drop subscription if exists s").is_some());
}

#[test]
fn what_sets_the_session_is_only_what_does_the_same_each_time() {
    let sets = |text: &str| crate::script(text).statements()[0].sets_the_session();
    for text in [
        "set search_path = a, b",
        "SET LOCAL lock_timeout = '1s'",
        "reset all",
        "SELECT pg_catalog.set_config('search_path', '', false)",
        "select set_config ( 'app.tenant' , E'7' , true )",
        "select set_config('a.b', $$x$$, false), pg_catalog.set_config('a.c', '', true)",
    ] {
        assert!(sets(text), "{text}");
    }
    for text in [
        "set constraints all deferred",
        "select set_config('a.b', pay(), false)",
        "select set_config('a.b', 'c', false), nextval('s')",
        "select set_config('a.b', 'c', false), set_config('a.b', pay(), false)",
        "select set_config('a.b', 'c', false) from t",
        "select set_config('a.b', 'c' || 'd', false)",
        "update t set x = 1",
    ] {
        assert!(!sets(text), "{text}");
    }
}

#[test]
fn settings_of_applications_and_those_of_a_transaction_are_found_wherever_a_text_names_them() {
    let found = dbtune::sql::named_settings(
        "DO $$ BEGIN PERFORM set_config('app.tenant', '7', false); SET LOCAL my.one TO x; END $$; \
         SELECT current_setting('app.other'), 'a b.c', '1.5', 'end.', x.y, a.b FROM s.t; SET app.third = 1; \
         DO $$ BEGIN PERFORM set_config('app.own', x, TRUE); set local statement_timeout = 1; END $$",
    );
    let names = |names: std::collections::BTreeSet<String>| names.into_iter().collect::<Vec<_>>();
    assert_eq!(
        names(found.custom),
        ["app.other", "app.own", "app.tenant", "app.third", "my.one"]
    );
    assert_eq!(
        names(found.local),
        ["app.own", "my.one", "statement_timeout"]
    );
}
