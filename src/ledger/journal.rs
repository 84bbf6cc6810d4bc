//! The local journal: a folder with one file a run, a JSON line for what it is about to do and one
//! for how it ended, each on the disk before the next step is taken.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Ending, Run, StoredRun};

/// The local journal. Several processes may use one folder: each writes only its own file.
#[derive(Debug, Clone)]
pub struct Journal {
    folder: PathBuf,
}

/// Why the journal could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk said no.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried: `write`, `read`, `create`.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A line in the middle of a file is not what dbtune writes.
    #[error("{path}:{line} is not a line that dbtune wrote")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A value could not be written as JSON.
    #[error("cannot write the run as JSON")]
    Encode(#[from] serde_json::Error),
}

/// One line of a run's file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Intent(Box<Run>),
    Ending(Ending),
}

impl Journal {
    /// A journal in this folder, which is made when the first run is written.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes what a run is about to do. When this returns, it is on the disk.
    pub fn begin(&self, run: &Run) -> Result<(), JournalError> {
        make_private_folder(&self.folder).map_err(|source| JournalError::Io {
            action: "create",
            path: self.folder.clone(),
            source,
        })?;
        self.append(&run.run, &Line::Intent(Box::new(run.clone())))?;
        File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|source| JournalError::Io {
                action: "write",
                path: self.folder.clone(),
                source,
            })
    }

    /// Writes how a run ended. When this returns, it is on the disk.
    pub fn end(&self, ending: &Ending) -> Result<(), JournalError> {
        self.append(&ending.run, &Line::Ending(ending.clone()))
    }

    /// Whether the journal knows this run.
    pub fn knows(&self, run: &str) -> bool {
        self.file(run).exists()
    }

    /// Every run, oldest first. A last line that was cut off in the writing counts as not written.
    pub fn runs(&self) -> Result<Vec<StoredRun>, JournalError> {
        let mut runs = Vec::new();
        for path in self.files()? {
            runs.extend(read_run(&path)?);
        }
        Ok(runs)
    }

    fn files(&self) -> Result<Vec<PathBuf>, JournalError> {
        let read = |source| JournalError::Io {
            action: "read",
            path: self.folder.clone(),
            source,
        };
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(read(error)),
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.map_err(read)?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "jsonl")
            {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }

    fn file(&self, run: &str) -> PathBuf {
        self.folder.join(format!("{run}.jsonl"))
    }

    fn append(&self, run: &str, line: &Line) -> Result<(), JournalError> {
        let path = self.file(run);
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        append_durably(&path, &text).map_err(|source| JournalError::Io {
            action: "write",
            path,
            source,
        })
    }
}

/// Adds a line and waits until it is on the disk. A torn line before it is ended first, so that one
/// cut-off write never swallows the next.
fn append_durably(path: &Path, text: &str) -> io::Result<()> {
    let torn = fs::read(path).is_ok_and(|bytes| bytes.last().is_some_and(|last| *last != b'\n'));
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    if torn {
        file.write_all(b"\n")?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn read_run(path: &Path) -> Result<Option<StoredRun>, JournalError> {
    let text = fs::read_to_string(path).map_err(|source| JournalError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    })?;
    let mut stored: Option<StoredRun> = None;
    for (index, line) in text.lines().enumerate() {
        match (serde_json::from_str(line), &mut stored) {
            (Ok(Line::Intent(intent)), _) => {
                stored = Some(StoredRun {
                    intent: *intent,
                    ending: None,
                });
            }
            (Ok(Line::Ending(ending)), Some(stored)) => stored.ending = Some(ending),
            (Ok(Line::Ending(_)), None) => {}
            // Only a write that was cut off leaves half a line, and it was not relied upon yet.
            (Err(error), _) if error.is_eof() => {}
            (Err(source), _) => {
                return Err(JournalError::Damaged {
                    path: path.to_owned(),
                    line: index + 1,
                    source,
                });
            }
        }
    }
    Ok(stored)
}
