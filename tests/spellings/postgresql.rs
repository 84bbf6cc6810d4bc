//! PostgreSQL servers of every version found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dbtune::setting::postgresql::{SettingRow, domain};
use dbtune::setting::{Assignment, Domain};
use postgres::{Client, NoTls};

use super::process::{self, Account, Running, paths_in};

/// A private server.
pub(crate) struct Server {
    pub(crate) version: u32,
    pub(crate) rows: Vec<Row>,
    client: Client,
    programs: PathBuf,
    account: Option<Account>,
    folder: tempfile::TempDir,
    // Stopped before its folder goes.
    _running: Running,
}

/// A row of `pg_settings`.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) vartype: String,
    pub(crate) context: String,
    pub(crate) unit: Option<String>,
    pub(crate) min_val: Option<String>,
    pub(crate) max_val: Option<String>,
    pub(crate) enumvals: Option<Vec<String>>,
    pub(crate) boot_val: Option<String>,
    pub(crate) version: u32,
}

impl Row {
    /// Whether a session may change it and is shown what it was changed to. A real number is rounded
    /// for that, and of a connection the session is shown what the connection has.
    pub(crate) fn is_asked_in_session(&self) -> bool {
        matches!(self.context.as_str(), "user" | "superuser")
            && self.vartype != "real"
            && !self.name.starts_with("tcp_")
    }

    pub(crate) fn domain(&self) -> Domain {
        domain(&SettingRow {
            name: &self.name,
            vartype: &self.vartype,
            unit: self.unit.as_deref(),
            min_val: self.min_val.as_deref(),
            max_val: self.max_val.as_deref(),
            enumvals: self.enumvals.as_deref(),
            server_version_num: self.version,
        })
    }
}

/// The program folders of every version of PostgreSQL on this machine, the newest first.
pub(crate) fn installed() -> Vec<PathBuf> {
    let packaged = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let candidates = paths_in("DBTUNE_TEST_PG_BINS")
        .into_iter()
        .chain(packaged.map(|entry| entry.path().join("bin")))
        .chain(process::on_path("postgres").and_then(|path| path.parent().map(Path::to_path_buf)));
    let by_version: BTreeMap<u32, PathBuf> = candidates
        .filter_map(|folder| Some((major_version(&folder)?, folder)))
        .collect();
    assert!(
        !by_version.is_empty(),
        "no PostgreSQL found: name its bin folder in DBTUNE_TEST_PG_BINS"
    );
    println!(
        "PostgreSQL found: {:?}",
        by_version.keys().rev().collect::<Vec<_>>()
    );
    by_version.into_values().rev().collect()
}

fn major_version(folder: &Path) -> Option<u32> {
    let output = std::process::Command::new(folder.join("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let number = text
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number.split('.').next()?.parse().ok()
}

impl Server {
    pub(crate) fn start(programs: &Path) -> Self {
        let account = Account::needed();
        let folder = process::folder(account.as_ref());
        let data = folder.path().join("data");
        let initialised = process::command(&programs.join("initdb"), account.as_ref())
            .args([
                "-U",
                "dbtune",
                "-A",
                "trust",
                "-N",
                "--locale=C",
                "-E",
                "UTF8",
                "-D",
            ])
            .arg(&data)
            .output()
            .expect("initdb runs");
        assert!(
            initialised.status.success(),
            "{}",
            String::from_utf8_lossy(&initialised.stderr)
        );
        let arguments = [
            format!("-D{}", data.display()),
            format!("-k{}", folder.path().display()),
            "-clisten_addresses=".to_owned(),
            "-cfsync=off".to_owned(),
            "-cshared_buffers=16MB".to_owned(),
        ];
        let running = process::start(&programs.join("postgres"), &arguments, account.as_ref());
        let address = format!(
            "host={} user=dbtune dbname=postgres",
            folder.path().display()
        );
        let mut client = process::wait_for("PostgreSQL", || Client::connect(&address, NoTls).ok());
        let rows = rows(&mut client);
        let version = rows.first().expect("pg_settings has rows").version;
        Self {
            version,
            rows,
            client,
            programs: programs.to_path_buf(),
            account,
            folder,
            _running: running,
        }
    }

    /// The settings that are there when these libraries are loaded, as far as the server has them.
    pub(crate) fn rows_with(&mut self, libraries: &[&str]) -> Vec<Row> {
        for library in libraries {
            drop(self.client.batch_execute(&format!("load '{library}'")));
        }
        rows(&mut self.client)
    }

    /// What `pg_settings` says of a setting.
    pub(crate) fn row(&self, name: &str) -> Row {
        self.rows
            .iter()
            .find(|row| row.name == name)
            .expect(name)
            .clone()
    }

    /// What a setting takes.
    pub(crate) fn domain(&self, name: &str) -> Domain {
        self.row(name).domain()
    }

    /// Writes a setting as an engine would; the raw text that stands in the file then.
    pub(crate) fn alter(&mut self, name: &str, assignment: &Assignment) -> String {
        let Assignment::Set(literals) = assignment else {
            panic!("{name}: {assignment:?}")
        };
        let quoted: Vec<String> = literals
            .iter()
            .map(|text| format!("'{}'", text.replace('\'', "''")))
            .collect();
        let statement = format!("alter system set {name} = {}", quoted.join(", "));
        self.client.batch_execute(&statement).expect(&statement);
        let query =
            "select setting from pg_file_settings where name = $1 order by seqno desc limit 1";
        self.client.query_one(query, &[&name]).expect(name).get(0)
    }

    /// What the server makes of a spelling, as it shows it; `None` when it refuses it.
    pub(crate) fn ask(&mut self, row: &Row, spelling: &str) -> Option<String> {
        if row.is_asked_in_session() {
            let question = "select set_config($1, $2, true)";
            return self
                .client
                .query_one(question, &[&row.name, &spelling])
                .ok()
                .map(|row| row.get(0));
        }
        self.ask_program(&row.name, spelling)
    }

    /// The same of settings that a session may not change: the program says what it would run with.
    fn ask_program(&self, name: &str, spelling: &str) -> Option<String> {
        let output = process::command(&self.programs.join("postgres"), self.account.as_ref())
            .arg("-D")
            .arg(self.folder.path().join("data"))
            .args(["-C", name, "-c", &format!("{name}={spelling}")])
            .output()
            .expect("postgres runs");
        let shown = String::from_utf8(output.stdout).expect("settings are text");
        output
            .status
            .success()
            .then(|| shown.strip_suffix('\n').unwrap_or(&shown).to_owned())
    }
}

fn rows(client: &mut Client) -> Vec<Row> {
    let query = "select name, vartype, context, unit, min_val, max_val, enumvals, boot_val, \
                 current_setting('server_version_num')::int from pg_settings order by lower(name)";
    let rows = client.query(query, &[]).expect("pg_settings can be read");
    rows.iter()
        .map(|row| Row {
            name: row.get(0),
            vartype: row.get(1),
            context: row.get(2),
            unit: row.get(3),
            min_val: row.get(4),
            max_val: row.get(5),
            enumvals: row.get(6),
            boot_val: row.get(7),
            version: row.get::<_, i32>(8).unsigned_abs(),
        })
        .collect()
}
