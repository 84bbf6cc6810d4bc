//! `dbtune migrate new`.

use std::fs::{self, File};
use std::io::Write as _;

use serde_json::json;
use time::macros::format_description;

use super::answer;
use crate::cli::args::MigrateNewArgs;
use crate::cli::environment::now;
use crate::cli::setup::Desk;
use crate::cli::{Exit, Failure};
use crate::migrate::{self, Version};

/// Writes an empty migration with the next version.
pub(super) fn run(desk: &Desk<'_>, args: &MigrateNewArgs) -> Result<Exit, Failure> {
    let name = name(&args.name)?;
    let folder = &desk.global.migrations;
    let made = |error: std::io::Error| {
        Failure::new(
            Exit::Failed,
            "file",
            format!("cannot write into {}: {error}", folder.display()),
        )
    };
    fs::create_dir_all(folder).map_err(made)?;
    let files = super::files(desk)?;
    let newest = files.last().map(|file| file.version);
    let version = if args.timestamp {
        by_time()?
    } else {
        after(newest)?
    };
    if newest.is_some_and(|newest| version <= newest) {
        let message = format!(
            "the newest migration has the version {}, after {version}",
            newest.unwrap_or(version)
        );
        return Err(Failure::usage(message).hint("leave --timestamp out: dbtune migrate new NAME"));
    }
    let path = folder.join(format!("V{version}__{name}.sql"));
    let file = File::create_new(&path).map_err(made)?;
    write(file).map_err(made)?;
    let document =
        json!({"format_version": 1, "file": path.display().to_string(), "version": version.0});
    let line = format!("{}\n", path.display());
    answer(desk, &document, &line, &line);
    Ok(Exit::Done)
}

/// The words as the name of a migration: it needs a letter or a digit.
fn name(words: &[String]) -> Result<String, Failure> {
    let words: Vec<String> = words.iter().map(|word| migrate::plain(word)).collect();
    let name = words.join("_");
    if name.contains(char::is_alphanumeric) {
        return Ok(name);
    }
    Err(
        Failure::usage("a migration needs a name with letters or digits in it")
            .hint("say what it does: dbtune migrate new add_users_email"),
    )
}

fn write(mut file: File) -> std::io::Result<()> {
    file.write_all(
        b"-- One transaction, together with its row in the history. A concurrent build goes into a file of\n\
          -- its own: CREATE INDEX CONCURRENTLY <name> ON <table> (<columns>);\n",
    )
}

fn after(newest: Option<Version>) -> Result<Version, Failure> {
    let next = newest.map_or(Some(1), |newest| newest.0.checked_add(1));
    next.map(Version)
        .ok_or_else(|| Failure::usage("there is no version after the newest one"))
}

fn by_time() -> Result<Version, Failure> {
    let form = format_description!("[year][month][day][hour][minute][second]");
    let text = now().format(form).unwrap_or_default();
    text.parse()
        .map(Version)
        .map_err(|_no_number| Failure::usage(format!("the clock says {text}")))
}
