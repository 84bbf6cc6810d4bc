//! A Redis of our own.

use std::fs;
use std::path::Path;

use super::server::{Server, Verb};
use super::{Keeper, SandboxError};
use crate::engine::Url;

/// The name of its folder, of its target, and what it is registered as.
const NAME: &str = "redis";

/// A Redis with a password on a loopback port.
#[derive(Debug)]
pub struct Redis {
    server: Server,
    port: u16,
    password: String,
}

impl Redis {
    /// Starts a Redis with a configuration file that it may rewrite, and waits until it is ready.
    /// `settings` are lines of that file.
    pub fn start(
        keeper: &Keeper,
        program: &Path,
        password: &str,
        settings: &[&str],
    ) -> Result<Self, SandboxError> {
        let folder = keeper.server_folder(NAME)?;
        let file = folder.join("redis.conf");
        let configure = |port| {
            let _absent = fs::remove_file(&file);
            let text = [&*lines(&folder, port, password), &settings.join("\n")].join("\n");
            keeper.server_file(&file, &format!("{text}\n"))
        };
        let arguments = [file.as_os_str()];
        let (server, port) =
            Server::launch_on_free_port(keeper, NAME, program, &arguments, configure)?;
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

    /// What `AUTH` asks for.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// How to connect. The user is named: without one `redis-cli` finds an empty name.
    pub fn url(&self) -> Url {
        Url::new(format!(
            "redis://default:{}@127.0.0.1:{}/0",
            self.password, self.port
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

/// The lines of a configuration file that say where a Redis lives: its data in its folder, its port out of others' reach.
pub fn lines(folder: &Path, port: u16, password: &str) -> String {
    let folder = folder
        .to_string_lossy()
        .replace('\\', "\\\\")
        .replace('"', "\\\"");
    format!(
        "bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir \"{folder}\"\n\
         pidfile \"{folder}/redis.pid\"\ndaemonize no"
    )
}
