//! Files of the server, looked at from its own machine.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::host::holds;
use crate::snapshot::Answer;

/// What is at a path of this machine.
pub(super) enum Kind {
    Missing,
    File,
    Folder,
    /// dbtune may not look there.
    Unknown,
}

/// What is at a path, seen from this machine. A relative one begins at the data directory.
pub(super) fn kind(path: &str, data_directory: &str) -> Kind {
    match fs::metadata(Path::new(data_directory).join(path)) {
        Ok(found) if found.is_dir() => Kind::Folder,
        Ok(_) => Kind::File,
        Err(error) if error.kind() == ErrorKind::NotFound => Kind::Missing,
        Err(_) => Kind::Unknown,
    }
}

/// Whether the user of the server may read a file that is there: the owner of the data directory is
/// that user. Which other groups it is in cannot be seen.
pub(super) fn may_read(path: &str, data_directory: Option<&str>) -> Answer {
    let modes = data_directory.and_then(|folder| {
        let file = fs::metadata(Path::new(folder).join(path)).ok()?;
        Some((file, fs::metadata(folder).ok()?))
    });
    match modes {
        Some((file, folder)) if is_readable(&file, &folder) => Answer::Yes,
        Some(_) | None => Answer::Unknown(format!(
            "{path} is there, and whether the user of the server may read it cannot be seen"
        )),
    }
}

#[cfg(unix)]
fn is_readable(file: &fs::Metadata, folder: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let mode = file.mode();
    (file.uid() == folder.uid() && mode & 0o400 != 0)
        || (file.gid() == folder.gid() && mode & 0o040 != 0)
        || mode & 0o004 != 0
}

#[cfg(not(unix))]
fn is_readable(_file: &fs::Metadata, _folder: &fs::Metadata) -> bool {
    false
}

/// Whether the server could write `postgresql.auto.conf`, by what the modes of the file and of its
/// folder allow their owner: it writes a new file beside the old one and renames it.
pub(super) fn can_write_auto_conf(data_directory: Option<&str>, system: &str) -> Answer {
    let Some(folder) = data_directory.filter(|folder| holds(folder, system)) else {
        return Answer::Unknown("the data directory cannot be seen from here".to_owned());
    };
    let folder = Path::new(folder);
    let file = folder.join("postgresql.auto.conf");
    for path in [&file, folder] {
        match fs::metadata(path) {
            Ok(about) if is_written_by_its_owner(&about) => {}
            Ok(_) => return Answer::No(format!("{} is read-only", path.display())),
            Err(error) => return Answer::No(format!("{}: {error}", path.display())),
        }
    }
    Answer::Yes
}

#[cfg(unix)]
fn is_written_by_its_owner(about: &fs::Metadata) -> bool {
    const OWNER_WRITES: u32 = 0o200;
    std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & OWNER_WRITES != 0
}

#[cfg(not(unix))]
fn is_written_by_its_owner(about: &fs::Metadata) -> bool {
    !about.permissions().readonly()
}
