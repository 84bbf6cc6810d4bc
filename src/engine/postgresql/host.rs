//! The machine that the server runs on, where that is this one: its programs, its files, its user.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Postgres, rows};
use crate::engine::EngineError;

/// Variables that would lead a program of PostgreSQL to another server.
const FOREIGN: [&str; 6] = [
    "PGDATA",
    "PGPORT",
    "PGHOST",
    "PGOPTIONS",
    "PGUSER",
    "PGDATABASE",
];

/// Whether this folder of this machine is the data directory of the server with this system
/// identifier. A path may look alike on another machine; the identifier in `pg_control` does not.
pub(super) fn holds(data_directory: &str, system: &str) -> bool {
    let control = Path::new(data_directory).join("global/pg_control");
    let mut first = [0; 8];
    let read = File::open(control).and_then(|mut file| file.read_exact(&mut first));
    // Its first field is the identifier, as the machine writes a number of 64 bits.
    read.is_ok() && u64::from_ne_bytes(first).to_string() == system
}

/// Where the programs and the files of a server are on this machine.
#[derive(Debug, Clone)]
pub struct Site {
    /// The data directory.
    pub data: PathBuf,
    /// `postgresql.conf`, wherever it lies.
    pub config_file: PathBuf,
    /// The folder of its programs: those on the disk, which the next start runs. They may be newer
    /// than the server that runs.
    pub programs: PathBuf,
    /// Whom the data directory belongs to.
    pub(super) owner: Owner,
}

/// A user of this machine whom a server runs as.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// The groups of the running server: its keys may be readable to one of them alone.
    groups: Vec<String>,
    /// We are root and must become this user first.
    pub(super) is_somebody_else: bool,
}

impl Postgres {
    /// Where the programs and files of this server are, or why they cannot be used from here.
    pub(super) fn find_site(&mut self) -> Result<Result<Site, String>, EngineError> {
        const PATHS: &str = "SELECT pg_catalog.current_setting('data_directory') AS data, \
            pg_catalog.current_setting('config_file') AS config, \
            (SELECT system_identifier FROM pg_catalog.pg_control_system()) AS system";
        const SHOWN: &str = "a look for its files";
        let answer = match self.ask(PATHS, SHOWN) {
            Ok(answer) => answer,
            Err(EngineError::Refused { message, .. }) => return Ok(Err(message)),
            Err(error) => return Err(error),
        };
        let read = rows::only_row(&answer).and_then(|row| {
            let text = |column| row.required(column);
            Ok((text("data")?, text("config")?, text("system")?))
        });
        let (data, config_file, system) = read.map_err(|reason| self.unexpected(SHOWN, reason))?;
        if !holds(data, system) {
            return Ok(Err(
                "its files are not on this machine, or not to be read here".to_owned(),
            ));
        }
        Ok(Site::at(Path::new(data), Path::new(config_file)))
    }
}

impl Site {
    fn at(data: &Path, config_file: &Path) -> Result<Self, String> {
        let pid = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
        let pid = pid.lines().next().unwrap_or_default().trim().to_owned();
        Ok(Self {
            data: data.to_owned(),
            config_file: config_file.to_owned(),
            programs: programs(&pid).ok_or("the folder of its programs was not found")?,
            owner: Owner::of(data, &pid)?,
        })
    }

    /// One of its programs, run as the owner of the data directory and never as root.
    pub(super) fn command(&self, program: &str) -> Command {
        self.owner.command(&self.programs.join(program))
    }

    /// How a person would run one of its programs.
    pub fn shown_program(&self, program: &str) -> String {
        let program = self.programs.join(program);
        let Owner { uid, gid, .. } = self.owner;
        let program = program.display();
        if !self.owner.is_somebody_else {
            program.to_string()
        } else if Path::new("/usr/bin/sudo").is_file() {
            format!("sudo -u '#{uid}' {program}")
        } else {
            format!("setpriv --reuid={uid} --regid={gid} --clear-groups {program}")
        }
    }
}

/// The folder of the programs: where the running server was started from. After an update of the
/// package its own program is gone from the disk, and the new one lies in its place.
fn programs(pid: &str) -> Option<PathBuf> {
    let running = fs::read_link(format!("/proc/{pid}/exe")).ok();
    let running = running.and_then(|path| path.parent().map(Path::to_owned));
    running
        .or_else(configured)
        .filter(|folder| folder.join("postgres").is_file())
}

/// Where `pg_config` says they are, on a system without `/proc`.
fn configured() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(said.trim()))
}

impl Owner {
    fn of(data: &Path, pid: &str) -> Result<Self, String> {
        let found = fs::metadata(data).map_err(|error| error.to_string())?;
        let own = tempfile::tempfile().and_then(|file| file.metadata());
        let own = own.map_err(|error| error.to_string())?.uid();
        if found.uid() == 0 || (own != 0 && own != found.uid()) {
            return Err(format!(
                "it takes root or the owner of {} (user {}) to start a server there",
                data.display(),
                found.uid()
            ));
        }
        Ok(Self {
            uid: found.uid(),
            gid: found.gid(),
            groups: groups(pid),
            is_somebody_else: own != found.uid(),
        })
    }

    /// A program run as this user, in the groups that the server runs in.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = if !self.is_somebody_else {
            Command::new(program)
        } else if let Some(setpriv) = setpriv() {
            let mut command = Command::new(setpriv);
            command
                .arg(format!("--reuid={}", self.uid))
                .arg(format!("--regid={}", self.gid));
            if self.groups.is_empty() {
                command.arg("--clear-groups");
            } else {
                command.arg(format!("--groups={}", self.groups.join(",")));
            }
            command.arg("--").arg(program);
            command
        } else {
            let mut command = Command::new(program);
            command.uid(self.uid).gid(self.gid);
            command
        };
        command.current_dir("/");
        for name in FOREIGN {
            command.env_remove(name);
        }
        command
    }
}

/// The program that also takes the groups along, which the standard library cannot.
fn setpriv() -> Option<&'static Path> {
    ["/usr/bin/setpriv", "/bin/setpriv"]
        .into_iter()
        .map(Path::new)
        .find(|path| path.is_file())
}

/// The groups of a process.
fn groups(pid: &str) -> Vec<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Groups:"));
    line.unwrap_or_default()
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}
