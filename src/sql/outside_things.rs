//! What is made, dropped or detached outside of any transaction, and can be looked up afterwards.

use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::{Name, name, tree};

/// A `CREATE` or `DROP` of a thing that belongs to the whole cluster, or reaches into another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterThing {
    /// Which of the three it is.
    pub what: ClusterThingKind,
    /// Its name, as the server reads it.
    pub name: String,
    /// Whether it is made; else it is dropped.
    pub is_made: bool,
}

/// The things of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterThingKind {
    /// A database.
    Database,
    /// A tablespace.
    Tablespace,
    /// A subscription.
    Subscription,
}

/// The statements: what each is about, whether it is made, and the part that names it.
const STATEMENTS: [(SyntaxKind, ClusterThingKind, bool, SyntaxKind); 6] = [
    (
        SyntaxKind::CREATE_DATABASE,
        ClusterThingKind::Database,
        true,
        SyntaxKind::DATABASE,
    ),
    (
        SyntaxKind::DROP_DATABASE,
        ClusterThingKind::Database,
        false,
        SyntaxKind::DATABASE_REF,
    ),
    (
        SyntaxKind::CREATE_TABLESPACE,
        ClusterThingKind::Tablespace,
        true,
        SyntaxKind::TABLESPACE,
    ),
    (
        SyntaxKind::DROP_TABLESPACE,
        ClusterThingKind::Tablespace,
        false,
        SyntaxKind::TABLESPACE_REF,
    ),
    (
        SyntaxKind::CREATE_SUBSCRIPTION,
        ClusterThingKind::Subscription,
        true,
        SyntaxKind::SUBSCRIPTION,
    ),
    (
        SyntaxKind::DROP_SUBSCRIPTION,
        ClusterThingKind::Subscription,
        false,
        SyntaxKind::SUBSCRIPTION_REF,
    ),
];

impl ClusterThing {
    pub(super) fn of(node: &SyntaxNode) -> Option<Self> {
        let found = STATEMENTS
            .iter()
            .find(|(statement, ..)| *statement == node.kind());
        let &(_, what, is_made, named) = found?;
        Some(Self {
            what,
            name: name::word(&tree::child(node, named)?),
            is_made,
        })
    }
}

/// `ALTER TABLE … DETACH PARTITION … CONCURRENTLY`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detach {
    /// The table.
    pub parent: Name,
    /// The partition that becomes a table of its own.
    pub partition: Name,
}

impl Detach {
    pub(super) fn of(node: &SyntaxNode) -> Option<Self> {
        let action = tree::child(node, SyntaxKind::DETACH_PARTITION)?;
        tree::child(&action, SyntaxKind::DETACH_CONCURRENTLY)?;
        let relation = tree::child(node, SyntaxKind::TABLE_RELATION_NAME)?;
        let table = |node: &SyntaxNode| Name::of(&tree::child(node, SyntaxKind::TABLE_NAME_REF)?);
        Some(Self {
            parent: table(&relation)?,
            partition: table(&action)?,
        })
    }

    /// The statement that finishes one that was cut off.
    pub fn finalize(&self) -> String {
        format!(
            "ALTER TABLE {} DETACH PARTITION {} FINALIZE",
            self.parent, self.partition
        )
    }
}
