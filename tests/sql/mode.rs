//! How a file has to be run.

use dbtune::sql::Mode;

use crate::script;

fn mode(text: &str) -> String {
    match script(text).mode() {
        Ok(Mode::Transaction) => "transaction".to_owned(),
        Ok(Mode::Stepwise { because, place }) => format!("stepwise {place} {because}"),
        Err(mistake) => format!("mistake {} {}", mistake.place, mistake.message),
    }
}

#[test]
fn a_file_is_run_in_a_transaction_unless_a_statement_forbids_it() {
    assert_eq!(
        mode("create table t (a int); create index on t (a);"),
        "transaction"
    );
    assert_eq!(
        mode("select 1;\nvacuum t;\ncreate index concurrently i on t (a);"),
        "stepwise 2:1 VACUUM cannot run in a transaction"
    );
}

#[test]
fn a_directive_decides_and_a_contradiction_is_a_mistake() {
    assert_eq!(
        mode("-- dbtune: no-transaction\nselect 1"),
        "stepwise 1:1 the file asks for it"
    );
    assert_eq!(mode("-- dbtune: transaction\nselect 1"), "transaction");
    assert_eq!(
        mode("-- dbtune: transaction\nselect 1;\ncreate index concurrently i on t (a)"),
        "mistake 3:1 CREATE INDEX CONCURRENTLY cannot run in the transaction that line 1 asks for"
    );
}

#[test]
fn a_new_value_of_an_enumeration_is_used_only_after_the_commit() {
    let add = "alter type mood add value 'fine';\n";
    let stepwise =
        "stepwise 2:1 the new value 'fine' of an enumeration can be used only after the commit";
    for used in [
        "insert into t values ('fine')",
        "alter table t alter m set default 'fine'",
        "select '{sad,fine}'::mood[]",
        "do $$ begin insert into t values ('fine'); end $$",
    ] {
        assert_eq!(mode(&format!("{add}{used}")), stepwise, "{used}");
    }
    assert_eq!(mode(add), "transaction");
    assert_eq!(
        mode(&format!("{add}select 'refined', fine, \"fine\"")),
        "transaction"
    );
    assert_eq!(mode(&format!("select 'fine';\n{add}")), "transaction");
    assert_eq!(
        mode(&format!(
            "{add}alter type mood add value 'next' after 'fine'"
        )),
        "transaction"
    );
    assert_eq!(
        mode(&format!("{add}insert into t values ('fine'); vacuum t")),
        stepwise
    );
    assert_eq!(
        mode(&format!(
            "-- dbtune: transaction\n{add}insert into t values ('fine')"
        )),
        "transaction"
    );
}

/// Before version 17 the server refuses it for an enumeration of the same transaction, too.
#[test]
fn that_the_enumeration_is_new_changes_nothing() {
    let mode = mode(
        "create type mood as enum ();\nalter type mood add value 'fine';\ninsert into t values ('fine')",
    );
    assert!(mode.starts_with("stepwise 3:1"), "{mode}");
}
