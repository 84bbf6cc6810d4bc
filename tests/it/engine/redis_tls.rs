//! TLS with Redis.

use std::path::PathBuf;

use dbtune::engine::{Target, TlsFiles};

use super::door::{Door, dead_port, port_of, refusal, refusal_of, says, target};
use crate::support::authority::{Authority, Issued, Wanted, self_signed};
use crate::support::{PASSWORD, Redis};

/// A Redis with a port for TLS beside the other one.
struct Encrypted {
    server: Redis,
    port: u16,
}

fn encrypted(authority: &Authority, issued: &Issued, clients: &str) -> Encrypted {
    let port = dead_port();
    let certificate = authority.file("server.crt", &issued.certificate);
    let key = authority.file("server.key", &issued.key);
    let server = Redis::with(&[
        &format!("tls-port {port}"),
        &format!("tls-cert-file {}", certificate.display()),
        &format!("tls-key-file {}", key.display()),
        &format!("tls-ca-cert-file {}", authority.ca_file().display()),
        &format!("tls-auth-clients {clients}"),
    ]);
    Encrypted { server, port }
}

impl Encrypted {
    fn url(&self, host: &str) -> String {
        format!(
            "rediss://:{PASSWORD}@{host}:{}?connect_timeout=5",
            self.port
        )
    }

    fn target(&self, host: &str, ca: Option<PathBuf>) -> Target {
        let mut target = target(&self.url(host));
        target.access.tls.ca = ca;
        target
    }
}

#[test]
fn a_server_whose_ca_is_known_lets_us_in() {
    let authority = Authority::new();
    let server = encrypted(&authority, &authority.issue(&Wanted::default()), "no");
    for host in ["localhost", "127.0.0.1"] {
        let mut door = Door::to(&server.target(host, Some(authority.ca_file())));
        assert_eq!(door.snapshot().address, format!("{host}:{}", server.port));
        door.engine
            .reconnect(std::time::Duration::from_secs(10))
            .unwrap();
        door.snapshot();
    }
    let valkeys = server.url("localhost").replace("rediss://", "valkeys://");
    let mut target = target(&valkeys);
    target.engine = dbtune::setting::EngineKind::Redis;
    target.access.tls.ca = Some(authority.ca_file());
    Door::to(&target).snapshot();
}

#[test]
fn a_certificate_that_no_known_ca_signed_is_not_trusted() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = encrypted(&authority, &authority.issue(&Wanted::default()), "no");
    says(
        &refusal_of(&server.target("localhost", Some(other.ca_file()))),
        &["is not trusted", "tls: {ca: FILE}"],
    );
    // Without a file it is the platform's authorities that count.
    says(
        &refusal_of(&server.target("localhost", None)),
        &["is not trusted"],
    );
    let by_itself = self_signed(&Wanted::default());
    let server = encrypted(&authority, &by_itself, "no");
    says(
        &refusal_of(&server.target("localhost", Some(authority.ca_file()))),
        &["is not trusted"],
    );
}

#[test]
fn a_certificate_for_another_host_or_out_of_date_is_refused() {
    let authority = Authority::new();
    let elsewhere = authority.issue(&Wanted {
        names: &["cache.internal"],
        ..Wanted::default()
    });
    let server = encrypted(&authority, &elsewhere, "no");
    says(
        &refusal_of(&server.target("localhost", Some(authority.ca_file()))),
        &[
            "is for cache.internal, and not for localhost",
            "subjectAltName",
        ],
    );
    let old = authority.issue(&Wanted {
        until: 2024,
        ..Wanted::default()
    });
    let server = encrypted(&authority, &old, "no");
    says(
        &refusal_of(&server.target("localhost", Some(authority.ca_file()))),
        &["expired on 2024-12-31"],
    );
}

#[test]
fn a_client_certificate_is_shown_where_one_is_asked_for() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = encrypted(&authority, &authority.issue(&Wanted::default()), "yes");
    let ca = Some(authority.ca_file());
    says(
        &refusal_of(&server.target("localhost", ca.clone())),
        &["client certificate"],
    );
    let with = |authority: &Authority| {
        let ours = authority.issue(&Wanted::default());
        let certificate = authority.file("our.crt", &ours.certificate);
        let key = authority.private_file("our.key", &ours.key);
        let mut target = server.target("localhost", ca.clone());
        target.access.tls.identity = Some((certificate, key));
        target
    };
    Door::to(&with(&authority)).snapshot();
    says(
        &refusal_of(&with(&other)),
        &["accept", "client certificate"],
    );
}

#[test]
fn speaking_plainly_to_a_port_for_tls_and_the_other_way_round_is_told() {
    let authority = Authority::new();
    let server = encrypted(&authority, &authority.issue(&Wanted::default()), "no");
    let plainly = format!("redis://:{PASSWORD}@127.0.0.1:{}", server.port);
    says(&refusal(&plainly), &["port for TLS", "rediss://"]);
    let plain = port_of(&server.server);
    let url = format!("rediss://:{PASSWORD}@127.0.0.1:{plain}?connect_timeout=2");
    let mut target = target(&url);
    target.access.tls.ca = Some(authority.ca_file());
    says(
        &refusal_of(&target),
        &["port for TLS (tls-port)", "redis:// is for the one without"],
    );
}

#[test]
fn insecure_and_files_without_tls_are_refused() {
    let url = format!("rediss://:{PASSWORD}@127.0.0.1:6379#insecure");
    says(
        &refusal(&url),
        &["#insecure", "check no certificate", "tls: {ca: FILE}"],
    );
    let mut target = target(&format!("redis://:{PASSWORD}@127.0.0.1:6379"));
    target.access.tls = TlsFiles {
        ca: Some("/etc/ca.pem".into()),
        identity: None,
    };
    says(
        &refusal_of(&target),
        &["the URL asks for none", "rediss://"],
    );
}

#[test]
fn a_file_that_is_none_is_told_before_anything_is_connected() {
    let authority = Authority::new();
    let mut target = target(&format!("rediss://:{PASSWORD}@127.0.0.1:{}", dead_port()));
    target.access.tls.ca = Some("/no/such.pem".into());
    says(
        &refusal_of(&target),
        &["cannot read the CA file /no/such.pem"],
    );
    target.access.tls.ca = Some(authority.file("empty.pem", "nothing\n"));
    says(&refusal_of(&target), &["no certificate in"]);
    let (ours, other) = (
        authority.issue(&Wanted::default()),
        authority.issue(&Wanted::default()),
    );
    target.access.tls.ca = Some(authority.ca_file());
    let certificate = authority.file("our.crt", &ours.certificate);
    let key = authority.file("other.key", &other.key);
    target.access.tls.identity = Some((certificate, key));
    says(
        &refusal_of(&target),
        &["not that of the client certificate"],
    );
}
