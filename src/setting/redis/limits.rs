//! `client-output-buffer-limit` and `save`: numbers in groups.

use std::collections::BTreeMap;

use super::memory;
use crate::setting::value::BufferLimit;
use crate::setting::{ParseValueError, Value};

/// Reads groups of a class of clients, a hard limit, a soft limit and seconds.
pub(super) fn parse_buffer_limits(text: &str) -> Result<Value, ParseValueError> {
    read_buffer_limits(text).map_err(|message| {
        let tidied = super::lists::tidied(text);
        let offered = read_buffer_limits(&tidied).is_ok();
        ParseValueError::new(message).suggesting(offered.then_some(tidied))
    })
}

fn read_buffer_limits(text: &str) -> Result<Value, String> {
    let words = super::lists::spaced(text);
    let mut limits = BTreeMap::new();
    for group in words.chunks(4) {
        let [class, hard, soft, seconds] = group else {
            return Err(format!(
                "{text} is not made of groups of four: a class, a hard limit, a soft limit, seconds"
            ));
        };
        let limit = BufferLimit {
            hard: memory::read(hard)?,
            soft: memory::read(soft)?,
            seconds: seconds
                .parse()
                .ok()
                .ok_or_else(|| format!("{seconds} is not a number of seconds"))?,
        };
        limits.insert(class_name(class)?.to_owned(), limit);
    }
    Ok(Value::BufferLimits(limits))
}

/// The class that a word names. The server shows `replica` by its older name.
fn class_name(word: &str) -> Result<&'static str, String> {
    match word.to_ascii_lowercase().as_str() {
        "normal" => Ok("normal"),
        "replica" | "slave" => Ok("replica"),
        "pubsub" => Ok("pubsub"),
        _ => Err(format!(
            "{word} is not a class of clients: normal, replica or pubsub"
        )),
    }
}

/// Writes limits with readable amounts of memory.
pub(super) fn write_buffer_limits(limits: &BTreeMap<String, BufferLimit>) -> String {
    let groups: Vec<String> = limits
        .iter()
        .map(|(class, limit)| {
            let (hard, soft) = (memory::write(limit.hard), memory::write(limit.soft));
            format!("{class} {hard} {soft} {}", limit.seconds)
        })
        .collect();
    groups.join(" ")
}

/// Reads pairs of seconds and changes. An empty text: never save.
pub(super) fn parse_save_points(text: &str) -> Result<Value, ParseValueError> {
    read_save_points(text).map_err(|message| {
        let tidied = super::lists::tidied(text);
        let offered = !tidied.is_empty() && read_save_points(&tidied).is_ok();
        ParseValueError::new(message).suggesting(offered.then_some(tidied))
    })
}

fn read_save_points(text: &str) -> Result<Value, String> {
    let wrong = || format!("{text} is not made of pairs: seconds (1 or more) and changes");
    let numbers: Option<Vec<u64>> = super::lists::spaced(text)
        .iter()
        .map(|word| word.parse().ok())
        .collect();
    let numbers = numbers.ok_or_else(wrong)?;
    let points: Option<_> = numbers
        .chunks(2)
        .map(|pair| match pair {
            [seconds, changes] if *seconds > 0 => Some((*seconds, *changes)),
            _ => None,
        })
        .collect();
    points.map(Value::SavePoints).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_met_when_the_classes_asked_for_are_as_asked() {
        let live = "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60";
        let live = parse_buffer_limits(live).unwrap();
        let met = |text: &str| parse_buffer_limits(text).unwrap().is_met_by(&live);
        assert!(met("REPLICA 256mb 64mb 60"));
        assert!(met("pubsub 32mb 8mb 60 normal 0 0 0"));
        assert!(!met("pubsub 32m 8mb 60"));
        let spaced = parse_buffer_limits("pubsub  0 0 0").unwrap_err();
        assert_eq!(spaced.suggestion.as_deref(), Some("pubsub 0 0 0"));
        assert!(parse_buffer_limits("master 0 0 0").is_err());
    }

    #[test]
    fn the_order_of_save_points_does_not_count() {
        let points = parse_save_points("900 1 300 10").unwrap();
        assert_eq!(parse_save_points("300 10 +900 01").unwrap(), points);
        assert_ne!(parse_save_points("900 1 300 11").unwrap(), points);
        assert!(parse_save_points("").is_ok());
        assert!(parse_save_points("0 1").is_err());
        assert!(parse_save_points("900").is_err());
    }
}
