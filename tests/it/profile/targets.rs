//! Which servers there are: flags, environment, targets file.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use dbtune::cli::targets::{Flags, Targets, TargetsFile, read, resolve};
use dbtune::engine::{PasswordFile, Persist, Target, TlsFiles, Wanted};
use dbtune::profile::yaml::Source;
use dbtune::profile::{Mistake, Variables};
use dbtune::render::mistakes;
use dbtune::setting::EngineKind::{self, Postgresql, Redis};
use insta::assert_snapshot;

/// A command line and an environment.
#[derive(Default)]
struct Given {
    flags: Flags,
    file: Option<String>,
    environment: Variables,
}

impl Given {
    fn postgres(mut self, url: &str) -> Self {
        self.flags.postgres = Some(url.to_owned());
        self
    }

    fn redis(mut self, url: &str) -> Self {
        self.flags.redis = Some(url.to_owned());
        self
    }

    fn file(mut self, text: &str) -> Self {
        self.file = Some(text.to_owned());
        self
    }

    fn set(mut self, variable: &str, value: &str) -> Self {
        self.environment
            .insert(variable.to_owned(), value.to_owned());
        self
    }

    fn resolve(&self) -> Result<Targets, Vec<Mistake>> {
        let file = self.file.as_ref().map(|text| {
            let source = Source::new("targets.yaml", text);
            TargetsFile::parse(&source, &self.environment)
        });
        resolve(&self.flags, file.transpose()?, &self.environment)
    }

    /// The only target of an engine: where it was found, and its URL.
    #[track_caller]
    fn finds(&self, engine: EngineKind, from: &str, url: &str) {
        let targets = self
            .resolve()
            .unwrap_or_else(|found| panic!("{}", mistakes::human(&found, false)));
        let own = targets
            .of(engine)
            .unwrap_or_else(|found| panic!("{}", found.message));
        let own: Vec<(&str, &str)> = own
            .iter()
            .map(|target| (target.from.as_str(), target.url.expose()))
            .collect();
        assert_eq!(own, [(from, url)]);
    }

    /// Why there is no target of an engine.
    fn lacks(&self, engine: EngineKind) -> String {
        let targets = self.resolve().unwrap();
        mistakes::human(&[targets.of(engine).expect_err("there is one")], false)
    }

    fn fails(&self) -> String {
        mistakes::human(&self.resolve().expect_err("it was understood"), false)
    }
}

/// A home folder.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// A file that everybody may read.
    fn file(&self, name: &str, text: &str) {
        self.write(name, text, 0o644);
    }

    fn private_file(&self, name: &str, text: &str) {
        self.write(name, text, 0o600);
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    }

    fn given(&self) -> Given {
        given().set("HOME", &self.path(""))
    }
}

fn given() -> Given {
    Given::default()
}

const FILE: &str = "targets:
  - {name: primary, engine: postgresql, url: 'postgres://file/app'}
  - {name: cache, engine: redis, url: 'redis://file'}
";

#[test]
fn the_flag_comes_first() {
    let given = given()
        .postgres("postgres://flag/app")
        .redis("redis://flag")
        .set("DBTUNE_POSTGRES_URL", "postgres://own/app")
        .set("DBTUNE_REDIS_URL", "redis://own")
        .file(FILE);
    given.finds(Postgresql, "--postgres", "postgres://flag/app");
    given.finds(Redis, "--redis", "redis://flag");
}

#[test]
fn dbtunes_own_variables_come_before_the_file() {
    let given = given()
        .set("DBTUNE_POSTGRES_URL", "postgres://own/app")
        .set("DBTUNE_REDIS_URL", "redis://own")
        .file(FILE);
    given.finds(Postgresql, "DBTUNE_POSTGRES_URL", "postgres://own/app");
    given.finds(Redis, "DBTUNE_REDIS_URL", "redis://own");
}

#[test]
fn the_file_comes_before_the_variables_of_others() {
    let given = given()
        .set("DATABASE_URL", "postgres://other/app")
        .set("REDIS_URL", "redis://other")
        .file(FILE);
    given.finds(Postgresql, "targets.yaml:2", "postgres://file/app");
    given.finds(Redis, "targets.yaml:3", "redis://file");
}

#[test]
fn the_variables_of_others_come_before_those_of_libpq() {
    let given = given()
        .set("DATABASE_URL", "postgresql://other/app")
        .set("PGHOST", "libpq")
        .set("REDIS_URL", "rediss://other");
    given.finds(Postgresql, "DATABASE_URL", "postgresql://other/app");
    given.finds(Redis, "REDIS_URL", "rediss://other");
}

#[test]
fn each_engine_is_looked_up_on_its_own() {
    let given = given().redis("redis://flag").file(FILE);
    given.finds(Postgresql, "targets.yaml:2", "postgres://file/app");
    given.finds(Redis, "--redis", "redis://flag");
}

#[test]
fn a_variable_that_is_empty_is_not_set() {
    let given = given()
        .set("DBTUNE_POSTGRES_URL", "")
        .set("DATABASE_URL", "")
        .set("PGHOST", "db");
    given.finds(Postgresql, "PGHOST", "postgres://db");
}

#[test]
fn libpqs_variables_become_one_url() {
    let given = given()
        .set("PGHOST", "db")
        .set("PGPORT", "5433")
        .set("PGUSER", "ann@corp")
        .set("PGPASSWORD", "s3/cr:et@")
        .set("PGDATABASE", "my app")
        .set("PGSSLMODE", "require");
    given.finds(
        Postgresql,
        "PGHOST, PGPORT, PGDATABASE, PGUSER",
        "postgres://ann%40corp:s3%2Fcr%3Aet%40@db:5433/my%20app?sslmode=require",
    );
}

#[test]
fn a_socket_folder_an_address_and_several_hosts_fit_into_the_url() {
    given()
        .set("PGHOST", "/run/postgresql")
        .set("PGPORT", "5433")
        .finds(
            Postgresql,
            "PGHOST, PGPORT",
            "postgres://%2Frun%2Fpostgresql:5433",
        );
    given()
        .set("PGHOST", "::1")
        .finds(Postgresql, "PGHOST", "postgres://[::1]");
    given().set("PGHOST", "a,b").set("PGPORT", "1,2").finds(
        Postgresql,
        "PGHOST, PGPORT",
        "postgres://a:1,b:2",
    );
    given().set("PGHOST", "a,b").set("PGPORT", "1").finds(
        Postgresql,
        "PGHOST, PGPORT",
        "postgres://a:1,b:1",
    );
}

#[test]
fn the_client_library_reads_the_url_as_libpq_reads_the_variables() {
    use postgres::config::Host;
    let given = given()
        .set("PGHOST", "/run/postgresql,db,::1")
        .set("PGPORT", "5433")
        .set("PGPASSWORD", "s3/cr:et@ %")
        .set("PGDATABASE", "my app")
        .set("PGSSLMODE", "require");
    let read = |given: Given| -> postgres::Config {
        let targets = given.resolve().unwrap();
        targets.list[0].url.expose().parse().unwrap()
    };
    let config = read(given);
    let hosts = [
        Host::Unix("/run/postgresql".into()),
        Host::Tcp("db".to_owned()),
        Host::Tcp("::1".to_owned()),
    ];
    assert_eq!(config.get_hosts(), hosts);
    assert!(config.get_ports().iter().all(|port| *port == 5433));
    assert_eq!(config.get_password(), Some(&b"s3/cr:et@ %"[..]));
    assert_eq!(config.get_dbname(), Some("my app"));
    assert_eq!(config.get_ssl_mode(), postgres::config::SslMode::Require);
    let with_user = Given::default()
        .set("PGHOST", "db")
        .set("PGUSER", "a@b")
        .set("PGPASSWORD", ":@/");
    let config = read(with_user);
    assert_eq!(
        (config.get_user(), config.get_password()),
        (Some("a@b"), Some(&b":@/"[..]))
    );
}

#[test]
fn a_password_alone_names_no_server() {
    let lacking = given()
        .set("PGPASSWORD", "s3cret")
        .set("PGSSLMODE", "require")
        .lacks(Postgresql);
    assert_snapshot!(lacking, @r"
    error: no PostgreSQL target is known
     = help: give --postgres URL, or set DBTUNE_POSTGRES_URL

    1 mistake
    ");
}

#[test]
fn a_service_names_a_server_and_comes_before_the_other_variables() {
    let home = Home::new();
    home.file(
        ".pg_service.conf",
        "[prod]\nhost=db.internal\nport=5433\nuser=ann\npassword=s3 cret\n",
    );
    let with_service = || {
        home.given()
            .set("PGSERVICE", "prod")
            .set("PGHOST", "elsewhere")
            .set("PGDATABASE", "app")
    };
    with_service().finds(
        Postgresql,
        "PGSERVICE, PGHOST, PGDATABASE",
        "host=db.internal port=5433 user=ann password='s3 cret' dbname=app",
    );
    // A URL says where its server is, whatever the shell says.
    with_service()
        .postgres("postgres://flag")
        .finds(Postgresql, "--postgres", "postgres://flag");
    with_service()
        .postgres("postgres://flag/own?service=prod")
        .finds(
            Postgresql,
            "--postgres",
            "host=flag dbname=own port=5433 user=ann password='s3 cret'",
        );
    let text = "targets:\n  - {name: a, engine: postgresql, url: 'service=prod'}\n";
    home.given().file(text).finds(
        Postgresql,
        "targets.yaml:2",
        "host=db.internal port=5433 user=ann password='s3 cret'",
    );
}

#[test]
fn an_address_among_the_variables_stands_beside_the_name() {
    given()
        .set("PGHOSTADDR", "10.0.0.1")
        .set("PGHOST", "db")
        .set("PGUSER", "ann")
        .finds(
            Postgresql,
            "PGHOST, PGHOSTADDR, PGUSER",
            "host=db hostaddr=10.0.0.1 user=ann",
        );
    given()
        .set("PGHOSTADDR", "10.0.0.1")
        .finds(Postgresql, "PGHOSTADDR", "hostaddr=10.0.0.1");
}

#[test]
fn a_service_file_is_looked_for_where_libpq_looks() {
    let home = Home::new();
    home.file("own.conf", "[prod]\nhost=own\n");
    home.file(".pg_service.conf", "[prod]\nhost=home\n");
    home.file("system/pg_service.conf", "[other]\nhost=system\n");
    let given = |service: &str| {
        home.given()
            .set("PGSYSCONFDIR", &home.path("system"))
            .set("PGSERVICE", service)
    };
    given("prod").finds(Postgresql, "PGSERVICE", "host=home");
    given("other").finds(Postgresql, "PGSERVICE", "host=system");
    given("prod")
        .set("PGSERVICEFILE", &home.path("own.conf"))
        .finds(Postgresql, "PGSERVICE", "host=own");
}

#[test]
fn a_service_that_nobody_defines_is_told_once_a_server_is_needed() {
    let unknown = || {
        given()
            .set("PGSERVICE", "prod")
            .set("PGSYSCONFDIR", "/no/such")
    };
    assert_snapshot!(unknown().lacks(Postgresql), @r"
    error: PGSERVICE: no service prod is defined in /no/such/pg_service.conf
     = help: correct the name, or name the file with PGSERVICEFILE

    1 mistake
    ");
    unknown()
        .redis("redis://flag")
        .finds(Redis, "--redis", "redis://flag");
    let missing = unknown()
        .set("PGSERVICEFILE", "/no/such.conf")
        .lacks(Postgresql);
    assert!(
        missing.contains("cannot read the service file /no/such.conf"),
        "{missing}"
    );
    let text = "targets:\n  - {name: a, engine: postgresql, url: 'service=prod'}\n";
    assert_snapshot!(given().set("PGSYSCONFDIR", "/no/such").file(text).fails(), @r"
    error: no service prod is defined in /no/such/pg_service.conf
     --> targets.yaml:2:40
      |
    2 |   - {name: a, engine: postgresql, url: 'service=prod'}
      |                                        ^
      = help: correct the name, or name the file with PGSERVICEFILE

    1 mistake in targets.yaml
    ");
}

#[test]
fn what_says_how_to_enter_counts_for_every_url_that_leaves_it_out() {
    let entrance = |given: Given| {
        given
            .set("PGSSLMODE", "verify-full")
            .set("PGSSLROOTCERT", "system")
            .set("PGCONNECT_TIMEOUT", "3")
            .set("PGPASSWORD", "it's")
            .set("PGPORT", "9999")
    };
    let filled = "connect_timeout=3 sslmode=verify-full sslrootcert=system";
    entrance(given().postgres("postgres://db")).finds(
        Postgresql,
        "--postgres",
        &format!("host=db password='it\\'s' {filled}"),
    );
    entrance(given().file(FILE)).finds(
        Postgresql,
        "targets.yaml:2",
        &format!("host=file dbname=app password='it\\'s' {filled}"),
    );
    // What the URL says itself stays.
    let own = "postgres://u:p@db?sslmode=disable&connect_timeout=1&sslrootcert=a.pem";
    entrance(given().postgres(own)).finds(Postgresql, "--postgres", own);
    given()
        .set("PGREQUIRESSL", "1")
        .postgres("postgres://db")
        .finds(Postgresql, "--postgres", "host=db sslmode=require");
}

#[test]
fn the_certificates_of_the_home_folder_count_where_they_are() {
    let home = Home::new();
    let given = |url: &str| home.given().postgres(url);
    given("postgres://db").finds(Postgresql, "--postgres", "postgres://db");
    for name in ["root.crt", "postgresql.crt", "postgresql.key"] {
        home.file(&format!(".postgresql/{name}"), "");
    }
    let of = |name: &str| home.path(&format!(".postgresql/{name}"));
    let (root, certificate, key) = (of("root.crt"), of("postgresql.crt"), of("postgresql.key"));
    given("postgres://db").finds(
        Postgresql,
        "--postgres",
        &format!("host=db sslrootcert={root} sslcert={certificate} sslkey={key}"),
    );
    given("postgres://db?sslrootcert=system&sslcert=own.crt").finds(
        Postgresql,
        "--postgres",
        &format!("host=db sslrootcert=system sslcert=own.crt sslkey={key}"),
    );
    for without in [
        "postgres://db?sslmode=disable",
        "postgres:///app",
        "host=/run/postgresql",
    ] {
        given(without).finds(Postgresql, "--postgres", without);
    }
}

#[test]
fn the_password_file_is_read_where_a_url_has_no_password() {
    let home = Home::new();
    home.private_file(".pgpass", "db:*:*:*:from-home\n");
    home.private_file("own", "db:*:*:*:from-own\n");
    let password = |given: Given| {
        let targets = given.resolve().unwrap();
        assert!(targets.warnings.is_empty(), "{:?}", targets.warnings);
        let wanted = Wanted {
            host: "db",
            port: 5432,
            database: None,
            user: None,
        };
        targets.list[0].access.passwords.find(wanted)
    };
    let given = |url: &str| home.given().postgres(url);
    assert_eq!(password(given("postgres://db")).unwrap(), "from-home");
    let named = given("postgres://db").set("PGPASSFILE", &home.path("own"));
    assert_eq!(password(named).unwrap(), "from-own");
    let own = format!("postgres://db?passfile={}", home.path("own"));
    assert_eq!(password(given(&own)).unwrap(), "from-own");
    assert_eq!(password(given("postgres://u:p@db")), None);
    assert_eq!(
        password(given("postgres://db").set("PGPASSWORD", "p")),
        None
    );
    let missing = given("postgres://db").set("PGPASSFILE", &home.path("missing"));
    assert_eq!(password(missing), None);
}

#[test]
fn a_password_file_that_others_may_read_is_not_used_and_told_once() {
    let home = Home::new();
    home.file(".pgpass", "*:*:*:*:s3cret\n");
    let two = "targets:\n  - {name: a, engine: postgresql, url: 'postgres://a'}\n  - {name: b, engine: postgresql, url: 'postgres://b'}\n";
    let found = home.given().file(two).resolve().unwrap();
    let told = format!(
        "the password file {} is not used: others may read it; chmod 0600 it",
        home.path(".pgpass")
    );
    assert_eq!(found.warnings, [told]);
    assert_eq!(found.list[0].access.passwords, PasswordFile::default());
    let folder = home
        .given()
        .set("PGPASSFILE", &home.path(""))
        .postgres("postgres://a");
    let warnings = folder.resolve().unwrap().warnings;
    assert!(warnings[0].contains("not a plain file"), "{warnings:?}");
}

#[test]
fn the_files_for_tls_with_redis_stand_in_the_targets_file() {
    let found = targets(
        "targets:\n  - name: a\n    engine: redis\n    url: rediss://a\n    tls: {ca: '/etc/${NODE}.pem', cert: c.pem, key: k.pem}\n  - {name: b, engine: redis, url: 'valkeys://b'}\n",
    );
    let files = TlsFiles {
        ca: Some("/etc/a.pem".into()),
        identity: Some(("c.pem".into(), "k.pem".into())),
    };
    assert_eq!(found[0].access.tls, files);
    assert!(found[1].access.tls.is_empty());
}

#[test]
fn files_for_tls_that_would_not_be_used_are_mistakes() {
    let text = "targets:
  - {name: b, engine: redis, url: 'rediss://b', tls: {cert: b.pem}}
  - {name: c, engine: postgresql, url: 'postgres://c', tls: {ca: c.pem}}
  - {name: d, engine: redis, url: 'rediss://d', tls: {cafile: d.pem}}
";
    assert_snapshot!(given().file(text).fails(), @r"
    error: `tls` has `cert` and no `key`
     --> targets.yaml:2:55
      |
    2 |   - {name: b, engine: redis, url: 'rediss://b', tls: {cert: b.pem}}
      |                                                       ^
      = help: add `key: FILE`

    error: `tls` is for Redis; PostgreSQL takes the files in its URL
     --> targets.yaml:3:56
      |
    3 |   - {name: c, engine: postgresql, url: 'postgres://c', tls: {ca: c.pem}}
      |                                                        ^
      = help: write ?sslmode=verify-full&sslrootcert=FILE&sslcert=FILE&sslkey=FILE

    error: unknown key `cafile`
     --> targets.yaml:4:55
      |
    4 |   - {name: d, engine: redis, url: 'rediss://d', tls: {cafile: d.pem}}
      |                                                       ^
      = help: `tls` takes `ca`, `cert` and `key`

    3 mistakes in targets.yaml
    ");
    let plain = "targets:\n  - {name: a, engine: redis, url: 'redis://a', tls: {ca: a.pem}}\n";
    assert_snapshot!(given().file(plain).fails(), @r"
    error: the target has `tls`, and its URL asks for none
     --> targets.yaml:2:35
      |
    2 |   - {name: a, engine: redis, url: 'redis://a', tls: {ca: a.pem}}
      |                                   ^
      = help: write rediss:// for redis://, or remove `tls`

    1 mistake in targets.yaml
    ");
}

#[test]
fn the_database_of_another_kind_is_refused_once_a_server_is_needed() {
    let other = given()
        .set("DATABASE_URL", "mysql://ann:s3cret@db/app")
        .set("REDIS_URL", "redis://other");
    assert_snapshot!(other.lacks(Postgresql), @r"
    error: DATABASE_URL: a `mysql://` URL is none of PostgreSQL
     = help: write postgres://USER@HOST:PORT/DATABASE

    1 mistake
    ");
    other.finds(Redis, "REDIS_URL", "redis://other");
}

#[test]
fn a_flag_that_is_no_url_of_its_engine_is_refused_without_showing_it() {
    assert_snapshot!(given().postgres("redis://:s3cret@x").redis("s3cret").fails(), @r"
    error: --postgres: a `redis://` URL is none of PostgreSQL
     = help: write postgres://USER@HOST:PORT/DATABASE

    error: --redis: this is no URL of Redis
     = help: write redis://HOST:PORT

    2 mistakes
    ");
    assert_snapshot!(given().postgres("").fails(), @r"
    error: --postgres: the URL is empty
     = help: write postgres://USER@HOST:PORT/DATABASE

    1 mistake
    ");
    given().postgres("host=db password=s3cret").finds(
        Postgresql,
        "--postgres",
        "host=db password=s3cret",
    );
}

#[test]
fn what_is_missing_names_the_flag() {
    assert_snapshot!(given().lacks(Redis), @r"
    error: no Redis target is known
     = help: give --redis URL, or set DBTUNE_REDIS_URL

    1 mistake
    ");
}

fn targets(text: &str) -> Vec<Target> {
    let given = given().file(text).set("NODE", "a");
    given
        .resolve()
        .unwrap_or_else(|found| panic!("{}", mistakes::human(&found, false)))
        .list
}

#[test]
fn a_target_is_what_the_file_says() {
    let found = targets(
        "profile: mine\ntargets:\n  - name: a\n    engine: redis\n    url: redis://${NODE}\n    restart: [sudo, systemctl, restart, 'redis@${NODE}']\n    persist: none\n  - {name: b, engine: redis, url: 'redis://b', persist: rewrite, memory: 2g}\n  - {name: c, engine: redis, url: 'redis://c'}\n  - {name: d, engine: postgresql, url: 'postgres://d'}\n",
    );
    let restart = found[0].restart.clone().unwrap();
    assert_eq!(restart, ["sudo", "systemctl", "restart", "redis@a"]);
    assert_eq!(found[0].url.expose(), "redis://a");
    assert_eq!(found[0].memory, None);
    let memory = found[1].memory.clone().unwrap();
    assert_eq!((memory.bytes, memory.is_stated), (2_000_000_000, true));
    assert_eq!(memory.from, "memory: in targets.yaml:8");
    let persist: Vec<(Persist, bool)> = found
        .iter()
        .map(|target| (target.persist, target.persist_stated))
        .collect();
    assert_eq!(
        persist,
        [
            (Persist::None, true),
            (Persist::Rewrite, true),
            (Persist::Rewrite, false),
            (Persist::None, false)
        ]
    );
}

#[test]
fn the_file_names_the_profile() {
    let file =
        TargetsFile::parse(&Source::new("t.yaml", "profile: mine\n"), &Variables::new()).unwrap();
    assert_eq!(file.profile.as_deref(), Some("mine"));
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "most of it is the text that is expected"
)]
fn every_mistake_of_a_targets_file_is_told() {
    let text = "profil: mine
targets:
  - name: a
    engine: postgress
    url: postgres://a
    persist: rewrite
  - name: a
    engine: postgresql
    persist: none
    restart: systemctl restart postgresql
  - engine: redis
    url: redis://c
    persist: always
    restart: []
    port: 6379
    memory: 2048
";
    assert_snapshot!(given().file(text).fails(), @r"
    error: unknown key `profil`
     --> targets.yaml:1:1
      |
    1 | profil: mine
      | ^
      = help: write `profile`

    error: unknown engine `postgress`
     --> targets.yaml:4:13
      |
    4 |     engine: postgress
      |             ^
      = help: write `postgresql`

    error: the target has no `url`
     --> targets.yaml:7:5
      |
    7 |   - name: a
      |     ^
      = help: add `url:`

    error: a second target is named `a`
     --> targets.yaml:7:11
      |
    7 |   - name: a
      |           ^
      = help: rename one; the first is at targets.yaml:3

    error: `persist` is for Redis; PostgreSQL keeps every change by itself
     --> targets.yaml:9:14
      |
    9 |     persist: none
      |              ^
      = help: remove it

    error: `restart` is a sequence of texts, not a text
      --> targets.yaml:10:14
       |
    10 |     restart: systemctl restart postgresql
       |              ^
       = help: write the command and its arguments as a sequence, which no shell reads: `[systemctl, restart, postgresql]`

    error: the target has no `name`
      --> targets.yaml:11:5
       |
    11 |   - engine: redis
       |     ^
       = help: add `name:`

    error: `persist` is `rewrite` or `none`, not `always`
      --> targets.yaml:13:14
       |
    13 |     persist: always
       |              ^

    error: `restart` names no command
      --> targets.yaml:14:5
       |
    14 |     restart: []
       |     ^
       = help: write the command and its arguments as a sequence, which no shell reads: `[systemctl, restart, postgresql]`

    error: unknown key `port`
      --> targets.yaml:15:5
       |
    15 |     port: 6379
       |     ^
       = help: a target takes `name`, `engine`, `url`, `restart`, `restart_timeout`, `start_timeout`, `rescue`, `persist`, `config_command`, `tls` and `memory`

    error: `2048` is no amount of memory
      --> targets.yaml:16:13
       |
    16 |     memory: 2048
       |             ^
       = help: write a number with its unit: `2GB`, `512MB`

    11 mistakes in targets.yaml
    ");
}

#[test]
fn an_address_that_cannot_be_is_told_at_its_place() {
    let text = "targets:\n  - {name: a, engine: postgresql, url: 'mysql://ann:s3cret@db'}\n  - {name: b, engine: redis, url: '${CACHE_URL}'}\n";
    assert_snapshot!(given().file(text).fails(), @r"
    error: a `mysql://` URL is none of PostgreSQL
     --> targets.yaml:2:40
      |
    2 |   - {name: a, engine: postgresql, url: 'mysql://ann:***@db'}
      |                                        ^
      = help: write postgres://USER@HOST:PORT/DATABASE

    error: the environment variable `CACHE_URL` is not set
     --> targets.yaml:3:36
      |
    3 |   - {name: b, engine: redis, url: '${CACHE_URL}'}
      |                                    ^
      = help: set it, or write `${CACHE_URL:-fallback}`

    2 mistakes in targets.yaml
    ");
}

#[test]
fn an_address_that_a_flag_replaces_need_not_be_known() {
    let text = "targets:\n  - {name: b, engine: redis, url: '${CACHE_URL}'}\n";
    given()
        .file(text)
        .redis("redis://flag")
        .finds(Redis, "--redis", "redis://flag");
}

#[test]
fn a_targets_file_that_was_named_must_exist() {
    let missing = read(Some("no/such/targets.yaml"), &Variables::new()).unwrap_err();
    assert_snapshot!(mistakes::human(&missing, false), @r"
    error: there is no targets file no/such/targets.yaml
     = help: name another with --targets-file, or leave the flag out

    1 mistake
    ");
    assert!(
        read(None, &Variables::new()).unwrap().is_none(),
        "the crate has none"
    );
}

#[test]
fn a_renamed_config_is_one_word_and_for_redis() {
    let file = |engine: &str, url: &str, word: &str| {
        let text = format!(
            "targets:\n  - name: a\n    engine: {engine}\n    url: {url}\n    config_command: {word}\n"
        );
        TargetsFile::parse(&Source::new("targets.yaml", &text), &Variables::new())
    };
    assert!(file("redis", "redis://cache", "TUNE-IT").is_ok());
    let told =
        |mistakes: Result<TargetsFile, Vec<Mistake>>| mistakes::summary(&mistakes.unwrap_err());
    assert_eq!(
        told(file("redis", "redis://cache", "TUNE IT")),
        "1 mistake in targets.yaml"
    );
    assert_eq!(
        told(file("postgresql", "postgres://db/app", "TUNE")),
        "1 mistake in targets.yaml"
    );
}
