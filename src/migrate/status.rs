//! Where the files of a folder and the history of a database stand to each other. Pure.

use std::collections::BTreeMap;

use super::Version;
use super::checksum::{Width, checksum};
use super::source::MigrationFile;
use super::store::{Applied, Step, UnderWay};
use crate::sql::{self, Statement};

/// Where a migration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// In the history, and its file is what was applied.
    Applied,
    /// Not in the history.
    Pending,
    /// In the history, and its file is not what was applied.
    Edited,
    /// In the history, and there is no such file.
    Missing,
    /// Not in the history, and some of its statements were done.
    Partial,
}

impl State {
    /// The word for scripts.
    pub fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Pending => "pending",
            Self::Edited => "edited",
            Self::Missing => "missing",
            Self::Partial => "partial",
        }
    }
}

/// One migration: its file, its row, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number.
    pub version: Version,
    /// Its name: that of the file, else that of the row.
    pub name: String,
    /// Where it stands.
    pub state: State,
    /// When it was applied, as refinery writes it.
    pub applied_on: Option<String>,
    /// How many of its statements were done; 0 unless it is partial.
    pub steps_done: usize,
    /// It is partial, and what was done does not stand in the file any more.
    pub is_changed: bool,
    /// A newer one is applied already: refinery would never run it.
    pub is_out_of_order: bool,
    /// It is applied, and a way back from it was begun and is not done.
    pub is_half_undone: bool,
    /// What was applied was called so, where its file is called otherwise.
    pub renamed_from: Option<String>,
}

impl Row {
    /// `V12__add_users`.
    pub fn title(&self) -> String {
        format!("V{}__{}", self.version, self.name)
    }

    /// Whether it keeps every other migration from being run.
    pub fn is_in_the_way(&self) -> bool {
        match self.state {
            State::Edited | State::Missing => true,
            State::Pending | State::Partial => self.is_out_of_order || self.is_half_undone,
            State::Applied => false,
        }
    }
}

/// Every migration that there is a file or a row of, by version.
pub(super) fn compare(
    files: &[MigrationFile],
    width: Width,
    applied: &[Applied],
    under_way: &UnderWay,
) -> Vec<Row> {
    let newest = applied.last().map(|row| row.version);
    let mut rows: BTreeMap<Version, Row> = applied
        .iter()
        .map(|row| (row.version, missing(row)))
        .collect();
    let by_version: BTreeMap<Version, &Applied> =
        applied.iter().map(|row| (row.version, row)).collect();
    for file in files {
        let row = match by_version.get(&file.version) {
            Some(applied) => of_both(file, width, applied),
            None => not_applied(file, newest, under_way.forward.get(&file.version)),
        };
        rows.insert(file.version, row);
    }
    for (version, steps) in &under_way.forward {
        rows.entry(*version)
            .or_insert_with(|| begun_and_gone(*version, steps));
    }
    for version in under_way.back.keys() {
        if let Some(row) = rows.get_mut(version).filter(|row| row.applied_on.is_some()) {
            row.state = State::Partial;
            row.is_half_undone = true;
        }
    }
    rows.into_values().collect()
}

/// Some of its statements were done, and there is no such file any more.
fn begun_and_gone(version: Version, steps: &BTreeMap<usize, Step>) -> Row {
    let name = steps.values().next().map(|step| step.name.clone());
    Row {
        steps_done: done(steps),
        ..missing(&Applied {
            version,
            name: name.unwrap_or_default(),
            on: None,
            checksum: String::new(),
        })
    }
}

fn done(steps: &BTreeMap<usize, Step>) -> usize {
    steps.values().filter(|step| step.is_done).count()
}

fn is_changed(text: &str, steps: &BTreeMap<usize, Step>) -> bool {
    let script = sql::parse(text);
    script.map_or(true, |script| changed(script.statements(), steps).is_some())
}

/// The first statement that was run and does not stand in its place any more: its place from 1, as it was run,
/// and what stands there now.
pub(super) fn changed<'s>(
    statements: &'s [Statement],
    steps: &'s BTreeMap<usize, Step>,
) -> Option<(usize, &'s Step, Option<&'s Statement>)> {
    steps.iter().find_map(|(number, step)| {
        let now = statements.get(number.saturating_sub(1));
        let is_the_same = now.is_some_and(|now| now.digest() == step.digest);
        (!is_the_same).then_some((*number, step, now))
    })
}

fn missing(applied: &Applied) -> Row {
    Row {
        version: applied.version,
        name: applied.name.clone(),
        state: State::Missing,
        applied_on: applied.on.clone(),
        steps_done: 0,
        is_changed: false,
        is_out_of_order: false,
        is_half_undone: false,
        renamed_from: None,
    }
}

fn of_both(file: &MigrationFile, width: Width, applied: &Applied) -> Row {
    let is_same = is_what_was_applied(file, width, applied);
    Row {
        name: file.name.clone(),
        state: if is_same {
            State::Applied
        } else {
            State::Edited
        },
        renamed_from: (applied.name != file.name).then(|| applied.name.clone()),
        ..missing(applied)
    }
}

/// Whether a file is the one of which the history has a row.
pub(super) fn is_what_was_applied(file: &MigrationFile, width: Width, applied: &Applied) -> bool {
    let own = checksum(width, file.version, &file.name, &file.text);
    own.is_some_and(|own| own.to_string() == applied.checksum) && applied.name == file.name
}

fn not_applied(
    file: &MigrationFile,
    newest: Option<Version>,
    steps: Option<&BTreeMap<usize, Step>>,
) -> Row {
    let steps_done = steps.map_or(0, done);
    let was_begun = steps.is_some_and(|steps| !steps.is_empty());
    Row {
        version: file.version,
        name: file.name.clone(),
        state: if was_begun {
            State::Partial
        } else {
            State::Pending
        },
        applied_on: None,
        steps_done,
        is_changed: steps.is_some_and(|steps| is_changed(&file.text, steps)),
        is_out_of_order: newest.is_some_and(|newest| file.version < newest),
        is_half_undone: false,
        renamed_from: None,
    }
}
