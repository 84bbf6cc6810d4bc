//! What a targets file says of restarting a target: commands and time limits.

use std::time::Duration;

use crate::cli::duration;
use crate::engine::Target;
use crate::profile::yaml::{Content, Fields};
use crate::profile::{Mistake, Variables, fill};
use crate::setting::EngineKind;

/// How a target is restarted.
#[derive(Debug, Clone)]
pub(super) struct Restarting {
    pub(super) restart: Option<Vec<String>>,
    pub(super) restart_timeout: Duration,
    pub(super) start_timeout: Duration,
    pub(super) rescue: Option<Vec<String>>,
}

impl Restarting {
    /// Reads `restart`, `restart_timeout`, `start_timeout` and `rescue` of one target.
    pub(super) fn read(
        fields: &Fields<'_>,
        engine: Option<EngineKind>,
        variables: &Variables,
        mistakes: &mut Vec<Mistake>,
    ) -> Self {
        if let (Some(EngineKind::Redis), Some((key, _))) = (engine, fields.entry("rescue")) {
            let message = "`rescue` is for PostgreSQL; a Redis takes no options besides its file";
            mistakes.push(Mistake::new(&key.at, message).help("remove it"));
        }
        let mut limit = |key, default| time_limit(fields, key, mistakes).unwrap_or(default);
        let restart_timeout = limit("restart_timeout", Target::RESTART_TIMEOUT);
        let start_timeout = limit("start_timeout", Target::START_TIMEOUT);
        Self {
            restart: command(fields, "restart", variables, mistakes),
            restart_timeout,
            start_timeout,
            rescue: command(fields, "rescue", variables, mistakes),
        }
    }
}

/// A length of time with its unit: `90s`, `5min`.
fn time_limit(fields: &Fields<'_>, key: &str, mistakes: &mut Vec<Mistake>) -> Option<Duration> {
    let (text, at) = fields.text(key, mistakes)?;
    let limit = duration::parse(text.trim()).filter(|limit| !limit.is_zero());
    if limit.is_none() {
        let message = format!("`{key}` is a length of time, not `{text}`");
        let help = "write a whole number and `ms`, `s`, `min` or `h`: `90s`, `5min`";
        mistakes.push(Mistake::new(at, message).help(help));
    }
    limit
}

/// An argument vector.
fn command(
    fields: &Fields<'_>,
    key: &str,
    variables: &Variables,
    mistakes: &mut Vec<Mistake>,
) -> Option<Vec<String>> {
    const HELP: &str = "write the command and its arguments as a sequence, which no shell reads: \
                        `[systemctl, restart, postgresql]`";
    let node = fields.get(key)?;
    let Content::Sequence(items) = &node.content else {
        let message = format!("`{key}` is a sequence of texts, not {}", node.kind());
        mistakes.push(Mistake::new(&node.at, message).help(HELP));
        return None;
    };
    let mut words = Vec::new();
    for item in items {
        let Some(text) = item.text() else {
            let message = format!("an argument is a text; this is {}", item.kind());
            mistakes.push(Mistake::new(&item.at, message));
            continue;
        };
        match fill(text, &item.at, variables) {
            Ok(filled) => words.push(filled.text),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if words
        .first()
        .is_none_or(|program| program.trim().is_empty())
    {
        mistakes.push(Mistake::new(&node.at, format!("`{key}` names no command")).help(HELP));
        return None;
    }
    Some(words)
}
