//! What is set in a session, and what of it another session that goes on with a file would not have.

use std::collections::BTreeSet;

use crate::engine::EngineError;
use crate::engine::postgresql::literal;
use crate::migrate::worker::{Failed, Worker};

/// What is set in this session, a line each. The `lock_timeout` of a transaction is dbtune's own.
const SETTINGS: &str = "\
    (SELECT pg_catalog.concat_ws(E'\\n', 'role = ' || pg_catalog.current_setting('role'), \
     'session_authorization = ' || session_user, \
     pg_catalog.string_agg(s.name || ' = ' || s.setting, E'\\n' ORDER BY s.name)) \
     FROM pg_catalog.pg_settings s WHERE s.source = 'session' AND s.name <> 'lock_timeout')";

/// What the message holds of a transaction that has found something else set at its end.
const CHANGED: &str = "dbtune found another session:";

/// What is set in the session of a worker.
pub(super) fn of(worker: &mut Worker<'_>) -> Result<String, EngineError> {
    let rows = worker
        .session
        .read(&format!("SELECT {SETTINGS}"), "what the session has set")?;
    let cell = rows.into_iter().flatten().flatten().next();
    Ok(cell.unwrap_or_default())
}

/// The statement that fails where something else is set than was before. (What makes it fail is not known before it
/// is run.)
pub(super) fn hold(before: &str) -> String {
    format!(
        "SELECT CASE WHEN {SETTINGS} = {} THEN 0 ELSE ('{CHANGED}' || E'\\n' || {SETTINGS})::int END",
        literal(before)
    )
}

/// What a statement has set, where it failed for that.
pub(super) fn changed(before: &str, failed: &Failed) -> Option<String> {
    let Failed::Server { error, .. } = failed else {
        return None;
    };
    let (_, after) = error.message.split_once(CHANGED)?;
    let after = after.trim_end_matches('"');
    let before: BTreeSet<&str> = before.lines().collect();
    let after: BTreeSet<&str> = after.lines().filter(|line| !line.is_empty()).collect();
    let set: Vec<&str> = after.difference(&before).copied().collect();
    if !set.is_empty() {
        return Some(set.join(", "));
    }
    let reset = before.difference(&after).copied();
    Some(format!("no more {}", reset.collect::<Vec<_>>().join(", ")))
}
