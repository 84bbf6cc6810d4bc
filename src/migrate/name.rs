//! What the name of a file in the migrations folder says.

use std::fmt;
use std::path::Path;

/// The number of a migration: up to 64 bits, so that a timestamp fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub i64);

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The longest name that the history takes: refinery's column is `varchar(255)`.
const LONGEST: usize = 255;

/// How a migration is named.
const FORM: &str = "V<version>__<name>.sql, such as V12__add_users_email.sql";

/// What a file is, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    /// `V<version>__<name>.sql`.
    Migration {
        /// Its number.
        version: Version,
        /// Its name: letters, digits and underscores.
        name: String,
    },
    /// `V<version>__<name>.undo.sql`: the way back from a migration.
    Undo {
        /// The number of the migration.
        version: Version,
        /// The name of the migration.
        name: String,
    },
    /// Nothing that looks like a migration: a README, say.
    Other,
}

/// A name that nearly fits: nobody wants such a file to be skipped in silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OddName {
    /// What is wrong with it.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl OddName {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
        }
    }
}

/// Reads the name of a file, without its folder.
///
/// The form is refinery's; what refinery would take in another way, or leave out with no more than a
/// line in its log, is an [`OddName`].
pub(super) fn parse(file: &str) -> Result<Named, OddName> {
    let lower = file.to_ascii_lowercase();
    let is_sql = Path::new(&lower)
        .extension()
        .is_some_and(|extension| extension == "sql");
    if !is_sql && !begins_like_a_migration(&lower) {
        return Ok(Named::Other);
    }
    if !is_sql {
        let stem = file.split('.').next().unwrap_or(file);
        return Err(OddName::new(
            "it begins like a migration and does not end in .sql",
            format!("name it {stem}.sql, or move it out of the folder"),
        ));
    }
    let Some(stem) = file.strip_suffix(".sql") else {
        return Err(OddName::new(
            "its ending is not written in lower case",
            format!("name it {}.sql", cut(file, 4)),
        ));
    };
    let (stem, is_undo) = stem
        .strip_suffix(".undo")
        .map_or((stem, false), |stem| (stem, true));
    let (version, name) = parts(stem)?;
    Ok(if is_undo {
        Named::Undo { version, name }
    } else {
        Named::Migration { version, name }
    })
}

/// A letter and a digit: `v1`, `u2`; or refinery's kin of other tools, `r__`.
fn begins_like_a_migration(lower: &str) -> bool {
    let mut characters = lower.chars();
    let first = characters.next();
    let second = characters.next();
    matches!(first, Some('v' | 'u')) && second.is_some_and(|second| second.is_ascii_digit())
        || lower.starts_with("r__")
}

fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.len().saturating_sub(bytes)).unwrap_or(text)
}

/// Version and name of `V<version>__<name>`.
fn parts(stem: &str) -> Result<(Version, String), OddName> {
    refuse_other_tools(stem)?;
    let Some(rest) = stem.strip_prefix('V') else {
        let hint = if stem.starts_with('v') {
            format!("name it V{}.sql", stem.get(1..).unwrap_or_default())
        } else {
            format!("name it {FORM}, or move it out of the folder")
        };
        return Err(OddName::new("it does not begin with a capital V", hint));
    };
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let rest = rest.get(digits.len()..).unwrap_or_default();
    if digits.is_empty() {
        return Err(OddName::new("there is no version after the V", form()));
    }
    let name = name_after(&digits, rest)?;
    let version = digits.parse().map(Version).map_err(|_too_large| {
        OddName::new(
            format!("{digits} is no version of 64 bits"),
            format!("the largest is {}", i64::MAX),
        )
    })?;
    if name.len() > LONGEST {
        return Err(OddName::new(
            format!("its name is longer than the {LONGEST} bytes that the history takes"),
            "give it a shorter name",
        ));
    }
    Ok((version, name))
}

/// Files of other tools, or of refinery's unversioned kind.
fn refuse_other_tools(stem: &str) -> Result<(), OddName> {
    let kind = Path::new(stem).extension();
    if kind.is_some_and(|kind| kind == "up" || kind == "down") {
        return Err(OddName::new(
            "there are no .up.sql and .down.sql here",
            "name the way forward V<version>__<name>.sql and the way back V<version>__<name>.undo.sql",
        ));
    }
    if stem.starts_with("R__") {
        return Err(OddName::new(
            "there are no repeatable migrations (R__)",
            "give each change a version of its own: CREATE OR REPLACE in a new file",
        ));
    }
    let is_unversioned = stem.strip_prefix('U').is_some_and(|rest| {
        rest.starts_with("__") || rest.starts_with(|first: char| first.is_ascii_digit())
    });
    if is_unversioned {
        return Err(OddName::new(
            "files that may run out of order (U) are not run",
            "name it V<version>__<name>.sql with the next version; the way back from a migration is \
             V<version>__<name>.undo.sql",
        ));
    }
    Ok(())
}

/// The name after the version and two underscores.
fn name_after(digits: &str, rest: &str) -> Result<String, OddName> {
    if rest.starts_with('.') {
        return Err(OddName::new(
            "its version has a dot",
            "a version is one whole number, such as 12 or 20261124093000",
        ));
    }
    let Some(name) = rest.strip_prefix("__") else {
        let name = rest.trim_start_matches(['_', '-', ' ']);
        let example = if name.is_empty() {
            "what_it_does"
        } else {
            name
        };
        return Err(OddName::new(
            "there are not two underscores after its version",
            format!("name it V{digits}__{}.sql", plain(example)),
        ));
    };
    if name.is_empty() {
        return Err(OddName::new("it has no name after its version", form()));
    }
    let wrong = name.chars().find(|&c| c != '_' && !c.is_alphanumeric());
    if let Some(wrong) = wrong {
        return Err(OddName::new(
            format!("its name has a {}", shown(wrong)),
            format!(
                "refinery takes letters, digits and underscores: name it V{digits}__{}.sql",
                plain(name)
            ),
        ));
    }
    Ok(name.to_owned())
}

fn form() -> String {
    format!("name it {FORM}")
}

fn shown(character: char) -> String {
    match character {
        '-' => "hyphen".to_owned(),
        ' ' => "space".to_owned(),
        '.' => "dot".to_owned(),
        other => format!("`{other}`"),
    }
}

/// A name with nothing in it but letters, digits and underscores.
pub fn plain(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_alphanumeric() { c } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn odd(file: &str) -> OddName {
        parse(file).unwrap_err()
    }

    #[test]
    fn a_migration_has_a_version_and_a_name() {
        let named = parse("V20261124093000__add_users.sql").unwrap();
        let expected = Named::Migration {
            version: Version(20_261_124_093_000),
            name: "add_users".to_owned(),
        };
        assert_eq!(named, expected);
    }

    #[test]
    fn the_way_back_has_the_name_of_its_migration() {
        let named = parse("V7__add_users.undo.sql").unwrap();
        let expected = Named::Undo {
            version: Version(7),
            name: "add_users".to_owned(),
        };
        assert_eq!(named, expected);
    }

    #[test]
    fn what_does_not_look_like_a_migration_is_left_alone() {
        for file in ["README.md", "vacuum.txt", "Makefile", ".gitkeep"] {
            assert_eq!(parse(file), Ok(Named::Other), "{file}");
        }
    }

    #[test]
    fn every_name_that_nearly_fits_is_told_with_the_right_one() {
        let cases = [
            ("V2__add-index.sql", "hyphen", "V2__add_index.sql"),
            ("v8__x.sql", "capital V", "V8__x.sql"),
            ("V3_x.sql", "two underscores", "V3__x.sql"),
            ("V4__x.SQL", "lower case", "V4__x.sql"),
            ("V9.1__x.sql", "dot", "whole number"),
            ("R__views.sql", "repeatable", "CREATE OR REPLACE"),
            ("U5__x.sql", "out of order", "V<version>__<name>.sql"),
            ("V7__x.up.sql", ".up.sql", ".undo.sql"),
            ("V7__x.down.sql", ".down.sql", ".undo.sql"),
            ("V7__.sql", "no name", "V12__"),
            ("V__x.sql", "no version", "V12__"),
            ("|1__x.sql", "capital V", "V12__"),
            ("V1__x.sql.bak", "does not end in .sql", "V1__x.sql"),
            (
                "V9223372036854775808__x.sql",
                "64 bits",
                "9223372036854775807",
            ),
            ("queries.sql", "capital V", "out of the folder"),
            ("V1__a b.sql", "space", "V1__a_b.sql"),
        ];
        for (file, message, hint) in cases {
            let odd = odd(file);
            assert!(odd.message.contains(message), "{file}: {odd:?}");
            assert!(odd.hint.contains(hint), "{file}: {odd:?}");
        }
    }
}
