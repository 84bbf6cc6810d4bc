//! An index, and whether another one makes it needless.

use super::Origin;
use crate::sql::{CreateIndex, IndexColumn, Key, Name};

/// The method of an index that names none, and of every key.
const BTREE: &str = "btree";

/// An index.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a property of an index of its own"
)]
pub(in crate::migrate::lint) struct Index {
    /// Its number in the schema that it is in.
    pub(in crate::migrate::lint) id: usize,
    /// Its name, without the schema, which is that of the table.
    pub(in crate::migrate::lint) name: String,
    /// The table.
    pub(in crate::migrate::lint) table: Name,
    /// Whether it lets no value in twice.
    pub(in crate::migrate::lint) unique: bool,
    /// The access method.
    pub(in crate::migrate::lint) method: String,
    /// Its key.
    pub(in crate::migrate::lint) columns: Vec<IndexColumn>,
    /// What it carries along.
    pub(in crate::migrate::lint) include: Vec<String>,
    /// Its `WHERE`, in one spelling.
    pub(in crate::migrate::lint) predicate: Option<String>,
    /// Whether two nulls are equal to it.
    pub(in crate::migrate::lint) nulls_not_distinct: bool,
    /// Whether it belongs to a constraint.
    pub(in crate::migrate::lint) is_constraint: bool,
    /// Whether that is looked after only at the end of a transaction.
    pub(in crate::migrate::lint) is_deferrable: bool,
    /// Whether it can be used: not one that a failed build has left, nor one without its partitions.
    pub(in crate::migrate::lint) is_usable: bool,
    /// Which statement made it; `None`: it is in the database.
    pub(in crate::migrate::lint) origin: Option<Origin>,
}

impl Index {
    /// The index that a statement builds on a table.
    pub(in crate::migrate::lint) fn built(
        create: &CreateIndex,
        table: &Name,
        origin: Option<Origin>,
    ) -> Self {
        Self {
            id: 0,
            name: create.name.clone().unwrap_or_else(|| chosen_name(create)),
            table: table.clone(),
            unique: create.unique,
            method: create.method.clone().unwrap_or_else(|| BTREE.to_owned()),
            columns: create.columns.clone(),
            include: create.include.clone(),
            predicate: create.predicate.clone(),
            nulls_not_distinct: create.nulls_not_distinct,
            is_constraint: false,
            is_deferrable: false,
            is_usable: !create.only,
            origin,
        }
    }

    /// The index of a key.
    pub(in crate::migrate::lint) fn of_key(key: &Key, table: &Name, origin: Origin) -> Self {
        Self {
            id: 0,
            name: key.name.clone().unwrap_or_else(|| key_name(key, table)),
            table: table.clone(),
            unique: true,
            method: BTREE.to_owned(),
            columns: key.columns.iter().map(|column| plain(column)).collect(),
            include: key.include.clone(),
            predicate: None,
            nulls_not_distinct: key.nulls_not_distinct,
            is_constraint: true,
            is_deferrable: key.is_deferrable,
            is_usable: true,
            origin: Some(origin),
        }
    }

    /// Whether everything that this index is good for the other one does as well. Only where that is
    /// sure: in doubt, no.
    pub(in crate::migrate::lint) fn is_covered_by(&self, other: &Self) -> bool {
        self.table == other.table
            && self.is_usable
            && other.is_usable
            && self.method == other.method
            && self.has_key_of(other)
            && self.has_rows_of(other)
            && self.is_carried_by(other)
            && (!self.unique || self.is_enforced_by(other))
    }

    /// Whether the keys are the same.
    pub(in crate::migrate::lint) fn has_same_key(&self, other: &Self) -> bool {
        self.columns.len() == other.columns.len() && self.has_key_of(other)
    }

    /// Whether the key of the other one begins with this one's; in the same order, or all of it in the
    /// contrary, because a tree can be walked both ways. Other methods have no beginning.
    fn has_key_of(&self, other: &Self) -> bool {
        let is_tree = self.method == BTREE;
        if !is_tree && self.columns.len() != other.columns.len() {
            return false;
        }
        let pairs = || self.columns.iter().zip(&other.columns);
        let is_long_enough = self.columns.len() <= other.columns.len();
        is_long_enough
            && (pairs().all(|(own, other)| is_same(own, other, false))
                || is_tree && pairs().all(|(own, other)| is_same(own, other, true)))
    }

    /// Whether the other one has all its rows: the same, or all but rows that do not matter. A unique
    /// index takes no notice of nulls, so that leaving them out of one changes nothing.
    fn has_rows_of(&self, other: &Self) -> bool {
        let (Some(own), None) = (&self.predicate, &other.predicate) else {
            return self.predicate == other.predicate;
        };
        let is_null_of = |column: &IndexColumn| *own == format!("{} is not null", column.key);
        let leaves_nulls_out = self.columns.iter().any(is_null_of);
        self.unique && leaves_nulls_out && !other.nulls_not_distinct
    }

    fn is_carried_by(&self, other: &Self) -> bool {
        self.include.iter().all(|own| {
            let mut key = other.columns.iter();
            other.include.contains(own) || key.any(|column| column.name.as_ref() == Some(own))
        })
    }

    /// Whether the other one refuses all that this one does.
    fn is_enforced_by(&self, other: &Self) -> bool {
        other.unique
            && self.has_same_key(other)
            && (!self.nulls_not_distinct || other.nulls_not_distinct)
            && (!other.is_deferrable || self.is_deferrable)
    }

    /// `idx_users_email (email)`
    pub(in crate::migrate::lint) fn shown(&self) -> String {
        let columns: Vec<&str> = self.columns.iter().map(|own| own.text.as_str()).collect();
        format!("{} ({})", self.name, columns.join(", "))
    }
}

fn is_same(own: &IndexColumn, other: &IndexColumn, reversed: bool) -> bool {
    own.key == other.key
        && (own.descending == other.descending) != reversed
        && (own.nulls_first == other.nulls_first) != reversed
}

fn plain(column: &str) -> IndexColumn {
    let name = Name {
        schema: None,
        name: column.to_owned(),
    };
    IndexColumn {
        name: Some(column.to_owned()),
        value: name.to_string(),
        text: name.to_string(),
        key: name.to_string(),
        descending: false,
        nulls_first: false,
    }
}

/// The name that the server chooses, unless it is taken.
fn chosen_name(create: &CreateIndex) -> String {
    let columns = create.columns.iter();
    let columns: Vec<&str> = columns
        .map(|column| column.name.as_deref().unwrap_or("expr"))
        .collect();
    format!("{}_{}_idx", create.table.name, columns.join("_"))
}

fn key_name(key: &Key, table: &Name) -> String {
    if key.is_primary {
        return format!("{}_pkey", table.name);
    }
    format!("{}_{}_key", table.name, key.columns.join("_"))
}
