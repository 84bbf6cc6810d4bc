//! Files of SQL: how they are split, what their statements are, and what is told of mistakes. No server
//! takes part.
#![cfg(test)]

mod changes;
mod create_index;
mod directives;
mod hidden;
mod kinds;
mod locks;
mod mistakes;
mod mode;
mod names;
mod properties;
mod splitting;

use dbtune::sql::{self, Kind, Script, Statement};

/// The script that a text is.
fn script(text: &str) -> Script {
    sql::parse(text).unwrap_or_else(|mistakes| panic!("{text}\n{mistakes:#?}"))
}

/// The only statement of a text.
fn statement(text: &str) -> Statement {
    match script(text).statements() {
        [only] => only.clone(),
        several => panic!("{text}\n{several:#?}"),
    }
}

/// What the only statement of a text is.
fn kind(text: &str) -> Kind {
    statement(text).kind().clone()
}

/// The texts of the statements.
fn texts(text: &str) -> Vec<String> {
    let script = script(text);
    let texts = script.statements().iter().map(Statement::text);
    texts.map(str::to_owned).collect()
}

/// The mistakes of a text: place, message and hint, one a line.
fn mistakes(text: &str) -> Vec<String> {
    let mistakes = sql::parse(text).expect_err(text);
    mistakes
        .into_iter()
        .map(|mistake| {
            let hint = mistake.hint.map(|hint| format!(" ({hint})"));
            format!(
                "{} {}{}",
                mistake.place,
                mistake.message,
                hint.unwrap_or_default()
            )
        })
        .collect()
}
