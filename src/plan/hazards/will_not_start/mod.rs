//! The next start of the server would fail, or nobody could get into it.
//!
//! `ALTER SYSTEM` looks at one value at a time and never at the machine. What stands here are rules
//! over several settings and over the host; each was seen to stop a real server (13, 15 and 18).
//! The trial of a start that `apply` makes where programs and files are on this host sees more.

mod connections;
mod files;
mod huge_pages;
mod libraries;
mod memory;
mod reach;
mod recovery;
mod slots;
mod sockets;
mod tls;
mod trial;
mod wal;

use std::collections::BTreeSet;

use crate::plan::after::After;
use crate::plan::need::Need;
use crate::plan::types::{Hazard, HazardKind};
use crate::setting::EngineKind;
use crate::snapshot::{Answer, Question};

use super::{Subject, blocking};

pub(crate) use trial::{matters_at_start, start_question};

/// One reason why a server may not start.
struct Rule {
    /// The settings that take part in it.
    settings: &'static [&'static str],
    /// What is to be said of the target as the phase leaves it.
    judge: fn(&After<'_>) -> Vec<Verdict>,
    /// What has to be known for that.
    asks: fn(&After<'_>) -> Vec<Question>,
    /// Whether it is looked at before every restart: what runs proves nothing about the next start.
    before_every_restart: bool,
}

/// What a rule has to say.
struct Verdict {
    /// It was seen, and not only not ruled out.
    is_certain: bool,
    message: String,
}

const RULES: [&Rule; 22] = [
    &connections::RESERVED,
    &connections::PROCESSES,
    &wal::LEVEL,
    &wal::SIZES,
    &slots::SLOTS,
    &slots::PREPARED,
    &libraries::SHARED,
    &libraries::OF_SESSIONS,
    &huge_pages::RULE,
    &memory::RULE,
    &tls::RULE,
    &sockets::ADDRESSES,
    &sockets::FOLDERS,
    &sockets::PORT,
    &sockets::GROUP,
    &files::HBA,
    &files::LOGS,
    &recovery::RULE,
    &reach::ADDRESS,
    &reach::SOCKET,
    &reach::TIME,
    &reach::COMMITS,
];

/// One hazard for each reason, on the settings that take part in it. What waits in the files
/// already and is none of this plan's is told where the plan needs a restart.
pub(super) fn find(subject: &Subject<'_>) -> Vec<Hazard> {
    let after = subject.after();
    if after.target.snapshot.engine == EngineKind::Redis || subject.need == Need::Nothing {
        return Vec::new();
    }
    let rules = RULES.iter().filter(|rule| {
        let comes_of_the_phase = after.writes_one_of(rule.settings);
        subject.writes_one_of(rule.settings) || (!comes_of_the_phase && subject.needs_restart())
    });
    let verdicts = rules.flat_map(|rule| {
        let is_new = rule.is_touched(after);
        let verdicts = (rule.judge)(after).into_iter();
        verdicts.filter(move |verdict| verdict.is_certain || is_new)
    });
    verdicts
        .map(|verdict| blocking(HazardKind::WillNotStart, verdict.message))
        .chain(trial::find(subject))
        .collect()
}

/// What has to be asked before the rules can be judged.
pub(super) fn questions(after: &After<'_>) -> BTreeSet<Question> {
    if after.target.snapshot.engine == EngineKind::Redis {
        return BTreeSet::new();
    }
    let rules = RULES
        .iter()
        .filter(|rule| rule.is_touched(after) || (rule.before_every_restart && after.restarts()));
    let asked = rules.flat_map(|rule| (rule.asks)(after));
    asked.chain(trial::question(after)).collect()
}

impl Rule {
    /// Whether a setting of the rule is written, or waits for a restart.
    fn is_touched(&self, after: &After<'_>) -> bool {
        let mut settings = self.settings.iter();
        after.writes_one_of(self.settings) || settings.any(|name| after.moves(name))
    }
}

/// The server does not start, because …
fn fails(after: &After<'_>, why: impl AsRef<str>) -> Verdict {
    Verdict {
        is_certain: true,
        message: format!("{} would not start: {}", after.target.name(), why.as_ref()),
    }
}

/// Nobody has seen that it starts.
fn unseen(why: impl AsRef<str>) -> Verdict {
    Verdict {
        is_certain: false,
        message: format!("cannot be checked: {}", why.as_ref()),
    }
}

/// What an answer means for the start; nothing where it is yes, or still to come.
fn by_answer(after: &After<'_>, question: &Question, what: &str) -> Option<Verdict> {
    match after.answer(question)? {
        Answer::Yes => None,
        Answer::No(why) => Some(fails(after, format!("{what}: {why}"))),
        Answer::Unknown(why) => Some(unseen(format!("{what}: {why}"))),
    }
}

fn nothing_to_ask(_after: &After<'_>) -> Vec<Question> {
    Vec::new()
}

/// `work_mem 4MB, wal_level replica`: settings as they will be.
fn shown(after: &After<'_>, name: &str) -> String {
    let value = after.shown(name).unwrap_or_default();
    format!("{name} ({value})")
}
