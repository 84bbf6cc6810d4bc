//! What a plan was made from, so that it can be told later whether any of it has moved.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::profile::{Profile, Wanted};
use crate::setting::{Assignment, EngineKind, is_secret};
use crate::snapshot::Identity;

use super::request::{PlannedTarget, Selection};
use super::seal;
use super::types::{Change, Plan, Seen};

/// What a plan was made from. Holds no secret, and no digest of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Name of the profile.
    pub profile: String,
    /// The file that the profile was read from, as the user wrote the path.
    pub profile_source: String,
    /// A digest of the profile's phases, windows and values, without the secret ones.
    pub profile_digest: String,
    /// What was asked for.
    pub selection: Selection,
    /// The servers that were read.
    pub(super) servers: Vec<ServerPrint>,
    /// The settings that were compared, in the order of the plan.
    pub(super) settings: Vec<SettingPrint>,
}

/// Which server it was, in which life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ServerPrint {
    pub(super) target: String,
    pub(super) engine: EngineKind,
    pub(super) identity: Identity,
}

/// One setting: what was seen and what was wanted; neither where it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SettingPrint {
    pub(super) wanted: Option<Assignment>,
    pub(super) seen: Option<Seen>,
}

impl Fingerprint {
    /// Of a plan, by what it was made from.
    pub fn of(
        plan: &Plan,
        profile: &Profile,
        selection: &Selection,
        targets: &[PlannedTarget<'_>],
    ) -> Self {
        Self {
            profile: profile.name.clone(),
            profile_source: profile.file.clone(),
            profile_digest: profile_digest(profile, targets),
            selection: selection.clone(),
            servers: plan
                .targets
                .iter()
                .map(|target| ServerPrint {
                    target: target.name.clone(),
                    engine: target.engine,
                    identity: target.identity.clone(),
                })
                .collect(),
            settings: plan.changes.iter().map(SettingPrint::of).collect(),
        }
    }
}

impl SettingPrint {
    fn of(change: &Change) -> Self {
        Self {
            wanted: (!change.secret).then(|| change.assignment.clone()),
            seen: (!change.secret).then(|| change.seen.clone()),
        }
    }
}

fn profile_digest(profile: &Profile, targets: &[PlannedTarget<'_>]) -> String {
    let phases = profile.phases.iter().map(|phase| {
        let settings = phase.settings.iter();
        json!({
            "phase": phase.number,
            "window": phase.window.as_ref().map(|window| &window.text),
            "settings": settings.map(|wanted| setting(wanted, targets)).collect::<Value>(),
        })
    });
    seal::digest(&phases.collect())
}

/// A setting without its value where that is secret: a digest of a secret can be guessed at.
fn setting(wanted: &Wanted, targets: &[PlannedTarget<'_>]) -> Value {
    let value = (!holds_secret(wanted, targets)).then_some(&wanted.value);
    json!({
        "engine": wanted.engine,
        "setting": wanted.name.as_str().to_ascii_lowercase(),
        "value": value,
    })
}

/// By its name, or because a server that was read says so.
fn holds_secret(wanted: &Wanted, targets: &[PlannedTarget<'_>]) -> bool {
    let snapshots = targets.iter().map(|target| target.snapshot);
    let mut read = snapshots
        .filter(|snapshot| snapshot.engine == wanted.engine)
        .filter_map(|snapshot| snapshot.setting(&wanted.name));
    is_secret(wanted.engine, &wanted.name) || read.any(|observed| observed.secret)
}
