//! What the role or user may not do and dbtune would: each with the one statement that grants it.

use super::grants;
use super::{Check, Examined, Finding, Seen, Verdict};
use crate::engine::Persist;
use crate::setting::EngineKind;
use crate::snapshot::{Answer, Examination, Right};

pub(super) fn find(examined: &Examined) -> Vec<Finding> {
    let Some(examination) = examination(examined) else {
        return Vec::new();
    };
    let name = &examined.target.name;
    let needs = needs(examined);
    let mut findings: Vec<Finding> = needs
        .iter()
        .filter_map(|need| one(examined, *need, examination.rights.get(&need.0)?))
        .collect();
    if findings.is_empty() {
        let user = examined.user();
        let message = match examined.target.engine {
            EngineKind::Postgresql => {
                format!("role {user} may reload, and read settings, files and statistics")
            }
            EngineKind::Redis => format!("user {user} may send every command that dbtune sends"),
        };
        findings.push(Finding::new(name, Check::Rights, Verdict::Ok, message));
    }
    findings
}

fn examination(examined: &Examined) -> Option<&Examination> {
    match &examined.seen {
        Seen::Nothing(_) => None,
        Seen::Rights(_, examination) => examination.as_ref(),
        Seen::All(read) => read.examination.as_ref(),
    }
}

/// A right, and how bad it is to lack it.
type Need = (Right, Verdict);

fn needs(examined: &Examined) -> Vec<Need> {
    match examined.target.engine {
        EngineKind::Postgresql => grants::NEEDED
            .iter()
            .chain(if examined.keeps_history {
                &grants::HISTORY[..]
            } else {
                &[]
            })
            .map(|right| (*right, Verdict::Problem))
            .chain(
                grants::OPTIONAL
                    .iter()
                    .map(|right| (*right, Verdict::Warning)),
            )
            .collect(),
        EngineKind::Redis => {
            let rewrites = examined.target.persist == Persist::Rewrite;
            let rights = Right::OF_REDIS.into_iter();
            let knows = |right: &Right| !is_before_7(examined) || !grants::ACL.contains(right);
            rights
                .filter(|right| rewrites || *right != Right::ConfigRewrite)
                .filter(knows)
                .map(|right| (right, of_redis(right)))
                .collect()
        }
    }
}

fn is_before_7(examined: &Examined) -> bool {
    examined
        .read()
        .is_some_and(|read| read.snapshot.identity.version_number < 70_000)
}

/// Without a look at the other connections the lock keeps nobody out, and that is all.
fn of_redis(right: Right) -> Verdict {
    let needed = [
        Right::Info,
        Right::ConfigGet,
        Right::ConfigSet,
        Right::ConfigRewrite,
    ];
    if needed.contains(&right) {
        Verdict::Problem
    } else {
        Verdict::Warning
    }
}

fn one(examined: &Examined, (right, verdict): Need, answer: &Answer) -> Option<Finding> {
    let user = examined.user();
    let who = match examined.target.engine {
        EngineKind::Postgresql => "role",
        EngineKind::Redis => "user",
    };
    let name = &examined.target.name;
    match answer {
        Answer::Yes => None,
        Answer::No(_) => {
            let message = format!("{who} {user} may not {}", grants::deed(right));
            let remedy = grants::statement(right, &user, is_before_7(examined));
            Some(Finding::new(name, Check::Rights, verdict, message).remedy(remedy))
        }
        Answer::Unknown(why) => {
            let message = format!(
                "whether {who} {user} may {} is not known: {why}",
                grants::deed(right)
            );
            Some(Finding::new(name, Check::Rights, Verdict::Warning, message))
        }
    }
}
