//! Demands on the version of a server: `>=15`, `>=7, <8`.

use std::cmp::Ordering;

use super::{Mistake, Place, Requirement, VersionOrder};
use crate::setting::EngineKind;

const FORMS: &str = "write `\">=15\"`, `\"=15\"` or `\">=15.4, <18\"`";

impl Requirement {
    /// Reads a demand.
    pub(super) fn parse(engine: EngineKind, text: &str, at: &Place) -> Result<Self, Mistake> {
        let comparisons = text.split(',').map(comparison).collect::<Option<Vec<_>>>();
        let comparisons = comparisons.ok_or_else(|| {
            let message = format!("`{text}` is not a demand on a version");
            Mistake::new(at, message).help(FORMS)
        })?;
        Ok(Self {
            engine,
            text: text.to_owned(),
            comparisons,
            at: at.clone(),
        })
    }

    /// Whether a server of this version (`15.18`, `7.0.15`, `18beta1`) meets the demand. Only as
    /// many parts are compared as the demand gives: 15.18 is `=15`, and is not `>15`. A version that
    /// begins with no number meets none.
    pub fn is_met(&self, version: &str) -> bool {
        let Some(version) = leading_numbers(version) else {
            return false;
        };
        let compare = |(order, wanted): &(VersionOrder, Vec<u32>)| {
            let had = version.iter().copied().chain(std::iter::repeat(0));
            let ordering = had.take(wanted.len()).cmp(wanted.iter().copied());
            order.allows(ordering)
        };
        self.comparisons.iter().all(compare)
    }
}

impl VersionOrder {
    fn allows(self, found: Ordering) -> bool {
        match self {
            Self::Equal => found.is_eq(),
            Self::Less => found.is_lt(),
            Self::LessOrEqual => found.is_le(),
            Self::Greater => found.is_gt(),
            Self::GreaterOrEqual => found.is_ge(),
        }
    }
}

fn comparison(text: &str) -> Option<(VersionOrder, Vec<u32>)> {
    let text = text.trim();
    // The longer signs first: `>=` begins with `>`.
    let signs = [
        (">=", VersionOrder::GreaterOrEqual),
        ("<=", VersionOrder::LessOrEqual),
        ("=", VersionOrder::Equal),
        (">", VersionOrder::Greater),
        ("<", VersionOrder::Less),
    ];
    let (order, version) = signs
        .into_iter()
        .find_map(|(sign, order)| Some((order, text.strip_prefix(sign)?)))?;
    let numbers: Option<Vec<u32>> = version.trim().split('.').map(number).collect();
    numbers.map(|numbers| (order, numbers))
}

/// Digits and nothing else, which `parse` alone does not ask for: it takes a sign.
fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn leading_numbers(version: &str) -> Option<Vec<u32>> {
    let end = version.find(|character: char| !character.is_ascii_digit() && character != '.');
    let numbers = version.get(..end.unwrap_or(version.len()))?;
    numbers
        .trim_end_matches('.')
        .split('.')
        .map(number)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::yaml::Source;

    fn met(demand: &str, version: &str) -> bool {
        let at = Source::new("p.yaml", "").start();
        Requirement::parse(EngineKind::Postgresql, demand, &at)
            .unwrap()
            .is_met(version)
    }

    #[test]
    fn only_the_parts_that_the_demand_gives_are_compared() {
        assert!(met(">=15", "15.18"));
        assert!(met("=15", "15.18"));
        assert!(met("<=15", "15.18"));
        assert!(!met(">15", "15.18"));
        assert!(!met("<15", "15.18"));
        assert!(met(">=15.4", "15.18"));
        assert!(!met(">=15.19", "15.18"));
        assert!(met("=7.0", "7.0.15"));
        assert!(!met("=7.2", "7.0.15"));
    }

    #[test]
    fn every_comparison_must_hold() {
        assert!(met(">=15, <18", "17.10"));
        assert!(!met(">=15, <18", "18.4"));
    }

    #[test]
    fn words_behind_the_numbers_of_a_version_are_no_part_of_it() {
        assert!(met(">=15", "15.18 (Debian 15.18-1)"));
        assert!(met(">=18", "18beta1"));
        assert!(met(">=15.0", "15devel"));
        assert!(!met(">=15", "unknown"));
    }

    #[test]
    fn what_is_no_demand_is_refused() {
        let at = Source::new("p.yaml", "").start();
        for text in [
            "15",
            ">=",
            ">=fifteen",
            ">=+15",
            ">= 15 <18",
            "~15",
            ">=15,",
            "",
            "==15",
        ] {
            let parsed = Requirement::parse(EngineKind::Redis, text, &at);
            assert!(parsed.is_err(), "{text}");
        }
    }
}
