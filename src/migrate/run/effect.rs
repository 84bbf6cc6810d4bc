//! Whether a statement that runs outside of any transaction was done, when nobody has written how it
//! ended: looked up in the catalogue before it is repeated.

use crate::engine::EngineError;
use crate::engine::postgresql::literal;
use crate::migrate::worker::Worker;
use crate::sql::{DropIndex, Kind, Name, Statement};

/// What the catalogue tells of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// What it makes is there, or what it drops is not.
    There,
    /// Not so.
    NotThere,
    /// It leaves nothing that could be looked up, and may be repeated: `VACUUM`, `ALTER SYSTEM`, say.
    Repeatable,
}

/// Makes and drops, each with the catalogue that holds the things.
const OBJECTS: [(&str, &str, &str); 3] = [
    ("DATABASE", "pg_catalog.pg_database", "datname"),
    ("TABLESPACE", "pg_catalog.pg_tablespace", "spcname"),
    ("SUBSCRIPTION", "pg_catalog.pg_subscription", "subname"),
];

/// Looks up what a statement would do.
pub(super) fn look_up(
    worker: &mut Worker<'_>,
    statement: &Statement,
) -> Result<Effect, EngineError> {
    if let Kind::DropIndex(drop) = statement.kind() {
        return dropped(worker, drop);
    }
    if let Some(detach) = Detach::of(statement.text()) {
        let is_gone = detach.state(worker)?.is_none();
        return Ok(if is_gone {
            Effect::There
        } else {
            Effect::NotThere
        });
    }
    let words = words(statement.text());
    let Some((object, name)) = subject(&words) else {
        return Ok(Effect::Repeatable);
    };
    let Some((_, catalogue, column)) = OBJECTS.iter().find(|(word, _, _)| *word == object) else {
        return Ok(Effect::Repeatable);
    };
    let query = format!(
        "SELECT FROM {catalogue} WHERE {column} = {}",
        literal(&name)
    );
    let is_there = !worker
        .session
        .read(&query, "a look for what a statement did")?
        .is_empty();
    let makes = words.first().is_some_and(|word| word == "CREATE");
    Ok(if is_there == makes {
        Effect::There
    } else {
        Effect::NotThere
    })
}

fn dropped(worker: &mut Worker<'_>, drop: &DropIndex) -> Result<Effect, EngineError> {
    for name in &drop.names {
        if is_there(worker, name)? {
            return Ok(Effect::NotThere);
        }
    }
    Ok(Effect::There)
}

fn is_there(worker: &mut Worker<'_>, name: &Name) -> Result<bool, EngineError> {
    let query = format!(
        "SELECT pg_catalog.to_regclass({}) IS NOT NULL",
        literal(&name.to_string())
    );
    worker
        .session
        .is_so(&query, "a look for what a statement did")
}

/// What is still to be sent of a statement: all of it, but of a `DETACH PARTITION … CONCURRENTLY` that was cut
/// off only the end.
pub(super) fn rest_of(
    worker: &mut Worker<'_>,
    statement: &Statement,
) -> Result<String, EngineError> {
    let whole = statement.text().to_owned();
    let Some(detach) = Detach::of(statement.text()) else {
        return Ok(whole);
    };
    let is_pending = detach.state(worker)? == Some(true);
    Ok(if is_pending { detach.finalize() } else { whole })
}

/// What a statement that failed has left behind, as a sentence.
pub(super) fn left(
    worker: &mut Worker<'_>,
    statement: &Statement,
) -> Result<Option<String>, EngineError> {
    if let Some(detach) = Detach::of(statement.text()) {
        let is_pending = detach.state(worker)? == Some(true);
        let sentence = format!(
            "{} is half detached from {}: the next run finishes that",
            detach.partition, detach.parent
        );
        return Ok(is_pending.then_some(sentence));
    }
    let Kind::DropIndex(drop) = statement.kind() else {
        return Ok(None);
    };
    for name in drop.names.iter().filter(|_| drop.concurrently) {
        let query = format!(
            "SELECT FROM pg_catalog.pg_index WHERE indexrelid = pg_catalog.to_regclass({}) AND NOT indisvalid",
            literal(&name.to_string())
        );
        let is_invalid = !worker
            .session
            .read(&query, "a look for the index")?
            .is_empty();
        if is_invalid {
            return Ok(Some(format!(
                "{name} is INVALID now, and no query uses it any more: the next run drops it"
            )));
        }
    }
    Ok(None)
}

/// `ALTER TABLE parent DETACH PARTITION partition CONCURRENTLY`
#[derive(Debug, PartialEq, Eq)]
struct Detach {
    parent: String,
    partition: String,
}

impl Detach {
    /// Names as they are written.
    fn of(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let is = |word: &str, expected: &str| word.eq_ignore_ascii_case(expected);
        let at = words.iter().position(|word| is(word, "detach"))?;
        let (before, after) = words.split_at(at);
        let [_detach, second, partition, last] = after else {
            return None;
        };
        let is_detach = is(second, "partition") && is(last, "concurrently");
        let parent = before.last()?.trim_end_matches('*');
        is_detach.then(|| Self {
            parent: parent.to_owned(),
            partition: (*partition).to_owned(),
        })
    }

    /// Whether it was begun and is not finished; `None`: the partition is none (any more).
    fn state(&self, worker: &mut Worker<'_>) -> Result<Option<bool>, EngineError> {
        let query = format!(
            "SELECT coalesce(pg_catalog.to_jsonb(i)->>'inhdetachpending', 'false') FROM pg_catalog.pg_inherits i \
             WHERE i.inhrelid = pg_catalog.to_regclass({}) AND i.inhparent = pg_catalog.to_regclass({})",
            literal(&self.partition),
            literal(&self.parent)
        );
        let rows = worker.session.read(&query, "a look for the partition")?;
        let cell = rows.first().and_then(|row| row.first().cloned().flatten());
        Ok(cell.map(|cell| cell == "true"))
    }

    fn finalize(&self) -> String {
        format!(
            "ALTER TABLE {} DETACH PARTITION {} FINALIZE",
            self.parent, self.partition
        )
    }
}

/// The words of a statement: keywords in capitals, a name in quotes as the server reads it.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() && words.len() < 6 {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        words.push(if rest.starts_with('"') {
            word.to_owned()
        } else {
            word.to_uppercase()
        });
        rest = after.trim_start();
    }
    words
}

/// The kind of thing that is made or dropped, and its name.
fn subject(words: &[String]) -> Option<(&str, String)> {
    let (verb, rest) = words.split_first()?;
    if verb != "CREATE" && verb != "DROP" {
        return None;
    }
    let (object, rest) = rest.split_first()?;
    let rest = match rest {
        [first, second, rest @ ..] if first == "IF" && second == "EXISTS" => rest,
        rest => rest,
    };
    let name = rest.first()?;
    // A name without quotes is in lower case on the server.
    let plain = name.trim_end_matches(';');
    Some((object, plain.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thing_that_is_made_or_dropped_is_found_by_its_name() {
        let subject_of = |text: &str| {
            let words = words(text);
            subject(&words).map(|(object, name)| format!("{object} {name}"))
        };
        let found = subject_of("create database Shop owner app");
        assert_eq!(found.as_deref(), Some("DATABASE shop"));
        let found = subject_of("DROP SUBSCRIPTION IF EXISTS orders");
        assert_eq!(found.as_deref(), Some("SUBSCRIPTION orders"));
        assert_eq!(subject_of("VACUUM orders"), None);
    }

    #[test]
    fn a_partition_that_is_detached_concurrently_is_found() {
        let detach =
            Detach::of("alter table only shop.events\n DETACH PARTITION e1 Concurrently").unwrap();
        assert_eq!(
            (detach.parent.as_str(), detach.partition.as_str()),
            ("shop.events", "e1")
        );
        assert_eq!(Detach::of("ALTER TABLE events DETACH PARTITION e1"), None);
    }
}
