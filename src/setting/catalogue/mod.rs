//! The settings that are known without asking a server, for checking a profile offline.
//!
//! What it says is the union of PostgreSQL 13 to 18, or of Redis 6.2, Redis 7.0 and Valkey 9: a value
//! that it refuses fits none of them, a value that it takes may still be refused by the server at
//! hand. A server that is there is always asked instead.
//!
//! `postgresql.tsv` is merged from real servers by a test, `the_catalogue_knows_every_server_found`. To take in a new version, run
//! that test with its bin folder in `DBTUNE_TEST_PG_BINS`; it fails, and names the file that it wrote
//! with the new version merged in.

use std::sync::OnceLock;

use super::error::nearest as nearest_of;
use super::postgresql::{SettingRow, domain};
use super::{Domain, EngineKind, SettingName, redis};

/// A line for each setting: name, vartype, unit, smallest and largest value, words of an enum with `|`
/// between them; with a tab between the fields.
const POSTGRESQL: &str = include_str!("postgresql.tsv");

/// The version whose hidden rules are used: the newest in the catalogue.
const POSTGRESQL_VERSION: u32 = 180_000;

/// What values a setting takes in any known version; `None` when no known version has it.
pub fn find(engine: EngineKind, name: &SettingName) -> Option<Domain> {
    match engine {
        EngineKind::Postgresql => {
            let line = POSTGRESQL
                .lines()
                .find(|line| name_of(line).eq_ignore_ascii_case(name.as_str()))?;
            Some(domain_of(line))
        }
        EngineKind::Redis => {
            let known = redis::names().any(|known| known.eq_ignore_ascii_case(name.as_str()));
            known.then(|| redis::spec(name).domain)
        }
    }
}

/// The known name that a person probably meant, if any is near enough.
pub fn nearest(engine: EngineKind, text: &str) -> Option<&'static str> {
    let swapped = match engine {
        EngineKind::Postgresql => text.trim().replace('-', "_"),
        EngineKind::Redis => text.trim().replace('_', "-"),
    };
    nearest_of(&swapped, names(engine).iter().copied())
}

/// Every known name, aliases included, in the order of the alphabet.
pub fn names(engine: EngineKind) -> &'static [&'static str] {
    static NAMES: [OnceLock<Vec<&'static str>>; 2] = [OnceLock::new(), OnceLock::new()];
    let [postgresql, redis] = &NAMES;
    match engine {
        EngineKind::Postgresql => {
            postgresql.get_or_init(|| POSTGRESQL.lines().map(name_of).collect())
        }
        EngineKind::Redis => redis.get_or_init(|| {
            let mut names: Vec<&str> = redis::names().collect();
            names.sort_unstable();
            names
        }),
    }
}

fn name_of(line: &'static str) -> &'static str {
    line.split('\t').next().unwrap_or_default()
}

fn domain_of(line: &'static str) -> Domain {
    let mut fields = line
        .split('\t')
        .map(|field| (!field.is_empty()).then_some(field));
    let mut next = || fields.next().flatten();
    let (name, vartype, unit) = (next(), next(), next());
    let (min_val, max_val) = (next(), next());
    let words: Option<Vec<String>> =
        next().map(|words| words.split('|').map(str::to_owned).collect());
    domain(&SettingRow {
        name: name.unwrap_or_default(),
        vartype: vartype.unwrap_or_default(),
        unit,
        min_val,
        max_val,
        enumvals: words.as_deref(),
        server_version_num: POSTGRESQL_VERSION,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_understood() {
        for line in POSTGRESQL.lines() {
            let vartype = line.split('\t').nth(1).unwrap();
            assert!(
                vartype == "string" || domain_of(line) != Domain::Text,
                "{line}"
            );
        }
    }

    #[test]
    fn a_setting_is_found_without_regard_to_case() {
        let takes = |name: &str, text: &str| {
            find(EngineKind::Postgresql, &name.into())
                .unwrap()
                .parse(text)
                .is_ok()
        };
        assert!(takes("Shared_Buffers", "384MB"));
        assert!(!takes("shared_buffers", "384mb"));
        assert!(takes("wal_compression", "zstd"));
        assert!(find(EngineKind::Redis, &"MAXMEMORY".into()).is_some());
        assert_eq!(find(EngineKind::Postgresql, &"no_such_thing".into()), None);
    }

    #[test]
    fn the_nearest_name_is_offered() {
        let offered = |engine, text| nearest(engine, text);
        assert_eq!(
            offered(EngineKind::Postgresql, "shared_bufers"),
            Some("shared_buffers")
        );
        assert_eq!(
            offered(EngineKind::Postgresql, "work-mem"),
            Some("work_mem")
        );
        assert_eq!(offered(EngineKind::Redis, "max_memory"), Some("maxmemory"));
        assert_eq!(
            offered(EngineKind::Redis, "maxmemory_policy"),
            Some("maxmemory-policy")
        );
        assert_eq!(offered(EngineKind::Postgresql, "zzzzqqq"), None);
    }
}
