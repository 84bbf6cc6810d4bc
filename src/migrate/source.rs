//! The migrations folder.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::name::{self, Named, Version};

/// One migration, as its file is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationFile {
    /// Its number.
    pub version: Version,
    /// Its name, without version and ending.
    pub name: String,
    /// Where it lies, as it was found.
    pub path: PathBuf,
    /// What stands in it, byte for byte.
    pub text: String,
    /// The file that leads back, where there is one.
    pub undo: Option<PathBuf>,
}

impl MigrationFile {
    /// `V12__add_users`, as refinery calls it.
    pub fn title(&self) -> String {
        format!("V{}__{}", self.version, self.name)
    }
}

/// Something in the folder that keeps it from being used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceMistake {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// Every migration of a folder and its subfolders, by version.
///
/// The error holds every mistake in the folder: names that nearly fit, two files of one version, a way
/// back that leads from nowhere, a file that is empty or not UTF-8, a folder that is not there, a folder that
/// is named like a file or is a link.
pub fn read(folder: &Path) -> Result<Vec<MigrationFile>, Vec<SourceMistake>> {
    let mut found = Found::default();
    found.look_into(folder, true);
    found.finish()
}

/// Whether a folder is named as only a file of migrations should be.
fn is_named_like_a_file(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str());
    let named = name.and_then(|name| name::parse(name).ok());
    matches!(named, Some(Named::Migration { .. } | Named::Undo { .. }))
}

#[derive(Default)]
struct Found {
    migrations: BTreeMap<Version, MigrationFile>,
    undos: Vec<(Version, String, PathBuf)>,
    mistakes: Vec<SourceMistake>,
}

impl Found {
    fn mistake(&mut self, path: &Path, message: impl Into<String>, hint: Option<String>) {
        self.mistakes.push(SourceMistake {
            path: path.to_owned(),
            message: message.into(),
            hint,
        });
    }

    fn look_into(&mut self, folder: &Path, is_first: bool) {
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut paths: Vec<PathBuf> = match entries {
            Ok(entries) => entries.iter().map(fs::DirEntry::path).collect(),
            Err(error) => return self.unreadable(folder, &error, is_first),
        };
        paths.sort();
        for path in paths {
            if !path.is_dir() {
                self.look_at(&path);
            } else if path.is_symlink() {
                // refinery does not follow it either, and one to a folder above would never end.
                let hint = "put the folder itself here, or take the link away";
                self.mistake(&path, "it is a link to a folder", Some(hint.to_owned()));
            } else if is_named_like_a_file(&path) {
                let hint = "put its SQL into a file of that name, or give the folder another name";
                self.mistake(&path, "it is a folder", Some(hint.to_owned()));
            } else {
                self.look_into(&path, false);
            }
        }
    }

    fn unreadable(&mut self, folder: &Path, error: &io::Error, is_first: bool) {
        let is_missing = is_first && error.kind() == io::ErrorKind::NotFound;
        let message = if is_missing {
            "there is no such folder".to_owned()
        } else {
            format!("cannot be read: {error}")
        };
        let hint = "give the folder with --migrations DIR, or begin one: dbtune migrate new NAME";
        self.mistake(folder, message, is_missing.then(|| hint.to_owned()));
    }

    fn look_at(&mut self, path: &Path) {
        let Some(file) = path.file_name().and_then(|file| file.to_str()) else {
            return self.mistake(path, "its name is not UTF-8", None);
        };
        match name::parse(file) {
            Ok(Named::Other) => {}
            Ok(Named::Undo { version, name }) => {
                // That it cannot be run is not to be told only when it is needed.
                self.text_of(path);
                self.undos.push((version, name, path.to_owned()));
            }
            Ok(Named::Migration { version, name }) => self.take(path, version, name),
            Err(odd) => self.mistake(path, odd.message, Some(odd.hint)),
        }
    }

    /// What stands in a file; `None` after a mistake.
    fn text_of(&mut self, path: &Path) -> Option<String> {
        if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
            // A pipe would be waited at for ever.
            let hint = "put a file in its place, or take it away";
            self.mistake(path, "it is no file", Some(hint.to_owned()));
            return None;
        }
        match fs::read(path).map(String::from_utf8) {
            Ok(Ok(text)) if text.trim().is_empty() => {
                let hint = "write its statements, or take the file away";
                self.mistake(path, "it is empty", Some(hint.to_owned()));
            }
            Ok(Ok(text)) => return Some(text),
            Ok(Err(error)) => self.not_utf8(path, &error),
            Err(error) => self.mistake(path, format!("cannot be read: {error}"), None),
        }
        None
    }

    fn take(&mut self, path: &Path, version: Version, name: String) {
        let Some(text) = self.text_of(path) else {
            return;
        };
        if let Some(other) = self.migrations.get(&version) {
            let message = format!("version {version} is taken by {}", other.path.display());
            let hint = "give one of the two another version";
            return self.mistake(path, message, Some(hint.to_owned()));
        }
        let migration = MigrationFile {
            version,
            name,
            path: path.to_owned(),
            text,
            undo: None,
        };
        self.migrations.insert(version, migration);
    }

    fn not_utf8(&mut self, path: &Path, error: &std::string::FromUtf8Error) {
        let good = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..good).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        let hint = "save it as UTF-8 (iconv -f LATIN1 -t UTF-8)";
        self.mistake(
            path,
            format!("line {line} is not UTF-8"),
            Some(hint.to_owned()),
        );
    }

    fn finish(mut self) -> Result<Vec<MigrationFile>, Vec<SourceMistake>> {
        for (version, name, path) in std::mem::take(&mut self.undos) {
            match self.migrations.get_mut(&version) {
                Some(migration) if migration.name == name => migration.undo = Some(path),
                Some(_) | None => {
                    let message =
                        format!("there is no V{version}__{name}.sql that it leads back from");
                    self.mistake(&path, message, None);
                }
            }
        }
        if self.mistakes.is_empty() {
            return Ok(self.migrations.into_values().collect());
        }
        Err(self.mistakes)
    }
}
