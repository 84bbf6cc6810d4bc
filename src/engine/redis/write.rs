//! `CONFIG SET` and `CONFIG REWRITE`.

use redis::{Cmd, Value};

use super::{Redis, errors, spec};
use crate::engine::EngineError;
use crate::setting::redis as redis_settings;
use crate::setting::{Assignment, SettingName};

/// From this version on, one command sets several settings: all of them or none.
const SETS_SEVERAL: u32 = 70_000;

/// The setting that one by one must not meet the policy of another limit.
const LIMIT: &str = "maxmemory";

/// One setting and the text to be sent for it.
type Pair<'a> = (&'a SettingName, String);

impl Redis {
    pub(super) fn config_set(
        &mut self,
        writes: &[(SettingName, Assignment)],
    ) -> Result<(), EngineError> {
        let mut pairs = writes
            .iter()
            .map(|(name, assignment)| self.pair(name, assignment))
            .collect::<Result<Vec<_>, _>>()?;
        let at_once = if self.version_number >= SETS_SEVERAL {
            pairs.len().max(1)
        } else {
            if pairs.iter().any(|(name, _)| name.as_str() == LIMIT) {
                let before = self.config_get(LIMIT)?;
                put_in_order(&mut pairs, &before);
            }
            1
        };
        for together in pairs.chunks(at_once) {
            self.set_together(together)?;
        }
        Ok(())
    }

    pub(super) fn config_rewrite(&mut self) -> Result<(), EngineError> {
        let mut command = redis::cmd(self.connector.config());
        command.arg("REWRITE");
        self.call(&command, "CONFIG REWRITE")
            .and_then(|answer| self.expect_ok(&answer, "CONFIG REWRITE"))
    }

    fn config_get(&mut self, name: &str) -> Result<String, EngineError> {
        let mut command = redis::cmd(self.connector.config());
        command.arg("GET").arg(name);
        let shown = format!("CONFIG GET {name}");
        let answer = self.call(&command, &shown)?;
        let pair: Vec<String> = redis::from_redis_value_ref(&answer)
            .map_err(|_other| self.unexpected(&shown, "no pair of texts"))?;
        pair.into_iter()
            .nth(1)
            .ok_or_else(|| self.unexpected(&shown, "no value"))
    }

    fn pair<'a>(
        &self,
        name: &'a SettingName,
        assignment: &Assignment,
    ) -> Result<Pair<'a>, EngineError> {
        match assignment {
            Assignment::Set(literals) => Ok((name, literals.join(" "))),
            Assignment::Reset => Err(self.unexpected(
                &format!("CONFIG SET {name}"),
                "not sent: Redis has no override that could be taken away, only values",
            )),
        }
    }

    fn set_together(&mut self, pairs: &[Pair<'_>]) -> Result<(), EngineError> {
        let mut command = redis::cmd(self.connector.config());
        command.arg("SET");
        for (name, value) in pairs {
            command.arg(name.as_str()).arg(value);
        }
        let shown = shown(pairs);
        let outcome = self.send(&command, &shown);
        outcome.map_err(|error| errors::hide(blame(error, pairs), &secrets(pairs)))
    }

    fn send(&mut self, command: &Cmd, shown: &str) -> Result<(), EngineError> {
        let answer = self.call(command, shown)?;
        self.expect_ok(&answer, shown)
    }

    fn expect_ok(&self, answer: &Value, shown: &str) -> Result<(), EngineError> {
        if *answer == Value::Okay {
            Ok(())
        } else {
            Err(self.unexpected(shown, "another answer than OK"))
        }
    }
}

/// One after the other, a policy must not be used on a limit that it was never to meet: a limit that
/// grows goes before everything, and one that shrinks after it.
fn put_in_order(pairs: &mut [Pair<'_>], before: &str) {
    let limit = |text: &str| {
        let domain = redis_settings::spec(&SettingName::from(LIMIT)).domain;
        let bytes = domain
            .parse(text)
            .ok()
            .and_then(|value| domain.bytes(&value));
        // No limit is the largest.
        bytes.map(|bytes| if bytes == 0 { u64::MAX } else { bytes })
    };
    let after = pairs.iter().find(|(name, _)| name.as_str() == LIMIT);
    let grows = after.is_some_and(|(_, text)| limit(text) > limit(before));
    pairs.sort_by_key(|(name, _)| (name.as_str() == LIMIT) != grows);
}

/// The command as it may be shown.
fn shown(pairs: &[Pair<'_>]) -> String {
    let shown = pairs.iter().map(|(name, value)| {
        if spec::is_secret(name) {
            format!("{name} ***")
        } else if value.is_empty() || value.contains(' ') {
            format!("{name} \"{value}\"")
        } else {
            format!("{name} {value}")
        }
    });
    format!("CONFIG SET {}", shown.collect::<Vec<_>>().join(" "))
}

/// The texts that must not come back in a message of the server.
fn secrets<'a>(pairs: &'a [Pair<'_>]) -> Vec<&'a str> {
    pairs
        .iter()
        .filter(|(name, _)| spec::is_secret(name))
        .map(|(_, value)| value.as_str())
        .collect()
}

/// Names the setting that the server complains of, where it says which or there is only one.
fn blame(mut error: EngineError, pairs: &[Pair<'_>]) -> EngineError {
    if let EngineError::Refused {
        message, setting, ..
    } = &mut error
    {
        let named = pairs
            .iter()
            .find(|(name, _)| message.contains(&format!("'{name}'")));
        let only = pairs.first().filter(|_| pairs.len() == 1);
        *setting = named.or(only).map(|(name, _)| name.as_str().to_owned());
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(before: &str, after: &str) -> Vec<String> {
        let names = ["maxmemory-policy", "maxmemory", "hz"].map(SettingName::from);
        let texts = ["allkeys-lru", after, "20"];
        let mut pairs: Vec<Pair<'_>> = names.iter().zip(texts.map(str::to_owned)).collect();
        put_in_order(&mut pairs, before);
        pairs.iter().map(|(name, _)| name.to_string()).collect()
    }

    #[test]
    fn a_limit_grows_before_the_policy_changes_and_shrinks_after_it() {
        let first = ["maxmemory", "maxmemory-policy", "hz"];
        let last = ["maxmemory-policy", "hz", "maxmemory"];
        assert_eq!(ordered("100", "200mb"), first);
        assert_eq!(ordered("100", "0"), first);
        assert_eq!(ordered("0", "200mb"), last);
        assert_eq!(ordered("209715200", "100mb"), last);
    }
}
