//! Integer settings.

use serde::{Deserialize, Serialize};

use super::number::{Lexed, lex_integer, skip_space, to_f64, to_int};
use super::suggest;
use super::unit::Unit;
use crate::setting::{ParseValueError, Value};

/// What an integer setting takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Integer {
    /// What it counts in; `None` when it has no unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// Its smallest value.
    pub min: i64,
    /// Its largest value.
    pub max: i64,
    /// What is particular about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quirks: Vec<Quirk>,
}

/// A rule that the server has for some integer settings and does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quirk {
    /// It is a file mode: shown in octal.
    FileMode,
    /// This value stands for one that the server works out: what runs is never equal to it.
    Automatic(i64),
    /// What the server shows is that of the session's own connection, not what is configured.
    OfTheConnection,
    /// A smaller value is raised to this one; -1 is not.
    AtLeast(i64),
    /// It must be a multiple of this number.
    MultipleOf(i64),
    /// Nothing from the first to the second number is taken.
    Never(i64, i64),
}

impl Integer {
    /// Reads a text by the server's rules.
    pub(super) fn parse(&self, text: &str) -> Result<Value, ParseValueError> {
        self.read(text).map(Value::Integer).map_err(|message| {
            let takes = |candidate: &String| self.read(candidate).is_ok();
            let candidates = suggest::number(text, self.unit.as_ref(), self.is_file_mode());
            let unlimited = suggest::unlimited(text, self.min);
            ParseValueError::new(message)
                .suggesting(candidates.into_iter().chain(unlimited).find(takes))
        })
    }

    fn read(&self, text: &str) -> Result<i64, String> {
        let lexed = lex_integer(text).ok_or_else(|| not_a_number(text, self.unit.as_ref()))?;
        let number = in_base_unit(lexed, text, self.unit.as_ref())?;
        let whole = to_int(number)
            .ok_or_else(|| format!("{} is too large: {}", text.trim(), self.range()))?;
        if !(self.min..=self.max).contains(&whole) {
            return Err(format!("{} is out of range: {}", text.trim(), self.range()));
        }
        self.quirks
            .iter()
            .try_fold(whole, |number, quirk| quirk.check(number))
    }

    /// The range, for a message.
    fn range(&self) -> String {
        let write = |number| match &self.unit {
            Some(unit) => unit.write_roughly(number),
            None if self.is_file_mode() => format!("0{number:o}"),
            None => number.to_string(),
        };
        format!("it takes {} to {}", write(self.min), write(self.max))
    }

    fn is_file_mode(&self) -> bool {
        self.quirks.contains(&Quirk::FileMode)
    }

    /// Writes a number in the largest unit that is exact.
    pub(super) fn format(&self, number: i64) -> String {
        match &self.unit {
            Some(unit) => unit.write(number),
            None if self.is_file_mode() && number >= 0 => format!("{number:04o}"),
            None => number.to_string(),
        }
    }

    /// Whether what runs tells nothing about whether this value is configured.
    pub(super) fn is_automatic(&self, number: i64) -> bool {
        self.quirks.iter().any(|quirk| match quirk {
            Quirk::Automatic(sentinel) => *sentinel == number,
            Quirk::OfTheConnection => true,
            Quirk::FileMode | Quirk::AtLeast(_) | Quirk::MultipleOf(_) | Quirk::Never(..) => false,
        })
    }

    /// What to know about this spelling.
    pub(super) fn note(&self, text: &str) -> Option<String> {
        let stored = self.read(text).ok()?;
        let lexed = lex_integer(text)?;
        let unit = self.unit.as_ref();
        if self.is_file_mode() {
            return decimal_mode(text, stored);
        }
        if is_octal(text) && lexed.value > 7.0 {
            return Some(format!(
                "{} begins with 0 and is read as octal: {stored}",
                text.trim()
            ));
        }
        let exact = exact(lexed, unit)?;
        let stored_exactly = i32::try_from(stored).map_or(0.0, f64::from);
        let differs = (exact - stored_exactly).abs() > exact.abs() * 1e-9;
        if stored == 0 && differs {
            return Some(format!("{} is rounded to 0", text.trim()));
        }
        differs.then(|| format!("{} is stored as {}", text.trim(), self.format(stored)))
    }
}

/// The number in the unit of the setting, unit and rest of the text checked.
pub(super) fn in_base_unit(
    lexed: Lexed<'_>,
    text: &str,
    unit: Option<&Unit>,
) -> Result<f64, String> {
    let written = skip_space(lexed.rest);
    if written.is_empty() {
        return Ok(lexed.value);
    }
    let Some(unit) = unit else {
        return Err(format!(
            "{} is not a plain number, and this setting has no unit",
            text.trim()
        ));
    };
    unit.convert(lexed.value, written).ok_or_else(|| {
        format!(
            "{} is not a unit of this setting: it takes {}",
            written.trim_end(),
            unit.choices()
        )
    })
}

/// What a text without a number is told.
pub(super) fn not_a_number(text: &str, unit: Option<&Unit>) -> String {
    let shown = if text.trim().is_empty() {
        "an empty text"
    } else {
        text.trim()
    };
    match unit {
        Some(unit) => format!(
            "{shown} is not a number with an optional unit ({})",
            unit.choices()
        ),
        None => format!("{shown} is not a number"),
    }
}

/// What a text means in the unit of its setting, before any rounding.
pub(super) fn exact(lexed: Lexed<'_>, unit: Option<&Unit>) -> Option<f64> {
    let written = lexed.rest.trim();
    if written.is_empty() {
        return Some(lexed.value);
    }
    let unit = unit?;
    let (_, size) = unit
        .kind()
        .spellings()
        .iter()
        .find(|(name, _)| *name == written)?;
    Some(lexed.value * to_f64(*size) / to_f64(unit.size()))
}

/// Whether a text is written with the leading 0 of an octal number.
fn is_octal(text: &str) -> bool {
    let digits = text.trim().trim_start_matches(['+', '-']);
    digits.len() > 1 && digits.starts_with('0') && digits.chars().all(|c| c.is_digit(8))
}

/// A warning about a file mode that looks octal and is not.
fn decimal_mode(text: &str, stored: i64) -> Option<String> {
    let digits = text.trim();
    let looks_octal = digits.len() == 3 && digits.chars().all(|c| c.is_digit(8));
    looks_octal.then(|| {
        format!("{digits} is decimal and means mode {stored:04o}; a mode begins with 0: 0{digits}")
    })
}

impl Quirk {
    /// The value that the server makes of this one, or why it does not take it.
    fn check(self, number: i64) -> Result<i64, String> {
        match self {
            Self::AtLeast(least) if number != -1 => Ok(number.max(least)),
            Self::MultipleOf(step) if number % step != 0 => {
                Err(format!("{number} is not a multiple of {step}"))
            }
            Self::Never(first, last) if (first..=last).contains(&number) => Err(format!(
                "{number} is not taken: nothing from {first} to {last} is"
            )),
            Self::FileMode
            | Self::Automatic(_)
            | Self::OfTheConnection
            | Self::AtLeast(_)
            | Self::MultipleOf(_)
            | Self::Never(..) => Ok(number),
        }
    }
}
