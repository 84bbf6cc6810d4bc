//! What the user may do. From version 7 on the server tells without anything being done
//! (`ACL DRYRUN`); before that, and to a user who may not ask so, commands that change nothing tell.

use std::collections::{BTreeMap, BTreeSet};

use redis::{RedisResult, Value};

use super::Redis;
use super::rights::{self, Rights};
use crate::engine::EngineError;
use crate::snapshot::{Answer, Examination, Right};

const ASKING: &str = "ACL DRYRUN";
const TRYING: &str = "the look at its rights";

impl Redis {
    pub(super) fn look_at_rights(&mut self) -> Result<Examination, EngineError> {
        let rights = match self.by_dry_run()? {
            Some(rights) => rights,
            None => self.by_trying()?,
        };
        Ok(Examination {
            rights,
            not_alterable: BTreeSet::new(),
            encrypted: None,
            auto_conf: Answer::Unknown("Redis has no such file".to_owned()),
        })
    }

    /// `None` where the server does not know the command or the user may not send it.
    fn by_dry_run(&mut self) -> Result<Option<BTreeMap<Right, Answer>>, EngineError> {
        let user = self.user()?;
        let rights = Rights {
            user: &user,
            ..self.rights()
        };
        let mut commands = redis::pipe();
        for right in Right::OF_REDIS {
            commands.add_command(rights.dry_run(right));
        }
        let answers = self.call_all(&mut commands, ASKING)?;
        let may_ask = answers.iter().all(Result::is_ok);
        let told = answers.iter().map(rights::dry_run);
        Ok(may_ask.then(|| Right::OF_REDIS.into_iter().zip(told).collect()))
    }

    fn user(&mut self) -> Result<String, EngineError> {
        let mut command = redis::cmd("ACL");
        command.arg("WHOAMI");
        let named = match self.call(&command, "ACL WHOAMI") {
            Ok(value) => redis::from_redis_value::<String>(value).ok(),
            Err(EngineError::Refused { .. }) => None,
            Err(error) => return Err(error),
        };
        let from_url = || self.connector.username().unwrap_or("default").to_owned();
        Ok(named.unwrap_or_else(from_url))
    }

    fn by_trying(&mut self) -> Result<BTreeMap<Right, Answer>, EngineError> {
        let asked = self.rights();
        let mut commands = redis::pipe();
        let mut tried = Vec::new();
        for right in Right::OF_REDIS {
            if let Some(command) = asked.trial(right) {
                commands.add_command(command);
                tried.push(right);
            }
        }
        let answers = self.call_all(&mut commands, TRYING)?;
        let mut rights: BTreeMap<Right, Answer> =
            tried.into_iter().zip(answers.iter().map(trial)).collect();
        for right in Right::OF_REDIS {
            rights.entry(right).or_insert_with(|| {
                Answer::Unknown("it cannot be asked for without doing it".to_owned())
            });
        }
        Ok(rights)
    }
}

/// What trying told. A command that the server does not know nobody may send.
fn trial(answer: &RedisResult<Value>) -> Answer {
    let said = answer.as_ref().err().and_then(redis::RedisError::detail);
    match said {
        Some(said) if said.contains("unknown command") => Answer::No(said.to_owned()),
        Some(said) if said.contains("nknown subcommand") => Answer::Unknown(said.to_owned()),
        Some(_) | None => rights::trial(answer),
    }
}
