//! Starting the servers that the tests ask: private ones, gone with the test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server process, killed when it is dropped, and by the kernel when the test dies without that.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Whom servers are run as when the test is run by root: PostgreSQL refuses to run as root.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    name: String,
    uid: u32,
    gid: u32,
}

impl Account {
    /// An unprivileged account, where the test is run by root.
    pub(crate) fn needed() -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let is_root = std::fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0);
        let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        is_root
            .then(|| {
                ["postgres", "nobody"]
                    .iter()
                    .find_map(|name| Self::find(&accounts, name))
            })
            .flatten()
    }

    fn find(accounts: &str, name: &str) -> Option<Self> {
        let line = accounts
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line
            .split(':')
            .skip(2)
            .map_while(|field| field.parse().ok());
        Some(Self {
            name: name.to_owned(),
            uid: numbers.next()?,
            gid: numbers.next()?,
        })
    }
}

/// A command that runs as the unprivileged account where one is needed.
pub(crate) fn command(program: &Path, account: Option<&Account>) -> Command {
    let Some(account) = account else {
        return Command::new(program);
    };
    let mut command = Command::new("setpriv");
    command.args([
        "--reuid",
        &account.name,
        "--regid",
        &account.gid.to_string(),
        "--clear-groups",
    ]);
    command.arg(program);
    command
}

/// Starts a server that does not outlive this thread.
pub(crate) fn start(program: &Path, arguments: &[String], account: Option<&Account>) -> Running {
    let mut command = if on_path("setpriv").is_some() {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]);
        if let Some(account) = account {
            let gid = account.gid.to_string();
            command.args(["--reuid", &account.name, "--regid", &gid, "--clear-groups"]);
        }
        command.arg(program);
        command
    } else {
        Command::new(program)
    };
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Running(command.spawn().expect("the server program starts"))
}

/// A folder for a server, owned by the account that runs it. Its path is short: it holds a socket.
pub(crate) fn folder(account: Option<&Account>) -> tempfile::TempDir {
    let folder = tempfile::Builder::new()
        .prefix("dbt")
        .tempdir()
        .expect("a temporary folder");
    if let Some(account) = account {
        std::os::unix::fs::chown(folder.path(), Some(account.uid), Some(account.gid))
            .expect("root may give a folder away");
    }
    folder
}

/// Tries until it works, for ten seconds.
pub(crate) fn wait_for<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(10) {
        if let Some(done) = attempt() {
            return done;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{what} did not come up");
}

/// The paths in an environment variable, with colons between them.
#[expect(
    clippy::disallowed_methods,
    reason = "a test is told by its environment what to run on"
)]
pub(crate) fn paths_in(variable: &str) -> Vec<PathBuf> {
    std::env::var_os(variable)
        .map(|paths| std::env::split_paths(&paths).collect())
        .unwrap_or_default()
}

/// Where a program lies that can be run by its name.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    paths_in("PATH")
        .into_iter()
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}
