//! `-- dbtune: allow RULE — reason`: comments that silence the linter, and how far each one reaches.

use squawk_syntax::{SyntaxKind, SyntaxNode, SyntaxToken};

use super::place::Lines;
use super::{Place, Statement, directive, tree};

/// A comment that silences rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// Where it stands.
    pub place: Place,
    /// The rules, as they are written.
    pub rules: Vec<String>,
    /// What it silences them for.
    pub reach: Reach,
}

/// What a comment speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The whole file: it stands before the first statement, with a blank line between.
    File,
    /// The statement right behind it, by its number from 0.
    Statement(usize),
    /// Nothing: a blank line stands between it and a statement that is not the first, or no statement
    /// follows.
    Nothing,
}

/// The word that begins it.
pub(super) const WORD: &str = "allow";

/// What stands between the rules and the reason.
const BEFORE_REASON: [&str; 5] = ["—", "–", "--", " - ", ":"];

/// Every such comment of a file, in its order.
pub(super) fn read(root: &SyntaxNode, lines: &Lines<'_>, statements: &[Statement]) -> Vec<Allow> {
    let comments = tree::tokens(root).filter(|token| token.kind() == SyntaxKind::COMMENT);
    comments
        .filter_map(|comment| {
            let rules = rules(directive::addressed(comment.text())?)?;
            let place = lines.place(tree::token_range(&comment).start);
            let reach = reach(&comment, place, statements);
            Some(Allow {
                place,
                rules,
                reach,
            })
        })
        .collect()
}

fn rules(text: &str) -> Option<Vec<String>> {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    if !word.eq_ignore_ascii_case(WORD) {
        return None;
    }
    let reasons = BEFORE_REASON.iter().filter_map(|sign| rest.find(sign));
    let names = rest.get(..reasons.min().unwrap_or(rest.len()))?;
    let names = names.split(',').map(str::trim);
    Some(
        names
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
    )
}

fn reach(comment: &SyntaxToken, place: Place, statements: &[Statement]) -> Reach {
    let next = statements
        .iter()
        .position(|statement| statement.place() > place);
    match (next, is_right_before_statement(comment)) {
        (Some(number), true) => Reach::Statement(number),
        (Some(0), false) => Reach::File,
        (Some(_) | None, _) => Reach::Nothing,
    }
}

/// Whether only comments stand between it and the next statement.
fn is_right_before_statement(comment: &SyntaxToken) -> bool {
    let mut next = comment.next_token();
    while let Some(token) = next {
        if !token.kind().is_trivia() {
            return true;
        }
        if token.kind() == SyntaxKind::WHITESPACE && token.text().matches('\n').count() > 1 {
            return false;
        }
        next = token.next_token();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Vec<String>> {
        rules(text)
    }

    #[test]
    fn a_reason_may_follow_behind_any_sign() {
        let both = Some(vec!["mixed-file".to_owned(), "missing-table".to_owned()]);
        for text in [
            "allow mixed-file, missing-table",
            "allow mixed-file,missing-table — it is small",
            "ALLOW mixed-file, missing-table – it is small",
            "allow mixed-file, missing-table -- it is - small",
            "allow mixed-file, missing-table - it is small",
            "allow mixed-file, missing-table: it is small",
        ] {
            assert_eq!(of(text), both, "{text}");
        }
        assert_eq!(of("allow"), Some(Vec::new()));
        assert_eq!(of("transaction"), None);
    }
}
