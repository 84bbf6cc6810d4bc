//! `CONFIG SET` and `CONFIG REWRITE`.

use redis::{Cmd, Value};

use super::{Redis, errors, spec};
use crate::engine::EngineError;
use crate::setting::{Assignment, SettingName};

/// From this version on, one command sets several settings: all of them or none.
const SETS_SEVERAL: u32 = 70_000;

/// One setting and the text to be sent for it.
type Pair<'a> = (&'a SettingName, String);

impl Redis {
    pub(super) fn config_set(
        &mut self,
        writes: &[(SettingName, Assignment)],
    ) -> Result<(), EngineError> {
        let pairs = writes
            .iter()
            .map(|(name, assignment)| self.pair(name, assignment))
            .collect::<Result<Vec<_>, _>>()?;
        let at_once = if self.version_number >= SETS_SEVERAL {
            pairs.len().max(1)
        } else {
            1
        };
        for together in pairs.chunks(at_once) {
            self.set_together(together)?;
        }
        Ok(())
    }

    pub(super) fn config_rewrite(&mut self) -> Result<(), EngineError> {
        let mut command = redis::cmd("CONFIG");
        command.arg("REWRITE");
        self.call(&command, "CONFIG REWRITE")
            .and_then(|answer| self.expect_ok(&answer, "CONFIG REWRITE"))
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
        let mut command = redis::cmd("CONFIG");
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
