//! A target as a phase of a plan leaves it, once it has been restarted.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use crate::setting::{Effect, SettingName, Value};
use crate::snapshot::{Answer, Observed, Question};

use super::cluster::{self, Direction};
use super::goal;
use super::request::PlannedTarget;
use super::state::State;
use super::takes::Takes;

/// The settings of one target as they will stand when a phase is done and the server has been
/// restarted: the files, what waits for a restart already, and what the phase writes.
#[derive(Debug)]
pub(super) struct After<'a> {
    /// The target as it was read.
    pub(super) target: &'a PlannedTarget<'a>,
    state: State<'a>,
    written: BTreeSet<SettingName>,
    /// Worked out once: every target of a machine asks for it.
    takes: OnceCell<Option<Takes>>,
    /// Likewise: every node of a cluster asks for it.
    waiting: OnceCell<Vec<(SettingName, Direction)>>,
}

impl<'a> After<'a> {
    /// What a phase leaves behind that writes these settings and reaches this state.
    pub(super) fn new(
        target: &'a PlannedTarget<'a>,
        state: State<'a>,
        written: BTreeSet<SettingName>,
    ) -> Self {
        Self {
            target,
            state,
            written,
            takes: OnceCell::new(),
            waiting: OnceCell::new(),
        }
    }

    /// The names of what the phase writes.
    pub(super) fn names_written(&self) -> &BTreeSet<SettingName> {
        &self.written
    }

    /// Every setting as it will stand, before a restart.
    pub(super) fn settings(&self) -> impl Iterator<Item = (&SettingName, &Observed)> + Clone {
        self.state.settings()
    }

    /// Whether the phase writes a setting.
    pub(super) fn writes(&self, name: &str) -> bool {
        self.written.iter().any(|written| *written == *name)
    }

    /// Whether the phase writes one of these settings.
    pub(super) fn writes_one_of(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.writes(name))
    }

    /// Every setting that the phase writes, by name, as the server spells it.
    pub(super) fn written(&self) -> impl Iterator<Item = (&SettingName, &Observed)> {
        let written = self.written.iter();
        written.filter_map(|name| Some((name, self.state.get(name)?.1)))
    }

    /// Whether a setting will be another than what ran when the server was read.
    pub(super) fn moves(&self, name: &str) -> bool {
        if self.raw(name) == self.raw_before(name) {
            return false;
        }
        match (self.value(name), self.value_before(name)) {
            (Some(after), Some(before)) => !after.is_met_by(&before),
            _ => true,
        }
    }

    /// Whether a restart comes with the phase, or is owed already.
    pub(super) fn restarts(&self) -> bool {
        let mut settings = self.target.snapshot.settings.values();
        settings.any(|observed| observed.pending_restart)
            || self
                .written()
                .any(|(_, observed)| observed.effect == Effect::Restart)
    }

    /// The first setting that the phase writes, by name.
    pub(super) fn first_written(&self) -> Option<&SettingName> {
        self.written.first()
    }

    /// The raw value that a setting will have.
    pub(super) fn raw(&self, name: &str) -> Option<&str> {
        let (_, observed) = self.state.get(&SettingName::from(name))?;
        Some(observed.after_restart())
    }

    /// The raw value that a setting had when the server was read.
    pub(super) fn raw_before(&self, name: &str) -> Option<&'a str> {
        let observed = self.target.snapshot.setting(&SettingName::from(name))?;
        Some(observed.running.as_str())
    }

    /// The value that a setting will have.
    pub(super) fn value(&self, name: &str) -> Option<Value> {
        let (_, observed) = self.state.get(&SettingName::from(name))?;
        observed.domain.parse(observed.after_restart()).ok()
    }

    /// The value that ran when the server was read.
    pub(super) fn value_before(&self, name: &str) -> Option<Value> {
        let observed = self.target.snapshot.setting(&SettingName::from(name))?;
        observed.domain.parse(&observed.running).ok()
    }

    /// The elements that a list will have; none where the server has no such setting.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        elements(self.value(name))
    }

    /// The elements that a list had when the server was read.
    pub(super) fn list_before(&self, name: &str) -> Vec<String> {
        elements(self.value_before(name))
    }

    /// The word that one of a fixed set of words will be.
    pub(super) fn word(&self, name: &str) -> Option<String> {
        as_word(self.value(name)?)
    }

    /// The word that it was when the server was read.
    pub(super) fn word_before(&self, name: &str) -> Option<String> {
        as_word(self.value_before(name)?)
    }

    /// A whole number, in the unit of its setting.
    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        self.value(name)?.as_integer()
    }

    /// The whole number that ran when the server was read, in the unit of its setting.
    pub(super) fn integer_before(&self, name: &str) -> Option<i64> {
        self.value_before(name)?.as_integer()
    }

    /// An amount of memory in bytes; `None` also for one that the server works out itself (`-1`).
    pub(super) fn bytes(&self, name: &str) -> Option<u64> {
        let (_, observed) = self.state.get(&SettingName::from(name))?;
        observed.domain.bytes(&self.value(name)?)
    }

    /// The amount of memory that ran when the server was read, in bytes.
    pub(super) fn bytes_before(&self, name: &str) -> Option<u64> {
        let observed = self.target.snapshot.setting(&SettingName::from(name))?;
        observed.domain.bytes(&self.value_before(name)?)
    }

    /// Whether a setting will be on.
    pub(super) fn is_on(&self, name: &str) -> Option<bool> {
        let value = self.value(name)?;
        if let Value::Bool(on) = value {
            return Some(on);
        }
        as_word(value).map(|word| word == "on")
    }

    /// A value as a person reads it; `None` where the server has no such setting.
    pub(super) fn shown(&self, name: &str) -> Option<String> {
        let (_, observed) = self.state.get(&SettingName::from(name))?;
        Some(goal::show(observed, observed.after_restart()))
    }

    /// What the server may take of its machine's memory; `None` where that is not known.
    pub(super) fn takes(&self) -> Option<&Takes> {
        self.takes.get_or_init(|| Takes::of(self)).as_ref()
    }

    /// The sensitive settings that waited for a restart when the server was read.
    pub(super) fn waiting(&self) -> &[(SettingName, Direction)] {
        self.waiting.get_or_init(|| {
            let waiting = cluster::waiting(self.target.snapshot);
            let owned = waiting.map(|(name, direction)| (name.clone(), direction));
            owned.collect()
        })
    }

    /// What the server answered to a question; `None` where it has not been asked yet.
    pub(super) fn answer(&self, question: &Question) -> Option<&'a Answer> {
        self.target.snapshot.answers.get(question)
    }
}

fn elements(value: Option<Value>) -> Vec<String> {
    if let Some(Value::List(elements)) = value {
        return elements;
    }
    if let Some(Value::Set(elements)) = value {
        return elements.into_iter().collect();
    }
    Vec::new()
}

fn as_word(value: Value) -> Option<String> {
    if let Value::Word(word) = value {
        Some(word)
    } else {
        None
    }
}
