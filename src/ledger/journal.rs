//! The local journal: a folder with one file a run, a JSON line for what it is about to do and one
//! for how it ended, each on the disk before the next step is taken.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Ending, Life, Recovery, Run, StoredRun};

/// How often a file that a reader holds for a moment is tried, and how long after each other.
const CLAIM_TRIES: u32 = 20;
const CLAIM_PAUSE: Duration = Duration::from_millis(10);

/// The local journal. Several processes may use one folder: each writes only its own file.
#[derive(Debug, Clone)]
pub struct Journal {
    folder: PathBuf,
}

/// The file of a run, held for as long as this lives. The system gives it back with the process,
/// however that ends.
#[derive(Debug)]
pub struct Hold {
    _file: Option<File>,
}

/// What was seen of the folder of a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalLook {
    /// The folder.
    pub folder: PathBuf,
    /// Why no run could be written there; `None` where one could.
    pub not_writable: Option<String>,
    /// Somebody else on this machine may look into it or write to it.
    pub is_open_to_others: bool,
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
    Recovery(Recovery),
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

    /// Looks at the folder, or at the one in which it would be made. Leaves nothing behind.
    pub fn look(&self) -> JournalLook {
        let there = self.folder.ancestors().find(|folder| folder.exists());
        let tried = there.map_or(Ok(()), |folder| {
            // A relative path ends in an empty one, which stands for the folder one is in.
            let folder = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            };
            tempfile::tempfile_in(folder).map(drop)
        });
        JournalLook {
            folder: self.folder.clone(),
            not_writable: tried.err().map(|error| error.to_string()),
            is_open_to_others: fs::metadata(&self.folder).is_ok_and(|about| is_open(&about)),
        }
    }

    /// Writes what a run is about to do. When this returns, it is on the disk. The file is held from
    /// before its first line: whoever finds the run without an ending sees that it lives.
    pub fn begin(&self, run: &Run) -> Result<Hold, JournalError> {
        make_private_folder(&self.folder).map_err(|source| JournalError::Io {
            action: "create",
            path: self.folder.clone(),
            source,
        })?;
        let path = self.file(&run.run);
        let file = open_to_append(&path).map_err(|source| JournalError::Io {
            action: "write",
            path,
            source,
        })?;
        // A file system that knows no locks is no reason to do nothing: the servers have theirs.
        let hold = Hold {
            _file: file.lock().is_ok().then_some(file),
        };
        self.append(&run.run, &Line::Intent(Box::new(run.clone())))?;
        File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|source| JournalError::Io {
                action: "write",
                path: self.folder.clone(),
                source,
            })?;
        Ok(hold)
    }

    /// Takes the file of a run that was cut off, so that nobody else settles it meanwhile. `None` where
    /// another process holds it.
    pub fn claim(&self, run: &str) -> Result<Option<Hold>, JournalError> {
        let path = self.file(run);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Some(Hold { _file: None }));
            }
            Err(source) => {
                return Err(JournalError::Io {
                    action: "read",
                    path,
                    source,
                });
            }
        };
        for _ in 0..CLAIM_TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Hold { _file: Some(file) })),
                Err(TryLockError::WouldBlock) => thread::sleep(CLAIM_PAUSE),
                Err(TryLockError::Error(_)) => return Ok(Some(Hold { _file: None })),
            }
        }
        Ok(None)
    }

    /// Writes how a run ended. When this returns, it is on the disk.
    pub fn end(&self, ending: &Ending) -> Result<(), JournalError> {
        self.append(&ending.run, &Line::Ending(ending.clone()))
    }

    /// Writes how a target would be brought back. When this returns, it is on the disk.
    pub fn recovery(&self, recovery: &Recovery) -> Result<(), JournalError> {
        self.append(&recovery.run, &Line::Recovery(recovery.clone()))
    }

    /// How the targets of a run would be brought back, the last word on each. A line that cannot be
    /// read is passed over here: [`Journal::runs`] tells of it.
    pub fn recoveries(&self, run: &str) -> Vec<Recovery> {
        let text = fs::read_to_string(self.file(run)).unwrap_or_default();
        let mut found: Vec<Recovery> = Vec::new();
        for line in text.lines() {
            if let Ok(Line::Recovery(recovery)) = serde_json::from_str(line) {
                found.retain(|earlier| earlier.target != recovery.target);
                found.push(recovery);
            }
        }
        found
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
    let mut file = open_to_append(path)?;
    if torn {
        file.write_all(b"\n")?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn open_to_append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The text of a run's file, and whether its process lives. The file is held while it is read: a run
/// that begins or ends meanwhile is seen before or after, never in between.
fn read_with_life(path: &Path) -> io::Result<(String, Life)> {
    let mut file = File::open(path)?;
    let life = match file.try_lock_shared() {
        Ok(()) => Life::Gone,
        Err(TryLockError::WouldBlock) => Life::Here,
        Err(TryLockError::Error(_)) => Life::Unknown,
    };
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok((text, life))
}

#[cfg(unix)]
fn is_open(about: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open(_about: &fs::Metadata) -> bool {
    false
}

fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn read_run(path: &Path) -> Result<Option<StoredRun>, JournalError> {
    let (text, life) = read_with_life(path).map_err(|source| JournalError::Io {
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
                    life: life.clone(),
                });
            }
            (Ok(Line::Ending(ending)), Some(stored)) => stored.ending = Some(ending),
            (Ok(Line::Ending(_)), None) | (Ok(Line::Recovery(_)), _) => {}
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
