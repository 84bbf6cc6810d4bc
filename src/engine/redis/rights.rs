//! What the user may do, without doing it: what asks for a right, and what the answers mean.

use redis::{Cmd, Pipeline, RedisResult, Value};

use super::Redis;
use crate::engine::EngineError;
use crate::snapshot::{Answer, RedisFacts, Right};

/// From this version on rights may be asked for (`ACL DRYRUN`), and are given by subcommand.
const BY_SUBCOMMAND: u32 = 70_000;

/// A name that no setting has, and nothing else: to set it changes nothing, and is refused for want
/// of the right first.
const NO_NAME: &str = "dbtune-asks-whether-it-may";

/// What a run cannot do without, or tells of before it begins.
const OF_RUNS: [Right; 5] = [
    Right::ConfigSet,
    Right::ConfigRewrite,
    Right::ClientSetName,
    Right::ClientId,
    Right::ClientList,
];

/// Of these what may be tried while the lock is held, which is the connection's name.
const TRIED: [Right; 3] = [Right::ConfigSet, Right::ClientList, Right::ConfigRewrite];

/// Whose rights they are, and how that server gives them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rights<'a> {
    pub(super) user: &'a str,
    /// What `CONFIG` is called.
    pub(super) config: &'a str,
    pub(super) version_number: u32,
}

impl Rights<'_> {
    /// Adds what asks for the rights: by `ACL DRYRUN`, or where the server has none by commands that
    /// would be refused for their arguments. Returns which right each answer is about.
    pub(super) fn ask(&self, commands: &mut Pipeline) -> Vec<Right> {
        if !self.is_by_subcommand() {
            return self.try_all(commands);
        }
        for right in OF_RUNS {
            commands.add_command(self.dry_run(right));
        }
        OF_RUNS.to_vec()
    }

    fn try_all(&self, commands: &mut Pipeline) -> Vec<Right> {
        let trials = TRIED.iter().filter_map(|&right| {
            commands.add_command(self.trial(right)?);
            Some(right)
        });
        trials.collect()
    }

    /// What asks the server for a right.
    pub(super) fn dry_run(&self, right: Right) -> Cmd {
        let mut command = redis::cmd("ACL");
        command.arg("DRYRUN").arg(self.user).arg(self.words(right));
        command
    }

    /// A command that changes nothing and that the server refuses for want of the right, if it does.
    /// Before version 7 rights are looked at before the number of arguments; from it on a `CONFIG
    /// REWRITE` that is wrong tells nothing, and there is none.
    pub(super) fn trial(&self, right: Right) -> Option<Cmd> {
        let mut command = Cmd::new();
        command.arg(self.words(right));
        if right == Right::ConfigRewrite {
            if self.is_by_subcommand() {
                return None;
            }
            command.arg(NO_NAME);
        }
        Some(command)
    }

    /// A command that takes the right, by the name that it has on that server.
    fn words(&self, right: Right) -> Vec<&str> {
        const ARGUMENTS: [(Right, &[&str]); 5] = [
            (Right::ConfigGet, &["maxmemory"]),
            (Right::ConfigSet, &[NO_NAME, "0"]),
            (Right::ClientSetName, &[""]),
            (Right::ClientList, &["TYPE", NO_NAME]),
            (Right::AclDryRun, &["default", "ping"]),
        ];
        let more = ARGUMENTS.iter().filter(|(other, _)| *other == right);
        let more = more.flat_map(|(_, words)| words.iter().copied());
        let command = right.command().unwrap_or_default().split('|');
        let named = command.map(|word| if word == "config" { self.config } else { word });
        named.chain(more).collect()
    }

    fn is_by_subcommand(&self) -> bool {
        self.version_number >= BY_SUBCOMMAND
    }

    /// Writes down what is missing. Each sentence has its remedy.
    fn tell(&self, missing: &[Right]) -> Missing {
        let sentence = |rights: &[Right], what: &str| {
            missing.iter().any(|right| rights.contains(right)).then(|| {
                let grant = self.grant(rights);
                format!("user {} may not {what}; {grant}", self.user)
            })
        };
        let client = [Right::ClientSetName, Right::ClientId, Right::ClientList];
        Missing {
            set: sentence(&[Right::ConfigSet], "run CONFIG SET"),
            rewrite: sentence(&[Right::ConfigRewrite], "run CONFIG REWRITE"),
            client: sentence(&client, "list connections (CLIENT LIST)"),
            unknown: None,
        }
    }

    /// What gives the user everything that dbtune uses.
    pub(super) fn grant_all(&self) -> String {
        let mut rights = Right::OF_REDIS.to_vec();
        rights.retain(|right| self.is_by_subcommand() || *right != Right::AclDryRun);
        self.grant(&rights)
    }

    fn grant(&self, rights: &[Right]) -> String {
        let rules = Right::rules(rights.iter().copied(), self.is_by_subcommand());
        format!("ACL SETUSER {} {rules}", self.user)
    }
}

/// What is missing, as sentences.
#[derive(Debug, Default)]
pub(super) struct Missing {
    set: Option<String>,
    rewrite: Option<String>,
    client: Option<String>,
    unknown: Option<String>,
}

impl Missing {
    /// Puts into the facts what does not stand in the way of everything, and returns what does.
    pub(super) fn spread(self, facts: Option<&mut RedisFacts>) -> Vec<String> {
        if let Some(facts) = facts {
            facts.lacks_rewrite = self.rewrite;
            facts.lacks_lock = self.client;
            facts.unknown_rewrite = self.unknown;
        }
        self.set.into_iter().collect()
    }
}

impl Redis {
    /// Whose rights are asked for.
    pub(super) fn rights(&self) -> Rights<'_> {
        Rights {
            user: self.connector.user(),
            config: self.connector.config(),
            version_number: self.version_number,
        }
    }

    /// What the user lacks, by the answers to [`Rights::ask`]. Where these may not be asked, the
    /// server is asked in the other way.
    pub(super) fn missing_rights(
        &mut self,
        about: &[Right],
        answers: &[RedisResult<Value>],
    ) -> Result<Missing, EngineError> {
        let is_dry = self.rights().is_by_subcommand();
        if !is_dry {
            return Ok(self.rights().tell(&lacking(about, answers, trial)));
        }
        if answers.iter().all(Result::is_ok) {
            return Ok(self.rights().tell(&lacking(about, answers, dry_run)));
        }
        let mut commands = redis::pipe();
        let about = self.rights().try_all(&mut commands);
        let answers = self.call_all(&mut commands, "CONFIG SET and CLIENT LIST")?;
        let rights = self.rights();
        let unknown = format!(
            "whether user {} may run CONFIG REWRITE is not known before it is tried; with {} dbtune can \
             ask",
            rights.user,
            rights.grant(&[Right::AclDryRun])
        );
        Ok(Missing {
            unknown: Some(unknown),
            ..rights.tell(&lacking(&about, &answers, trial))
        })
    }
}

/// The rights that the answers deny.
fn lacking(
    about: &[Right],
    answers: &[RedisResult<Value>],
    told: fn(&RedisResult<Value>) -> Answer,
) -> Vec<Right> {
    let pairs = about.iter().zip(answers);
    pairs
        .filter(|(_, answer)| matches!(told(answer), Answer::No(_)))
        .map(|(right, _)| *right)
        .collect()
}

/// What a dry run told: `OK`, or a sentence that says no. An error says that it may not be asked.
pub(super) fn dry_run(answer: &RedisResult<Value>) -> Answer {
    match answer {
        Ok(Value::Okay) => Answer::Yes,
        Ok(value) => Answer::No(redis::from_redis_value_ref(value).unwrap_or_default()),
        Err(error) => Answer::Unknown(error.detail().unwrap_or_default().to_owned()),
    }
}

/// What a trial told: whatever else is wrong with a command, the server has let the user send it.
pub(super) fn trial(answer: &RedisResult<Value>) -> Answer {
    match answer {
        Err(error) if error.code() == Some("NOPERM") => {
            Answer::No(error.detail().unwrap_or_default().to_owned())
        }
        Ok(_) | Err(_) => Answer::Yes,
    }
}
