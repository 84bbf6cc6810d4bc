//! `CREATE INDEX`: what it says, and the same with a few words changed.

use std::ops::Range;

use squawk_syntax::{SyntaxKind, SyntaxNode, SyntaxToken};

use super::name::{self, quoted};
use super::{Name, normal, tree};

/// A `CREATE INDEX`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word of the statement that is there or not"
)]
pub struct CreateIndex {
    /// The name of the index; `None` where the server is to choose one.
    pub name: Option<String>,
    /// The table.
    pub table: Name,
    /// Whether partitions are left alone.
    pub only: bool,
    /// Whether it lets no value in twice.
    pub unique: bool,
    /// Whether it is built while others write.
    pub concurrently: bool,
    /// Whether an index of that name, of whatever definition, is no error.
    pub if_not_exists: bool,
    /// The access method; `None` for the server's own choice, which is `btree`.
    pub method: Option<String>,
    /// The columns and expressions of the key.
    pub columns: Vec<IndexColumn>,
    /// The columns that are only carried along.
    pub include: Vec<String>,
    /// The condition of the `WHERE`, in one spelling; `None` where it has none.
    pub predicate: Option<String>,
    /// Whether it says in which tablespace it lies.
    pub has_tablespace: bool,
    /// Whether two nulls are equal to it.
    pub nulls_not_distinct: bool,
    written: Box<Written>,
}

/// A column of an index, or an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexColumn {
    /// The column; `None` for an expression.
    pub name: Option<String>,
    /// The column or the expression as it is written, with its collation and nothing else.
    pub value: String,
    /// As it is written, with the collation, operator class and order.
    pub text: String,
    /// The same without the order, in one spelling.
    pub key: String,
    /// Whether the greatest come first.
    pub descending: bool,
    /// Whether nulls come first: with the greatest, unless something else is written.
    pub nulls_first: bool,
}

/// How a `CREATE INDEX` is to be written anew. The default is one that locks out writers, on the table
/// and its partitions, and fails when the name is taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rewriting {
    /// A name for the index; `None` leaves it as it is.
    pub name: Option<String>,
    /// A table for it; `None` leaves it as it is.
    pub table: Option<Name>,
    /// Whether it is built while others write.
    pub concurrently: bool,
    /// Whether partitions are left alone.
    pub only: bool,
    /// Whether an index of that name is no error. Left out where there is no name.
    pub if_not_exists: bool,
}

/// The statement as it is written, and where the words stand in it that can be changed, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Written {
    text: String,
    /// Behind the word `INDEX`.
    behind_index: usize,
    concurrently: Option<Range<usize>>,
    if_not_exists: Option<Range<usize>>,
    name: Option<Range<usize>>,
    /// The word `ON`.
    on: usize,
    /// The table with its `ONLY`, `*` or parentheses.
    relation: Range<usize>,
    /// The table alone.
    table: Range<usize>,
}

impl CreateIndex {
    pub(super) fn of(node: &SyntaxNode, text: &str) -> Option<Self> {
        let relation = tree::child(node, SyntaxKind::TABLE_RELATION_NAME)?;
        let table = tree::child(&relation, SyntaxKind::TABLE_NAME_REF)?;
        let index = tree::child(node, SyntaxKind::INDEX);
        let method = tree::child(node, SyntaxKind::USING_METHOD)
            .and_then(|using| tree::child(&using, SyntaxKind::ACCESS_METHOD_REF));
        let written = Written::of(node, &relation, &table, text)?;
        Some(Self {
            name: index.and_then(|index| Some(Name::of(&index)?.name)),
            table: Name::of(&table)?,
            only: tree::token(&relation, SyntaxKind::ONLY_KW).is_some(),
            unique: tree::token(node, SyntaxKind::UNIQUE_KW).is_some(),
            concurrently: written.concurrently.is_some(),
            if_not_exists: written.if_not_exists.is_some(),
            method: method.map(|method| name::word(&method)),
            columns: IndexColumn::list(node),
            include: included(node),
            predicate: predicate(node),
            has_tablespace: tree::child(node, SyntaxKind::TABLESPACE_CLAUSE).is_some(),
            nulls_not_distinct: tree::child(node, SyntaxKind::NULLS_NOT_DISTINCT).is_some(),
            written: Box::new(written),
        })
    }

    /// The same statement with a few words changed, and everything else as it is, to the byte.
    pub fn rewritten(&self, as_: &Rewriting) -> String {
        let written = &self.written;
        let mut text = written.text.clone();
        // From the end, so that the places before stay where they are.
        self.rewrite_relation(&mut text, as_);
        self.rewrite_name(&mut text, as_);
        if self.concurrently && !as_.concurrently {
            cut(&mut text, written.concurrently.as_ref());
        } else if !self.concurrently && as_.concurrently {
            text.insert_str(written.behind_index, " CONCURRENTLY");
        }
        text
    }

    fn rewrite_relation(&self, text: &mut String, as_: &Rewriting) {
        let written = &self.written;
        let as_it_is = written.text.get(written.table.clone());
        let table = match &as_.table {
            Some(table) => table.to_string(),
            None => as_it_is.unwrap_or_default().to_owned(),
        };
        if as_.only == self.only {
            put(text, &written.table, &table);
        } else {
            let only = if as_.only { "ONLY " } else { "" };
            put(text, &written.relation, &format!("{only}{table}"));
        }
    }

    /// Writes the name anew, and `IF NOT EXISTS` before it.
    fn rewrite_name(&self, text: &mut String, as_: &Rewriting) {
        let written = &self.written;
        let name = as_.name.as_deref().map(quoted);
        match (&written.name, name) {
            (Some(range), Some(name)) => put(text, range, &name),
            (None, Some(name)) => put(text, &(written.on..written.on), &name),
            (Some(_) | None, None) => {}
        }
        let start = written
            .name
            .as_ref()
            .map_or(written.on, |range| range.start);
        let is_named = written.name.is_some() || as_.name.is_some();
        if as_.if_not_exists && !self.if_not_exists && is_named {
            put(text, &(start..start), "IF NOT EXISTS");
        } else if !as_.if_not_exists {
            cut(text, written.if_not_exists.as_ref());
        }
    }
}

/// Puts words in the place of others, with a space where they would run into what stands beside them.
fn put(text: &mut String, range: &Range<usize>, words: &str) {
    let touches = |beside: char| beside.is_alphanumeric() || "_$\"'".contains(beside);
    let before = text
        .get(..range.start)
        .and_then(|text| text.chars().next_back());
    let behind = text.get(range.end..).and_then(|text| text.chars().next());
    let space = |beside: Option<char>| if beside.is_some_and(touches) { " " } else { "" };
    let words = format!("{}{words}{}", space(before), space(behind));
    text.replace_range(range.clone(), &words);
}

/// Takes words out, and the space behind them.
fn cut(text: &mut String, range: Option<&Range<usize>>) {
    let Some(range) = range else { return };
    let rest = text.get(range.end..).unwrap_or_default();
    let space = rest.len() - rest.trim_start().len();
    text.replace_range(range.start..range.end + space, "");
}

impl Written {
    fn of(
        node: &SyntaxNode,
        relation: &SyntaxNode,
        table: &SyntaxNode,
        text: &str,
    ) -> Option<Self> {
        let start = tree::token_range(&tree::significant(node).next()?).start;
        let inside = |range: Range<usize>| {
            range.start.saturating_sub(start)..range.end.saturating_sub(start)
        };
        let token = |kind| tree::token(node, kind).map(|token| inside(tree::token_range(&token)));
        let child = |kind| tree::child(node, kind).map(|part| inside(tree::range(&part)));
        Some(Self {
            text: text.to_owned(),
            behind_index: token(SyntaxKind::INDEX_KW)?.end,
            concurrently: token(SyntaxKind::CONCURRENTLY_KW),
            if_not_exists: child(SyntaxKind::IF_NOT_EXISTS),
            name: child(SyntaxKind::INDEX),
            on: token(SyntaxKind::ON_KW)?.start,
            relation: inside(tree::range(relation)),
            table: inside(tree::range(table)),
        })
    }
}

impl IndexColumn {
    fn list(node: &SyntaxNode) -> Vec<Self> {
        items(node).map(|item| Self::of(&item)).collect()
    }

    fn of(item: &SyntaxNode) -> Self {
        let has = |kind| tree::child(item, kind).is_some();
        let descending = has(SyntaxKind::SORT_DESC);
        Self {
            name: column(item),
            value: value(item),
            text: item.text().to_string(),
            key: normal::of(tree::significant(item).filter(|token| !is_order(token))),
            descending,
            nulls_first: has(SyntaxKind::NULLS_FIRST) || descending && !has(SyntaxKind::NULLS_LAST),
        }
    }
}

fn is_order(token: &SyntaxToken) -> bool {
    const ORDER: [SyntaxKind; 4] = [
        SyntaxKind::NULLS_FIRST,
        SyntaxKind::NULLS_LAST,
        SyntaxKind::SORT_ASC,
        SyntaxKind::SORT_DESC,
    ];
    token
        .parent()
        .is_some_and(|parent| ORDER.contains(&parent.kind()))
}

fn predicate(node: &SyntaxNode) -> Option<String> {
    let condition = tree::child(node, SyntaxKind::WHERE_CLAUSE)?;
    // Behind the word.
    Some(normal::of(tree::significant(&condition).skip(1)))
}

fn included(node: &SyntaxNode) -> Vec<String> {
    let clause = tree::child(node, SyntaxKind::INDEX_INCLUDE_CLAUSE);
    let items = clause.into_iter().flat_map(|clause| items(&clause));
    items.filter_map(|item| column(&item)).collect()
}

fn items(node: &SyntaxNode) -> impl Iterator<Item = SyntaxNode> + use<> {
    let list = tree::child(node, SyntaxKind::PARTITION_ITEM_LIST);
    let parts = list.into_iter().flat_map(|list| list.children());
    parts.filter(|part| part.kind() == SyntaxKind::PARTITION_ITEM)
}

/// What the key has of a row.
fn value(item: &SyntaxNode) -> String {
    let value = item.first_child();
    value.map_or_else(String::new, |value| value.text().to_string())
}

/// The column that an item is, with its collation or in parentheses: the server takes `(a)` for `a`.
fn column(item: &SyntaxNode) -> Option<String> {
    const AROUND: [SyntaxKind; 2] = [SyntaxKind::COLLATE, SyntaxKind::PAREN_EXPR];
    let mut part = item.first_child()?;
    while AROUND.contains(&part.kind()) {
        part = part.first_child()?;
    }
    (part.kind() == SyntaxKind::NAME_REF).then(|| name::word(&part))
}
