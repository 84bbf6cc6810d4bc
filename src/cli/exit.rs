//! The exit codes that scripts depend on.

use std::process::ExitCode;

/// How the process ends. `docs/cli.md` says the same to the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// Failed; what was changed has been put back, or the message says exactly what was not.
    Failed,
    /// A flag, a file or a profile is wrong; no server was changed.
    Usage,
    /// Differences exist (`--exit-code`).
    Differences,
    /// Done, and a restart is still needed before every change is in effect.
    PendingRestart,
    /// Another run holds the lock.
    Locked,
    /// Refused by a safety check, an unmet precondition or a stale plan; nothing was changed.
    Refused,
    /// Interrupted; handled as a failure.
    Interrupted,
    /// What a command run in the sandbox ended with.
    Command(u8),
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Differences => 3,
            Self::PendingRestart => 4,
            Self::Locked => 5,
            Self::Refused => 6,
            Self::Interrupted => 130,
            Self::Command(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
