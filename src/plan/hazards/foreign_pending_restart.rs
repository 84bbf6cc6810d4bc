//! Another setting waits for a restart already and would come into effect with it.

use crate::plan::goal;
use crate::plan::types::{Hazard, HazardKind};
use crate::setting::SettingName;
use crate::snapshot::Snapshot;

use super::{Subject, warning};

/// A setting that waits for a restart and that the plan has nothing to do with.
pub(in crate::plan) struct Foreign {
    /// The setting, as the server spells it.
    name: SettingName,
    /// What runs, as shown.
    running: String,
    /// What a restart brings, as shown, where that can be read.
    configured: Option<String>,
}

/// The settings of a target that wait for a restart and that the plan does not show.
pub(in crate::plan) fn waiting(
    snapshot: &Snapshot,
    is_shown: impl Fn(&SettingName) -> bool,
) -> Vec<Foreign> {
    let settings = snapshot.settings.iter();
    settings
        .filter(|(name, observed)| observed.pending_restart && !is_shown(name))
        .map(|(name, observed)| Foreign {
            name: name.clone(),
            running: goal::show(observed, &observed.running),
            configured: observed
                .configured
                .as_deref()
                .map(|raw| goal::show(observed, raw)),
        })
        .collect()
}

/// Names what else a restart would bring.
pub(super) fn find(subject: &Subject<'_>) -> Option<Hazard> {
    let foreign = subject.occasion.foreign;
    if foreign.is_empty() || !subject.needs_restart() {
        return None;
    }
    let named: Vec<String> = foreign.iter().map(describe).collect();
    let message = format!(
        "a restart of {} also brings what waits for one already: {}",
        subject.target.name(),
        named.join(", ")
    );
    Some(warning(HazardKind::ForeignPendingRestart, message))
}

fn describe(foreign: &Foreign) -> String {
    let Foreign {
        name,
        running,
        configured,
    } = foreign;
    match configured {
        Some(configured) => {
            format!(
                "{name} from {} to {}",
                visible(running),
                visible(configured)
            )
        }
        None => format!("{name}, now {running}"),
    }
}

/// A value that can be seen: an empty one in quotes.
fn visible(value: &str) -> &str {
    if value.is_empty() { "''" } else { value }
}
