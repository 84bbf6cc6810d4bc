//! A server under supervision.

use std::ffi::OsStr;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use super::{Keeper, SandboxError};

/// How many further ports are tried when somebody else has taken the one that was free.
const PORTS_TRIED: usize = 5;

/// A server that runs in the background and can be stopped and started like one of a service
/// manager. It is started again only on demand: one that dies stays dead.
#[derive(Debug, Clone)]
pub struct Server {
    script: [PathBuf; 2],
    home: PathBuf,
    name: &'static str,
}

/// What one can ask of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Wait until it is ready for connections.
    Await,
    /// Start it, where it does not run, and wait until it is ready.
    Start,
    /// Stop it in good order (PostgreSQL: the fast shutdown), and wait until it is gone.
    Stop,
    /// Stop and start.
    Restart,
    /// End it as a power cut would: no checkpoint, no last snapshot.
    Crash,
}

impl Verb {
    fn word(self) -> &'static str {
        match self {
            Self::Await | Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Crash => "crash",
        }
    }

    fn argument(self) -> &'static str {
        if self == Self::Await {
            "await"
        } else {
            self.word()
        }
    }
}

impl Server {
    /// Runs `program` in the folder `name` of the keeper, with a file `log` beside it for what it
    /// says. It is not ready yet when this returns.
    pub fn launch<A: AsRef<OsStr>>(
        keeper: &Keeper,
        name: &'static str,
        program: &Path,
        arguments: &[A],
    ) -> Result<Self, SandboxError> {
        let folder = keeper.folder().join(name);
        let log = folder.join("log");
        keeper.server_file(&log, "")?;
        let open = || fs::File::options().append(true).open(&log);
        let [shell, supervise] = keeper.script("supervise.sh");
        let mut child = keeper
            .server_command(&format!("supervise-{name}"), shell)
            .arg(supervise)
            .arg(keeper.folder())
            .arg(name)
            .arg(program)
            .args(arguments)
            .current_dir(&folder)
            .stdout(open().map_err(SandboxError::file("open", &log))?)
            .stderr(open().map_err(SandboxError::file("open", &log))?)
            .spawn()
            .map_err(SandboxError::run("/bin/sh"))?;
        // Whoever starts a process has to take note of its end, lest it stays as a zombie.
        thread::spawn(move || child.wait());
        Ok(Self {
            script: keeper.script("server.sh"),
            home: keeper.folder().to_path_buf(),
            name,
        })
    }

    /// Launches a server on a free loopback port, after `configure` has written that port into its
    /// configuration, and waits until it is ready. Somebody else may take a port in between; then
    /// it is tried with another one.
    pub fn launch_on_free_port<A: AsRef<OsStr>>(
        keeper: &Keeper,
        name: &'static str,
        program: &Path,
        arguments: &[A],
        configure: impl Fn(u16) -> Result<(), SandboxError>,
    ) -> Result<(Self, u16), SandboxError> {
        let mut port = free_port()?;
        configure(port)?;
        let server = Self::launch(keeper, name, program, arguments)?;
        let mut started = server.ask(Verb::Await);
        for _ in 0..PORTS_TRIED {
            if !started
                .as_ref()
                .is_err_and(SandboxError::is_about_a_taken_port)
            {
                break;
            }
            port = free_port()?;
            configure(port)?;
            started = server.ask(Verb::Start);
        }
        started.map(|()| (server, port))
    }

    /// Does what is asked and waits until it is done.
    pub fn ask(&self, verb: Verb) -> Result<(), SandboxError> {
        let arguments = self.command(verb);
        let failed = |output: String| SandboxError::Server {
            verb: format!("{} of {}", verb.word(), self.name),
            output,
        };
        let (program, rest) = arguments
            .split_first()
            .ok_or_else(|| failed(String::new()))?;
        let output = Command::new(program)
            .args(rest)
            .stdin(Stdio::null())
            .process_group(0) // Ctrl-C is not meant for what only waits.
            .output()
            .map_err(SandboxError::run(program))?;
        if output.status.success() {
            return Ok(());
        }
        Err(failed(
            String::from_utf8_lossy(&output.stderr)
                .trim_end()
                .to_owned(),
        ))
    }

    /// The command that does what is asked, as an argument vector: what stands as `restart` in a
    /// targets file.
    pub fn command(&self, verb: Verb) -> Vec<String> {
        let words = [
            self.home.as_os_str(),
            self.name.as_ref(),
            verb.argument().as_ref(),
        ];
        let script = self.script.iter().map(|path| path.as_os_str());
        script
            .chain(words)
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    }

    /// The folder that the server runs in.
    pub fn folder(&self) -> PathBuf {
        self.home.join(self.name)
    }

    /// All that the server has said so far.
    pub fn log(&self) -> String {
        fs::read(self.folder().join("log"))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }
}

/// A port on which nobody listens at this moment.
fn free_port() -> Result<u16, SandboxError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(SandboxError::file(
            "find a free port on",
            Ipv4Addr::LOCALHOST.to_string(),
        ))
}
