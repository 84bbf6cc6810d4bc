//! Mistakes in a file of SQL.

use super::Place;

/// What is wrong at a place of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub place: Place,
    /// What is wrong, as a fragment without a full stop.
    pub message: String,
    /// What to write or to do instead, where that is known.
    pub hint: Option<String>,
}

impl Mistake {
    /// A mistake without a hint.
    pub(super) fn new(place: Place, message: impl Into<String>) -> Self {
        Self {
            place,
            message: message.into(),
            hint: None,
        }
    }

    /// The same mistake with what to do instead.
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
}
