//! Primary keys and unique constraints.

use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::change::Key;
use super::name::word;
use super::{Name, tree};

/// Whether a node is one.
pub(super) fn is_key(node: &SyntaxNode) -> bool {
    [
        SyntaxKind::PRIMARY_KEY_CONSTRAINT,
        SyntaxKind::UNIQUE_CONSTRAINT,
    ]
    .contains(&node.kind())
}

/// Reads one; with the column that it stands at, where it stands at one.
pub(super) fn of(node: &SyntaxNode, column: Option<&str>) -> Key {
    let parameters = tree::child(node, SyntaxKind::INDEX_PARAMETERS);
    let in_parameters = |kind| {
        let parameters = parameters.as_ref()?;
        tree::child(parameters, kind)
    };
    let using = tree::child(node, SyntaxKind::USING_INDEX_NAME);
    let index = using.and_then(|using| tree::child(&using, SyntaxKind::INDEX_REF));
    let clause = tree::child(node, SyntaxKind::CONSTRAINT_NAME_CLAUSE);
    let name = clause.and_then(|clause| tree::child(&clause, SyntaxKind::CONSTRAINT_NAME));
    let written = columns(in_parameters(SyntaxKind::CONSTRAINT_COLUMN_REF_LIST).as_ref());
    let included = in_parameters(SyntaxKind::CONSTRAINT_INCLUDE_CLAUSE);
    let deferrable = [
        SyntaxKind::DEFERRABLE_CONSTRAINT_OPTION,
        SyntaxKind::INITIALLY_DEFERRED_CONSTRAINT_OPTION,
    ];
    Key {
        name: name.map(|name| word(&name)),
        is_primary: node.kind() == SyntaxKind::PRIMARY_KEY_CONSTRAINT,
        columns: column.map_or(written, |column| vec![column.to_owned()]),
        include: columns(included.as_ref()),
        nulls_not_distinct: in_parameters(SyntaxKind::NULLS_NOT_DISTINCT).is_some(),
        is_deferrable: node
            .children()
            .any(|part| deferrable.contains(&part.kind())),
        using_index: index.and_then(|index| Some(Name::of(&index)?.name)),
    }
}

fn columns(list: Option<&SyntaxNode>) -> Vec<String> {
    let parts = list.into_iter().flat_map(SyntaxNode::descendants);
    parts
        .filter(|part| part.kind() == SyntaxKind::COLUMN_NAME_REF)
        .map(|column| word(&column))
        .collect()
}
