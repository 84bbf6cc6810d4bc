//! Dropping what is INVALID: what stands in the way of a build, and what one that failed has left.

use std::time::Duration;

use super::catalogue::{self, Found, Table};
use super::outcome::{NotBuilt, words_of};
use crate::migrate::Event;
use crate::migrate::worker::{Failed, Worker};

/// How long cleaning up after a failed build may be held up by others.
pub(super) const CLEANUP_LIMIT: Duration = Duration::from_secs(10);

/// Drops what a failed build has left. Returns a sentence of what could not be dropped, and why.
pub(super) fn clean_up(
    worker: &mut Worker<'_>,
    table: &Table,
    name: &str,
    failed: &Failed,
) -> Option<String> {
    if failed.is_lost() {
        return None;
    }
    let shield = worker.interrupt.shield();
    let left = drop_leftover(worker, table, name);
    drop(shield);
    left
}

fn drop_leftover(worker: &mut Worker<'_>, table: &Table, name: &str) -> Option<String> {
    let found = match catalogue::index(&mut worker.session, table, name) {
        Ok(found) => found.filter(|found| !found.is_valid && found.table_oid == table.oid)?,
        Err(error) => return Some(left_invalid(name, &error.to_string())),
    };
    let dropped = drop_invalid(worker, &found.name.to_string(), Some(CLEANUP_LIMIT));
    let failed = dropped.err()?;
    Some(left_invalid(&found.name.to_string(), &words_of(&failed)))
}

fn left_invalid(name: &str, why: &str) -> String {
    format!(
        "{name} is left INVALID, because it could not be dropped ({why}): no query uses it, and the next \
         run drops it"
    )
}

/// Drops an INVALID index that stands in the way; where that fails the index is what is left.
pub(super) fn drop_or_tell(worker: &mut Worker<'_>, found: &Found) -> Result<(), NotBuilt> {
    let index = found.name.to_string();
    drop_invalid(worker, &index, None).map_err(|failed| NotBuilt::Failed {
        left: Some(left_invalid(&index, &words_of(&failed))),
        failed: Box::new(failed),
    })
}

/// Drops an INVALID index without holding anybody up.
pub(super) fn drop_invalid(
    worker: &mut Worker<'_>,
    index: &str,
    limit: Option<Duration>,
) -> Result<(), Failed> {
    let what = format!("DROP INDEX CONCURRENTLY {index}");
    (worker.tell)(Event::DroppingInvalid {
        index: index.to_owned(),
    });
    worker.lift_limits(&what)?;
    let limit = limit.or(worker.options.build_timeout);
    worker.run_held_up(&what, &what, limit).map(drop)
}
