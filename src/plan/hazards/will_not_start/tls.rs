//! TLS without what it needs. A reload says `ssl = on` in that case although TLS is not on; the next
//! start fails.

use super::{Rule, Verdict, by_answer, fails, shown};
use crate::plan::after::After;
use crate::snapshot::Question;

pub(super) const RULE: Rule = Rule {
    settings: &[
        "ssl",
        "ssl_cert_file",
        "ssl_key_file",
        "ssl_ca_file",
        "ssl_crl_file",
        "ssl_dh_params_file",
        LOWEST,
        HIGHEST,
    ],
    judge,
    asks,
    before_every_restart: true,
};

const LOWEST: &str = "ssl_min_protocol_version";
const HIGHEST: &str = "ssl_max_protocol_version";

/// The files, and whether TLS cannot do without one.
const FILES: [(&str, bool); 5] = [
    ("ssl_cert_file", true),
    ("ssl_key_file", true),
    ("ssl_ca_file", false),
    ("ssl_crl_file", false),
    ("ssl_dh_params_file", false),
];

fn asks(after: &After<'_>) -> Vec<Question> {
    if after.is_on("ssl") != Some(true) {
        return Vec::new();
    }
    let files = FILES.iter().filter_map(|(name, _)| after.raw(name));
    files
        .filter(|file| !file.is_empty())
        .map(|file| Question::File(file.to_owned()))
        .collect()
}

fn judge(after: &After<'_>) -> Vec<Verdict> {
    if after.is_on("ssl") != Some(true) {
        return Vec::new();
    }
    let mut verdicts: Vec<Verdict> = FILES
        .iter()
        .filter_map(|(name, is_needed)| file(after, name, *is_needed))
        .collect();
    verdicts.extend(protocols(after));
    verdicts
}

fn file(after: &After<'_>, name: &str, is_needed: bool) -> Option<Verdict> {
    let path = after.raw(name)?;
    if path.is_empty() {
        return is_needed.then(|| fails(after, format!("ssl is on and {name} is empty")));
    }
    let what = format!("ssl is on and {name} is {path}");
    by_answer(after, &Question::File(path.to_owned()), &what)
}

/// Seen on 13, 15 and 18: "could not set SSL protocol version range". An empty bound is none.
fn protocols(after: &After<'_>) -> Option<Verdict> {
    let (lowest, highest) = (after.word(LOWEST)?, after.word(HIGHEST)?);
    // `TLSv1` < `TLSv1.1` < `TLSv1.2` < `TLSv1.3`, also as texts.
    let is_empty = lowest.is_empty() || highest.is_empty() || lowest <= highest;
    (!is_empty).then(|| {
        let why = format!(
            "{} is above {}",
            shown(after, LOWEST),
            shown(after, HIGHEST)
        );
        fails(after, why)
    })
}
