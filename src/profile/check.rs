//! Whether the settings of a profile exist and take the values that it gives them.

use super::nearest::nearest;
use super::{Mistake, Profile, Wanted};
use crate::setting::is_secret;
use crate::setting::{Domain, EngineKind, ParseValueError, SettingName};
use crate::snapshot::Snapshot;

/// What is known of settings without a server.
pub trait Lookup {
    /// What values a setting takes; `None` where it is not known.
    fn find(&self, engine: EngineKind, name: &SettingName) -> Option<Domain>;

    /// The known setting whose name is most like this one.
    fn nearest(&self, engine: EngineKind, name: &str) -> Option<String>;

    /// The name under which a setting with several names is known (Redis: `slaveof` and
    /// `replicaof`). Two settings of one canonical name are the same setting.
    fn canonical(&self, _engine: EngineKind, name: &SettingName) -> SettingName {
        name.clone()
    }
}

/// Checks a profile against what is known without a server.
///
/// A name with a dot belongs to an extension, of which only a server with it knows; such settings
/// are left to [`live`].
pub fn offline(profile: &Profile, lookup: &dyn Lookup) -> Vec<Mistake> {
    let mut mistakes = second_names(profile, lookup);
    for wanted in settings(profile) {
        if wanted.name.as_str().contains('.') {
            continue;
        }
        mistakes.extend(lookup.find(wanted.engine, &wanted.name).map_or_else(
            || {
                let near = lookup.nearest(wanted.engine, wanted.name.as_str());
                Some(unknown(wanted, near.as_deref(), None))
            },
            |domain| refused(wanted, &domain),
        ));
    }
    Mistake::sort(&mut mistakes);
    mistakes
}

/// Checks a profile against what servers said. Settings of an engine of which there is no snapshot
/// are left alone.
///
/// A setting that some target does not know, and a value that it refuses, is one mistake, however
/// many targets agree.
pub fn live(profile: &Profile, snapshots: &[Snapshot]) -> Vec<Mistake> {
    let mut mistakes: Vec<Mistake> = settings(profile)
        .filter_map(|wanted| {
            let mut own = snapshots
                .iter()
                .filter(|snapshot| snapshot.engine == wanted.engine);
            own.find_map(|snapshot| against(wanted, snapshot))
        })
        .collect();
    Mistake::sort(&mut mistakes);
    mistakes
}

fn settings(profile: &Profile) -> impl Iterator<Item = &Wanted> {
    profile.phases.iter().flat_map(|phase| &phase.settings)
}

/// One setting that stands in one phase under two of its names.
fn second_names(profile: &Profile, lookup: &dyn Lookup) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for phase in &profile.phases {
        let mut seen: Vec<(EngineKind, SettingName, &Wanted)> = Vec::new();
        for wanted in &phase.settings {
            let name = lookup.canonical(wanted.engine, &wanted.name);
            let first = seen
                .iter()
                .find(|(engine, other, _)| *engine == wanted.engine && *other == name);
            if let Some((_, _, first)) = first {
                let message = format!("`{}` is another name of `{}`", wanted.name, first.name);
                let help = format!("remove one; the first is at {}", first.name_at.short());
                mistakes.push(Mistake::new(&wanted.name_at, message).help(help));
            }
            seen.push((wanted.engine, name, wanted));
        }
    }
    mistakes
}

fn against(wanted: &Wanted, snapshot: &Snapshot) -> Option<Mistake> {
    match snapshot.setting(&wanted.name) {
        // The server took any name before the library came that owns these: PostgreSQL 17 and later.
        Some(observed) if observed.is_placeholder() => {
            let is_mistake = snapshot.is_loaded(&wanted.name) == Some(true);
            is_mistake.then(|| unknown_to(wanted, snapshot))
        }
        Some(observed) => refused(wanted, &observed.domain),
        // Nobody knows the settings of an extension that is not loaded; the plan tells of that.
        None if snapshot.is_loaded(&wanted.name) == Some(false)
            && snapshot.engine == EngineKind::Postgresql =>
        {
            None
        }
        None => Some(unknown_to(wanted, snapshot)),
    }
}

fn unknown_to(wanted: &Wanted, snapshot: &Snapshot) -> Mistake {
    let known = snapshot.settings.iter();
    let known = known.filter(|(_, observed)| !observed.is_placeholder());
    let near = nearest(wanted.name.as_str(), known.map(|(name, _)| name.as_str()));
    unknown(wanted, near, Some(snapshot))
}

fn unknown(wanted: &Wanted, near: Option<&str>, server: Option<&Snapshot>) -> Mistake {
    let engine = wanted.engine.title();
    let name = &wanted.name;
    let message = server.map_or_else(
        || format!("{engine} has no setting `{name}`"),
        |server| {
            let version = &server.identity.version;
            format!(
                "{} ({engine} {version}) has no setting `{name}`",
                server.target
            )
        },
    );
    let help = near.map(|near| format!("write `{near}`"));
    Mistake::new(&wanted.name_at, message).maybe_help(help)
}

fn refused(wanted: &Wanted, domain: &Domain) -> Option<Mistake> {
    let error = domain.parse_input(&wanted.value).err()?;
    Some(refusal(wanted, &error))
}

/// The values of secrets, and what variables put into them, are not repeated.
fn refusal(wanted: &Wanted, error: &ParseValueError) -> Mistake {
    let name = &wanted.name;
    if is_secret(wanted.engine, name) || !wanted.variables.is_empty() {
        let message = format!("`{name}` does not take this value");
        let from = wanted.variables.first();
        let help = from.map(|variable| format!("the value comes from the variable `{variable}`"));
        return Mistake::new(&wanted.value_at, message).maybe_help(help);
    }
    let help = error.suggestion.as_ref();
    let help = help.map(|suggestion| format!("write `{suggestion}`"));
    Mistake::new(&wanted.value_at, format!("`{name}`: {}", error.message)).maybe_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Variables;
    use crate::profile::yaml::Source;

    /// What is told of the first setting of a phase whose value a server refuses.
    fn told(settings: &str) -> Mistake {
        let text = format!("profile: p\nphases:\n  - phase: 1\n    redis: {{{settings}}}\n");
        let variables = Variables::from([("MEM".to_owned(), "hunter2".to_owned())]);
        let profile = Profile::parse(&Source::new("p.yaml", &text), &variables).unwrap();
        let error = ParseValueError {
            message: "`hunter2` is not a number".to_owned(),
            suggestion: Some("384mb".to_owned()),
        };
        refusal(&profile.phases[0].settings[0], &error)
    }

    #[test]
    fn a_refused_value_is_told_with_what_to_write() {
        let mistake = told("maxmemory: hunter2");
        assert_eq!(mistake.message, "`maxmemory`: `hunter2` is not a number");
        assert_eq!(mistake.help.as_deref(), Some("write `384mb`"));
        assert_eq!(mistake.place.unwrap().column, 24);
    }

    #[test]
    fn a_refused_value_that_may_be_secret_is_not_repeated() {
        for settings in ["requirepass: hunter2", "maxmemory: '${MEM}'"] {
            let mistake = told(settings);
            assert!(mistake.message.ends_with("does not take this value"));
            assert!(!mistake.help.unwrap_or_default().contains("hunter2"));
        }
    }
}
