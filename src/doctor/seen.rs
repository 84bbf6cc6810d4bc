//! What was seen of one target.

use super::grants;
use crate::engine::Target;
use crate::setting::EngineKind;
use crate::snapshot::{Answer, Examination, Snapshot};

/// One target, and all that was seen of it.
#[derive(Debug, Clone)]
pub struct Examined {
    /// What was known before connecting.
    pub target: Target,
    /// The shared history lies there.
    pub keeps_history: bool,
    /// The program of its restart command can be run here. `true` where it has none.
    pub restart_can_run: bool,
    /// What it answered.
    pub seen: Seen,
}

/// How far a look at a server came.
#[derive(Debug, Clone)]
pub enum Seen {
    /// It could not be reached or did not let us in.
    Nothing(Trouble),
    /// It let us in, and its settings could not be read.
    Rights(Trouble, Option<Examination>),
    /// Everything was read.
    All(Box<Read>),
}

/// All that a server said.
#[derive(Debug, Clone)]
pub struct Read {
    /// Its settings and facts.
    pub snapshot: Snapshot,
    /// What may be done there; `None` where that could not be found out.
    pub examination: Option<Examination>,
}

/// Why it did not come further. Holds no secret.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// What happened.
    pub message: String,
    /// What to do about it, as far as is known.
    pub hint: Option<String>,
    /// It is about what the user has written: the URL, or a file that it names.
    pub is_usage: bool,
}

impl Examined {
    /// What was read, where everything was.
    pub(super) fn read(&self) -> Option<&Read> {
        match &self.seen {
            Seen::All(read) => Some(read),
            Seen::Nothing(_) | Seen::Rights(..) => None,
        }
    }

    /// Whether it was reached and everything read.
    pub fn was_read(&self) -> bool {
        self.read().is_some()
    }

    /// Whether it could not be reached because its URL, or a file for it, is of no use.
    pub fn is_mistaken(&self) -> bool {
        matches!(&self.seen, Seen::Nothing(trouble) if trouble.is_usage)
    }

    /// Whether a right that the shared history needs is known to be missing.
    pub fn lacks_history(&self) -> bool {
        let examination = self.read().and_then(|read| read.examination.as_ref());
        examination.is_some_and(|seen| {
            grants::HISTORY
                .iter()
                .any(|right| matches!(seen.rights.get(right), Some(Answer::No(_))))
        })
    }

    /// The role or user: as PostgreSQL says, and for Redis as the URL has it, because not every user
    /// may ask for its own name.
    pub(super) fn user(&self) -> String {
        let told = self.read().map(|read| read.snapshot.identity.user.clone());
        let in_url = self.target.url.user();
        let known = match self.target.engine {
            EngineKind::Postgresql => told.or(in_url),
            EngineKind::Redis => in_url.or(told),
        };
        known.unwrap_or_else(|| "default".to_owned())
    }
}

impl Read {
    /// The name of the target.
    pub(super) fn target(&self) -> &str {
        &self.snapshot.target
    }
}
