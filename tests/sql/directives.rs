//! `-- dbtune: ...`

use dbtune::sql::{self, Directive};

use crate::{mistakes, script};

fn directive(text: &str) -> Option<Directive> {
    sql::directive(text).unwrap_or_else(|mistake| panic!("{text}\n{mistake:#?}"))
}

#[test]
fn a_directive_stands_on_a_line_of_its_own_anywhere_between_statements() {
    let no = Some(Directive::NoTransaction);
    assert_eq!(directive("-- dbtune: no-transaction\nselect 1;"), no);
    assert_eq!(directive("  --dbtune:no-transaction  \r\nselect 1;"), no);
    assert_eq!(
        directive("select 1;\n\t-- DBTune: No-Transaction — it builds\nselect 2;"),
        no
    );
    assert_eq!(directive("select 1;\n-- dbtune: no-transaction"), no);
    assert_eq!(
        directive("/* x */\n-- dbtune: transaction\n-- dbtune: transaction\nselect 1"),
        Some(Directive::Transaction)
    );
    assert_eq!(
        script("-- dbtune: no-transaction\nselect 1").directive(),
        no
    );
}

#[test]
fn other_comments_and_those_of_the_linter_are_none() {
    for text in [
        "select 1; -- no-transaction",
        "-- see dbtune: no-transaction",
        "/* dbtune: no-transaction */ select 1",
        "select '\n-- dbtune: no-transaction\n'",
        "do $$\n-- dbtune: no-transaction\n$$",
        "-- dbtune: allow drop-table, drop-column — both are empty\nselect 1",
        "-- dbtunes: x\nselect 1",
    ] {
        assert_eq!(directive(text), None, "{text}");
    }
}

#[test]
fn a_directive_that_is_none_is_a_mistake_with_the_nearest() {
    assert_eq!(
        mistakes("select 1;\n-- dbtune: no-transacton\nselect 2;"),
        [
            "2:1 `no-transacton` is no directive of dbtune (did you mean `-- dbtune: no-transaction`?)"
        ]
    );
    assert_eq!(
        mistakes("-- dbtune: xyz\nselect 2;"),
        [
            "1:1 `xyz` is no directive of dbtune (write `no-transaction`, `transaction`, or `allow` and \
          the rule)"
        ]
    );
    assert!(mistakes("-- dbtune: transaction please\nselect 2;")[0].contains("`please` follows"));
    assert!(mistakes("-- dbtune:\nselect 2;")[0].contains("is no directive"));
}

#[test]
fn both_directives_are_a_mistake() {
    assert_eq!(
        mistakes("-- dbtune: no-transaction\n\n-- dbtune: transaction\nselect 1"),
        ["3:1 `transaction` is asked for here, and the contrary on line 1 (leave one of the two)"]
    );
}

#[test]
fn a_directive_that_stands_at_or_in_a_statement_is_a_mistake() {
    for text in [
        "select 1; -- dbtune: no-transaction",
        "select 1,\n-- dbtune: no-transaction\n2",
    ] {
        let found = mistakes(text);
        assert!(found[0].contains("a line of its own"), "{found:#?}");
        assert!(sql::directive(text).is_err());
    }
}

#[test]
fn a_file_with_other_mistakes_still_says_how_it_is_to_be_run() {
    let text = "-- dbtune: no-transaction\n\\i x\nselec 1;";
    assert_eq!(directive(text), Some(Directive::NoTransaction));
}
