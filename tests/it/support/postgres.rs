//! A PostgreSQL for one test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use dbtune::sandbox::{Keeper, Postgresql, PostgresqlBin, SUPERUSER, Verb};
use postgres::{NoTls, SimpleQueryMessage};

use super::authority::Issued;
use super::project::{Target, TargetEntry};
use super::{PASSWORD, Proxy, Wire, eventually};

/// Settings that make a server small and quick; what a test wants otherwise, it says.
const SMALL: [&str; 5] = [
    "fsync = off",
    "shared_buffers = 16MB",
    "max_connections = 30",
    "max_wal_size = 64MB",
    "min_wal_size = 32MB",
];

/// A PostgreSQL that belongs to one test: `postgres` is its superuser, [`PASSWORD`] the password.
pub(crate) struct Postgres {
    server: Postgresql,
    bin: PostgresqlBin,
    // Last, so that it goes last.
    keeper: Keeper,
}

/// What a server is to be like.
pub(crate) struct Setup {
    bin: PostgresqlBin,
    settings: Vec<String>,
    arguments: Vec<String>,
    roles: Vec<String>,
    files: Vec<(String, String)>,
}

impl Setup {
    /// Adds a line to the end of `postgresql.conf`.
    pub(crate) fn setting(mut self, line: &str) -> Self {
        self.settings.push(line.to_owned());
        self
    }

    /// Adds an argument to the command line of the server: `-c`, `work_mem=8MB`.
    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Runs a statement once the server is up: to create a role, or to alter one.
    pub(crate) fn statement(mut self, statement: &str) -> Self {
        self.roles.push(statement.to_owned());
        self
    }

    /// Writes a file into the data folder, which only the server can read.
    pub(crate) fn file(mut self, name: &str, text: &str) -> Self {
        self.files.push((name.to_owned(), text.to_owned()));
        self
    }

    /// Switches TLS on, with this certificate.
    pub(crate) fn tls(self, issued: &Issued) -> Self {
        self.setting("ssl = on")
            .file("server.crt", &issued.certificate)
            .file("server.key", &issued.key)
    }

    /// Starts the server.
    pub(crate) fn start(self) -> Postgres {
        let keeper = Keeper::start(&[&std::env::temp_dir(), Path::new("/tmp")]).unwrap();
        let folder = keeper.server_folder("postgresql").unwrap();
        copy(&template(&self.bin), &folder.join("data"));
        for (name, text) in &self.files {
            let path = folder.join("data").join(name);
            // One of the template gives way.
            let _absent = fs::remove_file(&path);
            keeper.server_file(&path, text).unwrap();
        }
        let lines: Vec<&str> = SMALL
            .into_iter()
            .chain(self.settings.iter().map(String::as_str))
            .collect();
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let server = Postgresql::start(&keeper, &self.bin, PASSWORD, &lines, &arguments).unwrap();
        let postgres = Postgres {
            server,
            bin: self.bin,
            keeper,
        };
        for statement in &self.roles {
            postgres.sql(statement);
        }
        postgres
    }
}

impl Postgres {
    /// A server of the newest version on this machine, or of the one whose bin folder stands in
    /// `DBTUNE_TEST_PG`.
    pub(crate) fn start() -> Self {
        Self::setup().start()
    }

    /// The same, with something to say about it.
    pub(crate) fn setup() -> Setup {
        let bin = match super::variable("DBTUNE_TEST_PG") {
            Some(folder) => PostgresqlBin::at(Path::new(&folder)),
            None => PostgresqlBin::newest(super::variable("PATH").unwrap_or_default().as_ref()),
        };
        Self::with_bin(bin.unwrap())
    }

    /// A server of the version whose programs these are.
    pub(crate) fn with_bin(bin: PostgresqlBin) -> Setup {
        Setup {
            bin,
            settings: Vec::new(),
            arguments: Vec::new(),
            roles: Vec::new(),
            files: Vec::new(),
        }
    }

    /// The programs of the newest version on this machine.
    pub(crate) fn newest() -> PostgresqlBin {
        Self::setup().bin
    }

    /// The versions to test with: that of [`Self::start`], and those whose bin folders stand in
    /// `DBTUNE_TEST_PG_BINS`, separated by colons.
    pub(crate) fn every_bin() -> Vec<PostgresqlBin> {
        let more = super::variable("DBTUNE_TEST_PG_BINS").unwrap_or_default();
        let mut bins = vec![Self::setup().bin];
        for folder in more.split(':').filter(|folder| !folder.is_empty()) {
            bins.push(PostgresqlBin::at(Path::new(folder)).unwrap());
        }
        bins.sort();
        bins.dedup();
        bins
    }

    /// Those of these versions that are not older than this major version.
    pub(crate) fn bins_since(major: u32) -> Vec<PostgresqlBin> {
        let mut bins = Self::every_bin();
        bins.retain(|bin| bin.version() >= &[major]);
        bins
    }

    /// A standby that streams from it. It is stopped for a moment, to be copied.
    pub(crate) fn standby(&self) -> Self {
        let keeper = Keeper::start(&[&std::env::temp_dir(), Path::new("/tmp")]).unwrap();
        let folder = keeper.server_folder("postgresql").unwrap();
        self.stop();
        copy(&self.data(), &folder.join("data"));
        self.start_again();
        fs::write(folder.join("data/standby.signal"), "").unwrap();
        let upstream = format!(
            "primary_conninfo = 'host=127.0.0.1 port={} user={SUPERUSER} password={PASSWORD} \
             application_name=standby'",
            self.port()
        );
        let settings = [upstream.as_str(), "wal_receiver_status_interval = 1s"];
        let server = Postgresql::start(&keeper, &self.bin, PASSWORD, &settings, &[]).unwrap();
        let standby = Self {
            server,
            bin: self.bin.clone(),
            keeper,
        };
        eventually("the standby streams", || {
            self.value("select count(*) from pg_stat_replication") == "1"
        });
        standby
    }

    /// How to connect as the superuser.
    pub(crate) fn url(&self) -> String {
        self.server.url().expose().to_owned()
    }

    /// How to connect as a role with [`PASSWORD`] to a database.
    pub(crate) fn url_of(&self, role: &str, database: &str) -> String {
        format!(
            "postgres://{role}:{PASSWORD}@127.0.0.1:{}/{database}",
            self.port()
        )
    }

    /// The port on loopback.
    pub(crate) fn port(&self) -> u16 {
        self.server.port()
    }

    /// A connection as the superuser.
    pub(crate) fn client(&self) -> postgres::Client {
        postgres::Client::connect(&self.url(), NoTls).unwrap()
    }

    /// The rows that a statement (or several) answers with, as text; a null is empty.
    pub(crate) fn sql(&self, statement: &str) -> Vec<Vec<String>> {
        let answer = self.client().simple_query(statement);
        let answer = answer.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
        answer.iter().filter_map(row).collect()
    }

    /// The one value that a statement answers with.
    pub(crate) fn value(&self, statement: &str) -> String {
        let rows = self.sql(statement);
        assert!(
            matches!(&*rows, [row] if row.len() == 1),
            "{statement} answers {rows:?}"
        );
        rows.concat().concat()
    }

    /// The running value of a setting, as `SHOW` writes it.
    pub(crate) fn show(&self, setting: &str) -> String {
        self.value(&format!("show {setting}"))
    }

    /// Stops it (fast shutdown) and starts it.
    pub(crate) fn restart(&self) {
        self.server.server().ask(Verb::Restart).unwrap();
    }

    /// Stops it in good order.
    pub(crate) fn stop(&self) {
        self.server.server().ask(Verb::Stop).unwrap();
    }

    /// Starts it again.
    pub(crate) fn start_again(&self) {
        self.server.server().ask(Verb::Start).unwrap();
    }

    /// Ends it as a power cut would.
    pub(crate) fn crash(&self) {
        self.server.server().ask(Verb::Crash).unwrap();
    }

    /// All that it has logged.
    pub(crate) fn log(&self) -> String {
        self.server.server().log()
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.keeper.folder().join("postgresql/data")
    }

    /// The path of `postgresql.conf`.
    pub(crate) fn conf_path(&self) -> PathBuf {
        self.data().join("postgresql.conf")
    }

    /// Adds lines to the end of `postgresql.conf`. The server is not told.
    pub(crate) fn add_to_conf(&self, lines: &str) {
        let text = fs::read_to_string(self.conf_path()).unwrap();
        fs::write(self.conf_path(), format!("{text}\n{lines}\n")).unwrap();
    }

    /// The text of `postgresql.auto.conf`.
    pub(crate) fn auto_conf(&self) -> String {
        fs::read_to_string(self.data().join("postgresql.auto.conf")).unwrap()
    }

    /// The command that restarts it, for a targets file.
    pub(crate) fn restart_command(&self) -> Vec<String> {
        self.server.restart_command()
    }

    /// A proxy in front of it.
    pub(crate) fn proxy(&self) -> Proxy {
        Proxy::start(Wire::Postgresql, self.port(), &self.url())
    }
}

impl Target for Postgres {
    fn entry(&self) -> TargetEntry {
        TargetEntry {
            restart: Some(self.restart_command()),
            ..TargetEntry::at("postgresql", &self.url())
        }
    }
}

fn row(message: &SimpleQueryMessage) -> Option<Vec<String>> {
    let SimpleQueryMessage::Row(row) = message else {
        return None;
    };
    let columns = 0..row.len();
    Some(
        columns
            .map(|n| row.get(n).unwrap_or_default().to_owned())
            .collect(),
    )
}

/// A cluster that has never run, made once for each version: copying is quicker than `initdb`.
/// Tests that come here at the same time each make one; the first to be done wins.
fn template(bin: &PostgresqlBin) -> PathBuf {
    let version: Vec<String> = bin.version().iter().map(u32::to_string).collect();
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let place = cache.join(format!("cluster-of-{SUPERUSER}-{}", version.join(".")));
    if !place.exists() {
        let keeper = Keeper::start(&[&std::env::temp_dir(), Path::new("/tmp")]).unwrap();
        let data = Postgresql::initdb(&keeper, bin, PASSWORD).unwrap();
        let copied = tempfile::tempdir_in(cache).unwrap();
        copy(&data, &copied.path().join("data"));
        let done = fs::rename(copied.path().join("data"), &place);
        assert!(done.is_ok() || place.exists(), "{done:?}");
    }
    place
}

/// Copies a folder with owners and modes, sharing the blocks where the file system can.
fn copy(from: &Path, to: &Path) {
    let mut command = Command::new("cp");
    command.arg("-a");
    if cfg!(target_os = "linux") {
        command.arg("--reflink=auto");
    }
    assert!(
        command.arg(from).arg(to).status().unwrap().success(),
        "cp of {}",
        from.display()
    );
}
