//! The two ledgers, and what they say of runs that did not end well.

use super::{Check, Finding, Trouble, Verdict};
use crate::ledger::{HistoryEntry, JournalLook, RunState};

/// What was seen of the ledgers.
#[derive(Debug, Clone)]
pub struct Local {
    /// The folder of the local journal.
    pub journal: JournalLook,
    /// What the ledgers know of the servers that answered, newest first, or why they cannot be read;
    /// `None` where none answered.
    pub runs: Option<Result<Vec<HistoryEntry>, Trouble>>,
}

pub(super) fn find(local: &Local) -> Vec<Finding> {
    let mut findings = vec![journal(&local.journal)];
    match &local.runs {
        None => {}
        Some(Ok(entries)) => findings.extend(runs(entries)),
        Some(Err(trouble)) => findings.push(
            Finding::general(Check::History, Verdict::Problem, &trouble.message)
                .maybe_remedy(trouble.hint.clone()),
        ),
    }
    findings
}

fn journal(look: &JournalLook) -> Finding {
    let folder = look.folder.display();
    let finding = |verdict, message| Finding::general(Check::Journal, verdict, message);
    if let Some(why) = &look.not_writable {
        let message = format!("the local journal cannot be written in {folder}: {why}");
        return finding(Verdict::Problem, message)
            .remedy("set DBTUNE_STATE_DIR to a folder that can be written");
    }
    if look.is_open_to_others {
        let message = format!("others on this machine can look into the local journal in {folder}");
        return finding(Verdict::Warning, message).remedy(format!("chmod 700 {folder}"));
    }
    finding(Verdict::Ok, format!("the local journal is in {folder}"))
}

fn runs(entries: &[HistoryEntry]) -> Vec<Finding> {
    let unsettled = entries.iter().filter(|entry| entry.stored.is_unsettled());
    let findings: Vec<Finding> = unsettled.map(unsettled_run).collect();
    if findings.is_empty() {
        let message = format!(
            "{} in the history, none cut off",
            super::parameters::count(entries.len(), "run")
        );
        return vec![Finding::general(Check::Runs, Verdict::Ok, message)];
    }
    findings
}

fn unsettled_run(entry: &HistoryEntry) -> Finding {
    let intent = &entry.stored.intent;
    let (what, remedy) = match entry.state {
        RunState::Running => ("is under way", "wait until it has ended"),
        RunState::Interrupted => (
            "was cut off",
            "the next `dbtune apply` or `dbtune rollback` puts it back before anything else",
        ),
        RunState::Ended(_) => (
            "failed, and not everything could be put back",
            "the next `dbtune apply` or `dbtune rollback` tries again before anything else",
        ),
    };
    let message = format!(
        "run {} ({} by {}, begun {}) {what}",
        intent.run,
        intent.command.key(),
        intent.who,
        intent.started_at
    );
    Finding::general(Check::Runs, Verdict::Warning, message).remedy(remedy)
}
