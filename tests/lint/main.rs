//! The linter on files alone. No server takes part.
#![cfg(test)]

mod history;
mod indexes;
mod medianest;
mod silence;
mod squawk;
mod statements;

use dbtune::migrate::lint::{Finding, all_rules, lint};
use dbtune::migrate::{MigrationFile, Version};

/// A file of the migrations folder.
fn file(number: i64, text: &str) -> MigrationFile {
    MigrationFile {
        version: Version(number),
        name: "x".to_owned(),
        path: format!("V{number}__x.sql").into(),
        text: text.to_owned(),
        undo: None,
    }
}

/// All that is found in files with these texts, V1 and on.
fn findings(texts: &[&str]) -> Vec<Finding> {
    let files: Vec<MigrationFile> = (1..).zip(texts).map(|(n, text)| file(n, text)).collect();
    lint(&files, None).unwrap_or_else(|mistakes| panic!("{texts:#?}\n{mistakes:#?}"))
}

fn is_squawks(finding: &Finding) -> bool {
    let mut rules = all_rules().into_iter();
    rules.any(|rule| rule.name == finding.rule && rule.is_squawks)
}

/// What dbtune's own rules find: file, line, column and rule.
fn own(texts: &[&str]) -> Vec<String> {
    let findings = findings(texts).into_iter();
    findings
        .filter(|finding| !is_squawks(finding))
        .map(|finding| {
            let path = finding.path.display().to_string();
            let number = path.trim_start_matches('V').trim_end_matches("__x.sql");
            format!("{number}:{} {}", finding.place, finding.rule)
        })
        .collect()
}

/// The only finding of dbtune's own rules.
fn only(texts: &[&str]) -> Finding {
    let mut found: Vec<Finding> = findings(texts);
    found.retain(|finding| !is_squawks(finding));
    match found.as_slice() {
        [only] => only.clone(),
        several => panic!("{texts:#?}\n{several:#?}"),
    }
}
