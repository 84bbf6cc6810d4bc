//! Whole commands over connections of every kind.

use std::net::TcpListener;

use crate::support::authority::{Authority, Wanted};
use crate::support::{PASSWORD, Postgres, Project, Redis};

const PROFILE: &str = "profile: both
phases:
  - phase: 1
    postgresql:
      work_mem: 8MB
    redis:
      maxmemory: 64mb
";

/// Two servers that speak TLS, and a targets file that demands it of both.
struct Encrypted {
    authority: Authority,
    postgres: Postgres,
    redis: Redis,
    redis_port: u16,
}

impl Encrypted {
    fn start() -> Self {
        let authority = Authority::new();
        let issued = authority.issue(&Wanted::default());
        let postgres = Postgres::setup().tls(&issued).start();
        let redis_port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let redis = Redis::with(&[
            &format!("tls-port {redis_port}"),
            &format!(
                "tls-cert-file {}",
                authority.file("s.crt", &issued.certificate).display()
            ),
            &format!(
                "tls-key-file {}",
                authority.file("s.key", &issued.key).display()
            ),
            &format!("tls-ca-cert-file {}", authority.ca_file().display()),
            "tls-auth-clients no",
        ]);
        Self {
            authority,
            postgres,
            redis,
            redis_port,
        }
    }

    fn project(&self, ca: &Authority) -> Project {
        let ca = ca.ca_file().display().to_string();
        let targets = format!(
            "targets:
  - name: primary
    engine: postgresql
    url: postgres://postgres:{PASSWORD}@localhost:{}/postgres?sslmode=verify-full&sslrootcert={ca}
  - name: cache
    engine: redis
    url: rediss://default:{PASSWORD}@localhost:{}
    tls: {{ca: {ca}}}
",
            self.postgres.port(),
            self.redis_port
        );
        Project::new()
            .file("targets.yaml", &targets)
            .profile("both", PROFILE)
    }
}

#[test]
fn a_profile_is_planned_applied_and_rolled_back_over_tls() {
    let servers = Encrypted::start();
    let project = servers.project(&servers.authority);
    project
        .dbtune("plan --profile both")
        .run()
        .exits(0)
        .says("work_mem")
        .says("maxmemory");
    project.dbtune("apply --profile both --yes").run().exits(0);
    assert_eq!(servers.postgres.show("work_mem"), "8MB");
    assert_eq!(servers.redis.config("maxmemory"), (64 << 20).to_string());
    let runs = servers.postgres.value("SELECT count(*) FROM dbtune.run");
    assert_eq!(runs, "1");
    project.dbtune("rollback --yes").run().exits(0);
    assert_eq!(servers.postgres.show("work_mem"), "4MB");
    assert_eq!(servers.redis.config("maxmemory"), "0");
    project.holds_no_secret();
}

#[test]
fn a_bare_url_takes_the_authorities_of_the_platform() {
    let servers = Encrypted::start();
    let project = Project::new().profile(
        "cache",
        "profile: cache\nphases:\n  - phase: 1\n    redis:\n      maxmemory: 64mb\n",
    );
    let url = format!(
        "rediss://default:{PASSWORD}@localhost:{}",
        servers.redis_port
    );
    let plan = || {
        project
            .dbtune("plan --profile cache")
            .args(["--redis", &url])
    };
    plan().run().exits(1).complains("is not trusted");
    plan()
        .env("SSL_CERT_FILE", servers.authority.ca_file())
        .run()
        .exits(0)
        .says("maxmemory");
}

#[test]
fn nothing_is_planned_where_a_certificate_is_not_trusted() {
    let servers = Encrypted::start();
    let other = Authority::new();
    let project = servers.project(&other);
    let ran = project.dbtune("plan --profile both").run();
    ran.exits(1)
        .complains("cannot connect to primary at localhost:")
        .complains("cannot connect to cache at localhost:")
        .complains("is not trusted")
        .complains("sslrootcert=FILE in the URL")
        .complains("tls: {ca: FILE}");
    assert_eq!(ran.stdout, "");
    let json = project.dbtune("plan --profile both --format json").run();
    let hint = json.exits(1).json()["error"]["hint"].to_string();
    assert!(hint.contains("sslrootcert=FILE"), "{hint}");
}

const POSTGRESQL: &str =
    "profile: one\nphases:\n  - phase: 1\n    postgresql:\n      work_mem: 8MB\n";

#[test]
fn a_mode_in_the_environment_is_not_left_out_of_a_url() {
    let authority = Authority::new();
    let without = Postgres::start();
    let encrypted = Postgres::setup()
        .tls(&authority.issue(&Wanted::default()))
        .start();
    let project = Project::new().profile("one", POSTGRESQL);
    let plan = |server: &Postgres| {
        project
            .dbtune("plan --profile one")
            .args(["--postgres", &server.url()])
            .env("PGSSLMODE", "verify-full")
            .env("PGSSLROOTCERT", authority.ca_file())
            .run()
    };
    plan(&encrypted).exits(0).says("work_mem");
    plan(&without)
        .exits(1)
        .complains("the server offers no TLS, and the URL demands it");
}

#[test]
fn a_service_and_a_password_file_lead_to_the_server() {
    let server = Postgres::start();
    let port = server.port();
    let service = format!("[prod]\nhost=127.0.0.1\nport={port}\nuser=postgres\ndbname=postgres\n");
    let project = Project::new()
        .profile("one", POSTGRESQL)
        .file(".pg_service.conf", &service)
        .file(
            "passwords",
            &format!("127.0.0.1:{port}:*:postgres:{PASSWORD}\n"),
        );
    let mode = |mode| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(project.path("passwords"), mode).unwrap();
    };
    let plan = || {
        project
            .dbtune("plan --profile one")
            .env("PGSERVICE", "prod")
            .env("PGPASSFILE", project.path("passwords"))
            .run()
    };
    mode(0o600);
    plan().exits(0).says("work_mem");
    mode(0o640);
    plan()
        .exits(1)
        .complains("warning: the password file")
        .complains("chmod 0600 it")
        .complains("the server asks for a password");
}

#[test]
fn a_setting_that_keeps_dbtune_itself_out_by_tls_is_put_back() {
    let servers = Encrypted::start();
    for (setting, value, before) in [
        ("tls-auth-clients", "yes", "no"),
        ("tls-protocols", "TLSv1.1", ""),
    ] {
        let profile = format!(
            "profile: out\nphases:\n  - phase: 1\n    redis: {{{setting}: {value}, maxmemory: 64mb}}\n"
        );
        let project = servers.project(&servers.authority).profile("out", &profile);
        let ran = project
            .dbtune("apply --profile out --yes --format json")
            .run();
        ran.exits(1);
        assert_eq!(ran.json()["outcome"], "rolled_back", "{ran}");
        assert_eq!(servers.redis.config(setting), before);
        assert_eq!(servers.redis.config("maxmemory"), "0");
    }
}

#[test]
fn a_mistake_in_a_url_is_one_of_usage() {
    let project = Project::new();
    for (flag, url) in [
        ("--postgres", "postgres://127.0.0.1:99999/app"),
        ("--postgres", "postgres://127.0.0.1/app?foo=1"),
        ("--postgres", "postgres://127.0.0.1/app?sslmode=bogus"),
        ("--postgres", "postgres://127.0.0.1/app?sslrootcert=/nope"),
        ("--redis", "redis://127.0.0.1:99999"),
        ("--redis", "redis://127.0.0.1/abc"),
        ("--redis", "redis://127.0.0.1?connect_timeout=abc"),
        ("--redis", "redis://127.0.0.1?connect_timout=2"),
        ("--redis", "rediss://127.0.0.1#insecure"),
    ] {
        let ran = project
            .dbtune("history --format json")
            .args([flag, url])
            .run();
        let document = ran.exits(2).json();
        assert_eq!(document["error"]["kind"], "usage", "{url}: {ran}");
        let message = document["error"]["message"].as_str().unwrap();
        assert!(message.contains(&format!("the URL from {flag}")), "{ran}");
    }
}

#[test]
fn a_mistake_in_one_url_of_the_targets_file_keeps_the_doctor_from_no_other_target() {
    let redis = Redis::start();
    let targets = format!(
        "targets:
  - {{name: wrong, engine: redis, url: \"redis://127.0.0.1/abc\"}}
  - {{name: right, engine: redis, url: \"{}\"}}
",
        redis.url()
    );
    let project = Project::new().file("targets.yaml", &targets);
    let ran = project.dbtune("doctor --format json").run();
    let document = ran.exits(2).json();
    assert_eq!(document["error"]["kind"], "usage");
    assert_eq!(document["targets"][0]["examined"], false);
    assert_eq!(document["targets"][1]["examined"], true);
    let failed = project.dbtune("history --format json").run();
    assert_eq!(failed.exits(2).json()["error"]["kind"], "usage");
}

#[test]
fn a_wrong_password_and_a_role_that_is_not_there_have_a_remedy() {
    let server = Postgres::setup()
        .statement(&format!("CREATE ROLE ann LOGIN PASSWORD '{PASSWORD}'"))
        .start();
    let url = server.url_of("ann", "postgres").replace(PASSWORD, "wrong");
    let project = Project::new();
    let history = |url: &str| project.dbtune("history --postgres").args([url]).run();
    history(&url)
        .exits(1)
        .complains("wrong password")
        .complains("hint: correct user and password in the URL");
    history(&server.url_of("nobody_here", "postgres")).exits(1);
}
