//! The change would not outlive a restart of the server.

use crate::plan::need::Need;
use crate::plan::types::{Hazard, HazardKind};
use crate::setting::EngineKind;

use super::{Subject, blocking, warning};

/// A Redis keeps a change only where it is told to rewrite a configuration file that it has.
pub(super) fn find(subject: &Subject<'_>) -> Option<Hazard> {
    let target = subject.target;
    match target.snapshot.engine {
        EngineKind::Postgresql => return None,
        EngineKind::Redis => {}
    }
    if subject.need != Need::Write || (target.persist && target.snapshot.persisted_in.is_some()) {
        return None;
    }
    let name = target.name();
    if !target.persist && target.persist_stated {
        let message = format!(
            "`persist: none` is stated for {name}: the change is lost when it restarts, unless its \
             configuration file says the same"
        );
        return Some(warning(HazardKind::NotPersisted, message));
    }
    let message = format!(
        "{name} runs without a configuration file, so the change is lost when it restarts; start \
         it with one, or state `persist: none` for it in the targets file"
    );
    Some(blocking(HazardKind::NotPersisted, message))
}
