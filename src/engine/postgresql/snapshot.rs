//! Reading what the server is and what its settings are.

use std::collections::{BTreeMap, BTreeSet};

use postgres::error::SqlState;

use super::files::Files;
use super::rows::{self, Row};
use super::session::{Answer, Failure};
use super::settings::{self, Context};
use super::{Postgres, errors, facts, manager, overrides, sql};
use crate::engine::{Engine as _, EngineError};
use crate::setting::{EngineKind, SettingName};
use crate::snapshot::{Identity, Observed, Override, Snapshot};

/// What the reading is called in errors.
const READING: &str = "the query of its settings";

impl Postgres {
    /// Reads everything in one round trip; in two where the role may not see the files.
    pub(super) fn read_snapshot(&mut self) -> Result<Snapshot, EngineError> {
        let answer = self.ask_for_everything()?;
        let memory = self.memory()?;
        let mut sets = rows::result_sets(&answer).into_iter();
        let mut next = || sets.next().unwrap_or_default();
        let files = if self.files_refused {
            None
        } else {
            Some(Files::read(&next()))
        };
        let sets = Sets {
            identity: next(),
            settings: next(),
            overrides: next(),
            facts: next(),
            followers: next(),
        };
        let mut snapshot = self
            .assemble(files.transpose(), &sets)
            .map_err(|reason| self.unexpected(READING, reason))?;
        snapshot.facts.memory = memory;
        Ok(snapshot)
    }

    fn ask_for_everything(&mut self) -> Result<Answer, EngineError> {
        loop {
            let with_files = !self.files_refused;
            let named = self.connector.names_itself();
            let statements = sql::snapshot(self.version_number, named, with_files);
            let interrupt = self.interrupt.clone();
            match self.session.ask(&statements, &interrupt) {
                Ok(answer) => return Ok(answer),
                Err(Failure::Error(error))
                    if with_files && error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) =>
                {
                    self.files_refused = true;
                }
                Err(failure) => {
                    return Err(errors::of_statement(self.target(), READING, None, failure));
                }
            }
        }
    }

    fn assemble(
        &self,
        files: Result<Option<Files>, String>,
        sets: &Sets<'_>,
    ) -> Result<Snapshot, String> {
        let files = files?;
        let about = *sets.identity.first().ok_or("no row came back")?;
        let found = Found::read(&sets.settings)?;
        let context = Context {
            version_number: self.version_number,
            role: about.required("user_ident")?,
            files: files.as_ref(),
            auto_conf: found.auto_conf.as_deref(),
            alter_system_is_off: found.alter_system_is_off,
        };
        let mut settings =
            read_settings(&sets.settings, &context, overrides::read(&sets.overrides)?)?;
        if about.flag("may_read_settings")? {
            // Who does not see every setting would take one of an extension for nobody's.
            settings::add_placeholders(&mut settings, &context);
        }
        let pending = settings
            .iter()
            .filter(|(_, observed)| observed.pending_restart)
            .map(|(name, _)| name.clone())
            .collect::<BTreeSet<_>>();
        let is_owned = |name: &SettingName| {
            let observed = settings.get(name);
            observed.is_some_and(|observed| !observed.is_placeholder())
        };
        let told = *sets.facts.first().ok_or("no row came back")?;
        let mut facts = facts::read(
            told,
            &sets.followers,
            found.data_directory.as_deref(),
            about.required("system")?,
        )?;
        facts.managed_by = manager::find(told, &settings)?;
        Ok(Snapshot {
            target: self.target().to_owned(),
            engine: EngineKind::Postgresql,
            address: self.address.clone(),
            facts,
            answers: BTreeMap::new(),
            identity: read_identity(about)?,
            file_problems: files
                .as_ref()
                .map(|files| files.problems(&pending, is_owned))
                .unwrap_or_default(),
            settings,
            files_readable: files.is_some(),
            missing_rights: missing_rights(about, files.is_some())?,
            persisted_in: found.auto_conf,
        })
    }
}

/// The rows of a reading, by statement.
struct Sets<'a> {
    identity: Vec<Row<'a>>,
    settings: Vec<Row<'a>>,
    overrides: Vec<Row<'a>>,
    facts: Vec<Row<'a>>,
    followers: Vec<Row<'a>>,
}

/// What has to be known before the settings can be read one by one.
struct Found {
    data_directory: Option<String>,
    auto_conf: Option<String>,
    alter_system_is_off: bool,
}

impl Found {
    fn read(settings: &[Row<'_>]) -> Result<Self, String> {
        let value = |wanted: &str| {
            settings
                .iter()
                .find(|row| row.optional("name") == Ok(Some(wanted)))
                .map_or(Ok(None), |row| row.optional("setting"))
        };
        let data_directory = value("data_directory")?;
        Ok(Self {
            data_directory: data_directory.map(str::to_owned),
            auto_conf: data_directory.map(|folder| format!("{folder}/postgresql.auto.conf")),
            alter_system_is_off: value("allow_alter_system")? == Some("off"),
        })
    }
}

fn read_settings(
    rows: &[Row<'_>],
    context: &Context<'_>,
    mut overrides: BTreeMap<SettingName, Vec<Override>>,
) -> Result<BTreeMap<SettingName, Observed>, String> {
    let mut settings = BTreeMap::new();
    for &row in rows {
        let name = SettingName::new(row.required("name")?);
        let overrides = overrides.remove(&name).unwrap_or_default();
        let (name, observed) = settings::read(row, context, overrides)?;
        settings.insert(name, observed);
    }
    Ok(settings)
}

fn read_identity(about: Row<'_>) -> Result<Identity, String> {
    Ok(Identity {
        version: about.required("version")?.to_owned(),
        version_number: rows::number(about.required("number")?)?,
        system: about.required("system")?.to_owned(),
        started_at: about.required("started_at")?.to_owned(),
        role: about.required("role")?.to_owned(),
        user: about.required("user_name")?.to_owned(),
    })
}

/// What the role may not do and dbtune would have to, each with its remedy.
fn missing_rights(about: Row<'_>, files_readable: bool) -> Result<Vec<String>, String> {
    let role = about.required("user_ident")?;
    let mut missing = Vec::new();
    if !about.flag("may_reload")? {
        missing.push(format!(
            "role {role} may not reload the configuration; \
             GRANT EXECUTE ON FUNCTION pg_reload_conf() TO {role}"
        ));
    }
    if !about.flag("may_read_settings")? {
        missing.push(format!(
            "role {role} does not see every setting, nor in which file one stands; \
             GRANT pg_read_all_settings TO {role}"
        ));
    }
    if !files_readable {
        missing.push(format!(
            "role {role} may not see what the configuration files say; \
             GRANT SELECT ON pg_file_settings TO {role}; \
             GRANT EXECUTE ON FUNCTION pg_show_all_file_settings() TO {role}"
        ));
    }
    Ok(missing)
}
