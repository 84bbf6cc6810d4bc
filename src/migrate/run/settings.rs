//! What is set in a session, and what of it another session that goes on with a file would not have.

use std::collections::BTreeSet;

use crate::engine::EngineError;
use crate::engine::postgresql::literal;
use crate::migrate::worker::{Failed, Worker};

/// What the session has, a line each: what is set to something else than it would be otherwise, and what belongs to the
/// session alone. The `lock_timeout` of a transaction is dbtune's own.
const LINES: [&str; 4] = [
    "SELECT 'role = ' || pg_catalog.current_setting('role')",
    "SELECT 'session_authorization = ' || session_user",
    "SELECT 'prepared statement ' || p.name FROM pg_catalog.pg_prepared_statements p WHERE p.from_sql",
    "SELECT 'cursor ' || c.name FROM pg_catalog.pg_cursors c WHERE c.is_holdable",
];

/// What is made temporary; not asked where there is no schema for it.
const TEMPORARY: &str = "SELECT 'temporary ' || t.name FROM (
        SELECT relname AS name FROM pg_catalog.pg_class
            WHERE relnamespace = pg_catalog.pg_my_temp_schema() AND relkind <> 'i'
        UNION SELECT proname FROM pg_catalog.pg_proc
            WHERE pronamespace = pg_catalog.pg_my_temp_schema()) AS t
    WHERE pg_catalog.pg_my_temp_schema() <> 0";

/// What the message holds of a transaction that has found something else set at its end.
const CHANGED: &str = "dbtune found another session:";

/// What is asked of a session, as an expression.
#[derive(Debug)]
pub(crate) struct Settings(String);

impl Settings {
    /// With those of applications that the text of a file names: the server lists none of them. Without what the text
    /// sets or makes for a transaction alone: before the commit that looks the same.
    pub(super) fn that_matter_to(text: &str) -> Self {
        let named = crate::sql::named_settings(text);
        let mut lines: Vec<String> = LINES.iter().map(|line| (*line).to_owned()).collect();
        let local: Vec<String> = named.local.iter().map(|name| literal(name)).collect();
        let ours = literal("lock_timeout");
        let left_out = local
            .iter()
            .fold(ours, |all, name| format!("{all}, {name}"));
        lines.push(format!(
            "SELECT s.name || ' = ' || s.setting FROM pg_catalog.pg_settings s \
             WHERE s.source = 'session' AND s.setting <> s.reset_val AND s.name NOT IN ({left_out})"
        ));
        lines.extend(named.custom.difference(&named.local).map(|name| {
            // A check of the name alone leaves it there with nothing in it; that of an extension is listed.
            let (name, line) = (literal(name), literal(&format!("{name} = ")));
            format!(
                "SELECT {line} || nullif(pg_catalog.current_setting({name}, true), '') \
                 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_settings s WHERE s.name = {name})"
            )
        }));
        if !text.to_ascii_lowercase().contains("on commit drop") {
            lines.push(TEMPORARY.to_owned());
        }
        Self(format!(
            "(SELECT pg_catalog.string_agg(l.line, E'\\n' ORDER BY l.line) FROM ({}) AS l (line))",
            lines.join(" UNION ")
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
