//! A configuration file has an error: the server would ignore every reload.

use crate::plan::need::Need;
use crate::plan::types::{Hazard, HazardKind};
use crate::snapshot::FileProblem;

use super::{Subject, blocking};

/// Names every line that the server cannot use.
pub(super) fn find(subject: &Subject<'_>) -> Option<Hazard> {
    let problems = &subject.target.snapshot.file_problems;
    if problems.is_empty() || subject.need == Need::Nothing {
        return None;
    }
    let named: Vec<String> = problems.iter().map(describe).collect();
    let target = subject.target.name();
    let message = format!(
        "{}; until that is mended {target} ignores every reload and may not start again",
        named.join("; ")
    );
    Some(blocking(HazardKind::BrokenConfigFile, message))
}

fn describe(problem: &FileProblem) -> String {
    let place = match (&problem.file, problem.line) {
        (Some(file), Some(line)) => format!("{file}:{line}: "),
        (Some(file), None) => format!("{file}: "),
        (None, _) => String::new(),
    };
    let setting = problem.setting.as_ref();
    let setting = setting.map_or_else(String::new, |name| format!("{name}: "));
    format!("{place}{setting}{}", problem.error)
}
