//! `dbtune sandbox`: private servers for a command, or until Ctrl-C.

use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal as _, Read as _, Write};
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::Duration;

use crate::engine::Interrupt;
use crate::sandbox::{self, SUPERUSER, Sandbox, SandboxError, find};

/// How often a running command is looked at.
const GLANCE: Duration = Duration::from_millis(20);

/// The exit code when Ctrl-C came before the servers were ready.
const INTERRUPTED: u8 = 130;

/// What would lead a program elsewhere: the first two outrank the targets file, the others are for
/// libpq.
const FOREIGN: [&str; 12] = [
    "DBTUNE_POSTGRES_URL",
    "DBTUNE_REDIS_URL",
    "PGCHANNELBINDING",
    "PGHOSTADDR",
    "PGOPTIONS",
    "PGREQUIRESSL",
    "PGSERVICE",
    "PGSERVICEFILE",
    "PGSSLCRL",
    "PGSSLMODE",
    "PGSSLNEGOTIATION",
    "PGSSLROOTCERT",
];

/// What was typed, and what the environment says.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the sandbox is made of.
    pub sandbox: sandbox::Options,
    /// The command to run in it, with its arguments; empty: stay until told to go.
    pub command: Vec<OsString>,
}

/// Starts the servers, runs the command or waits, takes everything down, and returns the exit code:
/// the command's own, or 128 and the signal's number where a signal ended it; without a command 0.
/// `out` is what a person reads.
///
/// Ctrl-C goes to the command, which is in the same foreground group; this waits for it. Where there
/// is no terminal an interrupt is for dbtune alone, and the command is told by SIGTERM.
pub fn run(
    options: &Options,
    interrupt: &Interrupt,
    out: &mut dyn Write,
) -> Result<u8, SandboxError> {
    let program = match options.command.first() {
        Some(program) => Some(find_command(program, options)?),
        None => None,
    };
    let sandbox = Sandbox::start(&options.sandbox)?;
    if interrupt.is_raised() {
        return sandbox.close().map(|()| INTERRUPTED);
    }
    let code = match program {
        Some(program) => run_command(&program, options, &sandbox, interrupt)?,
        None => stay(&sandbox, interrupt, out)?,
    };
    sandbox.close()?;
    Ok(code)
}

/// Where the command is. Asked before anything is started: a slip of the finger costs no second.
fn find_command(program: &OsString, options: &Options) -> Result<PathBuf, SandboxError> {
    let found = if program.as_encoded_bytes().contains(&b'/') {
        Some(PathBuf::from(program)).filter(|file| find::may_be_run(file))
    } else {
        find::program_in(&options.sandbox.path, program)
    };
    found.ok_or_else(|| SandboxError::CommandNotFound {
        program: program.to_string_lossy().into_owned(),
    })
}

fn run_command(
    program: &PathBuf,
    options: &Options,
    sandbox: &Sandbox,
    interrupt: &Interrupt,
) -> Result<u8, SandboxError> {
    let mut command = sandbox.keeper().user_command(program);
    command.args(options.command.iter().skip(1));
    point_to(sandbox, &mut command);
    let failed = || SandboxError::run(program.to_string_lossy());
    let mut child = command.spawn().map_err(failed())?;
    let mut is_told = has_terminal();
    loop {
        if let Some(status) = child.try_wait().map_err(failed())? {
            return Ok(exit_code(status));
        }
        if interrupt.is_raised() && !is_told {
            is_told = true;
            terminate(&child, sandbox);
        }
        thread::sleep(GLANCE);
    }
}

/// Whether a terminal may have sent Ctrl-C to the command too.
fn has_terminal() -> bool {
    io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal()
}

/// What a shell makes of an end.
fn exit_code(status: ExitStatus) -> u8 {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok())
        .unwrap_or(u8::MAX)
}

/// Asks a command, and what it has started, to end. That it may just have done so does not matter.
fn terminate(child: &Child, sandbox: &Sandbox) {
    let [shell, script] = sandbox.keeper().script("terminate.sh");
    let _whether = Command::new(shell)
        .arg(script)
        .arg(child.id().to_string())
        .status();
}

/// Makes everything that the command may run find these servers, and no others.
fn point_to(sandbox: &Sandbox, command: &mut Command) {
    let postgresql = sandbox.postgresql();
    for name in FOREIGN {
        command.env_remove(name);
    }
    command
        .env("DBTUNE_TARGETS_FILE", sandbox.targets_file())
        .env("DBTUNE_STATE_DIR", sandbox.state_folder())
        .env("DATABASE_URL", sandbox.postgres_url().expose())
        .env("REDIS_URL", sandbox.redis_url().expose())
        .env("PGHOST", "127.0.0.1")
        .env("PGPORT", postgresql.port().to_string())
        .env("PGUSER", SUPERUSER)
        .env("PGPASSWORD", postgresql.password())
        .env("PGDATABASE", SUPERUSER);
}

fn stay(sandbox: &Sandbox, interrupt: &Interrupt, out: &mut dyn Write) -> Result<u8, SandboxError> {
    out.write_all(what_to_type(sandbox).as_bytes())
        .and_then(|()| out.flush())
        .map_err(SandboxError::Output)?;
    end_with_input(interrupt);
    while !interrupt.sleep(Duration::from_secs(1)) {}
    Ok(0)
}

/// Raises the interrupt when whoever holds the other end of standard input is gone. A terminal is
/// not read: in the background that would stop the process. Nor is anything else that has ended
/// from the start, such as `/dev/null`.
fn end_with_input(interrupt: &Interrupt) {
    let is_pipe = fs::metadata("/dev/stdin").is_ok_and(|found| found.file_type().is_fifo());
    if !is_pipe {
        return;
    }
    let interrupt = interrupt.clone();
    thread::spawn(move || {
        let mut ignored = [0; 512];
        while io::stdin()
            .read(&mut ignored)
            .is_ok_and(|length| length > 0)
        {}
        interrupt.raise();
    });
}

/// What a person is told. It holds no password: the files that hold them are named.
fn what_to_type(sandbox: &Sandbox) -> String {
    let folder = sandbox.folder().display();
    let targets = sandbox.targets_file();
    let (targets, passwords) = (targets.display(), sandbox.password_file());
    let (postgresql, redis) = (sandbox.postgresql().port(), sandbox.redis().port());
    format!(
        "PostgreSQL {version} on 127.0.0.1:{postgresql} and Redis on 127.0.0.1:{redis}, in {folder}\n\
         \n\
         In another terminal:\n\
         \n\
         \x20 export DBTUNE_TARGETS_FILE={targets}\n\
         \x20 export DBTUNE_STATE_DIR={state}\n\
         \x20 dbtune plan\n\
         \n\
         \x20 PGPASSFILE={passwords} psql -h 127.0.0.1 -p {postgresql} -U {SUPERUSER}\n\
         \x20 REDISCLI_AUTH=$(cat {folder}/redispass) redis-cli -p {redis}\n\
         \n\
         Ctrl-C stops both servers and removes {folder}.\n",
        version = sandbox.postgresql_version(),
        state = sandbox.state_folder().display(),
        passwords = passwords.display(),
    )
}
