//! Reading what the server is and what its settings are.

use std::collections::BTreeMap;

use redis::{RedisResult, Value};

use super::info::Info;
use super::process::Process;
use super::{Redis, errors, facts, rewrite, spec};
use crate::engine::{Engine as _, EngineError};
use crate::setting::{EngineKind, SettingName};
use crate::snapshot::{Identity, Snapshot};

impl Redis {
    /// Reads everything in one round trip.
    pub(super) fn read_snapshot(&mut self) -> Result<Snapshot, EngineError> {
        let mut commands = redis::pipe();
        // Without a section: some servers take only one, and none of the others is long.
        commands.cmd("INFO");
        commands.cmd(self.connector.config()).arg("GET").arg("*");
        commands.cmd("ACL").arg("WHOAMI");
        let about = self.rights().ask(&mut commands);
        let mut answers = self
            .call_all(&mut commands, "INFO and CONFIG GET *")?
            .into_iter();
        let text = self.text(answers.next(), "INFO")?;
        let info = Info::read(&text);
        let settings = self.settings(answers.next(), &info)?;
        // Older servers and lesser users have no ACL command; there is one user then, as far as
        // anybody can see.
        let user = self
            .text(answers.next(), "ACL WHOAMI")
            .unwrap_or_else(|_refused| "default".to_owned());
        let missing = self.missing_rights(&about, answers.as_slice())?;
        let mut snapshot = self.described(&info, settings, user)?;
        snapshot.missing_rights = missing.spread(snapshot.facts.redis.as_mut());
        Ok(snapshot)
    }

    fn settings(
        &self,
        answer: Option<RedisResult<Value>>,
        info: &Info<'_>,
    ) -> Result<BTreeMap<SettingName, String>, EngineError> {
        if let Some(Err(error)) = &answer {
            return Err(errors::of_reading(
                self.target(),
                error,
                &self.rights(),
                info,
            ));
        }
        self.pairs(answer, "CONFIG GET *")
    }

    fn described(
        &self,
        info: &Info<'_>,
        settings: BTreeMap<SettingName, String>,
        user: String,
    ) -> Result<Snapshot, EngineError> {
        let identity = identity(info, user).map_err(|reason| self.unexpected("INFO", reason))?;
        let protected = settings.get(&SettingName::from("enable-protected-configs"));
        let server = spec::Server::new(info, protected.map(String::as_str))
            .map_err(|reason| self.unexpected("INFO", reason))?;
        let settings = settings
            .into_iter()
            .map(|(name, running)| {
                let observed = server.observed(&name, running);
                (name, observed)
            })
            .collect();
        let config_file = info.field("config_file").unwrap_or_default();
        let mut facts = facts::read(info);
        let process = self
            .connector
            .is_local()
            .then(|| Process::of(info))
            .flatten();
        facts.on_this_host = process.is_some();
        if let (Some(redis), Some(process), false) =
            (&mut facts.redis, &process, config_file.is_empty())
        {
            redis.rewrite = Some(rewrite::look(process, config_file, &settings));
        }
        Ok(Snapshot {
            target: self.target().to_owned(),
            engine: EngineKind::Redis,
            address: self.connector.address().to_owned(),
            identity,
            settings,
            file_problems: Vec::new(),
            files_readable: false,
            persisted_in: (!config_file.is_empty()).then(|| config_file.to_owned()),
            missing_rights: Vec::new(),
            facts,
            answers: BTreeMap::new(),
        })
    }

    fn text(
        &self,
        answer: Option<RedisResult<Value>>,
        command: &str,
    ) -> Result<String, EngineError> {
        self.answered(answer, command)
            .and_then(|value| lossy(&value).ok_or_else(|| self.unexpected(command, "no text")))
    }

    fn pairs(
        &self,
        answer: Option<RedisResult<Value>>,
        command: &str,
    ) -> Result<BTreeMap<SettingName, String>, EngineError> {
        let value = self.answered(answer, command)?;
        value
            .as_map_iter()
            .and_then(|pairs| {
                pairs
                    .map(|(name, value)| Some((SettingName::new(lossy(name)?), lossy(value)?)))
                    .collect()
            })
            .ok_or_else(|| self.unexpected(command, "no pairs of texts"))
    }

    fn answered(
        &self,
        answer: Option<RedisResult<Value>>,
        command: &str,
    ) -> Result<Value, EngineError> {
        match answer {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => Err(errors::of_command(self.target(), command, None, &error)),
            None => Err(self.unexpected(command, "no answer in its place")),
        }
    }
}

/// A text as Redis sends it: bytes, in whatever encoding the file had.
fn lossy(value: &Value) -> Option<String> {
    if let Value::BulkString(bytes) = value {
        return Some(String::from_utf8_lossy(bytes).into_owned());
    }
    redis::from_redis_value_ref(value).ok()
}

fn identity(server: &Info<'_>, user: String) -> Result<Identity, String> {
    Ok(Identity {
        version: server.required("redis_version")?.to_owned(),
        version_number: server.version_number()?,
        system: server.required("run_id")?.to_owned(),
        started_at: server.started_at()?,
        role: match server.required("role")? {
            "slave" => "replica".to_owned(),
            role => role.to_owned(),
        },
        user,
    })
}
