//! Where the server programs of this machine are.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::SandboxError;

/// What to type to have PostgreSQL and Redis.
pub const INSTALL: &str = "install PostgreSQL and Redis: on Debian and Ubuntu \
    `apt-get install postgresql redis-server`, on macOS `brew install postgresql@17 redis`";

/// Folders in which packages put a bin folder for each version: before and after the version.
const VERSIONED: [(&str, &str, &str); 4] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql", "bin"),
    ("/usr/local/opt", "postgresql", "bin"),
];

/// The programs that speak as Redis does, the preferred one first.
const REDIS_PROGRAMS: [&str; 2] = ["redis-server", "valkey-server"];

/// A folder with the server programs of one version of PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PostgresqlBin {
    version: Vec<u32>,
    folder: PathBuf,
}

impl PostgresqlBin {
    /// Looks into a folder for `initdb` and `postgres`, and asks the latter for its version.
    pub fn at(folder: &Path) -> Result<Self, SandboxError> {
        let refuse = |reason: String| SandboxError::NotABinFolder {
            folder: folder.to_path_buf(),
            reason,
        };
        let real = real_folder(folder).map_err(|error| refuse(format!("postgres: {error}")))?;
        if !real.join("initdb").is_file() {
            return Err(refuse("it has no initdb".to_owned()));
        }
        let output = Command::new(real.join("postgres"))
            .arg("--version")
            .output()
            .map_err(SandboxError::run(real.to_string_lossy()))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let version =
            parse_version(&said).ok_or_else(|| refuse(format!("its postgres says {said:?}")))?;
        Ok(Self {
            version,
            folder: real,
        })
    }

    /// The newest version on this machine: where packages put it, and in the folders of `path`
    /// (which is written as `PATH` is).
    pub fn newest(path: &OsStr) -> Result<Self, SandboxError> {
        Self::newest_of(
            packaged_folders()
                .into_iter()
                .chain(std::env::split_paths(path)),
        )
    }

    fn newest_of(folders: impl Iterator<Item = PathBuf>) -> Result<Self, SandboxError> {
        let folders: BTreeSet<PathBuf> = folders
            .filter_map(|folder| real_folder(&folder).ok())
            .collect();
        folders
            .iter()
            .filter_map(|folder| Self::at(folder).ok())
            .max()
            .ok_or_else(|| SandboxError::NotInstalled {
                program: "postgres",
                looked_in: "/usr/lib/postgresql, /usr/pgsql-*, Homebrew's folders and PATH; \
                            name another place by --pg-bin"
                    .to_owned(),
                install: INSTALL,
            })
    }

    /// One of its programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Its folder, no link.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its version: `[15, 18]`.
    pub fn version(&self) -> &[u32] {
        &self.version
    }
}

/// Finds `redis-server`, or else `valkey-server`, in the folders of `path` (which is written as
/// `PATH` is). The path stays as found, links and all: the program looks at its own name.
pub fn redis_server(path: &OsStr) -> Result<PathBuf, SandboxError> {
    REDIS_PROGRAMS
        .into_iter()
        .find_map(|program| program_in(path, program.as_ref()))
        .ok_or_else(|| SandboxError::NotInstalled {
            program: "redis-server",
            looked_in: path.to_string_lossy().into_owned(),
            install: INSTALL,
        })
}

/// The first file of that name that may be run in the folders of `path`, which is written as `PATH`
/// is.
pub fn program_in(path: &OsStr, program: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path)
        .map(|folder| folder.join(program))
        .find(|file| may_be_run(file))
}

/// Whether this is a file that somebody may run.
pub fn may_be_run(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata()
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// The folder of the program itself, from where it finds its shared files: past the links that a
/// folder of PATH may hold.
fn real_folder(folder: &Path) -> io::Result<PathBuf> {
    let postgres = folder.join("postgres").canonicalize()?;
    Ok(postgres.parent().unwrap_or(folder).to_path_buf())
}

fn packaged_folders() -> Vec<PathBuf> {
    VERSIONED
        .into_iter()
        .flat_map(|(parent, prefix, below)| {
            let entries = fs::read_dir(parent).into_iter().flatten().flatten();
            entries
                .filter(move |entry| entry.file_name().to_string_lossy().starts_with(prefix))
                .map(move |entry| entry.path().join(below))
        })
        .collect()
}

/// The numbers of the version in `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`. A version
/// that is not out yet (`18beta1`, `19devel`) counts as its first number alone.
fn parse_version(said: &str) -> Option<Vec<u32>> {
    let (_, version) = said.split_once("(PostgreSQL) ")?;
    let version = version.split_whitespace().next()?;
    let numbers = version.split('.').map_while(|part| {
        let digits = part.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok()
    });
    Some(numbers.collect::<Vec<u32>>()).filter(|numbers| !numbers.is_empty())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{PostgresqlBin, parse_version, redis_server};

    #[test]
    fn a_version_is_read_from_what_postgres_says_of_itself() {
        for (said, version) in [
            (
                "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n",
                Some(vec![15, 18]),
            ),
            ("postgres (PostgreSQL) 9.6.24\n", Some(vec![9, 6, 24])),
            ("postgres (PostgreSQL) 19devel\n", Some(vec![19])),
            ("postgres (PostgreSQL) 18beta1\n", Some(vec![18])),
            ("postgres (EnterpriseDB) 15.1\n", None),
            ("postgres (PostgreSQL) \n", None),
        ] {
            assert_eq!(parse_version(said), version, "{said}");
        }
    }

    #[test]
    fn the_newest_version_is_the_largest_number_not_the_last_text() {
        assert!(parse_version("(PostgreSQL) 9.6.24") < parse_version("(PostgreSQL) 15.18"));
        assert!(parse_version("(PostgreSQL) 15.9") < parse_version("(PostgreSQL) 15.18"));
    }

    #[test]
    fn what_is_missing_is_named_with_the_command_that_installs_it() {
        let postgresql = PostgresqlBin::newest_of([PathBuf::from("/nonexistent")].into_iter());
        let redis = redis_server("/nonexistent:/neither".as_ref());
        for (said, program) in [
            (postgresql.unwrap_err().to_string(), "no postgres found"),
            (redis.unwrap_err().to_string(), "no redis-server found"),
        ] {
            assert!(said.contains(program), "{said}");
            assert!(
                said.contains("apt-get install postgresql redis-server"),
                "{said}"
            );
            assert!(said.contains("brew install postgresql@17 redis"), "{said}");
        }
    }
}
