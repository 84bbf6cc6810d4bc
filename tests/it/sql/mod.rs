//! What is said of statements, held against what real servers do with them.

mod locks;
mod transactions;

use dbtune::sql::{self, Statement};

/// The only statement of a text.
fn statement(text: &str) -> Statement {
    let script = sql::parse(text).unwrap_or_else(|mistakes| panic!("{text}\n{mistakes:#?}"));
    match script.statements() {
        [only] => only.clone(),
        several => panic!("{text}\n{several:#?}"),
    }
}
