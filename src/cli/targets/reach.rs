//! What a URL of PostgreSQL leaves out: filled in from its service, the environment, the files in the
//! home folder and the password file, in libpq's order.
//!
//! Of the environment only what says how to enter counts for a URL. What says where a server is
//! (`PGHOST`, `PGPORT`, `PGDATABASE`, `PGUSER`, `PGSERVICE`) does not: a `PGPORT` of somebody's shell is
//! not to send a URL of a targets file to another server.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::service;
use super::url::Wrong;
use crate::cli::environment;
use crate::engine::postgresql::Conninfo;
use crate::engine::{PasswordFile, Url};
use crate::profile::Variables;

/// The variables that say how to enter, and the parameter that each is the default of. Also those that
/// dbtune cannot follow: it is refused then, instead of going on with less than was asked for.
const ENTRANCE: [(&str, &str); 17] = [
    ("PGPASSWORD", "password"),
    ("PGPASSFILE", "passfile"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLNEGOTIATION", "sslnegotiation"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLCRL", "sslcrl"),
    ("PGSSLCRLDIR", "sslcrldir"),
    ("PGSSLMINPROTOCOLVERSION", "ssl_min_protocol_version"),
    ("PGSSLMAXPROTOCOLVERSION", "ssl_max_protocol_version"),
    ("PGSSLSNI", "sslsni"),
    ("PGGSSENCMODE", "gssencmode"),
    ("PGREQUIREAUTH", "require_auth"),
    ("PGREQUIREPEER", "requirepeer"),
];

/// The variables that say where a server is.
pub(super) const WHEREABOUTS: [(&str, &str); 5] = [
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGDATABASE", "dbname"),
    ("PGUSER", "user"),
];

/// The files in `~/.postgresql` that count where they exist and nothing else is named.
const HOME_FILES: [(&str, &str); 3] = [
    ("sslrootcert", "root.crt"),
    ("sslcert", "postgresql.crt"),
    ("sslkey", "postgresql.key"),
];

/// How to reach a server, with everything that was left out.
#[derive(Debug, Clone)]
pub(super) struct Reach {
    /// The URL: as it was given where nothing was missing, else as keys and values.
    pub(super) url: Url,
    /// The lines of the password file, where the URL has no password.
    pub(super) passwords: PasswordFile,
    /// What to tell the user.
    pub(super) warnings: Vec<String>,
}

impl Reach {
    /// A URL to which nothing is added.
    pub(super) fn plain(url: &str) -> Self {
        Self {
            url: Url::new(url),
            passwords: PasswordFile::default(),
            warnings: Vec::new(),
        }
    }

    /// A URL of PostgreSQL with what it leaves out. One that cannot be understood stays as it is: it
    /// is told once a connection is wanted.
    pub(super) fn of_postgres(url: &str, environment: &Variables) -> Result<Self, Wrong> {
        let Ok(given) = Conninfo::parse(url) else {
            return Ok(Self::plain(url));
        };
        let mut options = given.clone();
        if let Some(service) = options.take("service") {
            fill_from_service(&mut options, &service, environment)?;
        }
        let mut reach = Self::complete(&mut options, environment);
        if options == given {
            reach.url = Url::new(url);
        }
        Ok(reach)
    }

    /// The server that libpq's variables alone describe; what a service says comes first.
    pub(super) fn of_variables(
        service: Option<&str>,
        environment: &Variables,
    ) -> Result<Self, Wrong> {
        let mut options = Conninfo::default();
        if let Some(service) = service {
            fill_from_service(&mut options, service, environment)?;
        }
        fill_from(&mut options, &WHEREABOUTS, environment);
        Ok(Self::complete(&mut options, environment))
    }

    fn complete(options: &mut Conninfo, environment: &Variables) -> Self {
        fill_from(options, &ENTRANCE, environment);
        if get(environment, "PGREQUIRESSL").is_some_and(|value| value.starts_with('1')) {
            options.fill("sslmode", "require");
        }
        fill_from_home(options, environment);
        let mut warnings = Vec::new();
        let passwords = passwords(options, environment, &mut warnings);
        Self {
            url: Url::new(options.to_text()),
            passwords,
            warnings,
        }
    }
}

/// A variable that is set to nothing is as good as not set.
fn get<'a>(environment: &'a Variables, name: &str) -> Option<&'a str> {
    let value = environment.get(name).filter(|value| !value.is_empty());
    value.map(String::as_str)
}

fn fill_from(options: &mut Conninfo, variables: &[(&str, &str)], environment: &Variables) {
    for (variable, key) in variables {
        options.fill(key, get(environment, variable).unwrap_or_default());
    }
}

fn fill_from_service(
    options: &mut Conninfo,
    service: &str,
    environment: &Variables,
) -> Result<(), Wrong> {
    for (key, value) in service::parameters(service, environment)? {
        options.fill(&key, &value);
    }
    Ok(())
}

/// libpq's default files. On a socket, and with TLS switched off, there is no use for them.
fn fill_from_home(options: &mut Conninfo, environment: &Variables) {
    let is_local = |host: &str| host.is_empty() || host.starts_with('/');
    let Some(home) = get(environment, "HOME") else {
        return;
    };
    if options.get("sslmode") == Some("disable") || options.hosts().into_iter().all(is_local) {
        return;
    }
    let has_identity = options.get("sslcert").is_some();
    for (key, name) in HOME_FILES {
        let file = Path::new(home).join(".postgresql").join(name);
        // A key goes with a certificate: with that of the home folder, or one that came without.
        let is_wanted = key != "sslkey" || options.get("sslcert").is_some();
        let is_ours = key != "sslcert" || !has_identity;
        if is_wanted && is_ours && file.exists() {
            options.fill(key, &file.to_string_lossy());
        }
    }
}

/// The password file, where the URL has no password. As with libpq one that others may read is not
/// used, and one that does not exist is no mistake.
fn passwords(
    options: &mut Conninfo,
    environment: &Variables,
    warnings: &mut Vec<String>,
) -> PasswordFile {
    let named = options.take("passfile").map(PathBuf::from);
    if options.get("password").is_some() {
        return PasswordFile::default();
    }
    let home = get(environment, "HOME").map(|home| Path::new(home).join(".pgpass"));
    let Some(file) = named.or(home) else {
        return PasswordFile::default();
    };
    match read_private(&file) {
        Ok(Some(text)) => {
            // Asking for the account starts a program: not where the user is known.
            let account = match options.get("user") {
                Some(user) => user.to_owned(),
                None => environment::account(environment),
            };
            PasswordFile::new(text, account)
        }
        Ok(None) => PasswordFile::default(),
        Err(warning) => {
            warnings.push(warning);
            PasswordFile::default()
        }
    }
}

fn read_private(file: &Path) -> Result<Option<String>, String> {
    let unreadable = |error| format!("the password file {} is not used: {error}", file.display());
    let about = match fs::metadata(file) {
        Ok(about) => about,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    if let Some(objection) = objection(&about) {
        return Err(format!(
            "the password file {} is not used: {objection}",
            file.display()
        ));
    }
    fs::read_to_string(file).map(Some).map_err(unreadable)
}

fn objection(about: &Metadata) -> Option<&'static str> {
    if !about.is_file() {
        return Some("it is not a plain file");
    }
    let others_may = about.permissions().mode() & 0o077 != 0;
    others_may.then_some("others may read it; chmod 0600 it")
}
