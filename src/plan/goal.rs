//! Where a setting is to go: the value, how it is written for a person, and what to send for it.

use crate::setting::{Assignment, EngineKind, Input, ParseValueError, Value};
use crate::snapshot::{Entry, Observed};

/// What is shown in place of a secret.
pub(super) const MASK: &str = "***";

/// Where a setting is to go.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Goal {
    /// The value that it comes to; `None` where nobody knows what is left when an override goes.
    pub(super) value: Option<Value>,
    /// That value as a person reads it. Not masked.
    pub(super) text: String,
    /// What to send. [`Assignment::Reset`]: the override is to go.
    pub(super) assignment: Assignment,
}

impl Goal {
    /// The goal that a profile sets.
    pub(super) fn wanted(
        engine: EngineKind,
        observed: &Observed,
        input: &Input,
    ) -> Result<Self, ParseValueError> {
        let Some(value) = observed.domain.parse_input(input)? else {
            return Ok(Self::without_override(engine, observed));
        };
        Ok(Self {
            value: Some(value),
            text: as_written(input),
            assignment: observed.domain.assignment(input),
        })
    }

    /// The goal to undo a write: what was there before it. `raw` is the text that was stored, where
    /// it is known.
    pub(super) fn earlier(
        engine: EngineKind,
        observed: &Observed,
        before: &Assignment,
        raw: Option<&str>,
    ) -> Result<Self, ParseValueError> {
        let Some(assigned) = observed.domain.assigned(before)? else {
            return Ok(Self::without_override(engine, observed));
        };
        let value = match raw {
            Some(raw) => observed.domain.parse(raw)?,
            None => assigned,
        };
        Ok(Self {
            text: observed.domain.format(&value),
            value: Some(value),
            assignment: before.clone(),
        })
    }

    /// The override is to go. PostgreSQL takes it away; Redis has none, so the value that it would
    /// have without configuration is set, where that is known.
    fn without_override(engine: EngineKind, observed: &Observed) -> Self {
        let raw = observed.without_entry.as_deref();
        let value = raw.and_then(|raw| observed.domain.parse(raw).ok());
        let text = match (&value, raw) {
            (Some(value), _) => observed.domain.format(value),
            (None, Some(raw)) => raw.to_owned(),
            (None, None) => "default".to_owned(),
        };
        let assignment = match (engine, raw) {
            (EngineKind::Redis, Some(raw)) => observed.domain.restore(raw),
            (EngineKind::Redis, None) | (EngineKind::Postgresql, _) => Assignment::Reset,
        };
        Self {
            value,
            text,
            assignment,
        }
    }

    /// Whether this raw text is the value aimed at, by the setting's own rules.
    pub(super) fn is(&self, observed: &Observed, raw: &str) -> bool {
        let Some(value) = &self.value else {
            return false;
        };
        observed
            .domain
            .parse(raw)
            .is_ok_and(|other| value.is_met_by(&other))
    }

    /// The raw text that it comes to, as far as that is known.
    pub(super) fn raw(&self, observed: &Observed) -> Option<String> {
        match &self.assignment {
            Assignment::Set(literals) => Some(literals.join(", ")),
            Assignment::Reset => observed.without_entry.clone(),
        }
    }

    /// Whether the setting stands there already, as far as what is stored decides it: the files for
    /// PostgreSQL, what runs for Redis.
    pub(super) fn is_stored(&self, engine: EngineKind, observed: &Observed) -> bool {
        match (engine, &self.assignment) {
            (EngineKind::Postgresql, Assignment::Reset) => observed.entry == Entry::Absent,
            (EngineKind::Redis, Assignment::Reset) => false,
            (_, Assignment::Set(_)) => self.is(observed, observed.stored()),
        }
    }

    /// Whether this is what was written last: by `ALTER SYSTEM` for PostgreSQL, at run time for Redis.
    pub(super) fn is_entry(&self, engine: EngineKind, observed: &Observed) -> bool {
        match (engine, &self.assignment, &observed.entry) {
            (EngineKind::Postgresql, Assignment::Reset, entry) => *entry == Entry::Absent,
            (EngineKind::Postgresql, Assignment::Set(_), Entry::Present(raw)) => {
                self.is(observed, raw)
            }
            (EngineKind::Postgresql, Assignment::Set(_), Entry::Absent | Entry::Unknown) => false,
            (EngineKind::Redis, _, _) => self.is(observed, &observed.running),
        }
    }

    /// Whether the value asked for is one that the server replaces by one of its own choosing, so
    /// that what runs is never equal to it.
    pub(super) fn is_automatic(&self, observed: &Observed) -> bool {
        let value = self.value.as_ref();
        value.is_some_and(|value| observed.domain.is_automatic(value))
    }

    /// A raw value of the setting as a person reads it: as the profile writes it where it is the
    /// same value, else in the largest unit that is exact.
    pub(super) fn show(&self, observed: &Observed, raw: &str) -> String {
        if observed.secret {
            return MASK.to_owned();
        }
        if self.is(observed, raw) {
            return self.text.clone();
        }
        show(observed, raw)
    }

    /// The goal as it may be shown.
    pub(super) fn shown(&self, observed: &Observed) -> String {
        if observed.secret {
            return MASK.to_owned();
        }
        self.text.clone()
    }
}

/// A raw value as a person reads it: in the largest unit that is exact.
pub(super) fn show(observed: &Observed, raw: &str) -> String {
    if observed.secret {
        return MASK.to_owned();
    }
    match observed.domain.parse(raw) {
        Ok(value) => observed.domain.format(&value),
        Err(_) => raw.to_owned(),
    }
}

/// An input as a person reads it.
pub(super) fn as_written(input: &Input) -> String {
    match input {
        Input::Default => "default".to_owned(),
        Input::Text(text) => text.clone(),
        Input::List(items) => items.join(", "),
    }
}
