//! What is wrong with migrations before they are run: squawk's rules (`squawk`) and dbtune's own
//! (`rules`), but for what a comment in the file allows (`silence`).
//!
//! Pure, but for [`LiveSchema::read`], which asks a server what is there, and [`undo_mistakes`], which reads
//! files. Without it the files of the folder
//! alone say what the database has; with it they do so for what is in the history, and the database for what
//! is still to be run.

mod finding;
mod live;
mod pass;
mod rules;
mod schema;
mod silence;
mod squawk;

pub use finding::{Finding, RuleInfo, all_rules};
pub use live::LiveSchema;

use std::path::PathBuf;

use super::{FileMistakes, MigrationFile};
use crate::sql;
use pass::{Parsed, Pass};
use schema::Schema;

/// Looks at every file, and returns what is to be said of them by file and place. `live` is what a server
/// says.
///
/// The error holds every mistake that keeps a file from being read.
pub fn lint(
    files: &[MigrationFile],
    live: Option<&LiveSchema>,
) -> Result<Vec<Finding>, Vec<FileMistakes>> {
    let parsed = parse(files)?;
    let is_applied =
        |parsed: &Parsed<'_>| live.is_some_and(|live| live.is_applied(parsed.file.version));
    let folder = Pass::new(parsed.iter().collect(), Schema::empty(), None);
    let Some(live) = live else {
        return folder.findings(|_| true);
    };
    let mut findings = folder.findings(is_applied)?;
    for finding in &mut findings {
        // What was applied stays as it is: an edited file would not be what the history says.
        finding.blocks = false;
    }
    let pending = parsed.iter().filter(|parsed| !is_applied(parsed));
    let pending = Pass::new(
        pending.collect(),
        live.schema(),
        Some(live.version_number()),
    );
    findings.extend(pending.findings(|_| true)?);
    let order = |finding: &Finding| files.iter().position(|file| file.path == finding.path);
    findings.sort_by_key(order);
    Ok(findings)
}

/// The ways back that cannot be run: nobody wants to find that out when one is needed.
pub fn undo_mistakes(files: &[MigrationFile]) -> Vec<FileMistakes> {
    let paths = files.iter().filter_map(|file| file.undo.as_ref());
    let mistaken = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).ok()?;
        let read = sql::parse(&text);
        let mode = read.and_then(|script| script.mode().map_err(|mistake| vec![mistake]));
        Some(FileMistakes {
            path: path.clone(),
            mistakes: mode.err()?,
        })
    };
    paths.filter_map(mistaken).collect()
}

fn parse(files: &[MigrationFile]) -> Result<Vec<Parsed<'_>>, Vec<FileMistakes>> {
    let mut parsed = Vec::new();
    let mut mistaken = Vec::new();
    for file in files {
        match Parsed::of(file) {
            Ok(read) => parsed.push(read),
            Err(file) => mistaken.push(file),
        }
    }
    if mistaken.is_empty() {
        Ok(parsed)
    } else {
        Err(mistaken)
    }
}
