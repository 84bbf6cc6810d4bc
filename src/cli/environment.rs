//! The one place where the environment and the clock are read.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::Command;

use time::OffsetDateTime;

use crate::profile::Variables;

/// What this process was started with.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The variables that are valid text.
    pub variables: Variables,
    /// Whether a person can be asked.
    pub can_ask: bool,
    /// Whether standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether standard error is a terminal.
    pub stderr_is_terminal: bool,
}

impl Environment {
    /// Reads the environment of this process.
    pub fn of_this_process() -> Self {
        let text = |pair: (std::ffi::OsString, std::ffi::OsString)| {
            Some((pair.0.into_string().ok()?, pair.1.into_string().ok()?))
        };
        Self {
            variables: std::env::vars_os().filter_map(text).collect(),
            can_ask: io::stdin().is_terminal() && io::stderr().is_terminal(),
            stdout_is_terminal: io::stdout().is_terminal(),
            stderr_is_terminal: io::stderr().is_terminal(),
        }
    }

    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Where the local journal lies: `DBTUNE_STATE_DIR`, else as the XDG base directories say.
    pub fn state_folder(&self) -> Option<PathBuf> {
        if let Some(folder) = self.get("DBTUNE_STATE_DIR") {
            return Some(PathBuf::from(folder));
        }
        if let Some(state) = self.get("XDG_STATE_HOME") {
            return Some(PathBuf::from(state).join("dbtune"));
        }
        self.get("HOME")
            .map(|home| PathBuf::from(home).join(".local/state/dbtune"))
    }

    /// Who runs this, as `user@host`.
    pub fn who(&self) -> String {
        let user = self
            .get("SUDO_USER")
            .or_else(|| self.get("USER"))
            .or_else(|| self.get("LOGNAME"))
            .map(str::to_owned)
            .or_else(|| first_line("id", &["-un"]));
        let host = first_line("hostname", &[]).or_else(|| self.get("HOSTNAME").map(str::to_owned));
        let or_unknown = |part: Option<String>| part.unwrap_or_else(|| "unknown".to_owned());
        format!("{}@{}", or_unknown(user), or_unknown(host))
    }
}

/// The account that this runs under, by its name: who connects where nothing names a user.
pub fn account(variables: &Variables) -> String {
    let named = || variables.get("USER").or_else(|| variables.get("LOGNAME"));
    first_line("id", &["-un"])
        .or_else(|| named().cloned())
        .unwrap_or_default()
}

/// What time it is.
#[expect(
    clippy::disallowed_methods,
    reason = "the clock is read here and passed down"
)]
pub fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines()
        .next()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
}
