//! Which migrations are to be run, and how. Pure, but for the text of the files.

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::settings::Settings;
use crate::migrate::source::MigrationFile;
use crate::migrate::status::{Row, State};
use crate::migrate::store::Steps;
use crate::migrate::{FileMistakes, MigrateError, Version};
use crate::sql::{self, Mode, Script};

/// A migration that is to be run.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) file: MigrationFile,
    pub(crate) script: Script,
    pub(crate) mode: Mode,
    /// Made when it is first needed: it takes a look at the whole text.
    settings: OnceLock<Settings>,
}

/// What the title of a way back ends in; no name of a file can.
pub const UNDO: &str = " (undo)";

impl Planned {
    /// What is asked of a session that runs its statements one by one.
    pub(super) fn settings(&self) -> &Settings {
        self.settings
            .get_or_init(|| Settings::that_matter_to(&self.file.text))
    }

    /// Whether it is run statement by statement.
    pub(super) fn is_stepwise(&self) -> bool {
        matches!(self.mode, Mode::Stepwise { .. })
    }

    /// Whether it is the way back from a migration.
    pub(crate) fn is_undo(&self) -> bool {
        self.file.name.ends_with(UNDO)
    }

    /// The same for a file of which an earlier run has begun statements one by one: as long as it is not
    /// done it is gone on with like that, whatever it says by now. What was committed is never run again.
    pub(crate) fn going_on(mut self, was_begun: bool) -> Self {
        let first = self.script.statements().first().map(sql::Statement::place);
        if let Some(place) = first.filter(|_| was_begun && self.mode == Mode::Transaction) {
            let because = "an earlier run has begun its statements one by one".to_owned();
            self.mode = Mode::Stepwise { because, place };
        }
        self
    }

    /// The file; for a way back that has none, whose it is.
    pub(crate) fn path(&self) -> PathBuf {
        shown_path(&self.file)
    }
}

/// The path of a file; for a way back that has none, whose it is.
pub(super) fn shown_path(file: &MigrationFile) -> PathBuf {
    if !file.path.as_os_str().is_empty() {
        return file.path.clone();
    }
    let title = file.title();
    let title = title.strip_suffix(UNDO).unwrap_or(&title);
    PathBuf::from(format!("the way back from {title}"))
}

/// The versions that are pending, up to the one that was asked for, in order.
pub(crate) fn pending(
    files: &[MigrationFile],
    rows: &[Row],
    to: Option<Version>,
) -> Result<BTreeSet<Version>, MigrateError> {
    if let Some(to) = to {
        check_version(files, to)?;
    }
    let in_the_way: Vec<Row> = rows
        .iter()
        .filter(|row| row.is_in_the_way())
        .cloned()
        .collect();
    if !in_the_way.is_empty() {
        return Err(MigrateError::InTheWay(in_the_way));
    }
    let open = rows
        .iter()
        .filter(|row| matches!(row.state, State::Pending | State::Partial));
    Ok(open
        .map(|row| row.version)
        .filter(|version| to.is_none_or(|to| *version <= to))
        .collect())
}

/// That there is a migration of this number.
pub(crate) fn check_version(files: &[MigrationFile], version: Version) -> Result<(), MigrateError> {
    if files.iter().any(|file| file.version == version) {
        return Ok(());
    }
    let mut near: Vec<Version> = files.iter().map(|file| file.version).collect();
    near.sort_by_key(|other| other.0.abs_diff(version.0));
    near.truncate(3);
    Err(MigrateError::UnknownVersion { version, near })
}

/// That no file contradicts itself: one that asks to be run in a transaction, and cannot be. Only files
/// that ask for anything are read.
pub(crate) fn check_directives(files: &[MigrationFile]) -> Result<(), MigrateError> {
    let asking = files.iter().filter(|file| file.text.contains("dbtune:"));
    let contradiction = |file: &MigrationFile| {
        let mistake = sql::parse(&file.text).ok()?.mode().err()?;
        Some(FileMistakes {
            path: file.path.clone(),
            mistakes: vec![mistake],
        })
    };
    let found: Vec<FileMistakes> = asking.filter_map(contradiction).collect();
    if found.is_empty() {
        return Ok(());
    }
    Err(MigrateError::Script(found))
}

/// Reads the files of these versions; tells every mistake in any of them.
pub(crate) fn plan(
    files: &[MigrationFile],
    versions: &BTreeSet<Version>,
    steps: &Steps,
) -> Result<VecDeque<Arc<Planned>>, MigrateError> {
    let mut planned = VecDeque::new();
    let mut unreadable = Vec::new();
    let files = files.iter().filter(|file| versions.contains(&file.version));
    let files: Vec<&MigrationFile> = files.collect();
    let texts: Vec<&str> = files.iter().map(|file| file.text.as_str()).collect();
    for (file, script) in files.into_iter().zip(sql::parse_all(&texts)) {
        match of_script(file, script) {
            Ok(one) => {
                let was_begun = steps.contains_key(&file.version);
                planned.push_back(Arc::new(one.going_on(was_begun)));
            }
            Err(mistakes) => unreadable.push(FileMistakes {
                path: file.path.clone(),
                mistakes,
            }),
        }
    }
    if unreadable.is_empty() {
        return Ok(planned);
    }
    Err(MigrateError::Script(unreadable))
}

/// Reads one file.
pub(crate) fn of_text(file: &MigrationFile) -> Result<Planned, MigrateError> {
    of_script(file, sql::parse(&file.text)).map_err(|mistakes| {
        MigrateError::Script(vec![FileMistakes {
            path: shown_path(file),
            mistakes,
        }])
    })
}

fn of_script(
    file: &MigrationFile,
    script: Result<Script, Vec<sql::Mistake>>,
) -> Result<Planned, Vec<sql::Mistake>> {
    let script = script?;
    let mode = script.mode().map_err(|mistake| vec![mistake])?;
    let is_stepwise = matches!(mode, Mode::Stepwise { .. });
    let refused = script.statements().iter().filter_map(|statement| {
        without_a_name(statement).or_else(|| temporary(statement).filter(|_| is_stepwise))
    });
    let refused: Vec<sql::Mistake> = refused.collect();
    if !refused.is_empty() {
        return Err(refused);
    }
    Ok(Planned {
        file: file.clone(),
        script,
        mode,
        settings: OnceLock::new(),
    })
}

/// A concurrent build whose index has no name: after a failure nobody would find it again.
fn without_a_name(statement: &sql::Statement) -> Option<sql::Mistake> {
    let sql::Kind::CreateIndex(create) = statement.kind() else {
        return None;
    };
    (create.concurrently && create.name.is_none()).then(|| sql::Mistake {
        place: statement.place(),
        message:
            "a concurrent build without a name for its index cannot be found again after a failure"
                .to_owned(),
        hint: Some("name the index: CREATE INDEX CONCURRENTLY <name> ON …".to_owned()),
    })
}

/// Something temporary in a file that is run statement by statement: another session that goes on with the
/// file would not have it.
fn temporary(statement: &sql::Statement) -> Option<sql::Mistake> {
    let what = statement.temporary()?;
    Some(sql::Mistake {
        place: statement.place(),
        message: format!(
            "a temporary {what} is gone when the file is gone on with after it was cut off: it is run \
             statement by statement"
        ),
        hint: Some(format!(
            "use an ordinary {what} and drop it at the end, or move all that needs it into a file that runs \
             in one transaction"
        )),
    })
}
