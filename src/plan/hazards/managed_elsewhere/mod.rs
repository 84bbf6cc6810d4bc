//! A service or a program manages the configuration, and would undo the change or not allow it.
//!
//! What each of them wants instead is in a file of its own: a command, or a piece of YAML, with what
//! the phase would have written. One text for a target and a phase, so that it is told once.
//! The forms are those of the documentation of each service; none was run against it.

mod azure;
mod cloud_native_pg;
mod cloud_sql;
mod elasticache;
mod patroni;
mod rds;
mod shell;

use crate::plan::after::After;
use crate::plan::goal;
use crate::plan::need::Need;
use crate::plan::types::{Hazard, HazardKind};
use crate::setting::{Domain, Effect, EngineKind, SettingName, Value};
use crate::snapshot::{Entry, Manager, Observed};

use super::{Subject, blocking};

/// Says who manages the server, and what to hand to them.
pub(super) fn find(subject: &Subject<'_>) -> Option<Hazard> {
    let after = subject.after();
    let manager = after.target.snapshot.facts.managed_by?;
    if subject.need == Need::Nothing {
        return None;
    }
    let settings = Setting::all(after);
    let message = if settings.is_empty() {
        format!(
            "{} is managed by {}: what waits for a restart there is brought into effect by it",
            after.target.name(),
            name(manager)
        )
    } else {
        format!(
            "{} is managed by {}, and what is set behind its back is undone or refused; {}",
            after.target.name(),
            name(manager),
            instruction(manager, &settings)
        )
    };
    Some(blocking(HazardKind::ManagedElsewhere, message))
}

fn name(manager: Manager) -> &'static str {
    match manager {
        Manager::Rds => "Amazon RDS",
        Manager::CloudSql => "Google Cloud SQL",
        Manager::Azure => "Azure Database for PostgreSQL",
        Manager::Patroni => "Patroni",
        Manager::CloudNativePg => "CloudNativePG",
        Manager::ElastiCache => "Amazon ElastiCache",
        Manager::RedisService => "a service that keeps CONFIG to itself",
    }
}

fn instruction(manager: Manager, settings: &[Setting]) -> String {
    match manager {
        Manager::Rds => rds::instruction(settings),
        Manager::CloudSql => cloud_sql::instruction(settings),
        Manager::Azure => azure::instruction(settings),
        Manager::Patroni => patroni::instruction(settings),
        Manager::CloudNativePg => cloud_native_pg::instruction(settings),
        Manager::ElastiCache => elasticache::instruction(settings),
        Manager::RedisService => {
            let named = settings.iter().map(|setting| {
                let value = setting.shown.as_deref().unwrap_or("its default");
                format!("{} to {value}", setting.name)
            });
            format!(
                "set {} where the service is configured",
                named.collect::<Vec<_>>().join(", ")
            )
        }
    }
}

/// One setting of the phase, as the services want it. `None` for a value: back to the default.
struct Setting {
    name: String,
    /// As a person writes it: `384MB`. `***` for a secret.
    shown: Option<String>,
    /// In the unit of the setting: `49152`.
    native: Option<String>,
    needs_restart: bool,
}

impl Setting {
    /// All that the phase would write on the target, by name.
    fn all(after: &After<'_>) -> Vec<Self> {
        let engine = after.target.snapshot.engine;
        let written = after.written();
        written
            .map(|(name, observed)| Self::of(engine, name, observed))
            .collect()
    }

    fn of(engine: EngineKind, name: &SettingName, observed: &Observed) -> Self {
        let raw = match (engine, &observed.entry) {
            (EngineKind::Redis, _) => Some(&observed.running),
            (EngineKind::Postgresql, Entry::Present(raw)) => Some(raw),
            (EngineKind::Postgresql, Entry::Absent | Entry::Unknown) => None,
        };
        let native = raw.map(|raw| {
            if observed.secret {
                goal::MASK.to_owned()
            } else {
                native(&observed.domain, raw)
            }
        });
        Self {
            name: name.as_str().to_owned(),
            shown: raw.map(|raw| goal::show(observed, raw)),
            native,
            needs_restart: observed.effect == Effect::Restart,
        }
    }
}

/// A value in the unit of its setting, without naming it.
fn native(domain: &Domain, raw: &str) -> String {
    match domain.parse(raw) {
        Ok(Value::Integer(number)) => number.to_string(),
        Ok(Value::Real(number)) => number.to_string(),
        Ok(Value::Bytes(bytes)) => bytes.to_string(),
        Ok(Value::Word(word)) => word,
        _ => raw.to_owned(),
    }
}

/// Settings in two groups: those that get a value, and those that go back to their default.
fn by_value(settings: &[Setting]) -> (Vec<&Setting>, Vec<&Setting>) {
    settings
        .iter()
        .partition(|setting| setting.native.is_some())
}
