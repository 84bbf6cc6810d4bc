//! dbtune's own rules, a file each. A rule looks at one statement, with what is known of the database
//! before it. Pure.

mod concurrent_in_transaction;
mod duplicate_build;
mod if_not_exists_on_concurrent_build;
mod locking_rewrite;
mod missing_column;
mod missing_table;
mod mixed_file;
mod needless_concurrent_build;
mod redundant_index;
mod set_local_in_stepwise_file;
mod superseded_index;
mod unique_hash_index;
mod unnamed_concurrent_index;

use super::schema::{Index, Leads, Schema};
use crate::sql::{CreateIndex, Kind, Mistake, Mode, Script, Statement};

/// A rule.
pub(super) struct Rule {
    /// What it is called, also in a comment that silences it.
    pub(super) name: &'static str,
    /// Whether what it finds is to be mended before the file is run.
    pub(super) blocks: bool,
    /// Whether it can find more when a server is asked.
    pub(super) asks_server: bool,
    /// Looks at a statement.
    pub(super) check: fn(&Seen<'_>) -> Vec<Found>,
}

/// What a rule has to say.
pub(super) struct Found {
    /// What is wrong, as a fragment.
    pub(super) message: String,
    /// What to do.
    pub(super) hint: Option<String>,
}

impl Found {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: Some(hint.into()),
        }
    }
}

/// A statement, and what stands around it.
pub(super) struct Seen<'a> {
    /// The file.
    pub(super) script: &'a Script,
    /// How the file is run.
    pub(super) mode: &'a Result<Mode, Mistake>,
    /// The number of the statement, from 0.
    pub(super) number: usize,
    /// The statement.
    pub(super) statement: &'a Statement,
    /// The database before it.
    pub(super) before: &'a Schema,
    /// The database after the last file.
    pub(super) in_the_end: &'a Schema,
    /// Whether a server has said what is there.
    pub(super) is_live: bool,
}

impl<'a> Seen<'a> {
    /// The index that the statement builds.
    fn create_index(&self) -> Option<&'a CreateIndex> {
        match self.statement.kind() {
            Kind::CreateIndex(create) => Some(create),
            Kind::DropIndex(_)
            | Kind::Reindex(_)
            | Kind::TransactionControl(_)
            | Kind::AddEnumValue { .. }
            | Kind::ClusterThing(_)
            | Kind::Detach(_)
            | Kind::Other => None,
        }
    }

    /// The same, where it is built while others write.
    fn concurrent_build(&self) -> Option<&'a CreateIndex> {
        self.create_index().filter(|create| create.concurrently)
    }

    /// The index that the statement builds, as it will stand among the others, where it is known on
    /// which table.
    fn new_index(&self) -> Option<Index> {
        let create = self.create_index()?;
        let table = match self.before.find(&create.table) {
            Leads::To(table) => table,
            Leads::Nowhere => self.before.assumed(&create.table)?,
            Leads::Gone(_) | Leads::Unknown => return None,
        };
        Some(Index::built(create, &table, None))
    }

    /// The other indexes of its table.
    fn others<'s>(&'s self, index: &'s Index) -> impl Iterator<Item = &'s Index> {
        let own = self.before.indexes_of(&index.table);
        own.filter(move |other| other.name != index.name)
    }

    /// Whether the file is run statement by statement.
    fn is_stepwise(&self) -> bool {
        matches!(self.mode, Ok(Mode::Stepwise { .. }))
    }

    /// Whether the index that the statement builds is still there in the end.
    fn outlives_the_folder(&self) -> bool {
        self.in_the_end.has_index(self.before.next_index())
    }
}

/// The index in the words of a message: with the statement that makes it, or that it is in the database.
fn told(index: &Index) -> String {
    let what = match (index.is_constraint, index.unique) {
        (true, _) => "the constraint ",
        (false, true) => "the unique index ",
        (false, false) => "",
    };
    let made = match &index.origin {
        Some(origin) => origin.short(),
        None => "in the database".to_owned(),
    };
    format!("{what}{} ({made})", index.shown())
}

/// All rules, by name.
pub(super) const ALL: [&Rule; 13] = [
    &concurrent_in_transaction::RULE,
    &duplicate_build::RULE,
    &if_not_exists_on_concurrent_build::RULE,
    &locking_rewrite::RULE,
    &missing_column::RULE,
    &missing_table::RULE,
    &mixed_file::RULE,
    &needless_concurrent_build::RULE,
    &redundant_index::RULE,
    &set_local_in_stepwise_file::RULE,
    &superseded_index::RULE,
    &unique_hash_index::RULE,
    &unnamed_concurrent_index::RULE,
];
