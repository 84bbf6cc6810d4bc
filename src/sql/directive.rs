//! Directives: comments that say how a file is to be run.

use squawk_syntax::{SyntaxKind, SyntaxNode, SyntaxToken};

use super::place::Lines;
use super::{Mistake, Place, allow, tree};
use crate::setting::nearest;

/// How a file asks to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Directive {
    /// `-- dbtune: transaction`: all of it or nothing.
    Transaction,
    /// `-- dbtune: no-transaction`: statement by statement.
    NoTransaction,
}

impl Directive {
    /// The word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Transaction => "transaction",
            Self::NoTransaction => "no-transaction",
        }
    }
}

const WORDS: [&str; 3] = ["transaction", "no-transaction", allow::WORD];

/// Reads the directives of a file: those that hold, with their places, and the mistakes.
pub(super) fn read(
    root: &SyntaxNode,
    lines: &Lines<'_>,
    mistakes: &mut Vec<Mistake>,
) -> Option<(Directive, Place)> {
    let mut held: Option<(Directive, Place)> = None;
    for comment in tree::tokens(root).filter(|token| token.kind() == SyntaxKind::COMMENT) {
        let Some(text) = addressed(comment.text()) else {
            continue;
        };
        let place = lines.place(tree::token_range(&comment).start);
        let read = is_alone(&comment, place).and_then(|()| one(text, place));
        match (read, held) {
            (Err(mistake), _) => mistakes.push(mistake),
            (Ok(None), _) => {}
            (Ok(Some(directive)), Some((earlier, at))) if directive != earlier => {
                mistakes.push(contradiction(directive, place, at));
            }
            (Ok(Some(directive)), _) => held = held.or(Some((directive, place))),
        }
    }
    held
}

/// What a comment says to dbtune.
pub(super) fn addressed(comment: &str) -> Option<&str> {
    let text = comment.strip_prefix("--")?.trim_start_matches('-').trim();
    let (name, rest) = text.split_once(':')?;
    (name.trim_end().eq_ignore_ascii_case("dbtune")).then_some(rest.trim())
}

/// Whether it has a line of its own, between the statements.
fn is_alone(comment: &SyntaxToken, place: Place) -> Result<(), Mistake> {
    let is_inside = comment
        .parent()
        .is_some_and(|parent| parent.kind() != SyntaxKind::SOURCE_FILE);
    let before = comment.prev_token();
    let starts_line = before.is_none_or(|before| {
        let is_space = before.kind() == SyntaxKind::WHITESPACE;
        let is_first = before.prev_token().is_none();
        is_space && (is_first || before.text().contains('\n'))
    });
    if starts_line && !is_inside {
        return Ok(());
    }
    Err(Mistake::new(
        place,
        "a directive of dbtune stands on the line of a statement, or inside one",
    )
    .hint("give it a line of its own, before the statements"))
}

/// Reads one; `None` for what belongs to the linter.
fn one(text: &str, place: Place) -> Result<Option<Directive>, Mistake> {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let word = word.to_ascii_lowercase();
    let rest = rest.trim_start();
    if word == allow::WORD {
        return Ok(None);
    }
    let directives = [Directive::Transaction, Directive::NoTransaction];
    let Some(directive) = directives.into_iter().find(|known| known.word() == word) else {
        return Err(unknown(&word, place));
    };
    // A reason may follow, as for `allow`.
    if !rest.is_empty() && !rest.starts_with(['—', '–', '-']) {
        let message = format!("`{rest}` follows the directive `{word}`");
        return Err(
            Mistake::new(place, message).hint("write a reason behind a dash: `— because ...`")
        );
    }
    Ok(Some(directive))
}

fn unknown(word: &str, place: Place) -> Mistake {
    let hint = match nearest(word, WORDS) {
        Some(near) => format!("did you mean `-- dbtune: {near}`?"),
        None => "write `no-transaction`, `transaction`, or `allow` and the rule".to_owned(),
    };
    Mistake::new(place, format!("`{word}` is no directive of dbtune")).hint(hint)
}

fn contradiction(directive: Directive, place: Place, at: Place) -> Mistake {
    let message = format!(
        "`{}` is asked for here, and the contrary on line {}",
        directive.word(),
        at.line
    );
    Mistake::new(place, message).hint("leave one of the two")
}
