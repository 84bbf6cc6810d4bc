//! What came of the building of an index.

use crate::engine::EngineError;
use crate::migrate::worker::Failed;

/// How an index came to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// This run built it.
    Built,
    /// It was there already, with the same definition.
    AlreadyThere,
    /// The server process of a run that was killed finished it.
    Adopted,
}

/// An index that could not be built.
#[derive(Debug)]
pub(crate) enum NotBuilt {
    /// There is one of that name which is another.
    OtherDefinition {
        /// What is there, as the server writes it.
        there: String,
        /// What the statement asks for.
        asked: String,
    },
    /// A foreign table is among the partitions: that of the parent would stay INVALID for ever.
    Foreign {
        /// The table.
        table: String,
        /// The foreign table.
        partition: String,
    },
    /// Every partition that can have one has its index, and that of the parent is INVALID all the same.
    Incomplete {
        /// The index.
        index: String,
        /// The table.
        table: String,
    },
    /// The server refused it, or it was given up.
    Failed {
        /// Why.
        failed: Box<Failed>,
        /// What of it is left INVALID, and why, as a sentence; `None`: nothing.
        left: Option<String>,
    },
}

impl NotBuilt {
    /// Whether nothing of the index is there: as if it had never been begun.
    pub(crate) fn left_nothing(&self) -> bool {
        match self {
            Self::OtherDefinition { .. } | Self::Foreign { .. } | Self::Incomplete { .. } => false,
            Self::Failed { failed, left } => !failed.is_lost() && left.is_none(),
        }
    }
}

impl From<Failed> for NotBuilt {
    fn from(failed: Failed) -> Self {
        Self::Failed {
            failed: Box::new(failed),
            left: None,
        }
    }
}

impl From<EngineError> for NotBuilt {
    fn from(error: EngineError) -> Self {
        Failed::Engine(error).into()
    }
}

/// A failure in a few words.
pub(crate) fn words_of(failed: &Failed) -> String {
    match failed {
        Failed::Server { error, .. } => error.to_string(),
        Failed::GaveUp { waited, blockers } => format!(
            "held up for {} s by {}",
            waited.as_secs(),
            blockers.join(" and ")
        ),
        Failed::Engine(error) => error.to_string(),
    }
}
