//! Servers that speak as Redis does, of every kind found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dbtune::setting::redis::Release;
use redis::{Connection, Value, cmd, from_redis_value};

use super::process::{self, Running, on_path, paths_in};

/// A private server with nothing configured but where it listens.
pub(crate) struct Server {
    pub(crate) release: Release,
    connection: Connection,
    _folder: tempfile::TempDir,
    _running: Running,
}

/// The server programs on this machine.
pub(crate) fn installed() -> Vec<PathBuf> {
    let named = ["redis-server", "valkey-server"]
        .into_iter()
        .filter_map(on_path);
    let found: Vec<PathBuf> = paths_in("DBTUNE_TEST_REDIS_SERVERS")
        .into_iter()
        .chain(named)
        .collect();
    assert!(
        !found.is_empty(),
        "no Redis found: name its server program in DBTUNE_TEST_REDIS_SERVERS"
    );
    found
}

impl Server {
    pub(crate) fn start(program: &Path) -> Self {
        let folder = process::folder(None);
        let socket = folder.path().join("s");
        let option = |name: &str, path: &Path| [format!("--{name}"), path.display().to_string()];
        let arguments = [
            option("port", Path::new("0")),
            option("unixsocket", &socket),
            option("dir", folder.path()),
        ]
        .concat();
        let running = process::start(program, &arguments, None);
        let address = format!("redis+unix://{}", socket.display());
        let client = redis::Client::open(address).expect("an address");
        let mut connection = process::wait_for("Redis", || client.get_connection().ok());
        let release = release(&mut connection);
        println!("{} found: {release:?}", program.display());
        Self {
            release,
            connection,
            _folder: folder,
            _running: running,
        }
    }

    /// Every setting and its value.
    pub(crate) fn settings(&mut self) -> BTreeMap<String, String> {
        cmd("CONFIG")
            .arg("GET")
            .arg("*")
            .query(&mut self.connection)
            .expect("CONFIG GET works")
    }

    /// The value of one setting.
    pub(crate) fn get(&mut self, name: &str) -> String {
        let answer: Value = cmd("CONFIG")
            .arg("GET")
            .arg(name)
            .query(&mut self.connection)
            .unwrap();
        let mut all: BTreeMap<String, String> = from_redis_value(answer).unwrap();
        all.remove(name).unwrap_or_default()
    }

    /// Sets a setting; what the server says against it.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let answer: redis::RedisResult<()> = cmd("CONFIG")
            .arg("SET")
            .arg(name)
            .arg(value)
            .query(&mut self.connection);
        answer.map_err(|error| {
            assert!(
                !error.is_connection_dropped(),
                "{name} = {value} killed the server"
            );
            error.to_string()
        })
    }
}

fn release(connection: &mut Connection) -> Release {
    let info: String = cmd("INFO")
        .arg("server")
        .query(connection)
        .expect("INFO works");
    let field = |name: &str| {
        info.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .map(number)
    };
    let valkey = field("valkey_version");
    let version_number = valkey
        .or_else(|| field("redis_version"))
        .expect("a version");
    Release {
        valkey: valkey.is_some(),
        version_number,
    }
}

fn number(version: &str) -> u32 {
    version
        .trim()
        .split('.')
        .fold(0, |sum, part| sum * 100 + part.parse::<u32>().unwrap_or(0))
}
