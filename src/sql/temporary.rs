//! What a statement creates for its session alone.

use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::{Name, tree};

/// What can be temporary, with the node that its name is.
const KINDS: [(SyntaxKind, SyntaxKind, &str); 5] = [
    (SyntaxKind::CREATE_TABLE, SyntaxKind::TABLE_NAME, "table"),
    (SyntaxKind::CREATE_TABLE_AS, SyntaxKind::TABLE_NAME, "table"),
    (SyntaxKind::SELECT_INTO, SyntaxKind::TABLE_NAME, "table"),
    (SyntaxKind::CREATE_VIEW, SyntaxKind::VIEW, "view"),
    (
        SyntaxKind::CREATE_SEQUENCE,
        SyntaxKind::SEQUENCE,
        "sequence",
    ),
];

/// What it is called, if a statement creates it so: by a word, or by its schema.
pub(super) fn of(node: &SyntaxNode) -> Option<&'static str> {
    let (_, name, what) = KINDS.iter().find(|(kind, ..)| *kind == node.kind())?;
    let around = tree::child(node, SyntaxKind::INTO_CLAUSE);
    let node = around.as_ref().unwrap_or(node);
    let has_word = tree::child(node, SyntaxKind::TEMP).is_some();
    let in_schema = || {
        let schema = Name::of(&tree::child(node, *name)?)?.schema;
        (schema? == "pg_temp").then_some(())
    };
    (has_word || in_schema().is_some()).then_some(*what)
}
