//! What a report judges against: `query_time_mean: "< 50ms"`.

use super::nearest::{listed, nearest};
use super::yaml::{Content, Node};
use super::{Mistake, Objective};

/// The metrics, the units in which each may be demanded, and a demand as it might be.
const METRICS: [(&str, &[&str], &str); 6] = [
    ("query_time_mean", &["ms", "us", "s"], "< 50ms"),
    ("connection_success", &["%"], "> 95%"),
    ("postgresql_cache_hit", &["%"], "> 99%"),
    ("redis_cache_hit", &["%"], "> 95%"),
    ("query_throughput", &["/s"], "> 500/s"),
    ("memory_used", &["%"], "< 80%"),
];

/// Reads one entry of `objectives`.
pub(super) fn parse(metric: &Node, name: &str, demand: &Node) -> Result<Objective, Mistake> {
    let known = METRICS.iter().find(|(known, _, _)| *known == name);
    let Some((_, units, example)) = known else {
        let names = METRICS.iter().map(|(name, _, _)| *name);
        let help = nearest(name, names.clone()).map_or_else(
            || format!("the metrics are {}", listed(names)),
            |near| format!("write `{near}`"),
        );
        return Err(Mistake::new(&metric.at, format!("unknown metric `{name}`")).help(help));
    };
    let example = format!("write it like `\"{example}\"`");
    let Content::Text(text) = &demand.content else {
        let message = format!("`{name}` takes one demand, and this is {}", demand.kind());
        return Err(Mistake::new(&demand.at, message).help(example));
    };
    if !is_demand(text, units) {
        let message = format!("`{text}` is not a demand on `{name}`");
        return Err(Mistake::new(&demand.at, message).help(example));
    }
    Ok(Objective {
        metric: name.to_owned(),
        demand: text.trim().to_owned(),
    })
}

/// A comparison, a number that is not negative, and one of these units.
fn is_demand(text: &str, units: &[&str]) -> bool {
    let Some(bound) = text.trim().strip_prefix(['<', '>']) else {
        return false;
    };
    let bound = bound.strip_prefix('=').unwrap_or(bound).trim();
    let end = bound.find(|character: char| !character.is_ascii_digit() && character != '.');
    let (number, unit) = bound.split_at(end.unwrap_or(bound.len()));
    let whole = number.starts_with(|first: char| first.is_ascii_digit()) && !number.ends_with('.');
    whole && number.parse::<f64>().is_ok() && units.contains(&unit.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demand_is_a_comparison_a_number_and_a_unit() {
        for text in ["< 50ms", "<50ms", "<= 0.5 ms", ">50us", " < 1s "] {
            assert!(is_demand(text, &["ms", "us", "s"]), "{text}");
        }
        for text in [
            "50ms",
            "< 50",
            "< ms",
            "< -1ms",
            "< 1.ms",
            "< .5ms",
            "< 1.2.3ms",
            "= 5ms",
            "< 50 %",
            "",
        ] {
            assert!(!is_demand(text, &["ms", "us", "s"]), "{text}");
        }
    }
}
