//! What spellings mean, without a server. `spellings_oracle.rs` asks servers whether it is true.
#![cfg(test)]

use std::sync::OnceLock;

use dbtune::setting::{Assignment, Domain, EngineKind, Input, Value, catalogue};
use proptest::prelude::{
    Just, ProptestConfig, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest,
};

/// Spellings that equal what a PostgreSQL server has: setting, what the server shows, spelling.
const POSTGRESQL: [(&str, &str, &str); 40] = [
    ("shared_buffers", "49152", "384MB"),
    ("shared_buffers", "49152", "0.375GB"),
    ("shared_buffers", "49152", ".375GB"),
    ("shared_buffers", "49152", "49152"),
    ("shared_buffers", "49152", "0xC000"),
    ("shared_buffers", "49152", " +384 MB "),
    ("effective_cache_size", "196608", "1536MB"),
    ("effective_cache_size", "196608", "1.5GB"),
    ("work_mem", "4096", "4194304B"),
    ("checkpoint_timeout", "900", "15min"),
    ("checkpoint_timeout", "900", "900s"),
    ("checkpoint_timeout", "900", "0.25h"),
    ("statement_timeout", "90000", "1.5min"),
    ("statement_timeout", "90000", "90s"),
    ("log_min_duration_statement", "250", "0.25s"),
    ("log_min_duration_statement", "2", "2500us"),
    ("max_connections", "300", "300"),
    ("max_connections", "300", "0x12c"),
    ("max_connections", "300", "3e2"),
    ("max_connections", "300", "0454"),
    ("autovacuum_vacuum_scale_factor", "0.05", ".05"),
    ("autovacuum_vacuum_scale_factor", "0.05", "5e-2"),
    ("random_page_cost", "1.12346", "1.123456789"),
    ("vacuum_cost_delay", "2.5", "2500us"),
    ("fsync", "off", "false"),
    ("fsync", "off", "no"),
    ("fsync", "off", "0"),
    ("log_checkpoints", "on", "tRu"),
    ("wal_compression", "pglz", "on"),
    ("synchronous_commit", "on", "yes"),
    ("huge_pages", "try", "TRY"),
    ("log_min_messages", "debug2", "debug"),
    ("TimeZone", "UTC", "utc"),
    ("timezone", "Europe/Berlin", "europe/berlin"),
    ("DateStyle", "ISO, DMY", "iso,dmy"),
    ("client_encoding", "UTF8", "utf-8"),
    ("log_file_mode", "0600", "384"),
    ("log_file_mode", "0640", "0640"),
    ("log_destination", "stderr, csvlog", "csvlog,STDERR"),
    (
        "listen_addresses",
        "localhost,10.0.0.1",
        "localhost, 10.0.0.1",
    ),
];

/// The same for Redis.
const REDIS: [(&str, &str, &str); 18] = [
    ("maxmemory", "402653184", "384mb"),
    ("maxmemory", "402653184", "384MB"),
    ("maxmemory", "402653184", "393216kb"),
    ("maxmemory", "384000000", "384m"),
    ("maxmemory-policy", "allkeys-lru", "ALLKEYS-LRU"),
    ("maxmemory-clients", "5%", "5%"),
    ("notify-keyspace-events", "AKE", "KEA"),
    ("notify-keyspace-events", "AKE", "Kg$lshzxetdE"),
    (
        "client-output-buffer-limit",
        "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
        "pubsub 32mb 8mb 60",
    ),
    (
        "client-output-buffer-limit",
        "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
        "replica 256mb 64mb 60 normal 0 0 0",
    ),
    ("appendonly", "no", "NO"),
    ("hz", "500", "1000"),
    (
        "latency-tracking-info-percentiles",
        "50 99 99.9",
        "50 99.0 99.9",
    ),
    ("save", "900 1 300 10", "300 10 900 1"),
    ("repl-backlog-size", "16384", "1kb"),
    ("proto-max-bulk-len", "536870912", "512mb"),
    ("oom-score-adj", "yes", "relative"),
    ("slave-priority", "100", "100"),
];

fn domain(engine: EngineKind, name: &str) -> Domain {
    catalogue::find(engine, &name.into()).expect(name)
}

fn postgresql(name: &str) -> Domain {
    domain(EngineKind::Postgresql, name)
}

fn redis(name: &str) -> Domain {
    domain(EngineKind::Redis, name)
}

/// Whether a server that shows `live` has what `spelling` asks for.
fn has(domain: &Domain, live: &str, spelling: &str) -> bool {
    let asked = domain
        .parse_input(&Input::Text(spelling.to_owned()))
        .unwrap()
        .unwrap();
    asked.is_met_by(&domain.parse(live).unwrap())
}

#[test]
fn every_spelling_of_the_live_value_is_the_live_value() {
    for (name, live, spelling) in POSTGRESQL {
        assert!(
            has(&postgresql(name), live, spelling),
            "{name}: {spelling} is {live}"
        );
    }
    for (name, live, spelling) in REDIS {
        assert!(
            has(&redis(name), live, spelling),
            "{name}: {spelling} is {live}"
        );
    }
}

#[test]
fn a_value_that_differs_by_the_least_is_another() {
    for (name, live, spelling) in [
        ("shared_buffers", "49152", "393208kB"),
        ("work_mem", "4096", "4097"),
        ("log_min_duration_statement", "50", "51ms"),
        ("random_page_cost", "1.1", "1.10001"),
        ("max_connections", "300", "301"),
        ("log_destination", "stderr", "stderr, csvlog"),
        ("listen_addresses", "a,b", "b,a"),
        ("archive_command", "cp %p /a", "cp %p  /a"),
        ("DateStyle", "ISO, DMY", "mdy"),
        ("search_path", "\"$user\", public", "public, \"$user\""),
        ("wal_compression", "pglz", "lz4"),
    ] {
        assert!(
            !has(&postgresql(name), live, spelling),
            "{name}: {spelling} is not {live}"
        );
    }
    for (name, live, spelling) in [
        ("maxmemory", "402653184", "384m"),
        ("maxmemory", "402653184", "402653185"),
        ("maxmemory-clients", "5", "5%"),
        ("notify-keyspace-events", "AKE", "AK"),
        (
            "client-output-buffer-limit",
            "normal 0 0 0 slave 0 0 0 pubsub 33554432 8388608 60",
            "pubsub 32mb 8mb 61",
        ),
        ("save", "900 1 300 10", "900 1"),
        ("slowlog-log-slower-than", "10000", "10001"),
    ] {
        assert!(
            !has(&redis(name), live, spelling),
            "{name}: {spelling} is not {live}"
        );
    }
}

#[test]
fn friendly_input_is_refused_with_the_right_spelling() {
    for (name, written, meant) in [
        ("shared_buffers", "384mb", "384MB"),
        ("shared_buffers", "384M", "384MB"),
        ("shared_buffers", "384MiB", "384MB"),
        ("shared_buffers", "1.5 gb", "1.5GB"),
        ("shared_buffers", "0.5T", "0.5TB"),
        ("max_connections", "1_000", "1000"),
        ("max_connections", "1,000", "1000"),
        ("checkpoint_timeout", "5m", "5min"),
        ("checkpoint_timeout", "300sec", "300s"),
        ("statement_timeout", "1 Hour", "1h"),
        ("vacuum_cost_delay", "2MS", "2ms"),
        ("fsync", "enabled", "on"),
        ("huge_pages", "enabled", "on"),
        ("wal_level", "replika", "replica"),
        ("log_file_mode", "640", "0640"),
        ("log_min_duration_statement", "disabled", "-1"),
        ("max_connections", "0b11", "3"),
        ("shared_preload_libraries", "", "default"),
        ("unix_socket_directories", "\"\"", "default"),
    ] {
        assert_eq!(
            offered(&postgresql(name), written).as_deref(),
            Some(meant),
            "{name}: {written}"
        );
    }
    for (name, written, meant) in [
        ("appendonly", "true", "yes"),
        ("appendonly", "off", "no"),
        ("maxmemory", "1.5gb", "1536mb"),
        ("maxmemory", "384 MB", "384mb"),
        ("maxmemory-policy", "allkeys_lru", "allkeys-lru"),
        ("timeout", "3e2", "300"),
    ] {
        assert_eq!(
            offered(&redis(name), written).as_deref(),
            Some(meant),
            "{name}: {written}"
        );
    }
}

/// What is offered in place of a text that is refused.
fn offered(domain: &Domain, written: &str) -> Option<String> {
    domain
        .parse_input(&Input::Text(written.to_owned()))
        .expect_err(written)
        .suggestion
}

#[test]
fn a_message_names_what_is_wrong_and_what_is_right() {
    let message = |name: &str, text: &str| postgresql(name).parse(text).unwrap_err().to_string();
    assert_eq!(
        message("shared_buffers", "64kB"),
        "64kB is out of range: it takes 128kB to about 8TB"
    );
    assert_eq!(
        message("shared_buffers", "384mb"),
        "mb is not a unit of this setting: it takes B, kB, MB, GB, TB"
    );
    assert_eq!(
        message("checkpoint_timeout", "2d"),
        "2d is out of range: it takes 30s to 1d"
    );
    assert_eq!(
        message("statement_timeout", "25d"),
        "25d is too large: it takes 0 to about 24.9d"
    );
    assert_eq!(
        message("max_connections", "10s"),
        "10s is not a plain number, and this setting has no unit"
    );
    assert_eq!(message("fsync", "o"), "o is neither on nor off");
    assert_eq!(
        message("log_file_mode", "01000"),
        "01000 is out of range: it takes 00 to 0777"
    );
}

#[test]
fn what_the_server_stores_otherwise_is_noted() {
    let note = |domain: Domain, text: &str| domain.note(text);
    assert_eq!(
        note(postgresql("statement_timeout"), "500us").unwrap(),
        "500us is rounded to 0"
    );
    assert_eq!(
        note(postgresql("shared_buffers"), "30.1GB").unwrap(),
        "30.1GB is stored as 30822MB"
    );
    assert!(
        note(postgresql("max_connections"), "0300")
            .unwrap()
            .contains("octal")
    );
    assert!(
        note(postgresql("log_file_mode"), "400")
            .unwrap()
            .contains("0400")
    );
    assert!(
        note(redis("maxmemory"), "384m")
            .unwrap()
            .contains("402653184")
    );
    for (name, text) in [
        ("statement_timeout", "0"),
        ("shared_buffers", "384MB"),
        ("log_file_mode", "0640"),
    ] {
        assert_eq!(note(postgresql(name), text), None, "{name}: {text}");
    }
}

#[test]
fn a_value_that_the_server_works_out_is_told_from_one_that_it_shows() {
    let automatic = |name: &str, text: &str| {
        let domain = postgresql(name);
        domain.is_automatic(&domain.parse(text).unwrap())
    };
    assert!(automatic("wal_buffers", "-1"));
    assert!(!automatic("wal_buffers", "16MB"));
    assert!(automatic("transaction_buffers", "0"));
    assert!(automatic("io_max_concurrency", "-1"));
    assert!(automatic("archive_command", "true"));
    assert!(automatic("tcp_keepalives_idle", "60"));
    assert!(!automatic("autovacuum_work_mem", "-1"));
}

#[test]
fn a_list_is_sent_as_the_server_wants_it() {
    let literals = |literals: &[&str]| {
        Assignment::Set(literals.iter().map(|text| (*text).to_owned()).collect())
    };
    let text = |domain: Domain, text: &str| domain.assignment(&Input::Text(text.to_owned()));
    let list = |domain: Domain, items: &[&str]| {
        domain.assignment(&Input::List(
            items.iter().map(|item| (*item).to_owned()).collect(),
        ))
    };
    let libraries = || postgresql("shared_preload_libraries");
    assert_eq!(text(libraries(), "a, \"b, c\""), literals(&["a", "b, c"]));
    assert_eq!(list(libraries(), &["a", "b"]), literals(&["a", "b"]));
    assert_eq!(
        list(postgresql("search_path"), &["\"$user\"", "App"]),
        literals(&["$user", "App"])
    );
    assert_eq!(
        text(postgresql("log_destination"), "stderr,csvlog"),
        literals(&["stderr,csvlog"])
    );
    assert_eq!(
        list(postgresql("listen_addresses"), &["a", "b"]),
        literals(&["a, b"])
    );
    assert_eq!(
        list(redis("save"), &["900 1", "300 10"]),
        literals(&["900 1 300 10"])
    );
    assert_eq!(
        list(redis("notify-keyspace-events"), &["K", "E", "A"]),
        literals(&["KEA"])
    );
    assert_eq!(libraries().assignment(&Input::Default), Assignment::Reset);
    assert_eq!(libraries().restore("\"a, b\""), literals(&["a, b"]));
    assert_eq!(libraries().restore(""), Assignment::Reset);
    assert_eq!(
        postgresql("shared_buffers").restore("384MB"),
        literals(&["384MB"])
    );
}

#[test]
fn a_list_for_one_value_and_a_line_break_are_refused() {
    let two = Input::List(vec!["4MB".to_owned(), "8MB".to_owned()]);
    let one = Input::List(vec!["4MB".to_owned()]);
    assert_eq!(
        postgresql("work_mem")
            .parse_input(&two)
            .unwrap_err()
            .suggestion,
        None
    );
    assert_eq!(
        postgresql("work_mem")
            .parse_input(&one)
            .unwrap_err()
            .suggestion
            .as_deref(),
        Some("4MB")
    );
    assert!(redis("maxmemory").parse_input(&one).is_err());
    for domain in [
        Domain::Text,
        postgresql("log_line_prefix"),
        redis("logfile"),
    ] {
        assert!(domain.parse_input(&Input::Text("a\nb".to_owned())).is_err());
    }
}

/// Every domain that is known, by the name of its setting.
fn domains() -> &'static [(String, Domain)] {
    static DOMAINS: OnceLock<Vec<(String, Domain)>> = OnceLock::new();
    let all = || {
        EngineKind::ALL.into_iter().flat_map(|engine| {
            catalogue::names(engine)
                .iter()
                .map(move |name| ((*name).to_owned(), domain(engine, name)))
        })
    };
    DOMAINS.get_or_init(|| all().collect())
}

/// Texts like those that people write for values.
fn value_like() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        "[+-]?[0-9]{1,12}",
        "[+-]?[0-9]{0,4}[.][0-9]{0,4}",
        "0[xX]?[0-9a-fA-F]{1,6}",
        "[0-9]{1,3}[eE][+-]?[0-9]{1,3}",
        "[0-9]{1,3}[_,][0-9]{3}"
    ];
    let unit = prop_oneof![
        Just(String::new()),
        Just("kB".to_owned()),
        Just("MB".to_owned()),
        Just("GB".to_owned()),
        Just("ms".to_owned()),
        Just("s".to_owned()),
        Just("min".to_owned()),
        "[a-zA-Zµ%]{1,4}".prop_map(String::from),
    ];
    let amount =
        (number, " {0,2}", unit).prop_map(|(number, space, unit)| format!("{number}{space}{unit}"));
    let words = "[a-zA-Z0-9_$\", ./:-]{0,24}".prop_map(String::from);
    prop_oneof![
        amount,
        words,
        proptest::string::string_regex(".{0,12}").unwrap()
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_is_written_so_that_it_is_read_alike(text in value_like()) {
        for (name, domain) in domains() {
            if let Ok(value) = domain.parse(&text) {
                let written = domain.format(&value);
                prop_assert_eq!(domain.parse(&written), Ok(value), "{}: '{}' written as '{}'", name, text, written);
            }
        }
    }

    #[test]
    fn what_is_offered_is_taken(text in value_like()) {
        for (name, domain) in domains() {
            drop(domain.note(&text));
            let Err(error) = domain.parse_input(&Input::Text(text.clone())) else { continue };
            let Some(offered) = error.suggestion else { continue };
            let taken = offered == "default" || domain.parse_input(&Input::Text(offered.clone())).is_ok();
            prop_assert!(taken, "{}: '{}' for '{}'", name, offered, text);
        }
    }

    #[test]
    fn one_more_is_never_equal(number in -10_i64..5_000_000) {
        for (name, domain) in domains() {
            let (one, more) = (domain.parse(&number.to_string()), domain.parse(&(number + 1).to_string()));
            if let (Ok(Value::Integer(one)), Ok(Value::Integer(more))) = (one, more) {
                let raised = domain.note(&number.to_string()).is_some();
                prop_assert!(one < more || raised, "{}: {} and {}", name, one, more);
            }
        }
    }

    #[test]
    fn a_real_is_equal_to_what_the_server_shows_of_it(number in 0.0..1e6_f64) {
        let cost = postgresql("random_page_cost");
        let shown = cost.format(&cost.parse(&number.to_string()).unwrap());
        prop_assert_eq!(cost.parse(&number.to_string()), cost.parse(&shown));
        prop_assert!(shown.trim_start_matches(['0', '.']).chars().filter(char::is_ascii_digit).count() <= 8);
    }

    #[test]
    fn elements_survive_being_joined_and_taken_apart(items in proptest::collection::vec("[a-zA-Z$\" ,/_]{1,8}", 1..4)) {
        let libraries = postgresql("shared_preload_libraries");
        let value = Value::List(items);
        prop_assert_eq!(libraries.parse(&libraries.format(&value)), Ok(value));
    }

    #[test]
    fn a_domain_survives_being_stored(at in 0..400_usize) {
        let (_, domain) = &domains()[at];
        let stored = serde_json::to_string(domain).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Domain>(&stored).unwrap(), domain);
    }
}
