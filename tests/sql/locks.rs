//! Locks that the server of a test does not show: those of what runs outside of a transaction, and of
//! newer versions.

use crate::statement;

fn locks(text: &str) -> String {
    let statement = statement(text);
    let locks = statement.locks().iter().map(|lock| {
        let relation = lock.relation.as_ref();
        let relation = relation.map_or_else(|| "*".to_owned(), ToString::to_string);
        format!("{relation} {}", lock.mode)
    });
    locks.collect::<Vec<_>>().join(", ")
}

#[test]
fn what_goes_on_beside_others_locks_lightly() {
    let light = "SHARE UPDATE EXCLUSIVE";
    for text in [
        "create index concurrently i on x (a)",
        "drop index concurrently x",
        "reindex index concurrently x",
        "reindex (concurrently) table x",
        "vacuum x",
        "vacuum (analyze, full off) x (a)",
    ] {
        assert_eq!(locks(text), format!("x {light}"), "{text}");
    }
    assert_eq!(
        locks("alter table t detach partition p concurrently"),
        format!("t {light}, p {light}")
    );
    assert_eq!(locks("vacuum"), format!("* {light}"));
}

#[test]
fn what_rewrites_locks_out_everybody() {
    assert_eq!(
        locks("vacuum full x, s.y"),
        "x ACCESS EXCLUSIVE, s.y ACCESS EXCLUSIVE"
    );
    assert_eq!(locks("vacuum (full) x"), "x ACCESS EXCLUSIVE");
    assert_eq!(locks("cluster"), "* ACCESS EXCLUSIVE");
    assert_eq!(locks("reindex schema s"), "* SHARE");
    assert_eq!(
        locks("alter table all in tablespace a set tablespace b"),
        "* ACCESS EXCLUSIVE"
    );
}

#[test]
fn a_query_of_its_own_is_no_table() {
    assert_eq!(
        locks("with w as (delete from t returning a) select * from w, s.w, u"),
        "t ROW EXCLUSIVE, s.w ACCESS SHARE, u ACCESS SHARE"
    );
}

#[test]
fn what_touches_no_table_locks_none() {
    for text in [
        "select 1",
        "create table t (a int)",
        "comment on function f() is 'x'",
        "set a = 1",
    ] {
        assert_eq!(locks(text), "", "{text}");
    }
}
