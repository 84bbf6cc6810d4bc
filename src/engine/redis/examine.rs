//! What the user may do. From version 7 on the server tells without anything being done
//! (`ACL DRYRUN`); before that, and to a user who may not ask so, commands that change nothing tell.

use std::collections::{BTreeMap, BTreeSet};

use redis::{Cmd, RedisResult, Value};

use super::Redis;
use crate::engine::EngineError;
use crate::snapshot::{Answer, Examination, Right};

const ASKING: &str = "ACL DRYRUN";
const TRYING: &str = "the look at its rights";

/// A name that no server has: a `CONFIG SET` of it changes nothing, and is refused for another
/// reason by those who let the user in.
const NO_SETTING: &str = "dbtune-asks-whether-it-may";

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
        let mut commands = redis::pipe();
        for right in Right::OF_REDIS {
            let mut command = redis::cmd("ACL");
            command.arg("DRYRUN").arg(&user).arg(self.example(right));
            commands.add_command(command);
        }
        let answers = self.call_all(&mut commands, ASKING)?;
        let told = Right::OF_REDIS.into_iter().zip(&answers);
        Ok(told
            .map(|(right, answer)| Some((right, dry_run(answer)?)))
            .collect())
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
        let mut commands = redis::pipe();
        let tried: Vec<Right> = Right::OF_REDIS
            .into_iter()
            .filter(|right| can_be_tried(*right))
            .collect();
        for right in &tried {
            let words = self.example(*right);
            let mut words = words.iter();
            let mut command = Cmd::new();
            command.arg(words.next()).arg(words.collect::<Vec<_>>());
            commands.add_command(command);
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

impl Redis {
    /// A command that is as short as the server lets it be, by the names that it has there.
    fn example(&self, right: Right) -> Vec<String> {
        let named = |word: &str| {
            if word.eq_ignore_ascii_case("config") {
                self.connector.config().to_owned()
            } else {
                word.to_owned()
            }
        };
        example(right).into_iter().map(named).collect()
    }
}

/// A command that is as short as the server lets it be.
fn example(right: Right) -> Vec<&'static str> {
    const ARGUMENTS: [(Right, &[&str]); 4] = [
        (Right::ConfigGet, &["maxmemory"]),
        (Right::ConfigSet, &[NO_SETTING, "0"]),
        (Right::ClientSetName, &[""]),
        (Right::AclDryRun, &["default", "ping"]),
    ];
    let given = ARGUMENTS.iter().find(|(other, _)| *other == right);
    let words = right.command().unwrap_or_default().split('|');
    words
        .chain(given.iter().flat_map(|(_, words)| words.iter().copied()))
        .collect()
}

/// A `CONFIG REWRITE` cannot be tried without rewriting.
fn can_be_tried(right: Right) -> bool {
    right != Right::ConfigRewrite
}

/// What a dry run told: `OK`, or a sentence that says no. An error says that it may not be asked.
fn dry_run(answer: &RedisResult<Value>) -> Option<Answer> {
    let value = answer.as_ref().ok()?;
    if *value == Value::Okay {
        return Some(Answer::Yes);
    }
    let said = redis::from_redis_value_ref::<String>(value).ok()?;
    Some(if said == "OK" {
        Answer::Yes
    } else {
        Answer::No(said)
    })
}

/// What trying told: whatever else is wrong with a command, the server has let the user send it.
fn trial(answer: &RedisResult<Value>) -> Answer {
    let Err(error) = answer else {
        return Answer::Yes;
    };
    let said = error.detail().unwrap_or_default();
    if error.code() == Some("NOPERM") || said.contains("unknown command") {
        Answer::No(said.to_owned())
    } else if said.contains("nknown subcommand") {
        Answer::Unknown(said.to_owned())
    } else {
        Answer::Yes
    }
}
