//! A PostgreSQL of our own.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::server::{Server, Verb};
use super::{Keeper, PostgresqlBin, SandboxError};
use crate::engine::Url;

/// The name of its folder, of its target, and what it is registered as.
const NAME: &str = "postgresql";

/// The superuser, and the database it connects to.
pub const SUPERUSER: &str = "postgres";

/// What the client's environment could change in a server that is started from it.
const FOREIGN: [&str; 5] = [
    "PGDATA",
    "PGPORT",
    "PGDATESTYLE",
    "PGTZ",
    "PGCLIENTENCODING",
];

/// A cluster with one superuser, reachable on a loopback port with a password.
#[derive(Debug)]
pub struct Postgresql {
    server: Server,
    port: u16,
    password: String,
}

impl Postgresql {
    /// Makes a cluster whose superuser has this password. It does not run yet, and has the settings
    /// that `initdb` found right. Returns its data folder.
    pub fn initdb(
        keeper: &Keeper,
        bin: &PostgresqlBin,
        password: &str,
    ) -> Result<PathBuf, SandboxError> {
        let folder = keeper.server_folder(NAME)?;
        let data = folder.join("data");
        let password_file = folder.join("password");
        keeper.server_file(&password_file, password)?;
        let mut initdb = keeper.server_command("initdb", bin.program("initdb"));
        initdb
            .args([
                "--no-sync",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
            ])
            .arg(format!("--username={SUPERUSER}"))
            .arg("--pwfile")
            .arg(&password_file)
            .arg("--pgdata")
            .arg(&data);
        for name in FOREIGN {
            initdb.env_remove(name);
        }
        let output = initdb.output().map_err(SandboxError::run("initdb"))?;
        fs::remove_file(&password_file).map_err(SandboxError::file("remove", &password_file))?;
        if output.status.success() {
            return Ok(data);
        }
        let said = [output.stdout, output.stderr].concat();
        Err(SandboxError::Initdb {
            output: String::from_utf8_lossy(&said).trim_end().to_owned(),
        })
    }

    /// Starts the cluster that lies in `postgresql/data` of the keeper's folder and whose superuser
    /// has this password, on a free port, and waits until it is ready. `settings` are lines for the
    /// end of `postgresql.conf`; `arguments` go on the command line, where no `ALTER SYSTEM` wins.
    pub fn start(
        keeper: &Keeper,
        bin: &PostgresqlBin,
        password: &str,
        settings: &[&str],
        arguments: &[&str],
    ) -> Result<Self, SandboxError> {
        let folder = keeper.folder().join(NAME);
        let data = folder.join("data");
        let file = data.join("postgresql.conf");
        let before = fs::read_to_string(&file).map_err(SandboxError::file("read", &file))?;
        let configure = |port| {
            let text = format!(
                "{before}\n{}\n{}\n",
                settings.join("\n"),
                network(&folder, port)
            );
            fs::write(&file, text).map_err(SandboxError::file("write", &file))
        };
        let mut all = vec![OsStr::new("-D"), data.as_os_str()];
        all.extend(arguments.iter().map(OsStr::new));
        let program = bin.program("postgres");
        let (server, port) = Server::launch_on_free_port(keeper, NAME, &program, &all, configure)?;
        Ok(Self {
            server,
            port,
            password: password.to_owned(),
        })
    }

    /// The port on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The superuser's password.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// How to connect as the superuser.
    pub fn url(&self) -> Url {
        let Self { port, password, .. } = self;
        Url::new(format!(
            "postgres://{SUPERUSER}:{password}@127.0.0.1:{port}/{SUPERUSER}"
        ))
    }

    /// Its process.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The command that restarts it.
    pub fn restart_command(&self) -> Vec<String> {
        self.server.command(Verb::Restart)
    }
}

/// The lines that say where it listens: only where nobody else on the network can reach it.
fn network(folder: &Path, port: u16) -> String {
    let sockets = folder.to_string_lossy().replace('\'', "''");
    format!(
        "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '\"{sockets}\"'"
    )
}
