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
    let rows = worker
        .session
        .read(&query, "a look for what a statement did")?;
    Ok(rows
        .iter()
        .flatten()
        .any(|cell| cell.as_deref() == Some("t")))
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
}
