//! A server to connect to.

use std::fmt;
use std::time::Duration;

use super::Access;
use crate::setting::{EngineKind, in_url};
use crate::snapshot::Memory;

/// One server that dbtune was told of.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name, unique.
    pub name: String,
    /// Its kind.
    pub engine: EngineKind,
    /// How to reach it.
    pub url: Url,
    /// Where the URL was found, to be named in messages: `--postgres`, `DATABASE_URL`, `targets.yaml:4`.
    pub from: String,
    /// The command that restarts it, as an argument vector that no shell reads; absent: never.
    pub restart: Option<Vec<String>>,
    /// How long that command may take. PostgreSQL waits for a checkpoint before it stops.
    pub restart_timeout: Duration,
    /// How long the server may take to be back after its restart command has ended.
    pub start_timeout: Duration,
    /// The command that starts it with options where it does not start with its files: one argument
    /// with the options is added.
    pub rescue: Option<Vec<String>>,
    /// Whether a change is to be written into the configuration file.
    pub persist: Persist,
    /// Whether `persist` was stated in the targets file; `false`: it is the default.
    pub persist_stated: bool,
    /// For Redis: the name that `rename-command` gave `CONFIG`; `None`: it has its own.
    pub config_command: Option<String>,
    /// What it takes to be let in besides the URL.
    pub access: Access,
    /// The memory that it may use, where the targets file states it.
    pub memory: Option<Memory>,
}

impl Target {
    /// How long a restart command may take where nothing is said.
    pub const RESTART_TIMEOUT: Duration = Duration::from_mins(5);
    /// How long a server may take to be back where nothing is said.
    pub const START_TIMEOUT: Duration = Duration::from_mins(1);
}

/// Whether a Redis is told to write what runs into its configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persist {
    /// `CONFIG REWRITE` after the change.
    Rewrite,
    /// Left to somebody else.
    None,
}

/// A connection URL. Shows its password to nobody: `Debug` and `Display` write `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(String);

impl Url {
    /// A URL as the user gave it.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The URL with its password, for the connection alone.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The user before the `@`, where the URL names one in letters that need no decoding.
    pub fn user(&self) -> Option<String> {
        let (_, rest) = self.0.split_once("://")?;
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let (information, _) = authority.rsplit_once('@')?;
        let user = information.split(':').next().unwrap_or_default();
        (!user.is_empty() && !user.contains('%')).then(|| user.to_owned())
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Url {
    /// Writes the URL with `***` for the password: the user information up to the last `@` before
    /// the path, and the value of a `password` parameter or key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown_to = 0;
        for hidden in in_url(&self.0) {
            // One that begins within another is hidden with it.
            if let Some(before) = self.0.get(shown_to..hidden.start) {
                f.write_str(before)?;
                f.write_str("***")?;
            }
            shown_to = shown_to.max(hidden.end);
        }
        f.write_str(self.0.get(shown_to..).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::Url;

    #[track_caller]
    fn shows(url: &str, shown: &str) {
        assert_eq!(Url::new(url).to_string(), shown);
        assert_eq!(format!("{:?}", Url::new(url)), shown);
    }

    #[test]
    fn the_password_before_the_at_sign_is_hidden() {
        shows("postgres://ann:s3cret@db/app", "postgres://ann:***@db/app");
        shows("redis://:s3cret@cache:6379/0", "redis://:***@cache:6379/0");
        shows(
            "postgres://ann:s3@cr:et@db:5432/app",
            "postgres://ann:***@db:5432/app",
        );
        shows("ann:s3cret@db", "ann:***@db");
    }

    #[test]
    fn a_password_with_an_unencoded_slash_or_question_mark_is_hidden_whole() {
        shows(
            "postgres://ann:s3/cr@et@db/app",
            "postgres://ann:***@db/app",
        );
        shows("postgres://ann:s3?cret@db/app", "postgres://ann:***@db/app");
        shows("postgres://ann:12/cret@db/app", "postgres://ann:***@db/app");
    }

    #[test]
    fn a_password_parameter_is_hidden() {
        shows(
            "postgres://db/app?user=ann&password=s3cret&sslmode=require",
            "postgres://db/app?user=ann&password=***&sslmode=require",
        );
        shows(
            "postgres://db/app?sslpassword=s3cret",
            "postgres://db/app?sslpassword=***",
        );
        shows(
            "postgres://db:5432/app?PassWord=s3@cret",
            "postgres://db:5432/app?PassWord=***",
        );
    }

    #[test]
    fn a_password_key_is_hidden() {
        shows(
            "host=db password=s3&cr@et user=ann",
            "host=db password=*** user=ann",
        );
        shows(
            "host=db password='s3 cr\\'et' user=ann",
            "host=db password=*** user=ann",
        );
        shows("host=db password = 's3 cret", "host=db password = ***");
        shows("password=s3\\ cret host=db", "password=*** host=db");
    }

    #[test]
    fn what_holds_no_password_is_shown_as_it_is() {
        for url in [
            "postgres://db/app",
            "postgres://ann@db:5432/app?sslmode=verify-full",
            "postgres://db:5432/app?user=ann@server",
            "redis://cache:6379",
            "postgres://%2Fvar%2Frun%2Fpostgresql/app",
            "host=db user=ann",
            "",
        ] {
            shows(url, url);
        }
    }
}
