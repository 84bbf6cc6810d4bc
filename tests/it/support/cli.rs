//! `dbtune`, as a user runs it.

use std::ffi::{OsStr, OsString};
use std::fmt::{Display, Formatter};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};

use super::project::Target;
use super::{PASSWORD, Project, eventually};

/// Runs `dbtune` once, in an empty folder.
pub(crate) fn cli() -> Cli {
    let project = Project::new();
    let mut cli = project.dbtune("");
    cli.project = Some(project);
    cli
}

/// A `dbtune` that is about to run: with no terminal, and with no environment but what is given.
pub(crate) struct Cli {
    command: Command,
    project: Option<Project>,
}

impl Cli {
    /// One that runs in this folder and keeps its journal in `state` there.
    pub(crate) fn new(folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dbtune"));
        command
            .current_dir(folder)
            .env_clear()
            .env("PATH", super::variable("PATH").unwrap_or_default())
            .env("HOME", folder)
            .env("LANG", "C.UTF-8")
            .env("DBTUNE_STATE_DIR", folder.join("state"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self {
            command,
            project: None,
        }
    }

    /// Adds arguments.
    pub(crate) fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets a variable of the environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Lets it write no file longer than this many blocks, as a full disk does: a write fails, or is
    /// cut short.
    pub(crate) fn with_file_limit(mut self, blocks: &str) -> Self {
        let mut limited = Command::new("/bin/sh");
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        limited
            .args(["-c", &script])
            .arg(self.command.get_program())
            .args(self.command.get_args())
            .current_dir(self.command.get_current_dir().unwrap())
            .env_clear()
            .envs(
                self.command
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        self.command = limited;
        self
    }

    /// Sends standard output to a file in the folder, to be read while it runs.
    pub(crate) fn stdout_to(mut self, file: &str) -> Self {
        let path = self.command.get_current_dir().unwrap().join(file);
        self.command.stdout(File::create(path).unwrap());
        self
    }

    /// Writes a targets file for a run of its own ([`cli`]).
    pub(crate) fn targets(mut self, targets: &[&dyn Target]) -> Self {
        self.project = self.project.map(|project| project.targets(targets));
        self
    }

    /// Writes a profile for a run of its own ([`cli`]).
    pub(crate) fn profile(mut self, name: &str, yaml: &str) -> Self {
        self.project = self.project.map(|project| project.profile(name, yaml));
        self
    }

    /// Runs it to its end. Whatever the test is about, the password must not be seen.
    pub(crate) fn run(self) -> Ran {
        self.spawn().wait()
    }

    /// Starts it on a terminal of its own.
    #[cfg(target_os = "linux")]
    pub(crate) fn on_a_terminal(self) -> super::Terminal {
        super::Terminal::of(&self.command)
    }

    /// Starts it.
    pub(crate) fn spawn(mut self) -> Running {
        let mut child = self.command.spawn().unwrap();
        let stdout = read(child.stdout.take());
        let stderr = read(child.stderr.take());
        let line = self.command.get_args().map(OsStr::to_owned).collect();
        Running {
            line,
            child,
            stdout,
            stderr,
            _project: self.project,
        }
    }
}

/// A `dbtune` that runs.
pub(crate) struct Running {
    line: Vec<OsString>,
    child: Child,
    stdout: JoinHandle<String>,
    stderr: JoinHandle<String>,
    _project: Option<Project>,
}

impl Running {
    /// The number of the process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends what Ctrl-C sends.
    pub(crate) fn interrupt(&self) -> &Self {
        self.signal("INT")
    }

    /// Sends what a service manager sends.
    pub(crate) fn terminate(&self) -> &Self {
        self.signal("TERM")
    }

    /// Kills it: it cannot do anything about that.
    pub(crate) fn kill(&self) -> &Self {
        self.signal("KILL")
    }

    fn signal(&self, signal: &str) -> &Self {
        let kill = format!("kill -{signal} {}", self.pid());
        assert!(
            Command::new("/bin/sh")
                .args(["-c", &kill])
                .status()
                .unwrap()
                .success()
        );
        self
    }

    /// Whether it still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until it ends.
    pub(crate) fn wait(mut self) -> Ran {
        let line = self
            .line
            .join(OsStr::new(" "))
            .to_string_lossy()
            .into_owned();
        eventually(&format!("the end of dbtune {line}"), || !self.is_running());
        let status = self.child.wait().unwrap();
        let (stdout, stderr) = (self.stdout.join().unwrap(), self.stderr.join().unwrap());
        let ran = Ran {
            line,
            stdout,
            stderr,
            status,
        };
        ran.never_shows(PASSWORD);
        ran
    }
}

impl Ran {
    /// What came of a run on a terminal, which shows both outputs as one.
    pub(super) fn on_a_terminal(line: String, shown: String, status: ExitStatus) -> Self {
        Self {
            line,
            stdout: shown,
            stderr: String::new(),
            status,
        }
    }
}

/// What came of a run. Every assertion returns the same value, so that they can be chained, and
/// shows everything when it fails.
#[derive(Debug)]
pub(crate) struct Ran {
    line: String,
    /// What it wrote to standard output.
    pub(crate) stdout: String,
    /// What it wrote to standard error.
    pub(crate) stderr: String,
    status: ExitStatus,
}

impl Ran {
    /// The exit code; `None` when it was killed.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Asserts the exit code.
    pub(crate) fn exits(&self, code: i32) -> &Self {
        assert!(self.code() == Some(code), "not exit code {code}:\n{self}");
        self
    }

    /// Asserts that standard output contains a text.
    pub(crate) fn says(&self, text: &str) -> &Self {
        assert!(self.stdout.contains(text), "stdout lacks {text:?}:\n{self}");
        self
    }

    /// Asserts that standard error contains a text.
    pub(crate) fn complains(&self, text: &str) -> &Self {
        assert!(self.stderr.contains(text), "stderr lacks {text:?}:\n{self}");
        self
    }

    /// Asserts that neither output contains a text.
    pub(crate) fn never_shows(&self, text: &str) -> &Self {
        let shown = self.stdout.contains(text) || self.stderr.contains(text);
        assert!(!shown, "{text:?} is shown:\n{self}");
        self
    }

    /// The one JSON document on standard output.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is not one JSON document ({error}):\n{self}"))
    }
}

impl Display for Ran {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self {
            line,
            stdout,
            stderr,
            status,
        } = self;
        write!(
            f,
            "$ dbtune {line}\n{stdout}--- stderr\n{stderr}--- {status}"
        )
    }
}

fn read(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut bytes).unwrap();
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
