//! `DROP INDEX` and `REINDEX`.

use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::{Name, name, tree};

/// A `DROP INDEX`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropIndex {
    /// The indexes. With `CONCURRENTLY` the server takes only one.
    pub names: Vec<Name>,
    /// Whether it goes without a lock that stops the others.
    pub concurrently: bool,
    /// Whether a missing index is no error.
    pub if_exists: bool,
    /// Whether what depends on it goes too. The server refuses it with `CONCURRENTLY`.
    pub cascade: bool,
}

impl DropIndex {
    pub(super) fn of(node: &SyntaxNode) -> Self {
        let names = node
            .children()
            .filter(|part| part.kind() == SyntaxKind::INDEX_REF);
        Self {
            names: names.filter_map(|name| Name::of(&name)).collect(),
            concurrently: tree::token(node, SyntaxKind::CONCURRENTLY_KW).is_some(),
            if_exists: tree::child(node, SyntaxKind::IF_EXISTS).is_some(),
            cascade: tree::child(node, SyntaxKind::CASCADE).is_some(),
        }
    }
}

/// A `REINDEX`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reindex {
    /// What is built anew.
    pub what: ReindexWhat,
    /// Whether it goes without a lock that stops the others, written either way: as a word, or as an
    /// option in parentheses.
    pub concurrently: bool,
}

/// What a `REINDEX` builds anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReindexWhat {
    /// One index, or all of a partitioned one.
    Index(Name),
    /// All indexes of a table.
    Table(Name),
    /// All in the schema of this name.
    Schema(String),
    /// All in the database but the catalogs.
    Database,
    /// All of the catalogs.
    System,
}

impl Reindex {
    pub(super) fn of(node: &SyntaxNode) -> Option<Self> {
        let target = node
            .children()
            .find(|part| part.kind() != SyntaxKind::REINDEX_OPTION_LIST)?;
        let option = tree::below(node, SyntaxKind::REINDEX_OPTION_CONCURRENTLY);
        Some(Self {
            what: ReindexWhat::of(&target)?,
            concurrently: tree::token(&target, SyntaxKind::CONCURRENTLY_KW).is_some()
                || option.is_some_and(|option| tree::is_on(&option)),
        })
    }
}

impl ReindexWhat {
    fn of(target: &SyntaxNode) -> Option<Self> {
        let is = |kind: SyntaxKind| target.kind() == kind;
        if is(SyntaxKind::REINDEX_TARGET_INDEX) {
            Name::of(target).map(Self::Index)
        } else if is(SyntaxKind::REINDEX_TARGET_TABLE) {
            Name::of(target).map(Self::Table)
        } else if is(SyntaxKind::REINDEX_TARGET_SCHEMA) {
            let schema = tree::child(target, SyntaxKind::SCHEMA_REF)?;
            Some(Self::Schema(name::word(&schema)))
        } else if is(SyntaxKind::REINDEX_TARGET_DATABASE) {
            Some(Self::Database)
        } else if is(SyntaxKind::REINDEX_TARGET_SYSTEM) {
            Some(Self::System)
        } else {
            None
        }
    }
}
