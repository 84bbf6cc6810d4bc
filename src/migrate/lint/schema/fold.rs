//! What a statement makes of what is known.

use super::{Gone, Index, Leads, Origin, Schema, Table};
use crate::sql::{Change, CreateIndex, CreateTable, DropIndex, Key, Kind, Name, Statement};

impl Schema {
    /// A file begins: what the one before it has set in the session is gone.
    pub(in crate::migrate::lint) fn begin_file(&mut self) {
        self.is_lost = false;
    }

    /// Takes a statement in.
    pub(in crate::migrate::lint) fn apply(&mut self, statement: &Statement, origin: &Origin) {
        match statement.kind() {
            Kind::CreateIndex(create) => self.create_index(create, origin),
            Kind::DropIndex(drop) => self.drop_index(drop),
            Kind::Reindex(_)
            | Kind::TransactionControl(_)
            | Kind::AddEnumValue { .. }
            | Kind::ClusterThing(_)
            | Kind::Detach(_)
            | Kind::Other => {}
        }
        for change in statement.changes() {
            self.change(change, origin);
        }
    }

    fn change(&mut self, change: &Change, origin: &Origin) {
        match change {
            Change::CreateTable(create) => self.create_table(create, origin),
            Change::CreateRelation(name) => self.create_relation(name),
            Change::DropRelation(name) => self.drop_relation(name, origin),
            Change::DropSchema(schema) => self.drop_schema(schema),
            Change::RenameTable { table, to } => self.rename(table, to, origin),
            Change::MoveTable { table, schema } => self.move_table(table, schema, origin),
            Change::AddColumn { table, column } => self.add_column(table, column),
            Change::DropColumn { table, column } => self.drop_column(table, column),
            Change::RenameColumn { table, from, to } => self.rename_column(table, from, to),
            Change::Inherit(table) => self.forget_columns(table),
            Change::AddKey { table, key } => self.add_key(table, key, origin),
            Change::DropConstraint { table, name } => self.drop_constraint(table, name),
            Change::RenameConstraint { table, from, to } => {
                self.rename_constraint(table, from, to);
            }
            Change::RenameIndex { index, to } => self.rename_index(index, to),
            Change::SearchPath => self.is_lost = true,
            Change::Code(text) => self.run_code(text),
        }
    }

    /// The name of what comes to be; `None` where that is not known.
    fn new_name(&self, name: &Name) -> Option<Name> {
        if name.schema.is_some() {
            return Some(name.clone());
        }
        let schema = self.path.first().filter(|_| !self.is_lost)?;
        Some(Name {
            schema: Some(schema.clone()),
            name: name.name.clone(),
        })
    }

    /// The name of what is there, or would be there if it were known.
    fn old_name(&self, name: &Name) -> Option<Name> {
        match self.find(name) {
            Leads::To(there) => Some(there),
            Leads::Unknown => None,
            Leads::Gone(_) | Leads::Nowhere => self.new_name(name),
        }
    }

    fn create_table(&mut self, create: &CreateTable, origin: &Origin) {
        let Some(name) = self.new_name(&create.name) else {
            return;
        };
        if create.if_not_exists && self.tables.contains_key(&name) {
            return;
        }
        let columns = create.is_complete.then(|| create.columns.clone());
        self.gone.remove(&name);
        self.tables.insert(name.clone(), Table { columns });
        for key in &create.keys {
            self.add_index(Index::of_key(key, &name, origin.clone()));
        }
    }

    fn create_relation(&mut self, name: &Name) {
        let Some(name) = self.new_name(name) else {
            return;
        };
        self.gone.remove(&name);
        self.tables.entry(name).or_insert(Table { columns: None });
    }

    fn drop_relation(&mut self, name: &Name, origin: &Origin) {
        let Some(name) = self.old_name(name) else {
            return;
        };
        self.tables.remove(&name);
        self.indexes.retain(|index| index.table != name);
        self.went(name, "dropped".to_owned(), origin);
    }

    fn went(&mut self, name: Name, how: String, origin: &Origin) {
        let by = origin.clone();
        self.gone.insert(name, Gone { how, by });
    }

    fn drop_schema(&mut self, schema: &str) {
        let is_kept = |name: &Name| name.schema.as_deref() != Some(schema);
        self.tables.retain(|name, _| is_kept(name));
        self.indexes.retain(|index| is_kept(&index.table));
    }

    /// `ALTER TABLE` gives an index another name as well.
    fn rename(&mut self, table: &Name, to: &str, origin: &Origin) {
        if let Leads::To(old) = self.find(table) {
            let new = Name {
                name: to.to_owned(),
                ..old.clone()
            };
            return self.put(&old, new, format!("renamed to {to}"), origin);
        }
        self.rename_index(table, to);
    }

    fn move_table(&mut self, table: &Name, schema: &str, origin: &Origin) {
        let Leads::To(old) = self.find(table) else {
            return;
        };
        let new = Name {
            schema: Some(schema.to_owned()),
            ..old.clone()
        };
        self.put(&old, new, format!("moved to {schema}"), origin);
    }

    fn put(&mut self, old: &Name, new: Name, how: String, origin: &Origin) {
        let Some(table) = self.tables.remove(old) else {
            return;
        };
        for index in self.indexes.iter_mut().filter(|index| index.table == *old) {
            index.table = new.clone();
        }
        self.gone.remove(&new);
        self.tables.insert(new, table);
        self.went(old.clone(), how, origin);
    }

    /// The columns of a table, where they are known, to be changed.
    fn columns_mut(&mut self, table: &Name) -> Option<&mut Vec<String>> {
        let Leads::To(name) = self.find(table) else {
            return None;
        };
        self.tables.get_mut(&name)?.columns.as_mut()
    }

    fn add_column(&mut self, table: &Name, column: &str) {
        if let Some(columns) = self.columns_mut(table)
            && !columns.iter().any(|known| known == column)
        {
            columns.push(column.to_owned());
        }
    }

    /// The indexes that a column is in go with it.
    fn drop_column(&mut self, table: &Name, column: &str) {
        if let Some(columns) = self.columns_mut(table) {
            columns.retain(|known| known != column);
        }
        let Some(name) = self.old_name(table) else {
            return;
        };
        let is_kept = |index: &Index| index.table != name || !index.mentions(column);
        self.indexes.retain(is_kept);
    }

    fn rename_column(&mut self, table: &Name, from: &str, to: &str) {
        let columns = self.columns_mut(table).into_iter().flatten();
        for column in columns.filter(|column| *column == from) {
            to.clone_into(column);
        }
        let Some(name) = self.old_name(table) else {
            return;
        };
        for index in self.indexes.iter_mut().filter(|index| index.table == name) {
            index.rename_column(from, to);
        }
    }

    fn forget_columns(&mut self, table: &Name) {
        if let Leads::To(name) = self.find(table) {
            self.tables.insert(name, Table { columns: None });
        }
    }

    fn create_index(&mut self, create: &CreateIndex, origin: &Origin) {
        let Some(table) = self.old_name(&create.table) else {
            return;
        };
        let index = Index::built(create, &table, Some(origin.clone()));
        let is_there = self.index_named(&index.name, &table).is_some();
        if !(create.if_not_exists && is_there) {
            self.add_index(index);
        }
    }

    fn drop_index(&mut self, drop: &DropIndex) {
        for name in &drop.names {
            self.indexes.retain(|index| !index.is_called(name));
        }
    }

    fn rename_index(&mut self, name: &Name, to: &str) {
        for index in self
            .indexes
            .iter_mut()
            .filter(|index| index.is_called(name))
        {
            to.clone_into(&mut index.name);
        }
    }

    fn add_key(&mut self, table: &Name, key: &Key, origin: &Origin) {
        let Some(table) = self.old_name(table) else {
            return;
        };
        let Some(taken) = &key.using_index else {
            return self.add_index(Index::of_key(key, &table, origin.clone()));
        };
        let of_table = self.indexes.iter_mut();
        for index in of_table.filter(|index| index.table == table && index.name == *taken) {
            index.is_constraint = true;
            index.is_deferrable = key.is_deferrable;
            index.name = key.name.clone().unwrap_or_else(|| taken.clone());
        }
    }

    fn drop_constraint(&mut self, table: &Name, name: &str) {
        let Some(table) = self.old_name(table) else {
            return;
        };
        let is_it =
            |index: &Index| index.is_constraint && index.table == table && index.name == name;
        self.indexes.retain(|index| !is_it(index));
    }

    fn rename_constraint(&mut self, table: &Name, from: &str, to: &str) {
        let Some(table) = self.old_name(table) else {
            return;
        };
        let own = self.indexes.iter_mut();
        for index in own.filter(|index| index.is_constraint && index.table == table) {
            if index.name == from {
                to.clone_into(&mut index.name);
            }
        }
    }

    /// Code can do anything to what it names.
    fn run_code(&mut self, text: &str) {
        let text = text.to_lowercase();
        let is_part = |character: char| !(character.is_alphanumeric() || character == '_');
        let words: Vec<&str> = text.split(is_part).collect();
        let is_named = |name: &str| words.contains(&name.to_lowercase().as_str());
        self.gone.retain(|name, _| !is_named(&name.name));
        self.indexes.retain(|index| !is_named(&index.name));
        for (name, table) in &mut self.tables {
            if is_named(&name.name) {
                table.columns = None;
            }
        }
    }
}

impl Index {
    /// Whether a name, with a schema or without, is this index's.
    fn is_called(&self, name: &Name) -> bool {
        let is_schema = name.schema.is_none() || name.schema == self.table.schema;
        self.name == name.name && is_schema
    }

    /// Whether it has something to do with a column.
    fn mentions(&self, column: &str) -> bool {
        let word = word(column);
        let keys = self.columns.iter().map(|own| &own.key);
        let mut texts = keys.chain(&self.predicate);
        self.include.iter().any(|own| own == column)
            || texts.any(|text| text.split(' ').any(|own| own == word))
    }

    fn rename_column(&mut self, from: &str, to: &str) {
        let (old, new) = (word(from), word(to));
        let renamed = |text: &str| {
            let words = text.split(' ');
            let words: Vec<&str> = words
                .map(|word| if word == old { new.as_str() } else { word })
                .collect();
            words.join(" ")
        };
        for column in &mut self.columns {
            column.key = renamed(&column.key);
            column.text = renamed(&column.text);
            if column.name.as_deref() == Some(from) {
                column.name = Some(to.to_owned());
            }
        }
        self.predicate = self.predicate.as_deref().map(renamed);
        for column in self.include.iter_mut().filter(|column| *column == from) {
            to.clone_into(column);
        }
    }
}

/// A column as it is spelled in a key.
fn word(column: &str) -> String {
    let name = Name {
        schema: None,
        name: column.to_owned(),
    };
    name.to_string()
}
