//! `memory:` of a target: how much its machine or container has.

use crate::profile::Mistake;
use crate::profile::yaml::Fields;
use crate::snapshot::Memory;

const HELP: &str = "write a number with its unit: `2GB`, `512MB`";

/// Reads it, in the spelling of PostgreSQL (`2GB`) or of Redis (`2gb`, and `2g` in thousands).
pub(super) fn read(fields: &Fields<'_>, mistakes: &mut Vec<Mistake>) -> Option<Memory> {
    let (text, at) = fields.text("memory", mistakes)?;
    let bytes = bytes(text).filter(|bytes| *bytes > 0);
    if bytes.is_none() {
        let message = format!("`{text}` is no amount of memory");
        mistakes.push(Mistake::new(at, message).help(HELP));
    }
    Some(Memory {
        bytes: bytes?,
        from: format!("memory: in {}", at.short()),
        is_own_limit: false,
        is_stated: true,
    })
}

/// A number, perhaps with a fraction, and a unit: `B`, `kB`, `MB`, `GB`, `TB` are powers of 1024, and
/// `k`, `m`, `g` powers of 1000, in any case.
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at_checked(end)?;
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "b" => 1,
        "k" => 1000,
        "m" => 1_000_000,
        "g" => 1_000_000_000,
        "kb" => 1 << 10,
        "mb" => 1 << 20,
        "gb" => 1 << 30,
        "tb" => 1 << 40,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = whole.parse::<u64>().ok()?.checked_mul(factor)?;
    whole.checked_add(part(fraction, factor)?)
}

/// Decimals of a unit; more than six of them count for nothing.
fn part(decimals: &str, factor: u64) -> Option<u64> {
    let mut sum = 0;
    let mut worth = factor;
    for digit in decimals.chars().take(6) {
        worth /= 10;
        sum += worth * u64::from(digit.to_digit(10)?);
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn both_spellings_are_read_each_by_its_own_rule() {
        let read = ["2GB", "2gb", "2g", "1.5 GB", "512MB", "100b"].map(bytes);
        let meant: [u64; 6] = [2 << 30, 2 << 30, 2_000_000_000, 3 << 29, 512 << 20, 100];
        // A tenth of a power of two is no whole number.
        assert!(read[3].is_some_and(|read| meant[3].abs_diff(read) < 10));
        for at in [0, 1, 2, 4, 5] {
            assert_eq!(read[at], Some(meant[at]));
        }
    }

    #[test]
    fn what_has_no_unit_or_no_number_is_refused() {
        for text in ["2048", "GB", "-1GB", "2PB", "1.2.3GB", "", "99999999TB"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }
}
