//! What stands in the configuration files, by `pg_file_settings`.

use std::collections::{BTreeMap, BTreeSet};

use super::rows::Row;
use crate::setting::SettingName;
use crate::snapshot::FileProblem;

/// The error of a line that is sound but not in effect: it waits for a restart, or is a bad value.
const NOT_APPLIED: &str = "setting could not be applied";

/// One line of a configuration file.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// The setting, where the server could read one.
    name: Option<SettingName>,
    /// The file, where the error is one of a file.
    pub(super) file: Option<String>,
    /// The line in it, counted from 1.
    pub(super) number: Option<u32>,
    /// The value as it stands there, unquoted.
    pub(super) text: String,
    /// The server would use this line if it read its files now.
    applied: bool,
    error: Option<String>,
}

/// All lines of all configuration files, in the order in which the server reads them.
#[derive(Debug)]
pub(super) struct Files {
    lines: Vec<Line>,
    by_name: BTreeMap<SettingName, Vec<usize>>,
}

impl Files {
    pub(super) fn read(rows: &[Row<'_>]) -> Result<Self, String> {
        let lines = rows
            .iter()
            .map(|&row| Line::read(row))
            .collect::<Result<Vec<_>, _>>()?;
        let mut by_name: BTreeMap<SettingName, Vec<usize>> = BTreeMap::new();
        for (index, line) in lines.iter().enumerate() {
            if let Some(name) = &line.name {
                by_name.entry(name.clone()).or_default().push(index);
            }
        }
        Ok(Self { lines, by_name })
    }

    /// The lines about one setting: a later one wins over an earlier one.
    fn of(&self, name: &SettingName) -> impl DoubleEndedIterator<Item = &Line> {
        let indices = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        indices.iter().filter_map(|&index| self.lines.get(index))
    }

    /// The names with a dot that stand on a line without an error.
    pub(super) fn dotted_names(&self) -> impl Iterator<Item = &SettingName> {
        let lines = self.lines.iter();
        let sound = lines.filter(|line| {
            let error = line.error.as_deref();
            line.is_dotted() && error.is_none_or(|error| error == NOT_APPLIED)
        });
        sound.filter_map(|line| line.name.as_ref())
    }

    /// The line that decides after a restart.
    pub(super) fn decides(&self, name: &SettingName) -> Option<&Line> {
        self.of(name).next_back()
    }

    /// The line that would decide if the server read its files now.
    pub(super) fn applies(&self, name: &SettingName) -> Option<&Line> {
        self.of(name).rfind(|line| line.applied)
    }

    /// The line that `ALTER SYSTEM` wrote.
    pub(super) fn entry(&self, name: &SettingName, auto_conf: Option<&str>) -> Option<&Line> {
        self.of(name).rfind(|line| line.is_in(auto_conf))
    }

    /// The line that would decide if `ALTER SYSTEM` had written none.
    pub(super) fn without_entry(
        &self,
        name: &SettingName,
        auto_conf: Option<&str>,
    ) -> Option<&Line> {
        self.of(name).rfind(|line| !line.is_in(auto_conf))
    }

    /// What is wrong in the files, apart from what waits for a restart, and from names with a dot that
    /// nobody owns: seen on 13, 15 and 18, those stop neither a reload nor a start, also where a
    /// library is loaded that claims all names of its prefix.
    pub(super) fn problems(
        &self,
        pending: &BTreeSet<SettingName>,
        is_owned: impl Fn(&SettingName) -> bool,
    ) -> Vec<FileProblem> {
        self.lines
            .iter()
            .filter(|line| !line.is_dotted() || line.name.as_ref().is_some_and(&is_owned))
            .filter_map(|line| line.problem(pending))
            .collect()
    }

    /// What makes the server ignore a reload: a line that it cannot read or a name without a
    /// dot that it does not know. A value that it does not take is not among it: the other settings are applied then.
    pub(super) fn stops_a_reload(&self) -> Vec<FileProblem> {
        self.lines
            .iter()
            .filter(|line| line.error.as_deref() != Some(NOT_APPLIED) && !line.is_dotted())
            .filter_map(|line| line.problem(&BTreeSet::new()))
            .collect()
    }
}

impl Line {
    fn read(row: Row<'_>) -> Result<Self, String> {
        Ok(Self {
            name: row.optional("name")?.map(SettingName::new),
            file: row.owned("sourcefile")?,
            number: row.line("sourceline")?,
            text: row.owned("setting")?.unwrap_or_default(),
            applied: row.flag("applied")?,
            error: row.owned("error")?,
        })
    }

    /// Whether the line is in `postgresql.auto.conf`: by its path, or by its name where the role may
    /// not know the data directory.
    fn is_in(&self, auto_conf: Option<&str>) -> bool {
        let Some(file) = self.file.as_deref() else {
            return false;
        };
        match auto_conf {
            Some(path) => file == path,
            None => file.ends_with("/postgresql.auto.conf"),
        }
    }

    fn is_dotted(&self) -> bool {
        let mut name = self.name.iter();
        name.any(|name| name.as_str().contains('.'))
    }

    fn problem(&self, pending: &BTreeSet<SettingName>) -> Option<FileProblem> {
        let error = self.error.as_deref()?;
        (!self.waits_for_restart(error, pending)).then(|| FileProblem {
            file: self.file.clone(),
            line: self.number,
            setting: self.name.as_ref().map(|name| name.as_str().to_owned()),
            error: error.to_owned(),
        })
    }

    fn waits_for_restart(&self, error: &str, pending: &BTreeSet<SettingName>) -> bool {
        match &self.name {
            Some(name) => error == NOT_APPLIED && pending.contains(name),
            // So the server tells of a line that is gone from the files and was in effect.
            None => {
                self.file.is_none()
                    && error.ends_with("cannot be changed without restarting the server")
            }
        }
    }
}
