//! A pooler in front of a PostgreSQL.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::{fs, thread};

use dbtune::sandbox::{Keeper, SUPERUSER};

use super::project::{Target, TargetEntry};
use super::{PASSWORD, Postgres, eventually, variable};

/// How often another port is tried, where somebody else has taken the one that was free.
const PORTS_TRIED: usize = 10;

/// A pgbouncer that belongs to one test. It dies with the test, even a killed one.
pub(crate) struct Pgbouncer {
    port: u16,
    _keeper: Keeper,
}

impl Pgbouncer {
    /// The program: it stands in `DBTUNE_TEST_PGBOUNCER`, or is installed. Where there is none, that is
    /// printed.
    pub(crate) fn program() -> Option<PathBuf> {
        let given = variable("DBTUNE_TEST_PGBOUNCER").map(PathBuf::from);
        let found = given.or_else(|| {
            let path = variable("PATH").unwrap_or_default();
            // Where Debian has it, which is in nobody's path but root's.
            let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
            folders
                .map(|folder| folder.join("pgbouncer"))
                .find(|program| program.is_file())
        });
        if found.is_none() {
            println!("skipped: there is no pgbouncer here");
        }
        found
    }

    /// One in front of this server, whose sessions it gives away as `mode` says; with more lines for its
    /// configuration.
    pub(crate) fn start(program: &Path, postgres: &Postgres, mode: &str, lines: &[&str]) -> Self {
        let keeper = Keeper::start(&[&std::env::temp_dir(), Path::new("/tmp")]).unwrap();
        let folder = keeper.server_folder("pgbouncer").unwrap();
        let users = folder.join("users");
        keeper
            .server_file(&users, &format!("\"{SUPERUSER}\" \"{PASSWORD}\"\n"))
            .unwrap();
        let configuration = folder.join("pgbouncer.ini");
        for _attempt in 0..PORTS_TRIED {
            let port = free_port();
            let _absent = fs::remove_file(&configuration);
            let text = format!(
                "[databases]\n* = host=127.0.0.1 port={}\n\
                 [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
                 auth_type = scram-sha-256\nauth_file = {}\npool_mode = {mode}\n{}\n",
                postgres.port(),
                users.display(),
                lines.join("\n")
            );
            keeper.server_file(&configuration, &text).unwrap();
            let child = keeper
                .server_command("pgbouncer", program)
                .arg(&configuration)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            if listens(child, port) {
                return Self {
                    port,
                    _keeper: keeper,
                };
            }
        }
        panic!("pgbouncer does not start: {configuration:?}");
    }

    /// How to connect to a database of the server, through it.
    pub(crate) fn url(&self) -> String {
        format!(
            "postgres://{SUPERUSER}:{PASSWORD}@127.0.0.1:{}/postgres",
            self.port
        )
    }
}

impl Target for Pgbouncer {
    fn entry(&self) -> TargetEntry {
        TargetEntry::at("postgresql", &self.url())
    }
}

/// Waits until it does; `false` when it ended instead.
fn listens(mut child: Child, port: u16) -> bool {
    let mut is_up = false;
    eventually("pgbouncer listens or ends", || {
        let has_ended = child.try_wait().unwrap().is_some();
        is_up = !has_ended && TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
        is_up || has_ended
    });
    if is_up {
        // Whoever starts a process has to take note of its end.
        thread::spawn(move || child.wait());
    }
    is_up
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
