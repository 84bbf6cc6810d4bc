//! A profile, servers and a moment: all that a plan is made of.

use std::collections::{BTreeMap, BTreeSet};

use dbtune::plan::{
    self, Action, Change, Fingerprint, HazardKind, Plan, PlanError, PlannedTarget, SavedPlan,
    Selection, Undo,
};
use dbtune::profile::yaml::Source;
use dbtune::profile::{Profile, Variables};
use dbtune::setting::{Assignment, EngineKind, SettingName, Value};
use dbtune::snapshot::{Entry, Observed, Snapshot};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::server::Server;

/// A Monday.
pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-23 02:00 UTC);

/// All that a plan is made of.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) profile: Profile,
    pub(crate) servers: Vec<Server>,
    pub(crate) selection: Selection,
    pub(crate) now: OffsetDateTime,
}

impl Case {
    /// A profile by its text.
    pub(crate) fn of(profile: &str) -> Self {
        let source = Source::new("tuning-profiles/test.yaml", profile);
        let profile = Profile::parse(&source, &Variables::new());
        Self::with(profile.unwrap_or_else(|mistakes| panic!("{mistakes:#?}")))
    }

    /// A profile that was read already.
    pub(crate) fn with(profile: Profile) -> Self {
        Self {
            profile,
            servers: Vec::new(),
            selection: Selection::default(),
            now: NOW,
        }
    }

    /// A profile of one phase with settings of PostgreSQL, one a line.
    pub(crate) fn postgresql(settings: &[&str]) -> Self {
        Self::one_phase("postgresql", settings)
    }

    /// A profile of one phase with settings of Redis, one a line.
    pub(crate) fn redis(settings: &[&str]) -> Self {
        Self::one_phase("redis", settings)
    }

    fn one_phase(engine: &str, settings: &[&str]) -> Self {
        let settings = settings.join("\n      ");
        Self::of(&format!(
            "profile: test\nphases:\n  - phase: 1\n    {engine}:\n      {settings}\n"
        ))
    }

    pub(crate) fn on(mut self, server: Server) -> Self {
        self.servers.push(server);
        self
    }

    pub(crate) fn phase(mut self, number: u32) -> Self {
        self.selection.phases.get_or_insert_default().insert(number);
        self
    }

    pub(crate) fn only(mut self, target: &str) -> Self {
        self.selection
            .targets
            .get_or_insert_default()
            .insert(target.to_owned());
        self
    }

    pub(crate) fn at(mut self, now: OffsetDateTime) -> Self {
        self.now = now;
        self
    }

    pub(crate) fn targets(&self) -> Vec<PlannedTarget<'_>> {
        self.servers.iter().map(Server::target).collect()
    }

    pub(crate) fn snapshots(&self) -> Vec<Snapshot> {
        self.servers
            .iter()
            .map(|server| server.snapshot.clone())
            .collect()
    }

    pub(crate) fn try_plan(&self) -> Result<Plan, PlanError> {
        plan::make(&self.profile, &self.selection, &self.targets(), self.now)
    }

    #[track_caller]
    pub(crate) fn plan(&self) -> Plan {
        self.try_plan().unwrap()
    }

    #[track_caller]
    pub(crate) fn refused(&self) -> String {
        self.try_plan().unwrap_err().to_string()
    }

    pub(crate) fn fingerprint(&self, plan: &Plan) -> Fingerprint {
        Fingerprint::of(plan, &self.profile, &self.selection, &self.targets())
    }

    pub(crate) fn save(&self) -> String {
        let plan = self.plan();
        SavedPlan::new(&plan, self.fingerprint(&plan))
            .write()
            .unwrap()
    }

    /// What has moved since a plan was saved.
    pub(crate) fn moved_since(&self, saved: &str) -> Vec<String> {
        let plan = self.plan();
        let saved = SavedPlan::read(saved).unwrap();
        plan::moved(&saved, &plan, &self.fingerprint(&plan))
    }

    /// The servers after a plan has been carried out on them.
    pub(crate) fn applied(&self, plan: &Plan) -> Self {
        let mut after = self.clone();
        for change in plan.writes() {
            let mut servers = after.servers.iter_mut();
            let server = servers
                .find(|server| server.snapshot.target == change.target)
                .unwrap();
            write(server, &change.setting, &change.assignment);
        }
        after
    }

    /// The servers after a restart of all of them.
    pub(crate) fn restarted(&self) -> Self {
        let mut after = self.clone();
        let servers = after.servers.iter_mut();
        for observed in servers.flat_map(|server| server.snapshot.settings.values_mut()) {
            let configured = observed.configured.clone();
            observed.running = configured.unwrap_or_else(|| observed.running.clone());
            observed.pending_restart = false;
        }
        after
    }

    /// The way back from a plan that was carried out, on the servers as they are here.
    pub(crate) fn way_back(&self, plan: &Plan) -> Plan {
        let undos: Vec<Undo> = plan.writes().map(undo).collect();
        plan::invert(&plan.profile, &undos, &self.targets(), self.now).unwrap()
    }

    /// What `ALTER SYSTEM` has stored, as values: `None` where there is no entry.
    pub(crate) fn entries(&self) -> BTreeMap<String, Option<Value>> {
        self.each(|observed| match &observed.entry {
            Entry::Present(raw) => Some(observed.domain.parse(raw).unwrap()),
            Entry::Absent | Entry::Unknown => None,
        })
    }

    /// What runs, as values.
    pub(crate) fn running(&self) -> BTreeMap<String, Value> {
        self.each(|observed| observed.domain.parse(&observed.running).unwrap())
    }

    fn each<T>(&self, of: impl Fn(&Observed) -> T) -> BTreeMap<String, T> {
        let servers = self.servers.iter();
        let settings = servers.flat_map(|server| &server.snapshot.settings);
        settings
            .map(|(name, observed)| (name.to_string(), of(observed)))
            .collect()
    }
}

/// What the ledger would remember of a change.
pub(crate) fn undo(change: &Change) -> Undo {
    let stored = match (&change.seen.entry, change.engine) {
        (Entry::Present(raw), _) => Some(raw.clone()),
        (_, EngineKind::Redis) => Some(change.seen.running.clone()),
        (_, EngineKind::Postgresql) => None,
    };
    Undo {
        phase: change.phase,
        target: change.target.clone(),
        engine: change.engine,
        setting: change.setting.clone(),
        before: change.undo.clone(),
        before_raw: stored.filter(|_| !change.secret),
        after: (!change.secret).then(|| change.assignment.clone()),
        secret: change.secret,
    }
}

/// Does to a server what a real one would do.
fn write(server: &mut Server, name: &SettingName, assignment: &Assignment) {
    let engine = server.snapshot.engine;
    let observed = server.snapshot.settings.get_mut(name).unwrap();
    match (engine, assignment) {
        (EngineKind::Redis, Assignment::Set(literals)) => observed.running = literals.join(" "),
        (EngineKind::Redis, Assignment::Reset) => panic!("Redis has no reset"),
        (EngineKind::Postgresql, Assignment::Set(literals)) => {
            let raw = literals.join(", ");
            observed.configured = Some(raw.clone());
            observed.entry = Entry::Present(raw);
        }
        (EngineKind::Postgresql, Assignment::Reset) => {
            observed.configured.clone_from(&observed.without_entry);
            observed.entry = Entry::Absent;
        }
    }
    if engine == EngineKind::Postgresql {
        take_up(observed);
    }
}

/// What a reload does with a stored value.
fn take_up(observed: &mut Observed) {
    let configured = observed.configured.clone().unwrap();
    if observed.effect != dbtune::setting::Effect::Restart {
        observed.running = configured;
        return;
    }
    let same = observed.domain.parse(&configured) == observed.domain.parse(&observed.running);
    observed.pending_restart = !same;
}

/// What tests ask of a plan.
pub(crate) trait Asked {
    /// The change of a setting, in whatever phase.
    fn change(&self, setting: &str) -> &Change;
    /// What is done about each setting, in order.
    fn actions(&self) -> Vec<(u32, &str, Action)>;
}

impl Asked for Plan {
    #[track_caller]
    fn change(&self, setting: &str) -> &Change {
        let mut changes = self.changes.iter();
        changes.find(|change| change.setting == *setting).unwrap()
    }

    fn actions(&self) -> Vec<(u32, &str, Action)> {
        let changes = self.changes.iter();
        changes
            .map(|change| (change.phase, change.setting.as_str(), change.action))
            .collect()
    }
}

/// The message of the only hazard of this kind, and whether it blocks.
#[track_caller]
pub(crate) fn hazard(change: &Change, kind: HazardKind) -> (bool, &str) {
    let hazards = change.hazards.iter().filter(|hazard| hazard.kind == kind);
    let hazards: Vec<_> = hazards.collect();
    assert_eq!(hazards.len(), 1, "{:#?}", change.hazards);
    (hazards[0].blocks, &hazards[0].message)
}

/// The kinds of hazards that a change has.
pub(crate) fn kinds(change: &Change) -> BTreeSet<HazardKind> {
    change.hazards.iter().map(|hazard| hazard.kind).collect()
}
