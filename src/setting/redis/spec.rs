//! The table of what Redis does not tell of its settings.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::{Kind, Memory};
use crate::setting::words::Words;
use crate::setting::{Domain, Effect, EngineKind, SettingName, is_secret};

/// The table; its head explains its fields.
const TABLE: &str = include_str!("table.tsv");

/// What dbtune knows of a setting of Redis.
#[derive(Debug, Clone)]
pub struct Spec {
    /// What values it takes.
    pub domain: Domain,
    /// When a change by `CONFIG SET` takes effect. Where that is refused, see [`Spec::fixed_on`].
    pub effect: Effect,
    /// Whether its value must never be shown or stored.
    pub secret: bool,
    /// Its other name. Both are shown by `CONFIG GET *`, and are one setting.
    pub alias: Option<&'static str>,
    fixed: &'static str,
    defaults: &'static str,
}

/// Which server it is, as far as its settings depend on that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// Whether it is Valkey.
    pub valkey: bool,
    /// Its own version as one number: `70015` for Redis 7.0.15, `90102` for Valkey 9.1.2.
    pub version_number: u32,
}

/// What is known of a setting. An unknown one (of a module, of a later version) is a text that takes
/// effect at once.
pub fn spec(name: &SettingName) -> Spec {
    table().iter().find(|row| row.is_named(name)).map_or_else(
        || Spec {
            domain: Domain::Text,
            effect: Effect::Immediate,
            secret: is_secret(EngineKind::Redis, name),
            alias: None,
            fixed: "-",
            defaults: "-",
        },
        |row| row.spec(name),
    )
}

/// The names of all known settings, aliases included.
pub fn names() -> impl Iterator<Item = &'static str> {
    table()
        .iter()
        .flat_map(|row| [Some(row.name), row.alias])
        .flatten()
}

impl Spec {
    /// The value on a server where nothing is configured; `None` where that is not known.
    pub fn default_on(&self, release: Release) -> Option<&'static str> {
        let of = |column: &str| {
            self.defaults.split('|').find_map(|default| {
                let (version, value) = default.split_once('=')?;
                (version.is_empty() || version == column).then_some(value)
            })
        };
        match release.nearest() {
            (column, true) => of(column),
            // Not a version that was looked at: known only where those around it agree.
            (_, false) => of("7.0").filter(|value| of("valkey") == Some(value)),
        }
    }

    /// Why `CONFIG SET` is refused there; `None` where it is not.
    pub fn fixed_on(&self, release: Release) -> Option<&'static str> {
        let (column, _) = release.nearest();
        if self
            .fixed
            .split(',')
            .any(|version| version == "always" || version == column)
        {
            return Some("it can only be set in the configuration file, and takes a restart");
        }
        let protected = |version: &str| version.strip_suffix('!') == Some(column);
        self.fixed.split(',').any(protected).then_some(
            "it is protected: enable-protected-configs in the configuration file decides",
        )
    }
}

impl Release {
    /// The column of the table, and whether it is of this very version.
    fn nearest(self) -> (&'static str, bool) {
        match (self.valkey, self.version_number) {
            (true, 90_000..) => ("valkey", true),
            (false, ..70_000) => ("6.2", self.version_number >= 60_200),
            (false, 70_000..70_200) => ("7.0", true),
            _ => ("7.0", false),
        }
    }
}

struct Row {
    name: &'static str,
    alias: Option<&'static str>,
    kind: &'static str,
    fixed: &'static str,
    effect: &'static str,
    defaults: &'static str,
}

impl Row {
    fn parse(line: &'static str) -> Option<Self> {
        let mut fields = line.split('\t');
        Some(Self {
            name: fields.next()?,
            alias: fields.next().map(|alias| (alias != "-").then_some(alias))?,
            kind: fields.next()?,
            fixed: fields.next()?,
            effect: fields.next()?,
            defaults: fields.next()?,
        })
    }

    fn is_named(&self, name: &SettingName) -> bool {
        let is_it = |known: &str| known.eq_ignore_ascii_case(name.as_str());
        is_it(self.name) || self.alias.is_some_and(is_it)
    }

    fn spec(&self, name: &SettingName) -> Spec {
        let by_alias = !self.name.eq_ignore_ascii_case(name.as_str());
        let effect = match (self.fixed, self.effect) {
            ("always", _) => Effect::Restart,
            (_, "new") => Effect::NewSession,
            _ => Effect::Immediate,
        };
        Spec {
            domain: kind(self.kind).map_or(Domain::Text, Domain::Redis),
            effect,
            secret: is_secret(EngineKind::Redis, name),
            alias: if by_alias {
                Some(self.name)
            } else {
                self.alias
            },
            fixed: self.fixed,
            defaults: self.defaults,
        }
    }
}

fn table() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| {
        TABLE
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(Row::parse)
            .collect()
    })
}

/// The kind that a field of the table names; `None` for a plain text.
fn kind(text: &str) -> Option<Kind> {
    let (name, details) = text.split_once(' ').unwrap_or((text, ""));
    Some(match name {
        "yes-no" => Kind::YesNo,
        "integer" => integer(details)?,
        "memory" => Kind::Memory(memory(details)),
        "memory-or-percent" => Kind::MemoryOrPercent,
        "word" => Kind::Word(words(details)),
        "words" => Kind::Words(details.split('|').map(str::to_owned).collect()),
        "octal" => Kind::Octal,
        "keyspace-events" => Kind::KeyspaceEvents,
        "save" => Kind::SavePoints,
        "buffer-limits" => Kind::BufferLimits,
        "percentiles" => Kind::Percentiles,
        "oom-scores" => Kind::OomScores,
        "addresses" => Kind::Addresses,
        _ => return None,
    })
}

fn integer(details: &str) -> Option<Kind> {
    let (range, clamped) = match details.strip_suffix(" clamped") {
        Some(range) => (range, true),
        None => (details, false),
    };
    let (min, max) = range.split_once("..")?;
    let max = if max.is_empty() {
        i64::MAX
    } else {
        max.parse().ok()?
    };
    Some(Kind::Integer {
        min: min.parse().ok()?,
        max,
        clamped,
    })
}

fn memory(details: &str) -> Memory {
    let (min, at_least) = details.split_once(" at-least ").unwrap_or((details, ""));
    let min = min.trim_end_matches("..");
    Memory {
        min: min.parse().unwrap_or(0),
        at_least: at_least.parse().ok(),
        minus_one: min == "-1",
    }
}

fn words(details: &str) -> Words {
    let mut words = Vec::new();
    let mut same_as = BTreeMap::new();
    for word in details.split('|') {
        let (word, hidden) = word.split_once('=').unwrap_or((word, ""));
        words.push(word.to_owned());
        if !hidden.is_empty() {
            same_as.insert(hidden.to_owned(), word.to_owned());
        }
    }
    Words { words, same_as }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REDIS_7: Release = Release {
        valkey: false,
        version_number: 70_015,
    };
    const REDIS_8: Release = Release {
        valkey: false,
        version_number: 80_000,
    };
    const VALKEY_9: Release = Release {
        valkey: true,
        version_number: 90_102,
    };

    fn of(name: &str) -> Spec {
        spec(&name.into())
    }

    #[test]
    fn every_line_of_the_table_is_understood_and_its_defaults_fit() {
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let row = Row::parse(line).expect(line);
            assert!(row.kind == "text" || kind(row.kind).is_some(), "{line}");
            for value in row
                .defaults
                .split('|')
                .filter_map(|default| default.split_once('='))
            {
                of(row.name).domain.parse(value.1).expect(line);
            }
        }
    }

    #[test]
    fn a_setting_is_found_by_both_of_its_names() {
        assert_eq!(of("SLAVE-priority").alias, Some("replica-priority"));
        assert_eq!(of("replica-priority").alias, Some("slave-priority"));
        assert_eq!(of("primaryauth").alias, Some("masterauth"));
        assert!(of("primaryauth").secret);
        assert_eq!(of("no-such-thing").domain, Domain::Text);
    }

    #[test]
    fn defaults_and_mutability_depend_on_the_version() {
        assert_eq!(of("repl-backlog-size").default_on(REDIS_7), Some("1048576"));
        assert_eq!(
            of("repl-backlog-size").default_on(VALKEY_9),
            Some("10485760")
        );
        assert_eq!(of("repl-backlog-size").default_on(REDIS_8), None);
        assert_eq!(of("timeout").default_on(REDIS_8), Some("0"));
        assert!(of("io-threads").fixed_on(REDIS_7).is_some());
        assert_eq!(of("io-threads").fixed_on(VALKEY_9), None);
        assert!(of("dir").fixed_on(REDIS_7).unwrap().contains("protected"));
    }

    /// So a change of a Redis never waits for a restart, and none is ever restarted.
    #[test]
    fn what_takes_a_restart_can_be_set_on_no_version() {
        let at_start = |name: &&str| of(name).effect == Effect::Restart;
        for name in names().filter(at_start) {
            for release in [REDIS_7, REDIS_8, VALKEY_9] {
                assert!(of(name).fixed_on(release).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn a_change_may_reach_new_connections_only() {
        assert_eq!(of("tcp-keepalive").effect, Effect::NewSession);
        assert_eq!(of("maxmemory").effect, Effect::Immediate);
        assert_eq!(of("databases").effect, Effect::Restart);
    }
}
