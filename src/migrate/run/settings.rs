//! What is set in a session, and what of it another session that goes on with a file would not have.

use std::collections::BTreeSet;

use crate::engine::EngineError;
use crate::engine::postgresql::literal;
use crate::migrate::worker::{Failed, Worker};

/// What the session has, a line each. Set back to what it was is as if it had not been set; the `lock_timeout` of a
/// transaction is dbtune's own.
const LINES: [&str; 6] = [
    "'role = ' || pg_catalog.current_setting('role')",
    "'session_authorization = ' || session_user",
    "(SELECT pg_catalog.string_agg(s.name || ' = ' || s.setting, E'\\n' ORDER BY s.name)
        FROM pg_catalog.pg_settings s
        WHERE s.source = 'session' AND s.setting <> s.reset_val AND s.name <> 'lock_timeout')",
    "(SELECT pg_catalog.string_agg('prepared statement ' || s.name, E'\\n' ORDER BY s.name)
        FROM pg_catalog.pg_prepared_statements s WHERE s.from_sql)",
    "(SELECT pg_catalog.string_agg('cursor ' || s.name, E'\\n' ORDER BY s.name)
        FROM pg_catalog.pg_cursors s WHERE s.is_holdable)",
    "CASE WHEN pg_catalog.pg_my_temp_schema() <> 0 THEN
        (SELECT pg_catalog.string_agg('temporary ' || s.name, E'\\n' ORDER BY s.name) FROM (
            SELECT relname AS name FROM pg_catalog.pg_class
                WHERE relnamespace = pg_catalog.pg_my_temp_schema() AND relkind <> 'i'
            UNION SELECT proname FROM pg_catalog.pg_proc
                WHERE pronamespace = pg_catalog.pg_my_temp_schema()) AS s) END",
];

/// What the message holds of a transaction that has found something else set at its end.
const CHANGED: &str = "dbtune found another session:";

/// What is asked of a session, as an expression.
pub(super) struct Settings(String);

impl Settings {
    /// With those of applications that the text of a file names: the server lists none of them.
    pub(super) fn that_matter_to(text: &str) -> Self {
        let custom = crate::sql::custom_settings(text);
        let custom = custom.iter().map(|name| {
            let line = literal(&format!("{name} = "));
            format!(
                "{line} || pg_catalog.current_setting({}, true)",
                literal(name)
            )
        });
        let lines = LINES.iter().map(|line| (*line).to_owned());
        let lines: Vec<String> = lines.chain(custom).collect();
        Self(format!(
            "pg_catalog.concat_ws(E'\\n', {})",
            lines.join(", ")
        ))
    }

    /// What the session of a worker has.
    pub(super) fn of(&self, worker: &mut Worker<'_>) -> Result<String, EngineError> {
        let rows = worker
            .session
            .read(&format!("SELECT {}", self.0), "what the session has set")?;
        let cell = rows.into_iter().flatten().flatten().next();
        Ok(cell.unwrap_or_default())
    }

    /// The statement that fails where it has something else than before. (What makes it fail is not known before it is
    /// run.)
    pub(super) fn hold(&self, before: &str) -> String {
        let now = &self.0;
        format!(
            "SELECT CASE WHEN {now} = {} THEN 0 ELSE ('{CHANGED}' || E'\\n' || {now})::int END",
            literal(before)
        )
    }
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
