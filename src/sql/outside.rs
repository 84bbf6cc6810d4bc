//! What the server refuses in a transaction block.
//!
//! The source is PostgreSQL's own: the calls of `PreventInTransactionBlock` in versions 13 to 18, and the
//! notes on the pages of the commands. A test runs each one on a real server.

use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::{Reindex, ReindexWhat, tree};

/// Statements that are refused in all their forms.
const ALWAYS: [(SyntaxKind, &str); 9] = [
    (SyntaxKind::ALTER_SYSTEM, "ALTER SYSTEM"),
    (SyntaxKind::COMMIT_PREPARED, "COMMIT PREPARED"),
    (SyntaxKind::CREATE_DATABASE, "CREATE DATABASE"),
    (SyntaxKind::CREATE_TABLESPACE, "CREATE TABLESPACE"),
    (SyntaxKind::DROP_DATABASE, "DROP DATABASE"),
    (SyntaxKind::DROP_SUBSCRIPTION, "DROP SUBSCRIPTION"),
    (SyntaxKind::DROP_TABLESPACE, "DROP TABLESPACE"),
    (SyntaxKind::ROLLBACK_PREPARED, "ROLLBACK PREPARED"),
    (SyntaxKind::VACUUM, "VACUUM"),
];

/// Says for one kind of statement what it is called if it is refused.
type Judge = fn(&SyntaxNode) -> Option<&'static str>;

/// Statements that are refused in some of their forms.
const SOMETIMES: [(SyntaxKind, Judge); 9] = [
    (SyntaxKind::ALTER_DATABASE, alter_database),
    (SyntaxKind::ALTER_SUBSCRIPTION, alter_subscription),
    (SyntaxKind::ALTER_TABLE, alter_table),
    (SyntaxKind::CLUSTER, cluster),
    (SyntaxKind::CREATE_INDEX, create_index),
    (SyntaxKind::CREATE_SUBSCRIPTION, create_subscription),
    (SyntaxKind::DISCARD, discard),
    (SyntaxKind::DROP_INDEX, drop_index),
    (SyntaxKind::REINDEX, reindex),
];

/// What a statement is called, if the server refuses it in a transaction block.
pub(super) fn of(node: &SyntaxNode) -> Option<&'static str> {
    let kind = node.kind();
    let always = ALWAYS.iter().find(|(always, _)| *always == kind);
    let sometimes = || {
        let (_, judge) = SOMETIMES.iter().find(|(sometimes, _)| *sometimes == kind)?;
        judge(node)
    };
    always.map(|(_, name)| *name).or_else(sometimes)
}

fn alter_database(node: &SyntaxNode) -> Option<&'static str> {
    tree::significant(node)
        .any(|token| token.kind() == SyntaxKind::TABLESPACE_KW)
        .then_some("ALTER DATABASE ... SET TABLESPACE")
}

/// A change of what is published reads it anew, unless that is switched off. The options are those that
/// change the slot on the publisher.
fn alter_subscription(node: &SyntaxNode) -> Option<&'static str> {
    let has = |kind| tree::child(node, kind).is_some();
    let changes = [
        SyntaxKind::ADD_PUBLICATION,
        SyntaxKind::DROP_SUBSCRIPTION_PUBLICATION,
        SyntaxKind::SET_PUBLICATION,
    ];
    let refreshes = changes.into_iter().any(has) && tree::switch(node, "refresh") != Some(false);
    if has(SyntaxKind::REFRESH_PUBLICATION) || refreshes {
        return Some("ALTER SUBSCRIPTION ... REFRESH");
    }
    // Switched on, `two_phase` reaches the slot later.
    let alters_slot =
        tree::switch(node, "failover").is_some() || tree::switch(node, "two_phase") == Some(false);
    alters_slot.then_some("ALTER SUBSCRIPTION ... SET (failover, two_phase)")
}

fn alter_table(node: &SyntaxNode) -> Option<&'static str> {
    tree::below(node, SyntaxKind::DETACH_CONCURRENTLY)
        .map(|_| "ALTER TABLE ... DETACH PARTITION CONCURRENTLY")
}

fn cluster(node: &SyntaxNode) -> Option<&'static str> {
    let is_everything = tree::below(node, SyntaxKind::TABLE_NAME_REF).is_none();
    is_everything.then_some("CLUSTER of all tables")
}

fn create_index(node: &SyntaxNode) -> Option<&'static str> {
    tree::token(node, SyntaxKind::CONCURRENTLY_KW).map(|_| "CREATE INDEX CONCURRENTLY")
}

/// The slot is made unless it is switched off, or the connection is.
fn create_subscription(node: &SyntaxNode) -> Option<&'static str> {
    let connects = tree::switch(node, "connect").unwrap_or(true);
    tree::switch(node, "create_slot")
        .unwrap_or(connects)
        .then_some("CREATE SUBSCRIPTION with a slot")
}

fn discard(node: &SyntaxNode) -> Option<&'static str> {
    tree::child(node, SyntaxKind::DISCARD_ALL).map(|_| "DISCARD ALL")
}

fn drop_index(node: &SyntaxNode) -> Option<&'static str> {
    tree::token(node, SyntaxKind::CONCURRENTLY_KW).map(|_| "DROP INDEX CONCURRENTLY")
}

fn reindex(node: &SyntaxNode) -> Option<&'static str> {
    let reindex = Reindex::of(node)?;
    if reindex.concurrently {
        return Some("REINDEX CONCURRENTLY");
    }
    match reindex.what {
        ReindexWhat::Index(_) | ReindexWhat::Table(_) => None,
        ReindexWhat::Schema(_) => Some("REINDEX SCHEMA"),
        ReindexWhat::Database => Some("REINDEX DATABASE"),
        ReindexWhat::System => Some("REINDEX SYSTEM"),
    }
}
