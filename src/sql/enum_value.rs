//! Values of enumerations that a file adds and uses.

use squawk_syntax::{SyntaxKind, SyntaxNode, SyntaxToken};

use super::{Kind, Place, Statement, tree};

/// The first use of a value that the same file adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Use {
    /// The value.
    pub value: String,
    /// The statement that seems to use it.
    pub place: Place,
}

/// The first statement that has a value in a literal which one before it adds to an enumeration.
///
/// The server refuses to use such a value before the commit (55P04); before version 17 also where the
/// enumeration came to be in the same transaction. A literal is not always a use; that there is one
/// decides.
pub(super) fn first_use(statements: &[(SyntaxNode, Statement)]) -> Option<Use> {
    let mut added: Vec<&str> = Vec::new();
    for (node, statement) in statements {
        if let Kind::AddEnumValue { value, .. } = statement.kind() {
            added.push(value);
        } else if let Some(value) = added.iter().find(|value| has(node, value)) {
            return Some(Use {
                value: (*value).to_owned(),
                place: statement.place(),
            });
        }
    }
    None
}

/// Whether a literal of a statement has the value in it as a word: as in an array (`'{a,b}'`), or in
/// the body of a `DO`.
fn has(node: &SyntaxNode, value: &str) -> bool {
    tree::significant(node)
        .filter(|token| LITERALS.contains(&token.kind()))
        .any(|literal| has_word(&content(&literal), value))
}

const LITERALS: [SyntaxKind; 5] = [
    SyntaxKind::STRING,
    SyntaxKind::NATIONAL_STRING,
    SyntaxKind::ESC_STRING,
    SyntaxKind::UNICODE_ESC_STRING,
    SyntaxKind::DOLLAR_QUOTED_STRING,
];

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let at_edge = |at: usize| {
        let before = text.get(..at).and_then(|before| before.chars().last());
        let behind = text
            .get(at + word.len()..)
            .and_then(|rest| rest.chars().next());
        !before.is_some_and(is_part) && !behind.is_some_and(is_part)
    };
    text.match_indices(word).any(|(at, _)| at_edge(at))
}

/// What stands between the quotes of a literal. Escapes with a backslash stay as they are.
pub(super) fn content(literal: &SyntaxToken) -> String {
    let text = literal.text();
    if literal.kind() == SyntaxKind::DOLLAR_QUOTED_STRING {
        let mut parts = text.splitn(3, '$').skip(1);
        let end = format!("${}$", parts.next().unwrap_or_default());
        let inner = parts.next().unwrap_or_default();
        return inner.strip_suffix(&end).unwrap_or(inner).to_owned();
    }
    let inner = text.split_once('\'').map_or("", |(_, inner)| inner);
    inner.strip_suffix('\'').unwrap_or(inner).replace("''", "'")
}
