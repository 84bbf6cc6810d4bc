//! Profiles against what is known of settings, and profiles made of what servers said.

use std::collections::BTreeMap;

use dbtune::profile::check::{Lookup, live, offline};
use dbtune::profile::yaml::Source;
use dbtune::profile::{Profile, Variables, init, nearest};
use dbtune::render::mistakes;
use dbtune::setting::{Domain, Effect, EngineKind, Input, SettingName};
use dbtune::snapshot::{Entry, Facts, Identity, Observed, Snapshot, Source as Origin};
use insta::assert_snapshot;

/// What a server said of one setting.
struct Setting(Observed);

impl Setting {
    /// One that was never changed.
    fn of(value: &str) -> Self {
        Self(Observed {
            domain: Domain::Text,
            effect: Effect::Reload,
            secret: false,
            running: value.to_owned(),
            configured: Some(value.to_owned()),
            entry: Entry::Absent,
            without_entry: Some(value.to_owned()),
            boot: Some(value.to_owned()),
            source: Origin {
                kind: "default".to_owned(),
                file: None,
                line: None,
            },
            pending_restart: false,
            overrides: Vec::new(),
            fixed: None,
        })
    }

    /// Changed in a configuration file.
    fn set(mut self, value: &str, file: &str, line: u32) -> Self {
        self.0.running = value.to_owned();
        self.0.configured = Some(value.to_owned());
        self.0.source = Origin {
            kind: "configuration file".to_owned(),
            file: Some(file.to_owned()),
            line: Some(line),
        };
        self
    }

    /// Changed while it runs, as Redis does.
    fn running(mut self, value: &str) -> Self {
        self.0.running = value.to_owned();
        self.0.configured = None;
        self.0.source.kind = "running".to_owned();
        self
    }

    fn secret(mut self) -> Self {
        self.0.secret = true;
        self
    }

    fn fixed(mut self) -> Self {
        self.0.fixed = Some("preset".to_owned());
        self
    }
}

fn server(target: &str, engine: EngineKind, settings: Vec<(&str, Setting)>) -> Snapshot {
    let settings = settings
        .into_iter()
        .map(|(name, setting)| (SettingName::from(name), setting.0));
    Snapshot {
        target: target.to_owned(),
        engine,
        address: "127.0.0.1:1".to_owned(),
        identity: Identity {
            version: "15.18".to_owned(),
            version_number: 150_018,
            system: "1".to_owned(),
            started_at: "2026-11-23T02:00:00Z".to_owned(),
            role: "primary".to_owned(),
            user: "dbtune".to_owned(),
        },
        settings: settings.collect(),
        file_problems: Vec::new(),
        files_readable: true,
        persisted_in: None,
        missing_rights: Vec::new(),
        facts: Facts::default(),
        answers: [].into(),
    }
}

fn postgresql(target: &str, settings: Vec<(&str, Setting)>) -> Snapshot {
    server(target, EngineKind::Postgresql, settings)
}

fn redis(target: &str, settings: Vec<(&str, Setting)>) -> Snapshot {
    server(target, EngineKind::Redis, settings)
}

fn profile(text: &str) -> Profile {
    let variables = Variables::from([("PW".to_owned(), "hunter2".to_owned())]);
    let profile = Profile::parse(&Source::new("p.yaml", text), &variables);
    profile.unwrap_or_else(|found| panic!("{}", mistakes::human(&found, false)))
}

fn profile_of(engine: &str, settings: &str) -> Profile {
    profile(&format!(
        "profile: p\nphases:\n  - phase: 1\n    {engine}: {{{settings}}}\n"
    ))
}

/// A lookup that knows a few settings; `slave-priority` is another name of `replica-priority`.
struct Known(BTreeMap<&'static str, Domain>);

impl Known {
    fn few() -> Self {
        let names = [
            "shared_buffers",
            "work_mem",
            "replica-priority",
            "slave-priority",
        ];
        Self(names.map(|name| (name, Domain::Text)).into())
    }
}

impl Lookup for Known {
    fn find(&self, _: EngineKind, name: &SettingName) -> Option<Domain> {
        self.0.get(name.as_str()).cloned()
    }

    fn nearest(&self, _: EngineKind, name: &str) -> Option<String> {
        nearest(name, self.0.keys().copied()).map(str::to_owned)
    }

    fn canonical(&self, _: EngineKind, name: &SettingName) -> SettingName {
        SettingName::new(name.as_str().replace("slave", "replica"))
    }
}

fn offline_mistakes(profile: &Profile) -> String {
    mistakes::human(&offline(profile, &Known::few()), false)
}

#[test]
fn a_setting_that_is_not_known_is_told_with_the_nearest_one() {
    assert_snapshot!(offline_mistakes(&profile_of("postgresql", "shared_bufers: 1GB, speed: max, work_mem: 4MB")), @r"
    error: PostgreSQL has no setting `shared_bufers`
     --> p.yaml:4:18
      |
    4 |     postgresql: {shared_bufers: 1GB, speed: max, work_mem: 4MB}
      |                  ^
      = help: write `shared_buffers`

    error: PostgreSQL has no setting `speed`
     --> p.yaml:4:38
      |
    4 |     postgresql: {shared_bufers: 1GB, speed: max, work_mem: 4MB}
      |                                      ^

    2 mistakes in p.yaml
    ");
}

#[test]
fn a_setting_of_an_extension_is_left_to_the_server() {
    assert!(
        offline(
            &profile_of("postgresql", "pg_stat_statements.maxx: 1"),
            &Known::few()
        )
        .is_empty()
    );
}

#[test]
fn two_names_of_one_setting_in_a_phase_are_told() {
    assert_snapshot!(offline_mistakes(&profile_of("redis", "replica-priority: 1, slave-priority: 2")), @r"
    error: `slave-priority` is another name of `replica-priority`
     --> p.yaml:4:34
      |
    4 |     redis: {replica-priority: 1, slave-priority: 2}
      |                                  ^
      = help: remove one; the first is at p.yaml:4

    1 mistake in p.yaml
    ");
}

#[test]
fn a_setting_that_a_server_does_not_know_is_told_with_its_target() {
    let servers = [
        postgresql("primary", vec![("work_mem", Setting::of("4MB"))]),
        postgresql("standby", vec![]),
        redis("cache", vec![]),
    ];
    let profile = profile_of(
        "postgresql",
        "WORK_MEM: 8MB, work_men: 8MB, auto_explain.log_analyze: on",
    );
    assert_snapshot!(mistakes::human(&live(&profile, &servers), false), @r"
    error: standby (PostgreSQL 15.18) has no setting `WORK_MEM`
     --> p.yaml:4:18
      |
    4 |     postgresql: {WORK_MEM: 8MB, work_men: 8MB, auto_explain.log_analyze:…
      |                  ^

    error: primary (PostgreSQL 15.18) has no setting `work_men`
     --> p.yaml:4:33
      |
    4 |     postgresql: {WORK_MEM: 8MB, work_men: 8MB, auto_explain.log_analyze:…
      |                                 ^
      = help: write `work_mem`

    2 mistakes in p.yaml
    ");
}

#[test]
fn settings_of_an_engine_without_server_are_left_alone() {
    assert!(
        live(
            &profile_of("redis", "hzz: 1"),
            &[postgresql("primary", vec![])]
        )
        .is_empty()
    );
}

/// What the changed servers of a rollout look like.
#[expect(clippy::too_many_lines, reason = "a table of settings")]
fn changed_servers() -> Vec<Snapshot> {
    vec![
        postgresql(
            "primary",
            vec![
                (
                    "shared_buffers",
                    Setting::of("128MB").set("384MB", "/etc/postgresql.conf", 127),
                ),
                (
                    "work_mem",
                    Setting::of("4MB").set("4MB", "/etc/postgresql.conf", 130),
                ),
                ("jit", Setting::of("on")),
                (
                    "wal_buffers",
                    Setting::of("-1").running("512").default_computed(),
                ),
                (
                    "listen_addresses",
                    Setting::of("localhost").set("*", "/etc/postgresql.conf", 60),
                ),
                (
                    "lc_messages",
                    Setting::of("").set("C", "/etc/postgresql.conf", 700),
                ),
                (
                    "TimeZone",
                    Setting::of("GMT").set("Etc/UTC", "/etc/postgresql.conf", 701),
                ),
                (
                    "data_checksums",
                    Setting::of("off").set("on", "x", 1).fixed(),
                ),
                (
                    "primary_conninfo",
                    Setting::of("")
                        .set("password=hunter2", "/etc/auto.conf", 3)
                        .secret(),
                ),
                (
                    "log_line_prefix",
                    Setting::of("%m [%p] ").set("%m '%a' ${X} ", "/etc/postgresql.conf", 500),
                ),
                ("random_page_cost", Setting::of("4")),
            ],
        ),
        postgresql(
            "standby",
            vec![
                (
                    "shared_buffers",
                    Setting::of("128MB").set("256MB", "/etc/postgresql.conf", 127),
                ),
                (
                    "random_page_cost",
                    Setting::of("4").set("1.1", "/etc/postgresql.conf", 300),
                ),
            ],
        ),
        redis(
            "cache",
            vec![
                ("maxmemory", Setting::of("0").running("402653184")),
                ("replica-priority", Setting::of("100").running("50")),
                ("slave-priority", Setting::of("100").running("50")),
                ("save", Setting::of("3600 1").running("")),
                ("requirepass", Setting::of("").running("hunter2")),
                ("dir", Setting::of("/").running("/data")),
                (
                    "module-thing",
                    Setting::of("1").running("2").without_default(),
                ),
            ],
        ),
    ]
}

impl Setting {
    /// PostgreSQL computed it at its start.
    fn default_computed(mut self) -> Self {
        self.0.source.kind = "override".to_owned();
        self
    }

    /// Nobody knows what it would be.
    fn without_default(mut self) -> Self {
        self.0.without_entry = None;
        self
    }
}

#[test]
fn a_profile_is_made_of_what_was_changed() {
    assert_snapshot!(init(&changed_servers(), "mine"), @r#"
    # What was changed from the defaults on primary (PostgreSQL 15.18), standby (PostgreSQL 15.18), cache (Redis 15.18).
    profile: mine
    # primary_conninfo is set on primary; it is a secret and not written here.
    # random_page_cost is changed on standby, but not on primary.
    # requirepass is set on cache; it is a secret and not written here.
    phases:
      - phase: 1
        title: What is set today
        postgresql:
          # /etc/postgresql.conf:500
          # standby does not have it
          log_line_prefix: "%m '%a' $${X} "
          # /etc/postgresql.conf:127
          # standby has 256MB
          shared_buffers: 384MB
        redis:
          # running
          maxmemory: 402653184
          # running
          replica-priority: 50
          # running
          save: ''
    "#);
}

#[test]
fn the_profile_that_is_made_reads_as_what_the_servers_have() {
    let servers = changed_servers();
    let made = profile(&init(&servers, "mine"));
    assert!(live(&made, &servers[..1]).is_empty() && made.name == "mine");
    for wanted in &made.phases[0].settings {
        let observed = servers
            .iter()
            .find_map(|server| server.setting(&wanted.name))
            .unwrap();
        let value = observed.configured.as_ref().unwrap_or(&observed.running);
        assert_eq!(wanted.value, Input::Text(value.clone()), "{}", wanted.name);
    }
    assert_eq!(made.phases[0].settings.len(), 5);
}

#[test]
fn the_profile_of_unchanged_servers_is_empty_and_can_be_read() {
    let text = init(
        &[postgresql("primary", vec![("jit", Setting::of("on"))])],
        "a: b",
    );
    let made = profile(&text);
    assert_eq!((made.name.as_str(), made.phases.len()), ("a: b", 0));
}

#[test]
fn no_secret_is_written() {
    assert!(!init(&changed_servers(), "mine").contains("hunter2"));
}
