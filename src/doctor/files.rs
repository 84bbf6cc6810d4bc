//! The configuration files of a PostgreSQL: whether they can be used and written, and what in them
//! waits for a restart.

use super::parameters::{alter_system_is_off, count};
use super::{Check, Examined, Finding, Read, Verdict};
use crate::setting::SettingName;
use crate::snapshot::{Answer, FileProblem, Source};

pub(super) fn find(read: &Read) -> Vec<Finding> {
    let mut findings: Vec<Finding> = read
        .snapshot
        .file_problems
        .iter()
        .map(|problem| broken(read, problem))
        .collect();
    if findings.is_empty() && read.snapshot.files_readable {
        let message = "every line of the configuration files can be used";
        findings.push(Finding::new(
            read.target(),
            Check::ConfigFiles,
            Verdict::Ok,
            message,
        ));
    }
    findings.extend(auto_conf(read));
    findings.extend(switched_off(read));
    findings
}

fn broken(read: &Read, problem: &FileProblem) -> Finding {
    let place = match (&problem.file, problem.line) {
        (Some(file), Some(line)) => Some(format!("{file}:{line}")),
        (Some(file), None) => Some(file.clone()),
        (None, _) => None,
    };
    let setting = problem.setting.iter().map(|name| format!(" ({name})"));
    let message = format!(
        "{}: {}{}; until that is mended the server ignores every reload and may not start",
        place.as_deref().unwrap_or("a configuration file"),
        problem.error,
        setting.collect::<String>()
    );
    let remedy = place.map(|place| format!("edit {place}"));
    Finding::new(read.target(), Check::ConfigFiles, Verdict::Problem, message).maybe_remedy(remedy)
}

fn auto_conf(read: &Read) -> Option<Finding> {
    let path = read.snapshot.persisted_in.as_deref()?;
    let finding =
        |verdict, message| Finding::new(read.target(), Check::ConfigFiles, verdict, message);
    match &read.examination.as_ref()?.auto_conf {
        Answer::Yes => Some(finding(Verdict::Ok, format!("the server can write {path}"))),
        Answer::No(why) => {
            let folder = path.rsplit_once('/').map_or(path, |(folder, _)| folder);
            let message = format!("ALTER SYSTEM would fail: {why}");
            Some(finding(Verdict::Problem, message).remedy(format!("chmod u+w {folder} {path}")))
        }
        Answer::Unknown(why) => {
            let message = format!("whether the server can write {path} is not known: {why}");
            Some(finding(Verdict::Ok, message))
        }
    }
}

fn switched_off(read: &Read) -> Option<Finding> {
    let name = SettingName::from("allow_alter_system");
    let source = read
        .snapshot
        .setting(&name)
        .map(|observed| &observed.source);
    alter_system_is_off(read).then(|| {
        let message = "allow_alter_system is off: nobody may change settings by ALTER SYSTEM";
        let place = source
            .and_then(place)
            .unwrap_or_else(|| "its configuration".to_owned());
        Finding::new(read.target(), Check::AlterSystem, Verdict::Problem, message).remedy(format!(
            "set allow_alter_system = on in {place} and reload; or change the settings where the \
             configuration of this server is managed"
        ))
    })
}

fn place(source: &Source) -> Option<String> {
    let file = source.file.as_ref()?;
    Some(
        source
            .line
            .map_or_else(|| file.clone(), |line| format!("{file}:{line}")),
    )
}

/// What is stored and waits for a restart.
pub(super) fn pending_restart(examined: &Examined, read: &Read) -> Option<Finding> {
    if let Some(finding) = would_not_start(examined, read) {
        return Some(finding);
    }
    let waiting: Vec<&str> = read
        .snapshot
        .settings
        .iter()
        .filter(|(_, observed)| observed.pending_restart)
        .map(|(name, _)| name.as_str())
        .collect();
    if waiting.is_empty() {
        return None;
    }
    let message = format!(
        "{} for a restart, and would come into effect with any: {}",
        match waiting.len() {
            1 => "1 setting waits".to_owned(),
            many => format!("{} wait", count(many, "setting")),
        },
        waiting.join(", ")
    );
    let command = examined.target.restart.as_ref();
    let remedy = command.map_or_else(
        || "restart the server when it suits you".to_owned(),
        |command| format!("when it suits you: {}", command.join(" ")),
    );
    Some(
        Finding::new(
            read.target(),
            Check::PendingRestart,
            Verdict::Warning,
            message,
        )
        .remedy(remedy),
    )
}

/// What waits for a restart was tried, and the server would not start with it.
fn would_not_start(examined: &Examined, read: &Read) -> Option<Finding> {
    let said = read
        .snapshot
        .answers
        .iter()
        .find_map(|(question, answer)| {
            if let (true, Answer::No(said)) = (question.is_trial(), answer) {
                return Some(said);
            }
            None
        })?;
    let waiting = read.snapshot.settings.iter();
    let waiting = waiting.filter(|(_, observed)| observed.pending_restart);
    let names: Vec<&str> = waiting.map(|(name, _)| name.as_str()).collect();
    let remedy = format!(
        "do not restart {} before it is mended: ALTER SYSTEM RESET of what is wrong among {}, then \
         SELECT pg_reload_conf()",
        examined.target.name,
        names.join(", ")
    );
    Some(
        Finding::new(
            read.target(),
            Check::PendingRestart,
            Verdict::Problem,
            format!("with what waits for a restart the server would not start: {said}"),
        )
        .remedy(remedy),
    )
}
