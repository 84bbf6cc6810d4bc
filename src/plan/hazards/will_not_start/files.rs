//! Files and folders without which the server does not start. A missing `ident_file` stops none
//! (seen on 13, 15 and 18).

use super::{Rule, Verdict, by_answer, fails, unseen};
use crate::plan::after::After;
use crate::snapshot::{Answer, Question};

/// Who is let in.
pub(super) const HBA: Rule = Rule {
    settings: &["hba_file", "stats_temp_directory"],
    judge: hba,
    asks: |after| {
        let hba = new(after, "hba_file").filter(|path| path.starts_with('/'));
        let statistics = new(after, "stats_temp_directory");
        let hba = hba.map(|path| Question::File(path.to_owned()));
        let statistics = statistics.map(|path| Question::Folder(path.to_owned()));
        hba.into_iter().chain(statistics).collect()
    },
    before_every_restart: false,
};

/// Where the collector of the log writes.
pub(super) const LOGS: Rule = Rule {
    settings: &["logging_collector", "log_directory", "log_filename"],
    judge: logs,
    asks: |after| {
        let folder = log_folder(after);
        let folders = folder.iter().flat_map(|folder| {
            let above = above(folder).map(str::to_owned);
            above.into_iter().chain([(*folder).to_owned()])
        });
        let in_pattern = folder_in_pattern(after).filter(|folder| !folder.contains('%'));
        folders.chain(in_pattern).map(Question::Folder).collect()
    },
    before_every_restart: false,
};

/// The path that a setting will have, where that is another than now.
fn new<'a>(after: &'a After<'_>, name: &str) -> Option<&'a str> {
    after.raw(name).filter(|_| after.moves(name))
}

/// Seen on 13, 15 and 18: a relative path begins where the server was started, which is not always
/// its data directory. `stats_temp_directory` is gone since 15.
fn hba(after: &After<'_>) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    if let Some(path) = new(after, "hba_file") {
        if path.starts_with('/') {
            let what = format!("hba_file is {path}");
            let question = Question::File(path.to_owned());
            verdicts.extend(by_answer(after, &question, &what));
            if after.answer(&question) == Some(&Answer::Yes) {
                let target = after.target.name();
                let why = format!(
                    "{what}: whether it lets dbtune in; if not, {target} starts and dbtune cannot \
                     take it back"
                );
                verdicts.push(unseen(why));
            }
        } else {
            let why = format!(
                "hba_file is {path}, and a relative path begins where the server is started; \
                 write the whole path"
            );
            verdicts.push(unseen(why));
        }
    }
    if let Some(path) = new(after, "stats_temp_directory") {
        let what = format!("stats_temp_directory is {path}");
        verdicts.extend(by_answer(after, &Question::Folder(path.to_owned()), &what));
    }
    verdicts
}

/// Where the log goes; `None` where no collector writes it.
fn log_folder<'a>(after: &'a After<'_>) -> Option<&'a str> {
    after
        .raw("log_directory")
        .filter(|_| after.is_on("logging_collector") == Some(true))
}

/// The folder that a folder is in; `None` for one in the data directory itself.
fn above(folder: &str) -> Option<&str> {
    let (above, _) = folder.trim_end_matches('/').rsplit_once('/')?;
    Some(if above.is_empty() { "/" } else { above })
}

/// The folder that the name of the log has in it, below where the log goes.
fn folder_in_pattern(after: &After<'_>) -> Option<String> {
    let (folder, _) = after.raw("log_filename")?.rsplit_once('/')?;
    Some(format!("{}/{folder}", log_folder(after)?))
}

fn logs(after: &After<'_>) -> Vec<Verdict> {
    let of_folder = log_folder(after).and_then(|folder| of_log_folder(after, folder));
    let of_pattern = folder_in_pattern(after).and_then(|folder| of_pattern(after, folder));
    of_folder.into_iter().chain(of_pattern).collect()
}

/// Seen on 13, 15 and 18: the server makes no folder of the pattern ("could not open log file").
fn of_pattern(after: &After<'_>, folder: String) -> Option<Verdict> {
    let name = after.raw("log_filename").unwrap_or_default();
    if folder.contains('%') {
        let why = format!(
            "whether {folder} is there whenever a log begins: log_filename is {name}, and the server \
             makes no folder; put none into the name"
        );
        return Some(unseen(why));
    }
    let what = format!("log_filename is {name}, and the server makes no folder");
    by_answer(after, &Question::Folder(folder), &what)
}

/// Seen on 13, 15 and 18: the server makes the last part of the path itself, and no more.
fn of_log_folder(after: &After<'_>, folder: &str) -> Option<Verdict> {
    let ask = |path: &str| after.answer(&Question::Folder(path.to_owned()));
    let what = format!("log_directory is {folder}");
    match (ask(folder), above(folder).map(ask)) {
        (Some(Answer::Yes) | None, _)
        | (Some(Answer::Unknown(_)), None)
        | (Some(Answer::No(_)), None | Some(Some(Answer::Yes) | None)) => None,
        (Some(Answer::No(why)), Some(Some(Answer::No(_)))) => Some(fails(
            after,
            format!("{what}: {why}; the server makes only the last part of it"),
        )),
        (Some(Answer::Unknown(why)), Some(_))
        | (Some(Answer::No(_)), Some(Some(Answer::Unknown(why)))) => {
            Some(unseen(format!("{what}: {why}")))
        }
    }
}
