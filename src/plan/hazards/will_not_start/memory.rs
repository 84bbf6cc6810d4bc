//! More shared memory than the machine has.

use super::{Rule, Verdict, fails, nothing_to_ask};
use crate::plan::after::After;
use crate::plan::memory::{self, View, show};

pub(super) const RULE: Rule = Rule {
    settings: &memory::OF_SHARED_MEMORY,
    judge,
    asks: nothing_to_ask,
    before_every_restart: false,
};

/// Seen on 13, 15 and 18: "could not map anonymous shared memory: Cannot allocate memory". That it
/// fits proves little: the pages are taken up only when they are used.
fn judge(after: &After<'_>) -> Vec<Verdict> {
    let (Some(shared), Some(memory)) = (
        memory::shared(View::of(after)),
        &after.target.snapshot.facts.memory,
    ) else {
        return Vec::new();
    };
    if shared <= memory.bytes {
        return Vec::new();
    }
    let why = format!(
        "it would need {} of shared memory, and {} gives it {}; lower shared_buffers",
        show(shared),
        memory.from,
        show(memory.bytes)
    );
    vec![fails(after, why)]
}
