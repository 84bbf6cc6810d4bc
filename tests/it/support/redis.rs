//! A Redis for one test.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use dbtune::sandbox::{self, Keeper, Server, Verb, find};

use super::project::{Target, TargetEntry};
use super::{PASSWORD, Proxy, Wire, eventually};

/// A Redis that belongs to one test; [`PASSWORD`] is the password.
pub(crate) struct Redis {
    server: Server,
    port: u16,
    // Last, so that it goes last.
    keeper: Keeper,
}

impl Redis {
    /// A Redis with a configuration file that it may rewrite, and no setting of note.
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// The same with these lines in the file.
    pub(crate) fn with(settings: &[&str]) -> Self {
        Self::of(&program(), settings)
    }

    /// The same of another version or make.
    pub(crate) fn of(program: &Path, settings: &[&str]) -> Self {
        let keeper = keeper();
        let redis = sandbox::Redis::start(&keeper, program, PASSWORD, settings).unwrap();
        Self {
            server: redis.server().clone(),
            port: redis.port(),
            keeper,
        }
    }

    /// The servers to test with: that of [`Self::start`], and those whose programs stand in
    /// `DBTUNE_TEST_REDIS_SERVERS`, separated by colons.
    pub(crate) fn every_program() -> Vec<PathBuf> {
        let more = super::variable("DBTUNE_TEST_REDIS_SERVERS").unwrap_or_default();
        let more = more.split(':').filter(|program| !program.is_empty());
        let mut programs: Vec<PathBuf> = more.map(PathBuf::from).collect();
        programs.push(program());
        programs.sort();
        programs.dedup();
        programs
    }

    /// A Redis that runs without a configuration file, so that `CONFIG REWRITE` is refused.
    pub(crate) fn without_file(settings: &[&str]) -> Self {
        let keeper = keeper();
        let folder = keeper.server_folder("redis").unwrap();
        let input = folder.join("input");
        let configure = |port| {
            let _absent = fs::remove_file(&input);
            let lines = sandbox::redis_lines(&folder, port, PASSWORD);
            keeper.server_file(&input, &format!("{lines}\n{}\n", settings.join("\n")))
        };
        let shell = Path::new("/bin/sh");
        let program = program();
        let script = "exec \"$0\" - <input";
        let arguments = [OsStr::new("-c"), OsStr::new(script), program.as_os_str()];
        let (server, port) =
            Server::launch_on_free_port(&keeper, "redis", shell, &arguments, configure).unwrap();
        Self {
            server,
            port,
            keeper,
        }
    }

    /// A replica of it, with these lines in its file.
    pub(crate) fn replica(&self, settings: &[&str]) -> Self {
        let upstream = format!("replicaof 127.0.0.1 {}", self.port);
        let auth = format!("masterauth {PASSWORD}");
        let lines = [&[upstream.as_str(), auth.as_str()], settings].concat();
        let replica = Self::with(&lines);
        eventually("the replica follows", || {
            replica
                .ask("INFO replication")
                .concat()
                .contains("master_link_status:up")
        });
        replica
    }

    /// The port on loopback.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How to connect.
    pub(crate) fn url(&self) -> String {
        format!("redis://default:{PASSWORD}@127.0.0.1:{}/0", self.port)
    }

    /// A connection.
    pub(crate) fn client(&self) -> redis::Connection {
        redis::Client::open(self.url())
            .unwrap()
            .get_connection()
            .unwrap()
    }

    /// What the server answers to a command, whose words are separated by blanks. Replies of
    /// several parts are flattened.
    pub(crate) fn ask(&self, command: &str) -> Vec<String> {
        let mut words = command.split_whitespace();
        let mut request = redis::cmd(words.next().unwrap());
        request.arg(words.collect::<Vec<_>>());
        let answer = request.query::<redis::Value>(&mut self.client());
        let mut texts = Vec::new();
        flatten(
            answer.unwrap_or_else(|error| panic!("{command}: {error}")),
            &mut texts,
        );
        texts
    }

    /// A field of `INFO`.
    pub(crate) fn info(&self, field: &str) -> String {
        let text = self.ask("INFO").concat();
        let mut fields = text.lines().filter_map(|line| line.split_once(':'));
        let found = fields.find(|(name, _)| *name == field);
        found.map_or_else(String::new, |(_, value)| value.trim().to_owned())
    }

    /// The running value of a setting.
    pub(crate) fn config(&self, setting: &str) -> String {
        self.ask(&format!("CONFIG GET {setting}"))
            .pop()
            .unwrap_or_default()
    }

    /// Stops it (it saves its data where it is told to) and starts it.
    pub(crate) fn restart(&self) {
        self.server.ask(Verb::Restart).unwrap();
    }

    /// Stops it in good order.
    pub(crate) fn stop(&self) {
        self.server.ask(Verb::Stop).unwrap();
    }

    /// Starts it again.
    pub(crate) fn start_again(&self) {
        self.server.ask(Verb::Start).unwrap();
    }

    /// Ends it as a power cut would.
    pub(crate) fn crash(&self) {
        self.server.ask(Verb::Crash).unwrap();
    }

    /// All that it has logged.
    pub(crate) fn log(&self) -> String {
        self.server.log()
    }

    /// The path of its configuration file.
    pub(crate) fn conf_path(&self) -> PathBuf {
        self.keeper.folder().join("redis/redis.conf")
    }

    /// The text of its configuration file.
    pub(crate) fn conf(&self) -> String {
        fs::read_to_string(self.conf_path()).unwrap()
    }

    /// The command that restarts it, for a targets file.
    pub(crate) fn restart_command(&self) -> Vec<String> {
        self.server.command(Verb::Restart)
    }

    /// A proxy in front of it.
    pub(crate) fn proxy(&self) -> Proxy {
        Proxy::start(Wire::Redis, self.port, &self.url())
    }
}

impl Target for Redis {
    fn entry(&self) -> TargetEntry {
        TargetEntry {
            restart: Some(self.restart_command()),
            persist: Some("rewrite"),
            ..TargetEntry::at("redis", &self.url())
        }
    }
}

fn keeper() -> Keeper {
    Keeper::start(&[&std::env::temp_dir(), Path::new("/tmp")]).unwrap()
}

/// The one on this machine, or the one that stands in `DBTUNE_TEST_REDIS`.
fn program() -> PathBuf {
    if let Some(program) = super::variable("DBTUNE_TEST_REDIS") {
        return PathBuf::from(program);
    }
    let path = super::variable("PATH").unwrap_or_default();
    find::redis_server(path.as_ref()).unwrap()
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what holds no others is one text"
)]
fn flatten(value: redis::Value, texts: &mut Vec<String>) {
    match value {
        redis::Value::Array(values) => {
            for value in values {
                flatten(value, texts);
            }
        }
        redis::Value::Map(pairs) => {
            for (key, value) in pairs {
                flatten(key, texts);
                flatten(value, texts);
            }
        }
        other => texts.push(redis::from_redis_value(other).unwrap_or_default()),
    }
}
