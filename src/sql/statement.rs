//! A statement of a file.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use squawk_syntax::{SyntaxKind, SyntaxNode, SyntaxToken};

use super::place::Lines;
use super::{
    Change, Kind, Lock, Place, changes, locks, outside, session, summary, temporary, tree,
};

/// A statement, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    text: String,
    place: Place,
    summary: String,
    kind: Kind,
    outside_transaction: Option<&'static str>,
    locks: Vec<Lock>,
    changes: Vec<Change>,
    temporary: Option<&'static str>,
    sets_the_session: bool,
}

impl Statement {
    /// Reads a statement from its node; `None` for one that is empty.
    pub(super) fn of(node: &SyntaxNode, lines: &Lines<'_>) -> Option<Self> {
        let tokens = without_end(node);
        let start = tree::token_range(tokens.first()?).start;
        let end = tree::token_range(tokens.last()?).end;
        let offset = start.saturating_sub(tree::range(node).start);
        let text: String = node.text().to_string();
        let text = text.get(offset..offset + end.saturating_sub(start))?;
        Some(Self {
            text: text.to_owned(),
            place: lines.place(start),
            summary: summary::of(&tokens, &super::secrets(text)),
            kind: Kind::of(node, text),
            outside_transaction: outside::of(node),
            locks: locks::of(node),
            changes: changes::of(node),
            temporary: temporary::of(node),
            sets_the_session: session::is_set(&tokens),
        })
    }

    /// The text exactly as in the file, from its first to its last token: without comments before it
    /// and behind it, and without the `;` at its end.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where it begins in the file.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Where in the file the server's position in [`Self::text`] is: from 1, in characters, as in the
    /// field `P` of an error. Its end for one behind it.
    pub fn place_of(&self, position: usize) -> Place {
        let before = position.saturating_sub(1);
        let end = self.text.char_indices().nth(before).map(|(at, _)| at);
        let before = self.text.get(..end.unwrap_or(self.text.len()));
        self.place.behind(before.unwrap_or_default())
    }

    /// The statement on one line for a message, without comments and secrets, and cut after about 60
    /// characters.
    pub fn summary(&self) -> String {
        self.summary.clone()
    }

    /// What it is.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// What the server calls it when it refuses it in a transaction block (25001); `None` where the
    /// statement alone does not show that it would.
    ///
    /// It cannot show it of `REINDEX` and `CLUSTER` of a partitioned table, of a procedure or a `DO` that
    /// commits, and of a `DROP SUBSCRIPTION` that has no slot, which is taken for one that has.
    pub fn outside_transaction(&self) -> Option<&'static str> {
        self.outside_transaction
    }

    /// The locks that it takes on relations, as far as the statement shows them, each relation once with
    /// the strongest. Not shown are what functions and triggers do, what hangs on a dropped relation, the
    /// table of an index, the other table of a foreign key that is altered or dropped, and what the
    /// statement itself creates.
    pub fn locks(&self) -> &[Lock] {
        &self.locks
    }

    /// What it changes in the tables of the database, as far as the statement shows it.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// What it creates that only its session has: `"table"`, `"view"` or `"sequence"`.
    pub fn temporary(&self) -> Option<&'static str> {
        self.temporary
    }

    /// Whether it does nothing but set something in the session, to the same each time that it is run.
    pub fn sets_the_session(&self) -> bool {
        self.sets_the_session
    }

    /// Where it ends in the file.
    pub fn end(&self) -> Place {
        self.place.behind(&self.text)
    }

    /// The SHA-256 of [`Self::text`], in hexadecimal digits.
    pub fn digest(&self) -> String {
        let mut digits = String::new();
        for byte in Sha256::digest(self.text.as_bytes()) {
            // Writing to a String cannot fail.
            let _ = write!(digits, "{byte:02x}");
        }
        digits
    }
}

/// The tokens of a statement but spaces, comments and the `;` at its end.
fn without_end(node: &SyntaxNode) -> Vec<SyntaxToken> {
    let mut tokens: Vec<SyntaxToken> = tree::significant(node).collect();
    if tokens
        .last()
        .is_some_and(|token| token.kind() == SyntaxKind::SEMICOLON)
    {
        tokens.pop();
    }
    tokens
}
