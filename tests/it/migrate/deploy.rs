//! A deploy pipeline: a server, and a folder of migrations.

use std::thread;
use std::time::Duration;

use postgres::Client;

use crate::support::{Cli, PASSWORD, Postgres, Project, Running, eventually};

/// What makes each row that is indexed take a while.
const SLOW: &str = "CREATE FUNCTION slow(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS \
    $$ BEGIN PERFORM pg_sleep(0.05); RETURN $1; END $$;";

/// A server, and a folder with migrations for it.
pub(super) struct Deploy {
    pub(super) postgres: Postgres,
    pub(super) project: Project,
}

impl Deploy {
    pub(super) fn new() -> Self {
        Self::on(Postgres::start())
    }

    pub(super) fn on(postgres: Postgres) -> Self {
        let project = Project::new().targets(&[&postgres]);
        let project = project.file("migrations/README.md", "Migrations.\n");
        Self { postgres, project }
    }

    /// A table of users with an address each, that is no migration.
    pub(super) fn with_users(self, rows: u32) -> Self {
        self.postgres.sql(&format!(
            "{SLOW} CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL); \
             INSERT INTO users SELECT g, 'user' || g FROM generate_series(1, {rows}) g;"
        ));
        self
    }

    /// `migrations/NAME.sql`
    pub(super) fn file(mut self, name: &str, text: &str) -> Self {
        self.project = self.project.file(&format!("migrations/{name}.sql"), text);
        self
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.project.path(&format!("migrations/{name}.sql")), text).unwrap();
    }

    pub(super) fn remove(&self, name: &str) {
        std::fs::remove_file(self.project.path(&format!("migrations/{name}.sql"))).unwrap();
    }

    /// `dbtune migrate ARGUMENTS`
    pub(super) fn migrate(&self, arguments: &str) -> Cli {
        self.project.dbtune(&format!("migrate {arguments}"))
    }

    /// Makes a role that may migrate the database, and returns the URL that is its own.
    pub(super) fn role(&self, name: &str) -> String {
        self.postgres.sql(&format!(
            "CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'; GRANT CREATE ON DATABASE postgres TO {name}; \
             GRANT CREATE ON SCHEMA public TO {name}"
        ));
        self.postgres.url_of(name, "postgres")
    }

    /// The versions in the history.
    pub(super) fn applied(&self) -> Vec<String> {
        let table = "SELECT to_regclass('refinery_schema_history') IS NOT NULL";
        if self.postgres.value(table) == "f" {
            return Vec::new();
        }
        let rows = self
            .postgres
            .sql("SELECT version FROM refinery_schema_history ORDER BY version");
        rows.into_iter().flatten().collect()
    }

    /// `valid`, `INVALID` or `none`.
    pub(super) fn index(&self, name: &str) -> &'static str {
        let query = format!(
            "SELECT i.indisvalid AND i.indisready FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
             WHERE c.relname = '{name}'"
        );
        match self.postgres.sql(&query).first().map(|row| row[0].as_str()) {
            Some("t") => "valid",
            Some(_) => "INVALID",
            None => "none",
        }
    }

    /// No index of the database is INVALID.
    pub(super) fn has_no_debris(&self) {
        let invalid = self.postgres.sql(
            "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid",
        );
        assert!(invalid.is_empty(), "INVALID: {invalid:?}");
    }

    /// Waits until the phase of the build begins so.
    pub(super) fn builds(&self, phase: &str) {
        let query = format!(
            "SELECT count(*) FROM pg_stat_progress_create_index WHERE phase LIKE '{phase}%'"
        );
        eventually(&format!("a build is {phase}"), || {
            self.postgres.value(&query) == "1"
        });
    }

    /// Waits until this index is being built.
    pub(super) fn builds_index(&self, name: &str) {
        let query = format!(
            "SELECT count(*) FROM pg_stat_progress_create_index p JOIN pg_class c ON c.oid = p.index_relid \
             WHERE c.relname = '{name}' AND p.phase LIKE 'building%'"
        );
        eventually(&format!("{name} is being built"), || {
            self.postgres.value(&query) == "1"
        });
    }

    /// Starts a run and kills it while it builds this index; returns the server process that goes on with that.
    pub(super) fn orphan(&self, index: &str) -> String {
        let running = self.spawn("");
        self.builds_index(index);
        let pid = self
            .postgres
            .value("SELECT pid FROM pg_stat_progress_create_index");
        running.kill();
        running.wait();
        pid
    }

    /// Nobody builds an index any more.
    pub(super) fn builds_nothing(&self) {
        eventually("no build", || {
            self.postgres
                .value("SELECT count(*) FROM pg_stat_progress_create_index")
                == "0"
        });
    }

    /// A transaction that has run this and stays open.
    pub(super) fn transaction(&self, statements: &str) -> Client {
        let mut client = self.postgres.client();
        client
            .batch_execute(&format!("BEGIN; {statements}"))
            .unwrap();
        client
    }

    /// Starts a run.
    pub(super) fn spawn(&self, arguments: &str) -> Running {
        self.migrate(arguments).spawn()
    }
}

/// Ends the transaction of a session after a while.
pub(super) fn ends_soon(mut client: Client) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        thread::sleep(Duration::from_secs(2));
        client.batch_execute("ROLLBACK").unwrap();
    })
}
