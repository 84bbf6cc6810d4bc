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
