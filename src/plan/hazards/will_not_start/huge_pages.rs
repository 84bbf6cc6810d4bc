//! Huge pages that nobody has seen to be there.

use super::{Rule, Verdict, nothing_to_ask, unseen};
use crate::plan::after::After;
use crate::plan::memory::{self, View, show};

pub(super) const RULE: Rule = Rule {
    settings: &SETTINGS,
    judge,
    asks: nothing_to_ask,
    before_every_restart: false,
};

/// What decides how many huge pages are needed: their size, and all of the shared memory.
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated while compiling, where an index out of bounds is an error"
)]
const SETTINGS: [&str; memory::OF_SHARED_MEMORY.len() + 2] = {
    let mut names = ["huge_pages"; memory::OF_SHARED_MEMORY.len() + 2];
    names[1] = "huge_page_size";
    let mut at = 0;
    while at < memory::OF_SHARED_MEMORY.len() {
        names[at + 2] = memory::OF_SHARED_MEMORY[at];
        at += 1;
    }
    names
};

/// The size of a huge page where nothing else is said: of Linux on x86-64 and most of arm64.
const USUAL_SIZE: u64 = 2 << 20;

/// With `on` the server does not start without them (seen on 13, 15 and 18), and SQL does not tell
/// how many are free. Where they are in use and no more are needed, the next start has them too.
fn judge(after: &After<'_>) -> Vec<Verdict> {
    if after.word("huge_pages").as_deref() != Some("on") {
        return Vec::new();
    }
    let (shared, before) = (
        memory::shared(View::of(after)),
        memory::shared(View::before(after)),
    );
    let grows = match (shared, before) {
        (Some(shared), Some(before)) => shared > before,
        (None, _) | (_, None) => true,
    };
    if are_in_use(after) && !grows && !after.moves("huge_page_size") {
        return Vec::new();
    }
    let size = after
        .bytes("huge_page_size")
        .filter(|size| *size > 0)
        .unwrap_or(USUAL_SIZE);
    let how_many = shared.map_or_else(
        || "enough huge pages".to_owned(),
        |shared| {
            format!(
                "about {} huge pages of {}",
                shared.div_ceil(size),
                show(size)
            )
        },
    );
    let why = format!(
        "huge_pages is on, and SQL does not tell whether the machine of {} has {how_many} free \
         (vm.nr_hugepages); with huge_pages = try it starts either way",
        after.target.name()
    );
    vec![unseen(why)]
}

/// `huge_pages_status` tells since 17 what became of `try`.
fn are_in_use(after: &After<'_>) -> bool {
    let runs = |name| after.word_before(name).as_deref() == Some("on");
    runs("huge_pages") || runs("huge_pages_status")
}
