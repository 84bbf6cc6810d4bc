//! The layers of the house: imports go down, and the pure rooms do no I/O.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms from the bottom up; those of one layer may use each other.
const LAYERS: [&[&str]; 7] = [
    &["setting"],
    &["snapshot", "profile", "sql"],
    &["plan"],
    &["engine", "ledger", "apply", "migrate", "sandbox"],
    &["doctor"],
    &["render"],
    &["cli"],
];

/// What a room that only decides must not name.
const IMPURE: [&str; 9] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "postgres::",
    "redis::Client",
    "println!",
    "SystemTime",
    "now_utc",
];

/// Rooms that only decide, and the files in them that read files for them.
const PURE: [&str; 7] = [
    "setting", "snapshot", "profile", "sql", "plan", "doctor", "render",
];
const READERS: [&str; 1] = ["profile/library.rs"];

fn layer_of(room: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&room))
}

/// What is wrong with one file: `path` is relative to `src`.
fn violations(path: &str, text: &str) -> Vec<String> {
    let room = path.split(['/', '.']).next().unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap();
    let mut found = Vec::new();
    if !text.starts_with("//!") {
        found.push(format!("{path} does not say what it is for"));
    }
    if text.lines().count() > 600 {
        found.push(format!("{path} has more than 600 lines"));
    }
    let Some(own) = layer_of(room) else {
        return found;
    };
    for part in code.split("crate::").skip(1) {
        let other: String = part
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        if layer_of(&other).is_some_and(|other| other > own) {
            found.push(format!("{path} imports upward: crate::{other}"));
        }
    }
    if PURE.contains(&room) && !READERS.contains(&path) {
        let code = code.replace("setting::postgresql::", "");
        found.extend(
            IMPURE
                .iter()
                .filter(|impure| code.contains(*impure))
                .map(|impure| format!("{path} is to be pure and names {impure}")),
        );
    }
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                sources(&path)
            } else {
                vec![path]
            }
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

#[test]
fn imports_go_down_and_pure_rooms_stay_pure() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&root);
    assert!(files.len() > 100, "only {} files were found", files.len());
    let found: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let path = file
                .strip_prefix(&root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            violations(&path, &fs::read_to_string(file).unwrap())
        })
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// Crates that one place alone may name, so that another could be taken for them.
const BEHIND_A_DOOR: [(&str, &str); 2] = [
    ("squawk_syntax", "sql/"),
    ("squawk_linter", "migrate/lint/squawk.rs"),
];

#[test]
fn the_crates_of_squawk_are_named_in_one_place_each() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in sources(&root) {
        let path = file.strip_prefix(&root).unwrap().to_str().unwrap();
        let text = fs::read_to_string(&file).unwrap();
        for (name, place) in BEHIND_A_DOOR {
            let is_there = path.starts_with(place);
            assert!(is_there || !text.contains(name), "{path} names {name}");
        }
    }
}

#[test]
fn a_planted_violation_is_found() {
    let wrong = |path: &str, code: &str| violations(path, &format!("//! A room.\n{code}"));
    assert_eq!(wrong("plan/x.rs", "use crate::engine::Target;").len(), 1);
    assert_eq!(wrong("setting/x.rs", "let x = std::fs::read(p);").len(), 1);
    assert_eq!(wrong("render/x.rs", "use crate::cli::Exit;").len(), 1);
    assert_eq!(
        wrong("apply/x.rs", "use crate::ledger::Run; use std::fs;").len(),
        0
    );
    assert_eq!(
        violations("plan/x.rs", "use crate::setting::Value;").len(),
        1
    );
    assert_eq!(wrong("plan/x.rs", &"\n".repeat(601)).len(), 1);
}
