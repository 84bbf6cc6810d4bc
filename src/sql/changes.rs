//! Reads what a statement changes in the tables of a database.

use squawk_syntax::ast::{
    AstNode as _, ColumnClause, ColumnConstraint, CreateForeignTable, CreateTable, TableArg,
    TableArgList, TableConstraint,
};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::change::{self, Change, Key};
use super::name::word;
use super::{Name, keys, tree};

/// The schema of what is temporary.
const TEMPORARY: &str = "pg_temp";

/// Reads one kind of statement.
type Reader = fn(&SyntaxNode) -> Vec<Change>;

const READERS: [(SyntaxKind, Reader); 16] = [
    (SyntaxKind::ALTER_FOREIGN_TABLE, alter_table),
    (SyntaxKind::ALTER_INDEX, alter_index),
    (SyntaxKind::ALTER_TABLE, alter_table),
    (SyntaxKind::CREATE_FOREIGN_TABLE, create_table),
    (SyntaxKind::CREATE_MATERIALIZED_VIEW, created),
    (SyntaxKind::CREATE_TABLE, create_table),
    (SyntaxKind::CREATE_TABLE_AS, created),
    (SyntaxKind::CREATE_VIEW, created),
    (SyntaxKind::DO, code),
    (SyntaxKind::DROP_FOREIGN_TABLE, dropped),
    (SyntaxKind::DROP_MATERIALIZED_VIEW, dropped),
    (SyntaxKind::DROP_SCHEMA, drop_schema),
    (SyntaxKind::DROP_TABLE, dropped),
    (SyntaxKind::DROP_VIEW, dropped),
    (SyntaxKind::SELECT_INTO, created),
    (SyntaxKind::SET, search_path),
];

/// The changes that a statement makes, in its order.
pub(super) fn of(statement: &SyntaxNode) -> Vec<Change> {
    let kind = statement.kind();
    let reader = READERS.iter().find(|(own, _)| *own == kind);
    if let Some((_, read)) = reader {
        return read(statement);
    }
    // Such a call is a query to the grammar.
    if kind == SyntaxKind::SELECT && has_word(statement, "set_config") {
        return search_path(statement);
    }
    Vec::new()
}

fn has_word(statement: &SyntaxNode, word: &str) -> bool {
    let mut tokens = tree::significant(statement);
    tokens.any(|token| token.text().to_ascii_lowercase().contains(word))
}

fn search_path(statement: &SyntaxNode) -> Vec<Change> {
    let is_path = has_word(statement, "search_path") || has_word(statement, "schema");
    is_path.then_some(Change::SearchPath).into_iter().collect()
}

fn code(statement: &SyntaxNode) -> Vec<Change> {
    vec![Change::Code(statement.text().to_string())]
}

/// The names of these kinds that stand right below a node.
fn names(node: &SyntaxNode, kinds: &[SyntaxKind]) -> Vec<Name> {
    node.children()
        .filter(|part| kinds.contains(&part.kind()))
        .filter_map(|part| Name::of(&part))
        .collect()
}

fn dropped(statement: &SyntaxNode) -> Vec<Change> {
    let kinds = [
        SyntaxKind::TABLE_NAME_REF,
        SyntaxKind::VIEW_REF,
        SyntaxKind::RELATION_NAME_REF,
    ];
    let names = names(statement, &kinds).into_iter();
    names.map(Change::DropRelation).collect()
}

fn drop_schema(statement: &SyntaxNode) -> Vec<Change> {
    let schemas = statement.children();
    schemas
        .filter(|part| part.kind() == SyntaxKind::SCHEMA_REF)
        .map(|schema| Change::DropSchema(word(&schema)))
        .collect()
}

/// A relation whose columns come out of a query.
fn created(statement: &SyntaxNode) -> Vec<Change> {
    let around = tree::child(statement, SyntaxKind::INTO_CLAUSE);
    let node = around.as_ref().unwrap_or(statement);
    let names = names(node, &[SyntaxKind::TABLE_NAME, SyntaxKind::VIEW]);
    let names = names.into_iter().map(|name| placed(name, node));
    names.map(Change::CreateRelation).collect()
}

/// A name with the schema of what is temporary, where the statement says so.
fn placed(name: Name, statement: &SyntaxNode) -> Name {
    if tree::child(statement, SyntaxKind::TEMP).is_none() {
        return name;
    }
    Name {
        schema: Some(TEMPORARY.to_owned()),
        ..name
    }
}

fn create_table(statement: &SyntaxNode) -> Vec<Change> {
    let arguments = match CreateTable::cast(statement.clone()) {
        Some(create) => create.table_arg_list(),
        None => {
            CreateForeignTable::cast(statement.clone()).and_then(|create| create.table_arg_list())
        }
    };
    let names = names(statement, &[SyntaxKind::TABLE_NAME]);
    let Some(name) = names.into_iter().next() else {
        return Vec::new();
    };
    let others = [
        SyntaxKind::INHERITS,
        SyntaxKind::OF_TYPE,
        SyntaxKind::PARTITION_OF,
    ];
    let mut table = change::CreateTable {
        name: placed(name, statement),
        columns: Vec::new(),
        is_complete: !statement
            .children()
            .any(|part| others.contains(&part.kind())),
        keys: Vec::new(),
        if_not_exists: tree::child(statement, SyntaxKind::IF_NOT_EXISTS).is_some(),
    };
    if let Some(arguments) = arguments {
        add_arguments(&mut table, &arguments);
    }
    vec![Change::CreateTable(table)]
}

fn add_arguments(table: &mut change::CreateTable, arguments: &TableArgList) {
    for argument in arguments.args() {
        match argument {
            TableArg::Column(column) => {
                let Some(name) = column.name().map(|name| word(name.syntax())) else {
                    continue;
                };
                let keys = column
                    .clauses()
                    .filter_map(|clause| key_of_column(&clause, &name));
                table.keys.extend(keys);
                table.columns.push(name);
            }
            TableArg::LikeClause(_) => table.is_complete = false,
            TableArg::TableConstraint(constraint) => table.keys.extend(key_of_table(&constraint)),
        }
    }
}

fn key_of_column(clause: &ColumnClause, column: &str) -> Option<Key> {
    let ColumnClause::ColumnConstraint(constraint) = clause else {
        return None;
    };
    if let ColumnConstraint::PrimaryKeyConstraint(key) = constraint {
        Some(keys::of(key.syntax(), Some(column)))
    } else if let ColumnConstraint::UniqueConstraint(key) = constraint {
        Some(keys::of(key.syntax(), Some(column)))
    } else {
        None
    }
}

fn key_of_table(constraint: &TableConstraint) -> Option<Key> {
    keys::is_key(constraint.syntax()).then(|| keys::of(constraint.syntax(), None))
}

fn alter_index(statement: &SyntaxNode) -> Vec<Change> {
    let index = names(statement, &[SyntaxKind::INDEX_REF])
        .into_iter()
        .next();
    let rename = tree::child(statement, SyntaxKind::INDEX_RENAME_TO);
    let to = rename.and_then(|rename| Some(names(&rename, &[SyntaxKind::INDEX]).pop()?.name));
    let renamed = index.zip(to);
    renamed
        .map(|(index, to)| Change::RenameIndex { index, to })
        .into_iter()
        .collect()
}

fn alter_table(statement: &SyntaxNode) -> Vec<Change> {
    let relation = tree::child(statement, SyntaxKind::TABLE_RELATION_NAME);
    let table = relation
        .and_then(|relation| Name::of(&tree::child(&relation, SyntaxKind::TABLE_NAME_REF)?));
    let Some(table) = table else {
        return Vec::new();
    };
    let actions = statement.children();
    actions
        .flat_map(|action| altered(&action, &table))
        .collect()
}

/// Reads one kind of action on a table.
type ActionReader = fn(&SyntaxNode, Name) -> Option<Change>;

/// The actions of `ALTER TABLE` that change what columns and keys there are, or where the table is.
const ACTIONS: [(SyntaxKind, ActionReader); 10] = [
    (SyntaxKind::ADD_CONSTRAINT, add_key),
    (SyntaxKind::DROP_COLUMN, drop_column),
    (SyntaxKind::DROP_CONSTRAINT, drop_constraint),
    (SyntaxKind::INHERIT_TABLE, inherit),
    (SyntaxKind::OF_TYPE, inherit),
    (SyntaxKind::RENAME_COLUMN, rename_column),
    (SyntaxKind::RENAME_CONSTRAINT, rename_constraint),
    (SyntaxKind::SET_SCHEMA, move_table),
    (SyntaxKind::TABLE_RENAME_TO, rename_table),
    (SyntaxKind::ADD_COLUMN, add_column),
];

/// What one action changes.
fn altered(action: &SyntaxNode, table: &Name) -> Vec<Change> {
    let kind = action.kind();
    let reader = ACTIONS.iter().find(|(own, _)| *own == kind);
    let change = reader.and_then(|(_, read)| read(action, table.clone()));
    let mut changes: Vec<Change> = change.into_iter().collect();
    if kind == SyntaxKind::ADD_COLUMN {
        changes.extend(keys_of_new_column(action, table));
    }
    changes
}

/// The word that a part of an action is.
fn part(action: &SyntaxNode, kind: SyntaxKind) -> Option<String> {
    tree::child(action, kind).map(|part| word(&part))
}

fn add_key(action: &SyntaxNode, table: Name) -> Option<Change> {
    let mut parts = action.children();
    let key = keys::of(&parts.find(keys::is_key)?, None);
    Some(Change::AddKey { table, key })
}

fn drop_column(action: &SyntaxNode, table: Name) -> Option<Change> {
    let column = part(action, SyntaxKind::COLUMN_NAME_REF)?;
    Some(Change::DropColumn { table, column })
}

fn drop_constraint(action: &SyntaxNode, table: Name) -> Option<Change> {
    let name = constraint(action)?;
    Some(Change::DropConstraint { table, name })
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it stands in a table with readers that may find nothing"
)]
fn inherit(_: &SyntaxNode, table: Name) -> Option<Change> {
    Some(Change::Inherit(table))
}

fn rename_column(action: &SyntaxNode, table: Name) -> Option<Change> {
    let from = part(action, SyntaxKind::COLUMN_NAME_REF)?;
    let to = part(action, SyntaxKind::COLUMN_NAME)?;
    Some(Change::RenameColumn { table, from, to })
}

fn rename_constraint(action: &SyntaxNode, table: Name) -> Option<Change> {
    let from = constraint(action)?;
    let to = part(action, SyntaxKind::CONSTRAINT_NAME)?;
    Some(Change::RenameConstraint { table, from, to })
}

fn move_table(action: &SyntaxNode, table: Name) -> Option<Change> {
    let schema = part(action, SyntaxKind::SCHEMA_REF)?;
    Some(Change::MoveTable { table, schema })
}

fn rename_table(action: &SyntaxNode, table: Name) -> Option<Change> {
    let to = names(action, &[SyntaxKind::TABLE_NAME]).pop()?.name;
    Some(Change::RenameTable { table, to })
}

fn add_column(action: &SyntaxNode, table: Name) -> Option<Change> {
    let column = part(action, SyntaxKind::COLUMN_NAME)?;
    Some(Change::AddColumn { table, column })
}

fn keys_of_new_column(action: &SyntaxNode, table: &Name) -> Vec<Change> {
    let column = part(action, SyntaxKind::COLUMN_NAME);
    let keys = action.children().filter(keys::is_key);
    keys.map(|key| Change::AddKey {
        table: table.clone(),
        key: keys::of(&key, column.as_deref()),
    })
    .collect()
}

fn constraint(node: &SyntaxNode) -> Option<String> {
    Some(names(node, &[SyntaxKind::CONSTRAINT_NAME_REF]).pop()?.name)
}
