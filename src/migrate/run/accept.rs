//! What becomes of what was done of a file that was edited since, where that is accepted.

use std::collections::BTreeMap;

use crate::engine::postgresql::literal;
use crate::migrate::source::MigrationFile;
use crate::migrate::store::Step;
use crate::sql::{Script, Statement};

/// What becomes of a statement of a half-done file that was edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// What was done counts as what stands in its place now.
    Counts {
        /// Its place in the file, from 1.
        number: usize,
        /// As it was run.
        was: String,
        /// As it is in the file.
        is: String,
    },
    /// It was done, or begun, and is forgotten: it stands in the file no more.
    Forgotten {
        /// As it was run.
        was: String,
        /// It was done.
        is_done: bool,
    },
    /// The next run runs it, or looks whether it was done.
    Run {
        /// Its place in the file, from 1.
        number: usize,
        /// As it is in the file.
        is: String,
    },
}

/// What becomes of them: first of what was run, then of what is in the file. What was done and stands in the file as
/// it was run is not listed.
pub(super) fn fates(statements: &[Statement], steps: &BTreeMap<usize, Step>) -> Vec<Fate> {
    let places = places(statements, steps);
    let of_steps = steps.iter().filter_map(|(number, step)| {
        let was = step.statement.clone();
        let Some(place) = places.get(number) else {
            return Some(Fate::Forgotten {
                was,
                is_done: step.is_done,
            });
        };
        let now = statements.get(place.saturating_sub(1))?;
        (now.digest() != step.digest).then(|| Fate::Counts {
            number: *place,
            was,
            is: now.text().to_owned(),
        })
    });
    let is_done = |number: usize| {
        let mut here = places.iter().filter(|(_, place)| **place == number);
        here.any(|(step, _)| steps.get(step).is_some_and(|step| step.is_done))
    };
    let of_file = (1..).zip(statements).filter_map(|(number, statement)| {
        let is = statement.text().to_owned();
        (!is_done(number)).then_some(Fate::Run { number, is })
    });
    of_steps.chain(of_file).collect()
}

/// The notes of a half-done file, as the file is now. What was done is found by its text, wherever it stands; what
/// is not found counts as what stands in its place, edited. But nothing that runs in no transaction is taken on
/// trust, on either side, nor what had only been begun: those notes go, and it is looked up or run again.
pub(super) fn notes(history: &str, file: &MigrationFile, steps: &BTreeMap<usize, Step>) -> String {
    let script = crate::sql::parse(&file.text).ok();
    let version = file.version;
    let statements = script.as_ref().map(Script::statements).unwrap_or_default();
    let places = places(statements, steps);
    let of = format!("history = {history} AND version = {version}");
    let moved = steps.keys().map(|number| {
        let place = places.get(number);
        let statement = place.and_then(|place| statements.get(place.saturating_sub(1)));
        let (Some(place), Some(statement)) = (place, statement) else {
            return format!("DELETE FROM dbtune.migration_step WHERE {of} AND step = {number}");
        };
        // Below 0 first, where no other note stands.
        format!(
            "UPDATE dbtune.migration_step SET step = -{place}, digest = {}, statement = {} \
             WHERE {of} AND step = {number}",
            literal(&statement.digest()),
            literal(&crate::sql::hidden(statement.text())),
        )
    });
    let moved: Vec<String> = moved.collect();
    format!(
        "{}; UPDATE dbtune.migration_step SET step = -step WHERE {of} AND step < 0",
        moved.join("; ")
    )
}

/// Where what was done stands in the file now, from 1, by its old place.
fn places(statements: &[Statement], steps: &BTreeMap<usize, Step>) -> BTreeMap<usize, usize> {
    let mut free: BTreeMap<usize, &Statement> = (1..).zip(statements).collect();
    let mut places = BTreeMap::new();
    // Where the same text stands twice, each stays where it is before one is said to have moved.
    let stayed = |number: usize, place: usize| number == place;
    let anywhere = |_number: usize, _place: usize| true;
    take_by_text(&mut places, &mut free, steps, stayed);
    take_by_text(&mut places, &mut free, steps, anywhere);
    for (number, step) in steps {
        let is_edited = !places.contains_key(number)
            && step.is_done
            && free
                .get(number)
                .is_some_and(|now| now.outside_transaction().is_none())
            && ran_in_a_transaction(&step.statement);
        if is_edited {
            free.remove(number);
            places.insert(*number, *number);
        }
    }
    places
}

/// Takes the statements of the file that are what was run, where they stand as is wanted.
fn take_by_text(
    places: &mut BTreeMap<usize, usize>,
    free: &mut BTreeMap<usize, &Statement>,
    steps: &BTreeMap<usize, Step>,
    is_wanted: impl Fn(usize, usize) -> bool,
) {
    for (number, step) in steps {
        if places.contains_key(number) {
            continue;
        }
        let mut alike = free.iter().filter(|(place, _)| is_wanted(*number, **place));
        let place = alike.find(|(_, statement)| statement.digest() == step.digest);
        if let Some(place) = place.map(|(place, _)| *place) {
            free.remove(&place);
            places.insert(*number, place);
        }
    }
}

fn ran_in_a_transaction(statement: &str) -> bool {
    let script = crate::sql::parse(statement);
    script.is_ok_and(|script| {
        let mut statements = script.statements().iter();
        statements.all(|statement| statement.outside_transaction().is_none())
    })
}
