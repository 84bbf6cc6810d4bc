//! One line of what was found.

/// What was found by one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The target that it is about; `None`: the profile, this machine or the history.
    pub target: Option<String>,
    /// What was looked at.
    pub check: Check,
    /// How it is.
    pub verdict: Verdict,
    /// What was seen, as a sentence without a full stop. Holds no secret.
    pub message: String,
    /// What to type or to edit; `None` where nothing is to be done.
    pub remedy: Option<String>,
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Worth knowing; keeps nothing from being done.
    Warning,
    /// `apply` would be refused or could not be carried out.
    Problem,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// Whether the server can be reached and lets dbtune in.
    Connection,
    /// Whether its version is one that dbtune and the profile are for.
    Version,
    /// Whether the profile fits: targets, names and values.
    Profile,
    /// What the role or user may do.
    Rights,
    /// Whether each setting of the profile may be changed.
    AlterSystem,
    /// Who manages the configuration.
    Managed,
    /// Whether the configuration files can be used and written.
    ConfigFiles,
    /// What waits for a restart.
    PendingRestart,
    /// What else decides the value of a setting of the profile.
    Overrides,
    /// The command that restarts the server.
    RestartCommand,
    /// The memory that the server may use.
    Memory,
    /// Standbys, replicas, primaries and masters.
    Replication,
    /// What a Redis keeps on disk.
    Persistence,
    /// Whom a Redis lets in.
    ProtectedMode,
    /// The local journal.
    Journal,
    /// The shared history.
    History,
    /// Runs that were cut off.
    Runs,
}

impl Verdict {
    /// The word used in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

impl Check {
    /// The word used in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Version => "version",
            Self::Profile => "profile",
            Self::Rights => "rights",
            Self::AlterSystem => "alter_system",
            Self::Managed => "managed",
            Self::ConfigFiles => "config_files",
            Self::PendingRestart => "pending_restart",
            Self::Overrides => "overrides",
            Self::RestartCommand => "restart_command",
            Self::Memory => "memory",
            Self::Replication => "replication",
            Self::Persistence => "persistence",
            Self::ProtectedMode => "protected_mode",
            Self::Journal => "journal",
            Self::History => "history",
            Self::Runs => "runs",
        }
    }
}

impl Finding {
    /// A finding of a target.
    pub(super) fn new(
        target: &str,
        check: Check,
        verdict: Verdict,
        message: impl Into<String>,
    ) -> Self {
        Self {
            target: Some(target.to_owned()),
            ..Self::general(check, verdict, message)
        }
    }

    /// A finding of no target.
    pub(super) fn general(check: Check, verdict: Verdict, message: impl Into<String>) -> Self {
        Self {
            target: None,
            check,
            verdict,
            message: message.into(),
            remedy: None,
        }
    }

    /// Adds what to do.
    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Adds what to do, where something is known.
    pub(super) fn maybe_remedy(mut self, remedy: Option<String>) -> Self {
        self.remedy = remedy;
        self
    }
}
