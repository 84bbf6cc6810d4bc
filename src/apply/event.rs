//! What happens while a plan is run: the only bridge from the executor to what a person sees.

use std::time::Duration;

use crate::engine::Clients;
use crate::setting::SettingName;

/// Something that happened. No value in it is a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Somebody else holds the lock; it is being tried again.
    WaitingForLock {
        /// On which target.
        target: String,
        /// Who holds it.
        holder: String,
    },
    /// What the run is about to do is on the disk, in every ledger.
    Journalled {
        /// The run.
        run: String,
    },
    /// A setting is about to be written.
    Writing {
        /// On which target.
        target: String,
        /// Which one.
        setting: SettingName,
        /// What it is becoming, as shown.
        value: String,
    },
    /// The server reads its configuration files.
    Activating {
        /// The target.
        target: String,
    },
    /// The server confirmed that the value is in effect.
    InEffect {
        /// On which target.
        target: String,
        /// Which setting.
        setting: SettingName,
        /// Its value, as shown.
        value: String,
    },
    /// The value is stored and waits for a restart.
    WaitsForRestart {
        /// On which target.
        target: String,
        /// Which setting.
        setting: SettingName,
        /// The value it will have, as shown.
        value: String,
    },
    /// The running values were written into the configuration file.
    Persisted {
        /// The target.
        target: String,
    },
    /// A standby is waited for: it has to replay what its primary has written.
    WaitingForReplay {
        /// The standby.
        target: String,
        /// Its primary.
        primary: String,
    },
    /// These connections a restart will end.
    InUse {
        /// The target.
        target: String,
        /// Whose they are.
        clients: Clients,
    },
    /// A restart command begins.
    Restarting {
        /// The target.
        target: String,
        /// The command, as one line.
        command: String,
    },
    /// The server is back.
    Restarted {
        /// The target.
        target: String,
        /// How long that took.
        took: Duration,
    },
    /// The restart brought another version of the server: a package was updated before.
    VersionMoved {
        /// The target.
        target: String,
        /// The version before.
        before: String,
        /// The version now.
        after: String,
    },
    /// The server sent a warning or a notice.
    Notice {
        /// The target.
        target: String,
        /// What it said.
        text: String,
    },
    /// Something is being put back.
    Undoing(Undoing),
}

/// What happens while things are put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undoing {
    /// Something failed; what was changed is being put back.
    PuttingBack {
        /// What failed.
        because: String,
    },
    /// A server that did not come back is being started with the earlier values.
    Rescuing {
        /// The target.
        target: String,
        /// How: the command that was given for it, or dbtune itself.
        how: String,
    },
    /// It runs again, with the earlier values on its command line.
    Rescued {
        /// The target.
        target: String,
    },
    /// A setting is as it was before the run.
    PutBack {
        /// On which target.
        target: String,
        /// Which one.
        setting: SettingName,
    },
    /// A setting could not be put back.
    NotPutBack {
        /// On which target.
        target: String,
        /// Which one.
        setting: SettingName,
        /// Why not.
        because: String,
    },
    /// A run that was cut off is being settled: what it changed is put back.
    Settling {
        /// The run.
        run: String,
        /// Who ran it.
        who: String,
        /// When it began.
        started_at: String,
    },
    /// Somebody changed a setting after the run that was cut off; it is left as it is.
    LeftAsChangedSince {
        /// On which target.
        target: String,
        /// Which one.
        setting: SettingName,
    },
}
