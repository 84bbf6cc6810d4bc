//! Which servers there are: flags, environment and the targets file.
//!
//! PostgreSQL and Redis are looked up each on its own; for each the first of these that gives
//! anything wins: the flag, `DBTUNE_POSTGRES_URL` or `DBTUNE_REDIS_URL`, the targets file,
//! `DATABASE_URL` or `REDIS_URL`, and for PostgreSQL libpq's own variables.

mod file;
mod libpq;
mod memory;
mod reach;
mod restarting;
mod service;
mod url;

use std::path::Path;

pub use file::TargetsFile;
use reach::Reach;
use url::Wrong;

use crate::engine::{Access, Persist, Target};
use crate::profile::yaml::Source;
use crate::profile::{Mistake, Variables, read_bytes};
use crate::setting::EngineKind;

/// The targets file that is read where none is named.
const DEFAULT_FILE: &str = "targets.yaml";

/// What the command line says of targets.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--postgres`
    pub postgres: Option<String>,
    /// `--redis`
    pub redis: Option<String>,
}

/// The servers that were found.
#[derive(Debug, Clone)]
pub struct Targets {
    /// All of them: those of the targets file in its order, the others PostgreSQL first.
    pub list: Vec<Target>,
    /// What is worth knowing about how they are entered: a password file that is not used.
    pub warnings: Vec<String>,
    /// Why an engine has no target although something was meant to give it one.
    unusable: Vec<(EngineKind, Mistake)>,
}

/// A target, and what to tell the user about it.
type Reached = (Target, Vec<String>);

impl Targets {
    fn add(&mut self, (target, warnings): Reached) {
        self.list.push(target);
        for warning in warnings {
            // Of one password file for fifty targets one word is enough.
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
    }

    /// The targets of an engine.
    ///
    /// # Errors
    /// There is none. The mistake names the flag to give, and what was found and cannot be used: a
    /// `DATABASE_URL` of another kind of database, say, which only matters once a target is needed.
    pub fn of(&self, engine: EngineKind) -> Result<Vec<&Target>, Mistake> {
        let own = self.list.iter().filter(|target| target.engine == engine);
        let own: Vec<&Target> = own.collect();
        if !own.is_empty() {
            return Ok(own);
        }
        let unusable = self.unusable.iter().find(|(other, _)| *other == engine);
        Err(unusable.map_or_else(
            || {
                let help = format!(
                    "give {} URL, or set {}",
                    engine.flag(),
                    own_variable(engine)
                );
                Mistake::nowhere(format!("no {engine} target is known")).help(help)
            },
            |(_, mistake)| mistake.clone(),
        ))
    }
}

/// Reads the targets file that was named, or the default one where there is one.
///
/// # Errors
/// The file that was named does not exist, cannot be read, or has mistakes.
pub fn read(
    named: Option<&str>,
    variables: &Variables,
) -> Result<Option<TargetsFile>, Vec<Mistake>> {
    let path = named.unwrap_or(DEFAULT_FILE);
    let bytes = read_bytes(Path::new(path), path).map_err(|mistake| vec![mistake])?;
    match (bytes, named) {
        (Some(bytes), _) => {
            let source = Source::from_bytes(path, &bytes).map_err(|mistake| vec![mistake])?;
            TargetsFile::parse(&source, variables).map(Some)
        }
        (None, None) => Ok(None),
        (None, Some(named)) => {
            let mistake = Mistake::nowhere(format!("there is no targets file {named}"));
            Err(vec![mistake.help(
                "name another with --targets-file, or leave the flag out",
            )])
        }
    }
}

/// Finds the targets of both engines.
///
/// # Errors
/// A flag, a variable of dbtune's own or the targets file gives a target that cannot be one.
pub fn resolve(
    flags: &Flags,
    file: Option<TargetsFile>,
    environment: &Variables,
) -> Result<Targets, Vec<Mistake>> {
    let mut found = Targets {
        list: Vec::new(),
        warnings: Vec::new(),
        unusable: Vec::new(),
    };
    let mut mistakes = Vec::new();
    let mut given = Vec::new();
    for engine in EngineKind::ALL {
        match asked_for(engine, flags, environment) {
            Some(Ok(reached)) => {
                given.push(engine);
                found.add(reached);
            }
            Some(Err(mistake)) => {
                given.push(engine);
                mistakes.push(mistake);
            }
            None => {}
        }
    }
    if let Some(file) = file {
        let wanted = |engine: EngineKind| !given.contains(&engine);
        for reached in file.targets_of(wanted, &mut mistakes) {
            found.add(reached);
        }
    }
    for engine in EngineKind::ALL {
        let known = found.list.iter().any(|target| target.engine == engine);
        if !known && !given.contains(&engine) {
            match implied(engine, environment) {
                Some(Ok(reached)) => found.add(reached),
                Some(Err(mistake)) => found.unusable.push((engine, mistake)),
                None => {}
            }
        }
    }
    Mistake::sort(&mut mistakes);
    if mistakes.is_empty() {
        Ok(found)
    } else {
        Err(mistakes)
    }
}

/// The target of a flag or of dbtune's own variable.
fn asked_for(
    engine: EngineKind,
    flags: &Flags,
    environment: &Variables,
) -> Option<Result<Reached, Mistake>> {
    let flag = match engine {
        EngineKind::Postgresql => &flags.postgres,
        EngineKind::Redis => &flags.redis,
    };
    if let Some(url) = flag {
        return Some(target(engine, url, engine.flag(), environment));
    }
    from_variable(engine, own_variable(engine), environment)
}

/// The target of a variable that other programs read as well.
fn implied(engine: EngineKind, environment: &Variables) -> Option<Result<Reached, Mistake>> {
    let variable = match engine {
        EngineKind::Postgresql => "DATABASE_URL",
        EngineKind::Redis => "REDIS_URL",
    };
    from_variable(engine, variable, environment).or_else(|| match engine {
        EngineKind::Postgresql => from_libpq(environment),
        EngineKind::Redis => None,
    })
}

/// The target of libpq's variables.
fn from_libpq(environment: &Variables) -> Option<Result<Reached, Mistake>> {
    const ALL: [&str; 6] = [
        "PGSERVICE",
        "PGHOST",
        "PGHOSTADDR",
        "PGPORT",
        "PGDATABASE",
        "PGUSER",
    ];
    let get = |name: &str| environment.get(name).filter(|value| !value.is_empty());
    let service = get("PGSERVICE").map(String::as_str);
    // A URL has no place for an address that stands for a name.
    if service.is_some() || get("PGHOSTADDR").is_some() {
        let from = libpq::named(environment, &ALL).join(", ");
        let reach = Reach::of_variables(service, environment);
        return Some(described(EngineKind::Postgresql, reach, &from));
    }
    let (url, from) = libpq::url(environment, &|path| path.exists())?;
    Some(target(EngineKind::Postgresql, &url, &from, environment))
}

fn own_variable(engine: EngineKind) -> &'static str {
    match engine {
        EngineKind::Postgresql => "DBTUNE_POSTGRES_URL",
        EngineKind::Redis => "DBTUNE_REDIS_URL",
    }
}

/// A variable that is set to nothing is as good as not set.
fn from_variable(
    engine: EngineKind,
    variable: &str,
    environment: &Variables,
) -> Option<Result<Reached, Mistake>> {
    let url = environment.get(variable).filter(|url| !url.is_empty())?;
    Some(target(engine, url, variable, environment))
}

/// A target that no targets file describes.
fn target(
    engine: EngineKind,
    url: &str,
    from: &str,
    environment: &Variables,
) -> Result<Reached, Mistake> {
    described(engine, reach(engine, url, environment), from)
}

/// How to reach what a URL names, with what it leaves out.
fn reach(engine: EngineKind, url: &str, environment: &Variables) -> Result<Reach, Wrong> {
    url::check(engine, url)?;
    match engine {
        EngineKind::Postgresql => Reach::of_postgres(url, environment),
        EngineKind::Redis => Ok(Reach::plain(url)),
    }
}

fn described(
    engine: EngineKind,
    reach: Result<Reach, Wrong>,
    from: &str,
) -> Result<Reached, Mistake> {
    let reach = reach.map_err(|wrong| {
        let mistake = Mistake::nowhere(format!("{from}: {}", wrong.message));
        mistake.help(wrong.help)
    })?;
    let target = Target {
        name: engine.key().to_owned(),
        engine,
        url: reach.url,
        from: from.to_owned(),
        restart: None,
        restart_timeout: Target::RESTART_TIMEOUT,
        start_timeout: Target::START_TIMEOUT,
        rescue: None,
        persist: default_persist(engine),
        persist_stated: false,
        access: Access {
            passwords: reach.passwords,
            ..Access::default()
        },
        memory: None,
        config_command: None,
    };
    Ok((target, reach.warnings))
}

/// PostgreSQL writes every change into a file by itself.
fn default_persist(engine: EngineKind) -> Persist {
    match engine {
        EngineKind::Postgresql => Persist::None,
        EngineKind::Redis => Persist::Rewrite,
    }
}
