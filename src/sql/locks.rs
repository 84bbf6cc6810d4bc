//! Which locks a statement takes.
//!
//! The source is chapter "Explicit Locking" of PostgreSQL's documentation and the pages of the commands.
//! A test asks a real server for the locks that each statement holds.

use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::LockMode::{
    AccessExclusive, AccessShare, Exclusive, RowExclusive, RowShare, Share, ShareRowExclusive,
    ShareUpdateExclusive,
};
use super::name::word;
use super::{Lock, LockMode, Name, Reindex, locks_of_alter, tree};

/// Statements that take one lock, in all their forms, on every relation that they name.
const SAME: [(SyntaxKind, LockMode); 25] = [
    (SyntaxKind::ALTER_POLICY, AccessExclusive),
    (SyntaxKind::ALTER_PUBLICATION, ShareUpdateExclusive),
    (SyntaxKind::ALTER_RULE, AccessExclusive),
    (SyntaxKind::ALTER_TRIGGER, AccessExclusive),
    (SyntaxKind::ALTER_VIEW, AccessExclusive),
    (SyntaxKind::ANALYZE, ShareUpdateExclusive),
    (SyntaxKind::CLUSTER, AccessExclusive),
    (SyntaxKind::COMMENT_ON, ShareUpdateExclusive),
    (SyntaxKind::CREATE_POLICY, AccessExclusive),
    (SyntaxKind::CREATE_PUBLICATION, ShareUpdateExclusive),
    (SyntaxKind::CREATE_RULE, AccessExclusive),
    (SyntaxKind::CREATE_TRIGGER, ShareRowExclusive),
    (SyntaxKind::DELETE, RowExclusive),
    (SyntaxKind::DROP_FOREIGN_TABLE, AccessExclusive),
    (SyntaxKind::DROP_MATERIALIZED_VIEW, AccessExclusive),
    (SyntaxKind::DROP_POLICY, AccessExclusive),
    (SyntaxKind::DROP_RULE, AccessExclusive),
    (SyntaxKind::DROP_SEQUENCE, AccessExclusive),
    (SyntaxKind::DROP_TABLE, AccessExclusive),
    (SyntaxKind::DROP_TRIGGER, AccessExclusive),
    (SyntaxKind::DROP_VIEW, AccessExclusive),
    (SyntaxKind::INSERT, RowExclusive),
    (SyntaxKind::MERGE, RowExclusive),
    (SyntaxKind::TRUNCATE, AccessExclusive),
    (SyntaxKind::UPDATE, RowExclusive),
];

/// Says for one kind of statement which lock it takes on the relations that it names.
type Judge = fn(&SyntaxNode) -> LockMode;

/// Statements whose lock depends on their form.
const BY_FORM: [(SyntaxKind, Judge); 12] = [
    (SyntaxKind::ALTER_FOREIGN_TABLE, locks_of_alter::table),
    (SyntaxKind::ALTER_INDEX, locks_of_alter::index),
    (SyntaxKind::ALTER_MATERIALIZED_VIEW, locks_of_alter::table),
    (SyntaxKind::ALTER_SEQUENCE, locks_of_alter::sequence),
    (SyntaxKind::ALTER_TABLE, locks_of_alter::table),
    (SyntaxKind::COPY, copy),
    (SyntaxKind::CREATE_INDEX, create_index),
    (SyntaxKind::DROP_INDEX, drop_index),
    (SyntaxKind::LOCK, lock),
    (SyntaxKind::REFRESH, refresh),
    (SyntaxKind::REINDEX, reindex),
    (SyntaxKind::VACUUM, vacuum),
];

/// Parts of statements that name one more relation, wherever they stand.
const PARTS: [(SyntaxKind, LockMode); 12] = [
    (SyntaxKind::ATTACH_INDEX_PARTITION, AccessExclusive),
    (SyntaxKind::ATTACH_PARTITION, AccessExclusive),
    (SyntaxKind::FOREIGN_KEY_CONSTRAINT, ShareRowExclusive),
    (SyntaxKind::FROM_TABLE, AccessShare),
    (SyntaxKind::INHERITS, ShareUpdateExclusive),
    (SyntaxKind::INHERIT_TABLE, ShareUpdateExclusive),
    (SyntaxKind::LIKE_CLAUSE, AccessShare),
    (SyntaxKind::NO_INHERIT_TABLE, AccessShare),
    (SyntaxKind::PARTITION_OF, AccessExclusive),
    (SyntaxKind::REFERENCES_CONSTRAINT, ShareRowExclusive),
    (SyntaxKind::RELATION_FROM_ITEM, AccessShare),
    (SyntaxKind::TABLE, AccessShare),
];

/// Statements that mean every relation where they name none.
const OF_ALL: [SyntaxKind; 5] = [
    SyntaxKind::ALTER_TABLE,
    SyntaxKind::ANALYZE,
    SyntaxKind::CLUSTER,
    SyntaxKind::REINDEX,
    SyntaxKind::VACUUM,
];

/// The locks of a statement, in the order in which it names the relations.
pub(super) fn of(statement: &SyntaxNode) -> Vec<Lock> {
    let mut locks = Vec::new();
    let with: Vec<String> = statement
        .descendants()
        .filter(|node| node.kind() == SyntaxKind::CTE_NAME)
        .map(|node| word(&node))
        .collect();
    for node in statement.descendants() {
        for (mode, name) in taken(&node) {
            let is_query = name.schema.is_none() && with.contains(&name.name);
            if !is_query {
                add(&mut locks, mode, name);
            }
        }
    }
    if locks.is_empty() && OF_ALL.contains(&statement.kind()) {
        let mode = own_mode(statement);
        locks.extend(mode.map(|mode| Lock {
            mode,
            relation: None,
        }));
    }
    locks
}

/// Adds a lock; a relation keeps the strongest.
fn add(locks: &mut Vec<Lock>, mode: LockMode, name: Name) {
    let name = Some(name);
    match locks.iter_mut().find(|lock| lock.relation == name) {
        Some(lock) => lock.mode = lock.mode.max(mode),
        None => locks.push(Lock {
            mode,
            relation: name,
        }),
    }
}

/// The locks of one node: a statement, a part of one, or neither.
fn taken(node: &SyntaxNode) -> Vec<(LockMode, Name)> {
    if node.kind() == SyntaxKind::CREATE_VIEW {
        return replaced_view(node).into_iter().collect();
    }
    if node.kind() == SyntaxKind::CREATE_STATISTICS {
        let table = tree::child(node, SyntaxKind::FROM_TABLE);
        let names = table.iter().flat_map(objects);
        return names.map(|name| (ShareUpdateExclusive, name)).collect();
    }
    let Some(mode) = own_mode(node).or_else(|| part_mode(node)) else {
        return Vec::new();
    };
    objects(node).into_iter().map(|name| (mode, name)).collect()
}

fn own_mode(node: &SyntaxNode) -> Option<LockMode> {
    let kind = node.kind();
    let same = SAME.iter().find(|(same, _)| *same == kind);
    let by_form = BY_FORM.iter().find(|(by_form, _)| *by_form == kind);
    same.map(|(_, mode)| *mode)
        .or_else(|| by_form.map(|(_, judge)| judge(node)))
}

fn part_mode(node: &SyntaxNode) -> Option<LockMode> {
    if node.kind() == SyntaxKind::DETACH_PARTITION {
        return Some(locks_of_alter::detached(node));
    }
    if node.kind() == SyntaxKind::RELATION_FROM_ITEM && is_read_for_update(node) {
        return Some(RowShare);
    }
    let part = PARTS.iter().find(|(part, _)| *part == node.kind());
    part.map(|(_, mode)| *mode)
}

/// Whether the query right around has a `FOR UPDATE` or one of its kin. Which tables it is for is not
/// looked at.
fn is_read_for_update(node: &SyntaxNode) -> bool {
    let mut queries = node
        .ancestors()
        .filter(|around| around.kind() == SyntaxKind::SELECT);
    queries
        .next()
        .is_some_and(|query| tree::child(&query, SyntaxKind::LOCKING_CLAUSE).is_some())
}

/// A view that is there already is locked as if it were dropped.
fn replaced_view(node: &SyntaxNode) -> Option<(LockMode, Name)> {
    tree::child(node, SyntaxKind::OR_REPLACE)?;
    let name = Name::of(&tree::child(node, SyntaxKind::VIEW)?)?;
    Some((AccessExclusive, name))
}

const REFERENCES: [SyntaxKind; 5] = [
    SyntaxKind::INDEX_REF,
    SyntaxKind::RELATION_NAME_REF,
    SyntaxKind::SEQUENCE_REF,
    SyntaxKind::TABLE_NAME_REF,
    SyntaxKind::VIEW_REF,
];

/// Nodes between a statement and the relations that it is about.
const AROUND: [SyntaxKind; 22] = [
    SyntaxKind::ADD_PUBLICATION_OBJECTS,
    SyntaxKind::COPY_TABLE,
    SyntaxKind::DROP_PUBLICATION_OBJECTS,
    SyntaxKind::FOR_PUBLICATION_OBJECTS,
    SyntaxKind::OBJECT_INDEX,
    SyntaxKind::OBJECT_MATERIALIZED_VIEW,
    SyntaxKind::OBJECT_SEQUENCE,
    SyntaxKind::OBJECT_TABLE,
    SyntaxKind::OBJECT_VIEW,
    SyntaxKind::ON_PATH,
    SyntaxKind::ON_RELATION,
    SyntaxKind::ON_TABLE,
    SyntaxKind::PUBLICATION_OBJECT_TABLE,
    SyntaxKind::REINDEX_TARGET_INDEX,
    SyntaxKind::REINDEX_TARGET_TABLE,
    SyntaxKind::RELATION_LIST,
    SyntaxKind::RELATION_NAME,
    SyntaxKind::RULE_ON,
    SyntaxKind::SET_PUBLICATION_OBJECTS,
    SyntaxKind::TABLE_AND_COLUMNS,
    SyntaxKind::TABLE_AND_COLUMNS_LIST,
    SyntaxKind::TABLE_RELATION_NAME,
];

/// The relations that a node is about, without those of the queries in it.
fn objects(node: &SyntaxNode) -> Vec<Name> {
    let mut found = Vec::new();
    for part in node.children() {
        if REFERENCES.contains(&part.kind()) {
            found.extend(Name::of(&part));
        } else if part.kind() == SyntaxKind::OBJECT_COLUMN {
            found.extend(Name::before_the_last(&part));
        } else if AROUND.contains(&part.kind()) || part.kind() == SyntaxKind::TABLE_LIST {
            found.extend(objects(&part));
        }
    }
    found
}

fn copy(node: &SyntaxNode) -> LockMode {
    match tree::child(node, SyntaxKind::COPY_FROM) {
        Some(_) => RowExclusive,
        None => AccessShare,
    }
}

fn create_index(node: &SyntaxNode) -> LockMode {
    if_concurrently(node, ShareUpdateExclusive, Share)
}

fn drop_index(node: &SyntaxNode) -> LockMode {
    if_concurrently(node, ShareUpdateExclusive, AccessExclusive)
}

fn refresh(node: &SyntaxNode) -> LockMode {
    if_concurrently(node, Exclusive, AccessExclusive)
}

fn if_concurrently(node: &SyntaxNode, concurrently: LockMode, otherwise: LockMode) -> LockMode {
    match tree::token(node, SyntaxKind::CONCURRENTLY_KW) {
        Some(_) => concurrently,
        None => otherwise,
    }
}

/// An index is closed to everybody, and the table of one, or of all of them, to writers.
fn reindex(node: &SyntaxNode) -> LockMode {
    let is_index = tree::child(node, SyntaxKind::REINDEX_TARGET_INDEX).is_some();
    match Reindex::of(node) {
        Some(reindex) if reindex.concurrently => ShareUpdateExclusive,
        Some(_) | None if is_index => AccessExclusive,
        Some(_) | None => Share,
    }
}

fn vacuum(node: &SyntaxNode) -> LockMode {
    let word_full = tree::token(node, SyntaxKind::FULL_KW).is_some();
    let options = node
        .descendants()
        .filter(|part| part.kind() == SyntaxKind::VACUUM_OPTION);
    let mut named_full = options.filter(|option| {
        tree::child(option, SyntaxKind::VACUUM_OPTION_NAME)
            .is_some_and(|name| word(&name) == "full")
    });
    if word_full || named_full.any(|option| tree::is_on(&option)) {
        AccessExclusive
    } else {
        ShareUpdateExclusive
    }
}

const MODES: [(SyntaxKind, LockMode); 8] = [
    (SyntaxKind::ACCESS_SHARE, AccessShare),
    (SyntaxKind::ROW_SHARE, RowShare),
    (SyntaxKind::ROW_EXCLUSIVE, RowExclusive),
    (SyntaxKind::SHARE_UPDATE_EXCLUSIVE, ShareUpdateExclusive),
    (SyntaxKind::SHARE, Share),
    (SyntaxKind::SHARE_ROW_EXCLUSIVE, ShareRowExclusive),
    (SyntaxKind::EXCLUSIVE, Exclusive),
    (SyntaxKind::ACCESS_EXCLUSIVE, AccessExclusive),
];

fn lock(node: &SyntaxNode) -> LockMode {
    let clause = tree::child(node, SyntaxKind::LOCK_MODE_CLAUSE);
    let kind = clause.and_then(|clause| Some(clause.first_child()?.kind()));
    let written = MODES.iter().find(|(mode, _)| Some(*mode) == kind);
    written.map_or(AccessExclusive, |(_, mode)| *mode)
}
