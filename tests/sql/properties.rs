//! What holds for every file: files made of pieces, and pieces made of anything.

use dbtune::sql::{self, CreateIndex, Kind, Mistake};
use proptest::prelude::*;

use crate::script;

/// Statements, each as the tokens between which anything may stand that means nothing.
const STATEMENTS: [&[&str]; 8] = [
    &[
        "create",
        "unique",
        "index",
        "concurrently",
        "if",
        "not",
        "exists",
        "\"I;x\"",
        "on",
        "only",
        "s",
        ".",
        "t",
        "using",
        "btree",
        "(",
        "a",
        ",",
        "lower",
        "(",
        "b",
        ")",
        ")",
        "where",
        "c",
        "=",
        "$$;$$",
    ],
    &["drop", "index", "concurrently", "a", ".", "i", ",", "j"],
    &[
        "reindex",
        "(",
        "concurrently",
        ",",
        "verbose",
        ")",
        "table",
        "T",
    ],
    &["alter", "type", "mood", "add", "value", "'it''s;'"],
    &["select", "E'\\';'", ",", "\"a\"\"b;\"", "from", "t"],
    &[
        "create", "rule", "r", "as", "on", "insert", "to", "t", "do", "(", "select", "1", ";",
        "delete", "from", "u", ")",
    ],
    &[
        "create",
        "procedure",
        "p",
        "(",
        ")",
        "begin",
        "atomic",
        "select",
        "1",
        ";",
        "end",
    ],
    &["do", "$a$ begin ';' -- x\n; $$;$$ end $a$"],
];

/// What may stand between two tokens.
fn gap() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(" ".to_owned()),
        Just("\n".to_owned()),
        Just("\r\n\t".to_owned()),
        Just("-- c; ' $$ \"\n".to_owned()),
        Just("/* ; ' /* $$ */ \\ */".to_owned()),
        Just("-- ü\r\n".to_owned()),
    ];
    // A space first: two words must not become one.
    proptest::collection::vec(piece, 0..3).prop_map(|pieces| format!(" {}", pieces.concat()))
}

/// A statement with gaps: which one, and its text.
fn spaced() -> impl Strategy<Value = (usize, String)> {
    (0..STATEMENTS.len(), proptest::collection::vec(gap(), 30)).prop_map(|(which, gaps)| {
        let tokens = STATEMENTS[which].iter().zip(gaps.iter());
        let pieces: Vec<String> = tokens.map(|(token, gap)| format!("{token}{gap}")).collect();
        (which, pieces.concat())
    })
}

/// What a kind says, without the text it was read from.
fn meaning(kind: &Kind) -> String {
    match kind {
        Kind::CreateIndex(CreateIndex {
            name,
            table,
            only,
            unique,
            concurrently,
            if_not_exists,
            method,
            columns,
            include,
            predicate,
            ..
        }) => {
            let columns: Vec<_> = columns.iter().map(|column| &column.name).collect();
            format!(
                "{name:?} {table} {only} {unique} {concurrently} {if_not_exists} {method:?} {columns:?} {include:?} {predicate:?}"
            )
        }
        Kind::DropIndex(_)
        | Kind::Reindex(_)
        | Kind::TransactionControl(_)
        | Kind::AddEnumValue { .. }
        | Kind::ClusterThing(_)
        | Kind::Detach(_)
        | Kind::Other => format!("{kind:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn spaces_and_comments_change_nothing_but_the_text((which, text) in spaced()) {
        let plain = script(&STATEMENTS[which].join(" "));
        let spaced = script(&text);
        prop_assert_eq!(spaced.statements().len(), 1);
        let (plain, spaced) = (&plain.statements()[0], &spaced.statements()[0]);
        prop_assert_eq!(meaning(plain.kind()), meaning(spaced.kind()));
        prop_assert_eq!(plain.locks(), spaced.locks());
        prop_assert_eq!(plain.outside_transaction(), spaced.outside_transaction());
    }

    #[test]
    fn a_file_is_its_statements_and_the_gaps_between_them(
        head in gap(),
        statements in proptest::collection::vec((spaced(), gap()), 1..6),
    ) {
        let mut file = head;
        for ((_, text), gap) in &statements {
            file.extend([text, ";", gap]);
        }
        let script = script(&file);
        prop_assert_eq!(script.statements().len(), statements.len());
        let mut rest = file.as_str();
        for statement in script.statements() {
            let (before, behind) = rest.split_once(statement.text()).unwrap();
            prop_assert!(is_gap(before), "{before:?}");
            let at = file.len() - rest.len() + before.len();
            let line = file.split_at(at).0.matches('\n').count() + 1;
            prop_assert_eq!(statement.place().line, line);
            rest = behind;
        }
        prop_assert!(is_gap(rest), "{rest:?}");
    }

    #[test]
    fn nothing_that_is_thrown_at_it_ends_in_a_panic(text in "[ -~\\n\u{0}é;'\"$\\\\(){}]{0,80}") {
        let gave_up = |mistake: &Mistake| mistake.message.contains("gave up");
        prop_assert!(!sql::parse(&text).is_err_and(|all| all.iter().any(gave_up)));
        prop_assert!(!sql::directive(&text).is_err_and(|mistake| gave_up(&mistake)));
    }

    #[test]
    fn words_in_any_order_end_in_no_panic(
        words in proptest::collection::vec(proptest::sample::select(WORDS.as_slice()), 0..25),
    ) {
        // What the parser gives up on is told as such; here it is a failure.
        if let Err(mistakes) = sql::parse(&words.join(" ")) {
            prop_assert!(mistakes.iter().all(|mistake| !mistake.message.contains("gave up")), "{words:?}");
        }
    }
}

const WORDS: [&str; 44] = [
    "create",
    "alter",
    "drop",
    "index",
    "table",
    "concurrently",
    "on",
    "only",
    "(",
    ")",
    ",",
    ";",
    ".",
    "select",
    "from",
    "where",
    "'a'",
    "\"b\"",
    "$$c$$",
    "add",
    "column",
    "constraint",
    "foreign",
    "key",
    "references",
    "begin",
    "atomic",
    "end",
    "function",
    "language",
    "sql",
    "as",
    "returns",
    "copy",
    "stdin",
    "\\i",
    "\n",
    "-- c\n",
    "reindex",
    "type",
    "value",
    "1",
    "=",
    "not",
];

/// Whether a text is nothing but spaces, comments and semicolons.
fn is_gap(text: &str) -> bool {
    sql::parse(text)
        .is_err_and(|mistakes| mistakes.len() == 1 && mistakes[0].message.contains("no statement"))
}
