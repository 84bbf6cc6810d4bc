//! A Redis would keep nothing on disk any more: its next restart loses every key.

use crate::plan::types::{Hazard, HazardKind};
use crate::setting::{EngineKind, Value};

use super::{Subject, blocking};

/// The two ways in which a Redis keeps its keys.
const WAYS: [&str; 2] = ["save", "appendonly"];

/// Told where the last of the two ways goes, and not where there was none before.
pub(super) fn find(subject: &Subject<'_>) -> Option<Hazard> {
    let snapshot = subject.target.snapshot;
    if snapshot.engine != EngineKind::Redis || !subject.writes_one_of(&WAYS) {
        return None;
    }
    let after = subject.after();
    let [save, append] = WAYS;
    let keeps = |points: Option<Value>, log: Option<Value>| {
        let saves = matches!(points, Some(Value::SavePoints(points)) if !points.is_empty());
        saves || log != Some(Value::Bool(false))
    };
    let before = keeps(after.value_before(save), after.value_before(append));
    if !before || keeps(after.value(save), after.value(append)) {
        return None;
    }
    let keys = snapshot.facts.redis.as_ref().map_or(0, |facts| facts.keys);
    let message = format!(
        "{} would keep nothing on disk any more (`save` is empty and `appendonly` off): its next restart \
         loses every key, {keys} of them now",
        snapshot.target
    );
    Some(blocking(HazardKind::NotPersisted, message))
}
