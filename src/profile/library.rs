//! Where profiles are: files beside each other, `tuning-profiles/`, and those built in. The one
//! module of this room that touches the disk.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::nearest::{listed, nearest};
use super::yaml::Source;
use super::{Mistake, builtin};

/// The folder that a plain name is looked up in.
const FOLDER: &str = "tuning-profiles";
/// One byte more than a file may have; what is longer need not be read to its end.
const READ_AT_MOST: u64 = 1024 * 1024 + 1;

/// A file that was found.
pub(super) struct Found {
    /// The same for the same file, however it was named.
    pub(super) id: PathBuf,
    pub(super) source: Source,
    /// The folder it lies in; `None` for a built-in profile.
    folder: Option<PathBuf>,
}

impl Found {
    /// A text that lies in no folder.
    pub(super) fn alone(source: &Source) -> Self {
        Self {
            id: PathBuf::from(source.file()),
            source: source.clone(),
            folder: None,
        }
    }
}

/// Finds profiles by name or path.
pub(super) struct Library {
    /// The folder that relative paths start from; `None`: there are the built-in profiles only.
    root: Option<PathBuf>,
}

impl Library {
    pub(super) fn of(root: &Path) -> Self {
        let root = Some(root.to_owned());
        Self { root }
    }

    pub(super) fn built_in() -> Self {
        Self { root: None }
    }

    /// The profile that the user asks for.
    pub(super) fn open(&self, wanted: &str) -> Result<Found, Mistake> {
        if is_path(wanted) {
            return self.open_path(Path::new(wanted));
        }
        self.open_name(wanted, &[PathBuf::from(FOLDER)])
    }

    /// The profile that another one extends.
    pub(super) fn open_parent(&self, wanted: &str, child: &Found) -> Result<Found, Mistake> {
        if is_path(wanted) {
            let folder = child.folder.clone().unwrap_or_default();
            return self.open_path(&folder.join(wanted));
        }
        if child.folder.is_none()
            && let Some(found) = built_in(wanted)
        {
            return Ok(found);
        }
        let mut folders: Vec<PathBuf> = child.folder.iter().cloned().collect();
        if !folders.iter().any(|folder| folder.ends_with(FOLDER)) {
            folders.push(PathBuf::from(FOLDER));
        }
        self.open_name(wanted, &folders)
    }

    fn open_path(&self, path: &Path) -> Result<Found, Mistake> {
        self.read(path)?.ok_or_else(|| {
            let names = self.names(&[PathBuf::from(FOLDER)]);
            let mistake = Mistake::nowhere(format!("there is no file {}", path.display()));
            mistake.help(format!("the profiles by name are {}", listed(&names)))
        })
    }

    fn open_name(&self, name: &str, folders: &[PathBuf]) -> Result<Found, Mistake> {
        let file = format!("{name}.yaml");
        for folder in folders {
            if let Some(found) = self.read(&folder.join(&file))? {
                return Ok(found);
            }
        }
        built_in(name).ok_or_else(|| {
            let names = self.names(folders);
            let instead = nearest(name, names.iter().map(String::as_str)).map_or_else(
                || format!("there are {}", listed(&names)),
                |near| format!("did you mean `{near}`? There are {}", listed(&names)),
            );
            let looked: Vec<_> = folders.iter().map(|folder| folder.join(&file)).collect();
            let looked: Vec<_> = looked
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            let looked = looked.join(", ");
            Mistake::nowhere(format!("there is no profile `{name}`")).help(format!(
                "looked for {looked} and among the built-in ones; {instead}"
            ))
        })
    }

    /// `None` where there is no such file.
    fn read(&self, path: &Path) -> Result<Option<Found>, Mistake> {
        let Some(root) = &self.root else {
            return Ok(None);
        };
        let full = root.join(path);
        let shown = path.display().to_string();
        let Some(bytes) = read_bytes(&full, &shown)? else {
            return Ok(None);
        };
        Ok(Some(Found {
            id: fs::canonicalize(&full).unwrap_or(full),
            source: Source::from_bytes(&shown, &bytes)?,
            folder: Some(path.parent().map(Path::to_owned).unwrap_or_default()),
        }))
    }

    /// Every name that could have been given.
    fn names(&self, folders: &[PathBuf]) -> BTreeSet<String> {
        let mut names: BTreeSet<String> = builtin::builtin_names().map(str::to_owned).collect();
        for folder in folders {
            let root = self.root.iter();
            let entries = root.flat_map(|root| fs::read_dir(root.join(folder)));
            let paths = entries.flatten().flatten().map(|entry| entry.path());
            let yaml = paths.filter(|path| path.extension().is_some_and(|end| end == "yaml"));
            names.extend(yaml.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())));
        }
        names
    }
}

/// The bytes of a file, or of its first mebibyte and a little; `None` where there is none.
///
/// # Errors
/// There is something, and it cannot be read. `shown` names it.
pub(crate) fn read_bytes(path: &Path, shown: &str) -> Result<Option<Vec<u8>>, Mistake> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(READ_AT_MOST).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == ErrorKind::IsADirectory => {
            Err(Mistake::nowhere(format!("{shown} is a folder")).help("name the file in it"))
        }
        Err(error) => Err(Mistake::nowhere(format!("cannot read {shown}: {error}"))),
    }
}

fn built_in(name: &str) -> Option<Found> {
    let file = format!("<built-in>/{name}.yaml");
    builtin::text(name).map(|text| Found {
        source: Source::new(&file, text),
        id: PathBuf::from(file),
        folder: None,
    })
}

fn is_path(wanted: &str) -> bool {
    let extension = Path::new(wanted).extension();
    wanted.contains(['/', '\\']) || extension.is_some_and(|end| end == "yaml" || end == "yml")
}
