//! A folder to run `dbtune` in.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tempfile::TempDir;

use super::{Cli, PASSWORD};

/// A server that a targets file can name.
pub(crate) trait Target {
    /// What stands in the file.
    fn entry(&self) -> TargetEntry;
}

/// What a targets file says of one server. A test changes what it wants otherwise:
/// `TargetEntry { restart: None, ..postgres.entry() }`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct TargetEntry {
    pub(crate) name: String,
    pub(crate) engine: &'static str,
    pub(crate) url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) restart: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) persist: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) memory: Option<&'static str>,
}

impl TargetEntry {
    /// A server at this URL, named after its engine, of which nothing else is said.
    pub(crate) fn at(engine: &'static str, url: &str) -> Self {
        Self {
            name: engine.to_owned(),
            engine,
            url: url.to_owned(),
            restart: None,
            persist: None,
            memory: None,
        }
    }
}

impl Target for TargetEntry {
    fn entry(&self) -> TargetEntry {
        self.clone()
    }
}

#[derive(Serialize)]
struct TargetsFile {
    targets: Vec<TargetEntry>,
}

/// A folder with a targets file and profiles, and a state folder that its runs share.
pub(crate) struct Project {
    folder: TempDir,
}

impl Project {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Writes `targets.yaml`.
    pub(crate) fn targets(self, targets: &[&dyn Target]) -> Self {
        let targets = targets.iter().map(|target| target.entry()).collect();
        let yaml = serde_yaml::to_string(&TargetsFile { targets }).unwrap();
        self.file("targets.yaml", &yaml)
    }

    /// Writes `tuning-profiles/NAME.yaml`.
    pub(crate) fn profile(self, name: &str, yaml: &str) -> Self {
        self.file(&format!("tuning-profiles/{name}.yaml"), yaml)
    }

    /// Writes any file.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where the runs leave their local journal.
    pub(crate) fn state(&self) -> PathBuf {
        self.path("state")
    }

    /// `dbtune` with these arguments, separated by blanks, to be run here.
    pub(crate) fn dbtune(&self, arguments: &str) -> Cli {
        Cli::new(self.folder.path()).args(arguments.split_whitespace())
    }

    /// Asserts that no file here but `targets.yaml` shows the password.
    pub(crate) fn holds_no_secret(&self) {
        for file in files_below(self.folder.path()) {
            let text = fs::read(&file).unwrap();
            let shows = text
                .windows(PASSWORD.len())
                .any(|part| part == PASSWORD.as_bytes());
            let may = file.ends_with("targets.yaml");
            assert!(may || !shows, "{} shows the password", file.display());
        }
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files_below(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}
