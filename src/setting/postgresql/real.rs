//! Settings that hold a number with a fraction.

use serde::{Deserialize, Serialize};

use super::integer::{exact, in_base_unit, not_a_number};
use super::number::{lex_real, shown, six_digits};
use super::suggest;
use super::unit::Unit;
use crate::setting::{ParseValueError, Value};

/// What a setting with a fraction takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Real {
    /// What it counts in; `None` when it has no unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// Its smallest value.
    pub min: f64,
    /// Its largest value.
    pub max: f64,
}

impl Real {
    /// Reads a text by the server's rules. Two numbers that the server shows alike are equal.
    pub(super) fn parse(&self, text: &str) -> Result<Value, ParseValueError> {
        self.read(text)
            .map(|number| Value::Real(six_digits(number)))
            .map_err(|message| {
                let takes = |candidate: &String| self.read(candidate).is_ok();
                let candidates = suggest::number(text, self.unit.as_ref(), false);
                ParseValueError::new(message).suggesting(candidates.into_iter().find(takes))
            })
    }

    fn read(&self, text: &str) -> Result<f64, String> {
        let lexed = lex_real(text).ok_or_else(|| not_a_number(text, self.unit.as_ref()))?;
        let number = in_base_unit(lexed, text, self.unit.as_ref())?;
        if (self.min..=self.max).contains(&number) {
            return Ok(number);
        }
        let write = |bound| match &self.unit {
            Some(unit) => unit.write_real(bound),
            None => shown(bound),
        };
        let range = format!("it takes {} to {}", write(self.min), write(self.max));
        Err(format!("{} is out of range: {range}", text.trim()))
    }

    /// Writes a number in the largest unit that is exact.
    pub(super) fn format(&self, number: f64) -> String {
        let bare = shown(number);
        let Some(unit) = self.unit.as_ref().filter(|_| number > 0.0) else {
            return bare;
        };
        let written = unit.write_real(number);
        // A unit makes the server round: write none where that would change the value.
        if self.read(&written).is_ok_and(|read| shown(read) == bare) {
            written
        } else {
            bare
        }
    }

    /// What to know about this spelling.
    pub(super) fn note(&self, text: &str) -> Option<String> {
        let stored = six_digits(self.read(text).ok()?);
        let exact = exact(lex_real(text)?, self.unit.as_ref())?;
        let rounded_away = stored.abs() <= 0.0 && exact.abs() > 0.0;
        rounded_away.then(|| format!("{} is rounded to 0", text.trim()))
    }
}
