//! Which lock an `ALTER` of a relation takes: the strongest that one of its actions needs.
//!
//! The source is the page of `ALTER TABLE` of PostgreSQL's documentation, which says that it is ACCESS
//! EXCLUSIVE where nothing else is said.

use squawk_syntax::ast::{
    AddConstraint, AlterColumn, AlterColumnOption, AlterTableAction, AstNode as _, Constraint,
};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::LockMode::{AccessExclusive, ShareRowExclusive, ShareUpdateExclusive};
use super::name::word;
use super::{LockMode, tree};

/// The lock of an `ALTER TABLE`, and of its kin for foreign tables and materialized views.
pub(super) fn table(node: &SyntaxNode) -> LockMode {
    let actions = node.children().filter_map(AlterTableAction::cast);
    let strongest = actions.map(|action| of_action(&action)).max();
    strongest.unwrap_or(AccessExclusive)
}

/// The lock of an `ALTER INDEX` on the index.
pub(super) fn index(node: &SyntaxNode) -> LockMode {
    const LIGHT: [SyntaxKind; 2] = [
        SyntaxKind::ATTACH_INDEX_PARTITION,
        SyntaxKind::INDEX_RENAME_TO,
    ];
    if node.children().any(|part| LIGHT.contains(&part.kind())) {
        return ShareUpdateExclusive;
    }
    table(node)
}

/// The lock of an `ALTER SEQUENCE`: weaker as long as it stays where and whose it is.
pub(super) fn sequence(node: &SyntaxNode) -> LockMode {
    let is_moved = node.children().any(|part| {
        part.kind() == SyntaxKind::SEQUENCE_RENAME_TO || AlterTableAction::can_cast(part.kind())
    });
    if is_moved {
        AccessExclusive
    } else {
        ShareRowExclusive
    }
}

/// The lock on a partition that is detached.
pub(super) fn detached(node: &SyntaxNode) -> LockMode {
    match tree::child(node, SyntaxKind::DETACH_CONCURRENTLY) {
        Some(_) => ShareUpdateExclusive,
        None => AccessExclusive,
    }
}

fn of_action(action: &AlterTableAction) -> LockMode {
    match action {
        AlterTableAction::AttachPartition(_)
        | AlterTableAction::ClusterOn(_)
        | AlterTableAction::SetWithoutCluster(_)
        | AlterTableAction::ValidateConstraint(_) => ShareUpdateExclusive,
        AlterTableAction::DisableTrigger(_)
        | AlterTableAction::EnableAlwaysTrigger(_)
        | AlterTableAction::EnableReplicaTrigger(_)
        | AlterTableAction::EnableTrigger(_) => ShareRowExclusive,
        AlterTableAction::AddConstraint(constraint) => of_constraint(constraint),
        AlterTableAction::AlterColumn(column) => of_column(column),
        AlterTableAction::DetachPartition(detach) => match detach.detach_partition_option() {
            Some(_) => ShareUpdateExclusive,
            None => AccessExclusive,
        },
        AlterTableAction::ResetOptions(options) => of_options(options.syntax()),
        AlterTableAction::SetOptions(options) => of_options(options.syntax()),
        AlterTableAction::AddColumn(_)
        | AlterTableAction::AlterConstraint(_)
        | AlterTableAction::AlterOptionList(_)
        | AlterTableAction::DisableRls(_)
        | AlterTableAction::DisableRule(_)
        | AlterTableAction::DropColumn(_)
        | AlterTableAction::DropConstraint(_)
        | AlterTableAction::EnableAlwaysRule(_)
        | AlterTableAction::EnableReplicaRule(_)
        | AlterTableAction::EnableRls(_)
        | AlterTableAction::EnableRule(_)
        | AlterTableAction::ForceRls(_)
        | AlterTableAction::InheritTable(_)
        | AlterTableAction::MergePartitions(_)
        | AlterTableAction::NoForceRls(_)
        | AlterTableAction::NoInheritTable(_)
        | AlterTableAction::NotOf(_)
        | AlterTableAction::OfType(_)
        | AlterTableAction::OptionItemList(_)
        | AlterTableAction::OwnerTo(_)
        | AlterTableAction::RenameColumn(_)
        | AlterTableAction::RenameConstraint(_)
        | AlterTableAction::ReplicaIdentity(_)
        | AlterTableAction::SetAccessMethod(_)
        | AlterTableAction::SetLogged(_)
        | AlterTableAction::SetSchema(_)
        | AlterTableAction::SetTablespace(_)
        | AlterTableAction::SetUnlogged(_)
        | AlterTableAction::SetWithoutOids(_)
        | AlterTableAction::SplitPartition(_)
        | AlterTableAction::TableRenameTo(_) => AccessExclusive,
    }
}

fn of_constraint(added: &AddConstraint) -> LockMode {
    match added.constraint() {
        Some(Constraint::ForeignKeyConstraint(_)) => ShareRowExclusive,
        Some(_) | None => AccessExclusive,
    }
}

fn of_column(column: &AlterColumn) -> LockMode {
    const LIGHT: fn(&AlterColumnOption) -> bool = |option| {
        matches!(
            option,
            AlterColumnOption::SetStatistics(_)
                | AlterColumnOption::SetOptions(_)
                | AlterColumnOption::SetOptionsList(_)
                | AlterColumnOption::ResetOptions(_)
        )
    };
    match column.option() {
        Some(option) if LIGHT(&option) => ShareUpdateExclusive,
        Some(_) | None => AccessExclusive,
    }
}

/// Storage parameters that can be changed while others write. Those of autovacuum can all.
const LIGHT_OPTIONS: [&str; 8] = [
    "deduplicate_items",
    "fillfactor",
    "log_autovacuum_min_duration",
    "parallel_workers",
    "toast_tuple_target",
    "vacuum_index_cleanup",
    "vacuum_max_eager_freeze_failure_rate",
    "vacuum_truncate",
];

fn of_options(node: &SyntaxNode) -> LockMode {
    let mut names = node
        .descendants()
        .filter(|part| part.kind() == SyntaxKind::ATTRIBUTE_NAME)
        .map(|name| word(&name));
    let are_light =
        names.all(|name| name.starts_with("autovacuum_") || LIGHT_OPTIONS.contains(&name.as_str()));
    if are_light {
        ShareUpdateExclusive
    } else {
        AccessExclusive
    }
}
