//! A file of SQL as a whole.

use super::enum_value::Use;
use super::{Allow, Directive, Mistake, Place, Statement};

/// The statements of a file, and how it is to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    statements: Vec<Statement>,
    directive: Option<(Directive, Place)>,
    used_value: Option<Use>,
    allows: Vec<Allow>,
}

/// How a file has to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// In one transaction: all of it or nothing.
    Transaction,
    /// Statement by statement, each in a transaction of its own or in none.
    Stepwise {
        /// Why, as a fragment of a sentence.
        because: String,
        /// What decides: a statement, or the directive.
        place: Place,
    },
}

impl Script {
    pub(super) fn new(
        statements: Vec<Statement>,
        directive: Option<(Directive, Place)>,
        used_value: Option<Use>,
    ) -> Self {
        Self {
            statements,
            directive,
            used_value,
            allows: Vec::new(),
        }
    }

    pub(super) fn allowing(self, allows: Vec<Allow>) -> Self {
        Self { allows, ..self }
    }

    /// The statements in the order of the file: at least one.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The comments that silence the linter.
    pub fn allows(&self) -> &[Allow] {
        &self.allows
    }

    /// How the file asks to be run, where it does.
    pub fn directive(&self) -> Option<Directive> {
        self.directive.map(|(directive, _)| directive)
    }

    /// How the file has to be run: as it asks; else statement by statement where one of them needs it;
    /// else in one transaction. A file that asks for a transaction and has a statement that the server
    /// refuses in one is a mistake.
    ///
    /// That a value of an enumeration is used in the file that adds it can only be guessed, so that a
    /// file that asks for a transaction gets it: the server would refuse it as a whole.
    pub fn mode(&self) -> Result<Mode, Mistake> {
        let hostile = self.hostile();
        match (self.directive, hostile) {
            (Some((Directive::NoTransaction, place)), _) => {
                Ok(stepwise("the file asks for it", place))
            }
            (Some((Directive::Transaction, _)), None) => Ok(Mode::Transaction),
            (Some((Directive::Transaction, at)), Some((what, place))) => {
                Err(contradiction(what, place, at))
            }
            (None, hostile) => Ok(self.mode_of_content(hostile)),
        }
    }

    /// The first statement that the server refuses in a transaction.
    fn hostile(&self) -> Option<(&'static str, Place)> {
        let mut hostile = self.statements.iter().filter_map(|statement| {
            let what = statement.outside_transaction()?;
            Some((what, statement.place()))
        });
        hostile.next()
    }

    /// What the statements ask for; the first that decides is told.
    fn mode_of_content(&self, hostile: Option<(&'static str, Place)>) -> Mode {
        let used = self.used_value.as_ref();
        match (hostile, used) {
            (Some((_, place)), Some(used)) if used.place < place => used_before_commit(used),
            (Some((what, place)), _) => {
                stepwise(format!("{what} cannot run in a transaction"), place)
            }
            (None, Some(used)) => used_before_commit(used),
            (None, None) => Mode::Transaction,
        }
    }
}

fn stepwise(because: impl Into<String>, place: Place) -> Mode {
    Mode::Stepwise {
        because: because.into(),
        place,
    }
}

fn used_before_commit(used: &Use) -> Mode {
    let because = format!(
        "the new value '{}' of an enumeration can be used only after the commit",
        used.value
    );
    stepwise(because, used.place)
}

fn contradiction(what: &str, place: Place, at: Place) -> Mistake {
    let message = format!(
        "{what} cannot run in the transaction that line {} asks for",
        at.line
    );
    Mistake::new(place, message)
        .hint("move the statement to a migration of its own, or leave out `-- dbtune: transaction`")
}
