//! What a plan is made of.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::differences::Difference;
use super::earlier::ChangedSince;
use crate::setting::{Assignment, Effect, EngineKind, SettingName};
use crate::snapshot::{Entry, Identity, Question, Snapshot, Source};

/// What will happen, in order, and why.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Name of the profile; for a rollback, of the profile that the run came from, if any.
    pub profile: String,
    /// When the plan was made.
    pub created_at: OffsetDateTime,
    /// The targets that were read, in the order of the targets file.
    pub targets: Vec<TargetFacts>,
    /// The commands that restart targets, as one would type them into a shell, where they are known.
    pub restart_commands: BTreeMap<String, String>,
    /// Whether it undoes a run.
    pub goes_back: bool,
    /// Every setting of the phases asked for: by phase, then target in the order of `targets`, then
    /// effect, then the order of the profile.
    pub changes: Vec<Change>,
    /// Title and window of the phases shown, by number.
    pub phases: Vec<PhaseFacts>,
    /// Hazards that concern the run and no one setting of it.
    pub hazards: Vec<Hazard>,
    /// For each turn, in order: the names of all targets in the order in which those are to be restarted
    /// on which something waits for it. A standby restarted after its primary first has to replay
    /// what that one has written.
    pub restart_orders: Vec<Vec<String>>,
    /// In what the nodes of one cluster differ when the plan has been carried out.
    pub differences: Vec<Difference>,
    /// The SQL migrations that the folder has and the database has not, by version. A plan does nothing
    /// about them.
    pub pending_migrations: Vec<PendingMigration>,
    /// What has to be asked before the plan can be judged, by target. Whoever asks puts the answers
    /// into the snapshots and plans again; empty: nothing is open.
    pub questions: Questions,
}

/// An SQL migration that is not applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingMigration {
    /// Its version.
    pub version: i64,
    /// Its name.
    pub name: String,
}

/// Questions by the target that they are about.
pub type Questions = BTreeMap<String, BTreeSet<Question>>;

/// What a plan shows of a phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhaseFacts {
    /// Its number.
    pub number: u32,
    /// What it is called.
    pub title: Option<String>,
    /// When it may be applied, as the profile writes it.
    pub window: Option<String>,
}

/// What a plan shows of a target, and remembers of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetFacts {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub engine: EngineKind,
    /// Where it was reached.
    pub address: String,
    /// Which server it was, in which life.
    pub identity: Identity,
}

impl From<&Snapshot> for TargetFacts {
    fn from(snapshot: &Snapshot) -> Self {
        Self {
            name: snapshot.target.clone(),
            engine: snapshot.engine,
            address: snapshot.address.clone(),
            identity: snapshot.identity.clone(),
        }
    }
}

/// What happens to one setting.
#[derive(Debug, Clone)]
pub struct Change {
    /// The phase that asks for it.
    pub phase: u32,
    /// In which turn it is done, counted from 0: the restarts of a turn come before the writes of the
    /// next.
    pub turn: u32,
    /// The target.
    pub target: String,
    /// The target's kind.
    pub engine: EngineKind,
    /// The setting, as the server spells it.
    pub setting: SettingName,
    /// What will be done.
    pub action: Action,
    /// When that takes effect.
    pub effect: Effect,
    /// What runs now, as shown to a person; `***` for a secret.
    pub current: Option<String>,
    /// What the files say it will be after a restart, as shown; `None` where it cannot be read.
    pub configured: Option<String>,
    /// What it will be, as shown.
    pub desired: String,
    /// Where the running value comes from.
    pub source: Option<Source>,
    /// What to know before.
    pub hazards: Vec<Hazard>,
    /// Why, in the profile's words.
    pub because: Option<String>,
    /// Why dbtune does what it does, where the values alone do not show it.
    pub note: Option<String>,
    /// That a run had made this change already, and somebody has changed it since.
    pub changed_since: Option<ChangedSince>,
    /// Whether its values must never be shown or stored.
    pub secret: bool,
    /// The raw values that were seen, for the executor and the journal.
    pub seen: Seen,
    /// What to send.
    pub assignment: Assignment,
    /// What to send to go back.
    pub undo: Assignment,
}

/// The raw values of a setting that a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// What ran.
    pub running: String,
    /// What the files said.
    pub configured: Option<String>,
    /// What `ALTER SYSTEM` had stored.
    pub entry: Entry,
}

/// What is done about a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is as desired.
    Unchanged,
    /// It will be set.
    Update,
    /// Its override will be taken away.
    Reset,
    /// It is stored as desired and waits for a restart.
    PendingRestart,
    /// It cannot be done here; a hazard says why.
    Blocked,
}

/// Something to know before a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hazard {
    /// What kind it is.
    pub kind: HazardKind,
    /// Whether apply refuses because of it.
    pub blocks: bool,
    /// What is the matter and what to do, as a sentence without a full stop.
    pub message: String,
}

/// The kinds of [`Hazard`], named as in JSON and as `--allow` takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HazardKind {
    /// The change waits for a restart.
    Restart,
    /// Something else decides the value: the command line, a role, a database, another file.
    Overridden,
    /// The change would not outlive a restart of the server.
    NotPersisted,
    /// A phase before this one is not finished.
    EarlierPhase,
    /// The phase's window is closed.
    OutsideWindow,
    /// Another setting waits for a restart already and would come into effect with it.
    ForeignPendingRestart,
    /// A configuration file has an error: the server would ignore every reload.
    BrokenConfigFile,
    /// It may not be done: by the role connected, or by anybody at run time.
    NotPermitted,
    /// The next start of the server would fail.
    WillNotStart,
    /// More memory would be promised than there is.
    MemoryBudget,
    /// Fewer connections would be let in than are in use.
    ConnectionBudget,
    /// Redis would throw keys away.
    EvictsKeys,
    /// Redis would refuse every write.
    RejectsWrites,
    /// It belongs to an extension that is not loaded.
    ExtensionNotLoaded,
    /// Primary and standbys would come to it in the wrong order.
    StandbyOrder,
    /// A service or a program manages the configuration, and would undo the change or not allow it.
    ManagedElsewhere,
}

/// The numbers under a plan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Settings that will be set.
    pub update: usize,
    /// Settings whose override will be taken away.
    pub reset: usize,
    /// Settings that are as desired.
    pub unchanged: usize,
    /// Settings that are stored as desired and wait for a restart.
    pub pending_restart: usize,
    /// Settings that cannot be changed here.
    pub blocked: usize,
    /// Settings to be set or reset that need a restart.
    pub restart: usize,
}

impl Action {
    /// The word used in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Update => "update",
            Self::Reset => "reset",
            Self::PendingRestart => "pending_restart",
            Self::Blocked => "blocked",
        }
    }

    /// Whether something is written to the server.
    pub fn writes(self) -> bool {
        matches!(self, Self::Update | Self::Reset)
    }
}

impl Change {
    /// Whether it is not in effect before its target has been restarted. What waits for a restart
    /// and is taken back before needs none.
    pub fn needs_restart(&self) -> bool {
        let mut hazards = self.hazards.iter();
        let is_announced = hazards.any(|hazard| hazard.kind == HazardKind::Restart);
        self.action == Action::PendingRestart || (self.action.writes() && is_announced)
    }
}

impl HazardKind {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::Restart,
        Self::Overridden,
        Self::NotPersisted,
        Self::EarlierPhase,
        Self::OutsideWindow,
        Self::ForeignPendingRestart,
        Self::BrokenConfigFile,
        Self::NotPermitted,
        Self::WillNotStart,
        Self::MemoryBudget,
        Self::ConnectionBudget,
        Self::EvictsKeys,
        Self::RejectsWrites,
        Self::ExtensionNotLoaded,
        Self::StandbyOrder,
        Self::ManagedElsewhere,
    ];

    /// The word used in JSON and by `--allow`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::Overridden => "overridden",
            Self::NotPersisted => "not_persisted",
            Self::EarlierPhase => "earlier_phase",
            Self::OutsideWindow => "outside_window",
            Self::ForeignPendingRestart => "foreign_pending_restart",
            Self::BrokenConfigFile => "broken_config_file",
            Self::NotPermitted => "not_permitted",
            Self::WillNotStart => "will_not_start",
            Self::MemoryBudget => "memory_budget",
            Self::ConnectionBudget => "connection_budget",
            Self::EvictsKeys => "evicts_keys",
            Self::RejectsWrites => "rejects_writes",
            Self::ExtensionNotLoaded => "extension_not_loaded",
            Self::StandbyOrder => "standby_order",
            Self::ManagedElsewhere => "managed_elsewhere",
        }
    }

    /// Whether `--allow` may name it.
    pub fn can_be_allowed(self) -> bool {
        match self {
            Self::BrokenConfigFile | Self::NotPermitted | Self::ManagedElsewhere => false,
            Self::Restart
            | Self::Overridden
            | Self::NotPersisted
            | Self::EarlierPhase
            | Self::OutsideWindow
            | Self::ForeignPendingRestart
            | Self::WillNotStart
            | Self::MemoryBudget
            | Self::ConnectionBudget
            | Self::EvictsKeys
            | Self::RejectsWrites
            | Self::ExtensionNotLoaded
            | Self::StandbyOrder => true,
        }
    }
}

impl Plan {
    /// Counts the changes by what is done about them.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for change in &self.changes {
            match change.action {
                Action::Unchanged => summary.unchanged += 1,
                Action::Update => summary.update += 1,
                Action::Reset => summary.reset += 1,
                Action::PendingRestart => summary.pending_restart += 1,
                Action::Blocked => summary.blocked += 1,
            }
            if change.action.writes() && change.needs_restart() {
                summary.restart += 1;
            }
        }
        summary
    }

    /// The changes of each turn that one run comes to. Where it may not restart anything it ends with the
    /// first turn that needs a restart: the next one only begins when that has happened.
    pub fn turns(&self, may_restart: bool) -> Vec<&[Change]> {
        let mut turns = Vec::new();
        for changes in self.changes.chunk_by(|one, other| one.turn == other.turn) {
            turns.push(changes);
            if !may_restart && changes.iter().any(Change::needs_restart) {
                break;
            }
        }
        turns
    }

    /// The names of all targets in the order in which they are to be restarted in a turn.
    pub fn restart_order(&self, turn: u32) -> Vec<&String> {
        let turn = usize::try_from(turn).unwrap_or(usize::MAX);
        self.restart_orders
            .get(turn)
            .into_iter()
            .flatten()
            .collect()
    }

    /// The changes that are written to a server.
    pub fn writes(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.action.writes())
    }

    /// Every hazard, of the run and of its settings.
    pub fn all_hazards(&self) -> impl Iterator<Item = &Hazard> {
        self.hazards
            .iter()
            .chain(self.changes.iter().flat_map(|change| &change.hazards))
    }
}
