//! What a statement is, as far as dbtune treats it in a way of its own.

use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::{ClusterThing, CreateIndex, Detach, DropIndex, Name, Reindex, enum_value, tree};

/// What a statement is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// It builds an index.
    CreateIndex(CreateIndex),
    /// It drops indexes.
    DropIndex(DropIndex),
    /// It builds indexes anew.
    Reindex(Reindex),
    /// It begins, ends or divides a transaction, with the word that does: always a mistake in a file,
    /// so that no [`super::Script`] has it.
    TransactionControl(&'static str),
    /// It adds a value to an enumeration, which can be used only after the commit.
    AddEnumValue {
        /// The enumeration.
        type_name: Name,
        /// The value, without quotes.
        value: String,
    },
    /// It makes or drops a database, a tablespace or a subscription.
    ClusterThing(ClusterThing),
    /// It detaches a partition while others go on.
    Detach(Detach),
    /// Anything else.
    Other,
}

/// Begin, end and divisions of a transaction. `COMMIT PREPARED` is none: it ends another's.
const TRANSACTION_CONTROL: [(SyntaxKind, &str); 7] = [
    (SyntaxKind::BEGIN, "BEGIN"),
    (SyntaxKind::COMMIT_TRANSACTION, "COMMIT"),
    (SyntaxKind::ROLLBACK_TRANSACTION, "ROLLBACK"),
    (SyntaxKind::ROLLBACK_TO_SAVEPOINT, "ROLLBACK TO SAVEPOINT"),
    (SyntaxKind::SAVEPOINT_CREATE, "SAVEPOINT"),
    (SyntaxKind::RELEASE_SAVEPOINT, "RELEASE SAVEPOINT"),
    (SyntaxKind::PREPARE_TRANSACTION, "PREPARE TRANSACTION"),
];

impl Kind {
    /// Reads the kind of a statement, whose text is given too.
    pub(super) fn of(node: &SyntaxNode, text: &str) -> Self {
        let control = TRANSACTION_CONTROL
            .iter()
            .find(|(kind, _)| *kind == node.kind());
        if let Some((_, word)) = control {
            return Self::TransactionControl(word);
        }
        let special = match node {
            node if node.kind() == SyntaxKind::CREATE_INDEX => {
                CreateIndex::of(node, text).map(Self::CreateIndex)
            }
            node if node.kind() == SyntaxKind::DROP_INDEX => {
                Some(Self::DropIndex(DropIndex::of(node)))
            }
            node if node.kind() == SyntaxKind::REINDEX => Reindex::of(node).map(Self::Reindex),
            node if node.kind() == SyntaxKind::ALTER_TYPE => added_value(node),
            node if node.kind() == SyntaxKind::ALTER_TABLE => Detach::of(node).map(Self::Detach),
            node => ClusterThing::of(node).map(Self::ClusterThing),
        };
        special.unwrap_or(Self::Other)
    }
}

fn added_value(node: &SyntaxNode) -> Option<Kind> {
    let literal = tree::child(
        &tree::child(node, SyntaxKind::ADD_VALUE)?,
        SyntaxKind::LITERAL,
    )?;
    Some(Kind::AddEnumValue {
        type_name: Name::of(&tree::child(node, SyntaxKind::TYPE_NAME_REF)?)?,
        value: enum_value::content(&literal.first_token()?),
    })
}
