//! What the user may do, without doing it.

use redis::{Pipeline, RedisResult, Value};

use super::Redis;
use crate::engine::EngineError;
use crate::snapshot::RedisFacts;

/// From this version on rights may be asked for (`ACL DRYRUN`), and are given by subcommand.
const BY_SUBCOMMAND: u32 = 70_000;

/// A name that no setting has: to set it changes nothing, and is refused for want of the right first.
const PROBE: &str = "dbtune-probe";

/// A right that dbtune needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    /// `CONFIG SET`
    Set,
    /// `CONFIG REWRITE`
    Rewrite,
    /// `CLIENT SETNAME`, `CLIENT ID` and `CLIENT LIST`, by which runs see each other.
    Client,
}

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
        if self.version_number < BY_SUBCOMMAND {
            return self.probe(commands);
        }
        let mut about = Vec::new();
        let mut dry = |right, words: &[&str]| {
            commands.cmd("ACL").arg("DRYRUN").arg(self.user).arg(words);
            about.push(right);
        };
        dry(Right::Set, &[self.config, "SET", PROBE, "0"]);
        dry(Right::Rewrite, &[self.config, "REWRITE"]);
        dry(Right::Client, &["CLIENT", "SETNAME", PROBE]);
        dry(Right::Client, &["CLIENT", "ID"]);
        dry(Right::Client, &["CLIENT", "LIST"]);
        about
    }

    /// The same by commands that are wrong. Before version 7 rights are looked at before the number of
    /// arguments; from it on a `CONFIG REWRITE` that is wrong tells nothing.
    fn probe(&self, commands: &mut Pipeline) -> Vec<Right> {
        commands.cmd(self.config).arg(&["SET", PROBE, "0"]);
        commands.cmd("CLIENT").arg(&["LIST", "TYPE", PROBE]);
        let mut about = vec![Right::Set, Right::Client];
        if self.version_number < BY_SUBCOMMAND {
            commands.cmd(self.config).arg(&["REWRITE", PROBE]);
            about.push(Right::Rewrite);
        }
        about
    }

    /// Writes down what is missing. Each sentence has its remedy.
    fn tell(&self, missing: &[Right]) -> Missing {
        let sentence = |right: Right, what: &str| {
            missing.contains(&right).then(|| {
                let grant = self.grant(self.rules(right));
                format!("user {} may not {what}; {grant}", self.user)
            })
        };
        Missing {
            set: sentence(Right::Set, "run CONFIG SET"),
            rewrite: sentence(Right::Rewrite, "run CONFIG REWRITE"),
            client: sentence(Right::Client, "list connections (CLIENT LIST)"),
            unknown: None,
        }
    }

    /// What gives the user everything that dbtune uses.
    pub(super) fn grant_all(&self) -> String {
        if self.version_number < BY_SUBCOMMAND {
            return self.grant("+info +config +client +acl|whoami");
        }
        self.grant(
            "+info +config|get +config|set +config|rewrite +client|setname +client|id +client|list \
             +acl|whoami +acl|dryrun",
        )
    }

    fn grant(&self, rules: &str) -> String {
        format!("ACL SETUSER {} {rules}", self.user)
    }

    fn rules(&self, right: Right) -> &'static str {
        let by_subcommand = self.version_number >= BY_SUBCOMMAND;
        match right {
            Right::Client if by_subcommand => "+client|setname +client|id +client|list",
            Right::Client => "+client",
            Right::Set if by_subcommand => "+config|set",
            Right::Rewrite if by_subcommand => "+config|rewrite",
            Right::Set | Right::Rewrite => "+config",
        }
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
        let is_dry = self.version_number >= BY_SUBCOMMAND;
        if !is_dry || !answers.iter().any(Result::is_err) {
            let missing = lacking(about, answers, is_dry);
            return Ok(self.rights().tell(&missing));
        }
        let mut commands = redis::pipe();
        let about = self.rights().probe(&mut commands);
        let answers = self.call_all(&mut commands, "CONFIG SET and CLIENT LIST")?;
        let missing = lacking(&about, &answers, false);
        let rights = self.rights();
        let unknown = format!(
            "whether user {} may run CONFIG REWRITE is not known before it is tried; with {} dbtune can \
             ask",
            rights.user,
            rights.grant("+acl|dryrun")
        );
        Ok(Missing {
            unknown: Some(unknown),
            ..rights.tell(&missing)
        })
    }
}

/// The rights that the answers deny. A dry run answers OK or says in a text what is missing.
fn lacking(about: &[Right], answers: &[RedisResult<Value>], is_dry: bool) -> Vec<Right> {
    let denies = |answer: &RedisResult<Value>| match answer {
        Ok(value) => is_dry && *value != Value::Okay,
        Err(error) => error.code() == Some("NOPERM"),
    };
    let pairs = about.iter().zip(answers);
    pairs
        .filter(|(_, answer)| denies(answer))
        .map(|(right, _)| *right)
        .collect()
}
