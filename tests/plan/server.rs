//! Servers as they would describe themselves.

use dbtune::plan::PlannedTarget;
use dbtune::setting::postgresql::{self, SettingRow};
use dbtune::setting::redis::{self, Release};
use dbtune::setting::{Domain, Effect, EngineKind, SettingName, is_secret};
use dbtune::snapshot::{
    Answer, Entry, Facts, FileProblem, Follower, Identity, Memory, Observed, Override,
    OverrideKind, Question, RedisFacts, Rewrite, Snapshot, Source,
};

const VERSION: u32 = 150_018;
const CONF: &str = "/etc/postgresql/15/main/postgresql.conf";
const AUTO_CONF: &str = "/var/lib/postgresql/15/main/postgresql.auto.conf";

/// A server, and what the targets file says of it.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) snapshot: Snapshot,
    persist: bool,
    persist_stated: bool,
    restart: Option<Vec<String>>,
}

/// A setting of a server.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    name: SettingName,
    observed: Observed,
}

impl Server {
    pub(crate) fn postgresql(target: &str) -> Self {
        Self::new(Snapshot {
            target: target.to_owned(),
            engine: EngineKind::Postgresql,
            address: "127.0.0.1:5432".to_owned(),
            identity: identity("15.18", VERSION, "7301234567890123456", "primary"),
            settings: [].into(),
            file_problems: Vec::new(),
            files_readable: true,
            persisted_in: Some(AUTO_CONF.to_owned()),
            missing_rights: Vec::new(),
            facts: facts(),
            answers: [].into(),
        })
    }

    /// A Redis whose file is on this host, may be rewritten and holds what runs.
    pub(crate) fn redis(target: &str) -> Self {
        let mut server = Self::new(Snapshot {
            target: target.to_owned(),
            engine: EngineKind::Redis,
            address: "127.0.0.1:6379".to_owned(),
            identity: identity(
                "7.0.15",
                70_015,
                "5bd4ac6b2a5f2c80a8fcd1d7f0a2d0a6a0b5c4d3",
                "master",
            ),
            settings: [].into(),
            file_problems: Vec::new(),
            files_readable: false,
            persisted_in: Some("/etc/redis/redis.conf".to_owned()),
            missing_rights: Vec::new(),
            facts: facts(),
            answers: [].into(),
        });
        server.redis_facts().rewrite = Some(Rewrite::default());
        server
    }

    fn new(snapshot: Snapshot) -> Self {
        Self {
            snapshot,
            persist: true,
            persist_stated: false,
            restart: None,
        }
    }

    pub(crate) fn has(mut self, setting: Setting) -> Self {
        self.snapshot
            .settings
            .insert(setting.name, setting.observed);
        self
    }

    pub(crate) fn restarted_by(mut self, command: &[&str]) -> Self {
        self.restart = Some(command.iter().map(|&word| word.to_owned()).collect());
        self
    }

    pub(crate) fn without_config_file(mut self) -> Self {
        self.snapshot.persisted_in = None;
        self
    }

    pub(crate) fn persist_none(mut self) -> Self {
        (self.persist, self.persist_stated) = (false, true);
        self
    }

    pub(crate) fn broken_at(mut self, line: u32, error: &str) -> Self {
        self.snapshot.file_problems.push(FileProblem {
            file: Some(CONF.to_owned()),
            line: Some(line),
            setting: None,
            error: error.to_owned(),
        });
        self
    }

    pub(crate) fn with_connections(mut self, count: u32) -> Self {
        self.snapshot.facts.connections = Some(count);
        self
    }

    /// What the server would answer to a question of the planner.
    pub(crate) fn answers(mut self, question: Question, answer: Answer) -> Self {
        self.snapshot.answers.insert(question, answer);
        self
    }

    pub(crate) fn facts(&mut self) -> &mut Facts {
        &mut self.snapshot.facts
    }

    /// What a Redis tells besides its settings.
    pub(crate) fn redis_facts(&mut self) -> &mut RedisFacts {
        self.snapshot.facts.redis.get_or_insert_default()
    }

    /// The file of a Redis is not on this host.
    pub(crate) fn with_config_file_elsewhere(mut self) -> Self {
        self.redis_facts().rewrite = None;
        self
    }

    /// What a rewrite of the file of a Redis would meet.
    pub(crate) fn rewrite(&mut self) -> &mut Rewrite {
        self.redis_facts().rewrite.get_or_insert_default()
    }

    pub(crate) fn user(mut self, user: &str) -> Self {
        user.clone_into(&mut self.snapshot.identity.user);
        self
    }

    pub(crate) fn at(mut self, address: &str) -> Self {
        address.clone_into(&mut self.snapshot.address);
        self
    }

    /// One more replica of a Redis.
    pub(crate) fn follower(&mut self, state: &str) {
        let replicas = &mut self.redis_facts().replicas;
        replicas.push(Follower {
            name: format!("10.0.0.{}:6379", replicas.len() + 7),
            address: None,
            state: state.to_owned(),
        });
    }

    pub(crate) fn lacks(mut self, right: &str) -> Self {
        self.snapshot.missing_rights.push(right.to_owned());
        self
    }

    /// Nobody but a superuser sees the files: everything that comes from them is unknown.
    pub(crate) fn with_unreadable_files(mut self) -> Self {
        self.snapshot.files_readable = false;
        for observed in self.snapshot.settings.values_mut() {
            observed.configured = None;
            observed.without_entry = None;
            observed.entry = Entry::Unknown;
        }
        self.lacks("role app may not see what the configuration files say; GRANT SELECT ON pg_file_settings TO app")
    }

    pub(crate) fn identity(&mut self) -> &mut Identity {
        &mut self.snapshot.identity
    }

    pub(crate) fn observed_mut(&mut self, name: &str) -> &mut Observed {
        self.snapshot
            .settings
            .get_mut(&SettingName::from(name))
            .unwrap()
    }

    pub(crate) fn target(&self) -> PlannedTarget<'_> {
        PlannedTarget {
            snapshot: &self.snapshot,
            persist: self.persist,
            persist_stated: self.persist_stated,
            restart: self.restart.as_deref(),
        }
    }
}

impl Setting {
    /// A number of PostgreSQL, in a unit of its own or in none.
    pub(crate) fn number(name: &str, unit: Option<&str>, boot: &str) -> Self {
        Self::row(name, "integer", unit, boot)
    }

    /// An amount of memory counted in kB.
    pub(crate) fn kb(name: &str, boot: &str) -> Self {
        Self::number(name, Some("kB"), boot)
    }

    /// An amount of memory counted in pages.
    pub(crate) fn pages(name: &str, boot: &str) -> Self {
        Self::number(name, Some("8kB"), boot)
    }

    pub(crate) fn boolean(name: &str, boot: &str) -> Self {
        Self::row(name, "bool", None, boot)
    }

    /// A text of PostgreSQL, or one of the settings that only look like one.
    pub(crate) fn text(name: &str, boot: &str) -> Self {
        Self::row(name, "string", None, boot)
    }

    /// `shared_buffers`, at its default of 128 MB.
    pub(crate) fn shared_buffers() -> Self {
        Self::pages("shared_buffers", "16384").restart()
    }

    /// `work_mem`, at its default of 4 MB.
    pub(crate) fn work_mem() -> Self {
        Self::kb("work_mem", "4096")
    }

    /// A number with a fraction.
    pub(crate) fn real(name: &str, boot: &str) -> Self {
        Self::row(name, "real", None, boot)
    }

    /// One of a fixed set of words.
    pub(crate) fn words(name: &str, words: &[&str], boot: &str) -> Self {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let row = SettingRow {
            enumvals: Some(&words),
            ..setting_row(name, "enum", None)
        };
        Self::of(name, postgresql::domain(&row), boot)
    }

    fn row(name: &str, vartype: &str, unit: Option<&str>, boot: &str) -> Self {
        let row = setting_row(name, vartype, unit);
        Self::of(name, postgresql::domain(&row), boot)
    }

    fn of(name: &str, domain: Domain, boot: &str) -> Self {
        Self {
            name: SettingName::from(name),
            observed: Observed {
                domain,
                effect: Effect::Reload,
                secret: is_secret(EngineKind::Postgresql, &SettingName::from(name)),
                running: boot.to_owned(),
                configured: Some(boot.to_owned()),
                entry: Entry::Absent,
                without_entry: Some(boot.to_owned()),
                boot: Some(boot.to_owned()),
                source: source("default", None, None),
                pending_restart: false,
                overrides: Vec::new(),
                fixed: None,
            },
        }
    }

    /// A setting of Redis with its running value.
    pub(crate) fn redis(name: &str, running: &str) -> Self {
        let spec = redis::spec(&SettingName::from(name));
        let release = Release {
            valkey: false,
            version_number: 70_015,
        };
        let mut setting = Self::of(name, spec.domain.clone(), running);
        setting.observed = Observed {
            effect: spec.effect,
            secret: spec.secret,
            configured: None,
            entry: Entry::Unknown,
            without_entry: spec.default_on(release).map(str::to_owned),
            boot: None,
            source: source("running", None, None),
            ..setting.observed
        };
        setting
    }

    /// It takes a restart to change it.
    pub(crate) fn restart(mut self) -> Self {
        self.observed.effect = Effect::Restart;
        self
    }

    /// It stands in `postgresql.conf`, and runs.
    pub(crate) fn in_conf(mut self, raw: &str, line: u32) -> Self {
        self.observed.running = raw.to_owned();
        self.observed.configured = Some(raw.to_owned());
        self.observed.without_entry = Some(raw.to_owned());
        self.observed.source = source("configuration file", Some(CONF), Some(line));
        self
    }

    /// `ALTER SYSTEM` has stored it, and it runs.
    pub(crate) fn stored(mut self, raw: &str) -> Self {
        self.observed.running = raw.to_owned();
        self.observed.source = source("configuration file", Some(AUTO_CONF), Some(3));
        self.stored_only(raw)
    }

    /// `ALTER SYSTEM` has stored it, and the server has not taken it up.
    pub(crate) fn stored_only(mut self, raw: &str) -> Self {
        self.observed.configured = Some(raw.to_owned());
        self.observed.entry = Entry::Present(raw.to_owned());
        self
    }

    /// The server says that a stored change waits for a restart.
    pub(crate) fn pending(mut self, raw: &str) -> Self {
        self.observed.pending_restart = true;
        self.stored_only(raw)
    }

    /// What runs, whatever the files say.
    pub(crate) fn runs(mut self, raw: &str) -> Self {
        self.observed.running = raw.to_owned();
        self
    }

    pub(crate) fn on_command_line(mut self, raw: &str) -> Self {
        let name = &self.name;
        self.observed.overrides.push(Override {
            by: OverrideKind::CommandLine,
            who: None,
            value: Some(raw.to_owned()),
            lift: format!(
                "start the server without the option that sets {name} on its command line"
            ),
        });
        self.observed.running = raw.to_owned();
        self.observed.source = source("command line", None, None);
        self
    }

    pub(crate) fn for_role(mut self, role: &str, raw: &str) -> Self {
        self.observed.overrides.push(Override {
            by: OverrideKind::RoleOrDatabase,
            who: Some(format!("role {role}")),
            value: Some(raw.to_owned()),
            lift: format!("ALTER ROLE {role} RESET {}", self.name),
        });
        self
    }

    pub(crate) fn fixed(mut self, why: &str) -> Self {
        self.observed.fixed = Some(why.to_owned());
        self
    }
}

/// Of a machine with more memory than any test plans to use.
fn facts() -> Facts {
    Facts {
        memory: Some(Memory {
            bytes: 1 << 40,
            from: "/proc/meminfo".to_owned(),
            is_own_limit: false,
            is_stated: false,
        }),
        ..Facts::default()
    }
}

fn identity(version: &str, number: u32, system: &str, role: &str) -> Identity {
    Identity {
        version: version.to_owned(),
        version_number: number,
        system: system.to_owned(),
        started_at: "2026-11-01T00:00:00Z".to_owned(),
        role: role.to_owned(),
        user: "dbtune".to_owned(),
    }
}

fn setting_row<'a>(name: &'a str, vartype: &'a str, unit: Option<&'a str>) -> SettingRow<'a> {
    SettingRow {
        name,
        vartype,
        unit,
        min_val: Some("-1"),
        max_val: Some("2147483647"),
        enumvals: None,
        server_version_num: VERSION,
    }
}

fn source(kind: &str, file: Option<&str>, line: Option<u32>) -> Source {
    Source {
        kind: kind.to_owned(),
        file: file.map(str::to_owned),
        line,
    }
}
