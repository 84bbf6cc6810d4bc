//! What a person probably meant who wrote a number that the server would refuse.

use super::unit::{Unit, UnitKind};

/// Spellings that may be meant, best first. The caller offers the first that the server takes.
pub(super) fn number(text: &str, unit: Option<&Unit>, is_file_mode: bool) -> Vec<String> {
    let plain: String = text.trim().chars().filter(|c| *c != '_').collect();
    let (digits, name) = split(&plain);
    let mut candidates = vec![plain.clone()];
    if is_file_mode && digits.len() == plain.len() {
        candidates.push(format!("0{digits}"));
    }
    candidates.extend(binary(&plain).map(|number| number.to_string()));
    let number = without_group_commas(digits);
    candidates.push(number.clone());
    candidates.retain(|candidate| candidate != text && !candidate.is_empty());
    let name = name.trim();
    if name.is_empty() {
        return candidates;
    }
    // A number without its unit would mean something else.
    candidates.retain(|candidate| *candidate != number);
    candidates.extend(unit.and_then(|unit| with_unit(&number, name, unit)));
    candidates
}

/// The value that means "no limit", where there is one and a word for it was written.
pub(super) fn unlimited(text: &str, min: i64) -> Option<String> {
    let words = [
        "unlimited",
        "infinite",
        "infinity",
        "inf",
        "none",
        "off",
        "no",
        "disabled",
        "never",
    ];
    let is_meant = words.contains(&text.trim().to_lowercase().as_str());
    (is_meant && min == -1).then(|| "-1".to_owned())
}

fn with_unit(number: &str, name: &str, unit: &Unit) -> Option<String> {
    let folded = name.to_lowercase();
    if unit.kind() == UnitKind::Memory && matches!(folded.as_str(), "p" | "pb" | "pib") {
        let tera = number.parse::<u32>().ok()?.checked_mul(1024)?;
        return Some(format!("{tera}TB"));
    }
    let spelling = match unit.kind() {
        UnitKind::Memory => memory_unit(&folded),
        UnitKind::Time => time_unit(&folded),
    }?;
    Some(format!("{number}{spelling}"))
}

fn memory_unit(folded: &str) -> Option<&'static str> {
    Some(match folded {
        "b" | "byte" | "bytes" => "B",
        "k" | "kb" | "kib" | "kilobyte" | "kilobytes" => "kB",
        "m" | "mb" | "mib" | "megabyte" | "megabytes" => "MB",
        "g" | "gb" | "gib" | "gigabyte" | "gigabytes" => "GB",
        "t" | "tb" | "tib" | "terabyte" | "terabytes" => "TB",
        _ => return None,
    })
}

fn time_unit(folded: &str) -> Option<&'static str> {
    Some(match folded {
        "us" | "usec" | "usecs" | "µs" | "μs" | "microsecond" | "microseconds" => "us",
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" | "millis" => "ms",
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "m" | "min" | "mins" | "minute" | "minutes" => "min",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "d" | "day" | "days" => "d",
        _ => return None,
    })
}

/// The number at the front of a text, and what follows it.
fn split(text: &str) -> (&str, &str) {
    let length = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '+' | '-')));
    text.split_at_checked(length.unwrap_or(text.len()))
        .unwrap_or((text, ""))
}

/// `1,000,000` as `1000000`; anything else as it is.
fn without_group_commas(digits: &str) -> String {
    let is_grouped = digits
        .split(',')
        .skip(1)
        .all(|group| group.len() == 3 && !group.contains('.'));
    if is_grouped {
        digits.replace(',', "")
    } else {
        digits.to_owned()
    }
}

fn binary(text: &str) -> Option<u32> {
    u32::from_str_radix(
        text.strip_prefix("0b")
            .or_else(|| text.strip_prefix("0B"))?,
        2,
    )
    .ok()
}
