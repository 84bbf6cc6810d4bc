//! A few questions to the syntax tree.

use std::ops::Range;

use squawk_syntax::{SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken};

/// The first part of a kind right below a node.
pub(super) fn child(node: &SyntaxNode, kind: SyntaxKind) -> Option<SyntaxNode> {
    node.children().find(|part| part.kind() == kind)
}

/// The first part of a kind anywhere below a node.
pub(super) fn below(node: &SyntaxNode, kind: SyntaxKind) -> Option<SyntaxNode> {
    node.descendants().find(|part| part.kind() == kind)
}

/// The tokens right below a node.
pub(super) fn own_tokens(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> + use<> {
    let elements = node.children_with_tokens();
    elements.filter_map(SyntaxElement::into_token)
}

/// The first token of a kind right below a node.
pub(super) fn token(node: &SyntaxNode, kind: SyntaxKind) -> Option<SyntaxToken> {
    own_tokens(node).find(|token| token.kind() == kind)
}

/// All tokens of a node, in the order of the text.
pub(super) fn tokens(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> + use<> {
    let elements = node.descendants_with_tokens();
    elements.filter_map(SyntaxElement::into_token)
}

/// All tokens of a node but spaces and comments.
pub(super) fn significant(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> + use<> {
    tokens(node).filter(|token| !token.kind().is_trivia())
}

/// Where a token stands, in bytes of the file.
pub(super) fn token_range(token: &SyntaxToken) -> Range<usize> {
    let range = token.text_range();
    range.start().into()..range.end().into()
}

/// Where a node stands, in bytes of the file.
pub(super) fn range(node: &SyntaxNode) -> Range<usize> {
    let range = node.text_range();
    range.start().into()..range.end().into()
}

/// The value of an option in parentheses (`create_slot = false`), and whether the option is there:
/// `Some(true)` for one without a value, as the server takes it.
pub(super) fn switch(node: &SyntaxNode, name: &str) -> Option<bool> {
    let options = node
        .descendants()
        .filter(|part| part.kind() == SyntaxKind::ATTRIBUTE_OPTION);
    let mut named = options.filter(|option| {
        child(option, SyntaxKind::ATTRIBUTE_NAME)
            .is_some_and(|found| super::name::word(&found) == name)
    });
    named.next().map(|option| is_on(&option))
}

/// Whether an option is switched on: it is, unless its value is one of those for off.
pub(super) fn is_on(option: &SyntaxNode) -> bool {
    let value = significant(option).last();
    value.is_none_or(|value| {
        let value = value.text().trim_matches('\'').to_ascii_lowercase();
        !["false", "off", "0"].contains(&value.as_str())
    })
}
