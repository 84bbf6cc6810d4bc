//! TLS with PostgreSQL: every `sslmode` against servers of every kind.

use std::fs;

use dbtune::engine::{PasswordFile, Target};

use super::door::{Door, refusal, refusal_of, says, target};
use crate::support::authority::{Authority, Issued, Wanted, self_signed, signed_by_a_server};
use crate::support::{PASSWORD, Postgres, eventually};

/// What the session says of its own encryption.
const ENCRYPTED: &str = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                         WHERE application_name LIKE 'dbtune%' ORDER BY backend_start DESC LIMIT 1";

const LATER_THAN_PREFER: [&str; 3] = ["require", "verify-ca", "verify-full"];

fn at(server: &Postgres, host: &str, options: &str) -> String {
    let port = server.port();
    format!("postgres://postgres:{PASSWORD}@{host}:{port}/postgres?{options}")
}

fn tls(issued: &Issued) -> Postgres {
    Postgres::setup().tls(issued).start()
}

/// Whether dbtune's session is encrypted, as the server sees it.
fn is_encrypted(server: &Postgres, url: &str) -> bool {
    let _door = Door::open(url);
    server.value(ENCRYPTED) == "t"
}

fn with_ca(authority: &Authority, mode: &str) -> String {
    format!(
        "sslmode={mode}&sslrootcert={}",
        authority.ca_file().display()
    )
}

#[test]
fn a_server_without_tls_is_refused_wherever_tls_is_demanded() {
    let (server, authority) = (Postgres::start(), Authority::new());
    for mode in LATER_THAN_PREFER {
        let text = refusal(&at(&server, "localhost", &with_ca(&authority, mode)));
        says(&text, &["offers no TLS", "ssl = on", "sslmode=prefer"]);
        let pairs = format!(
            "host=127.0.0.1 port={} user=postgres password={PASSWORD} sslmode={mode} sslrootcert={}",
            server.port(),
            authority.ca_file().display()
        );
        says(&refusal(&pairs), &["offers no TLS"]);
    }
    for mode in ["disable", "allow", "prefer"] {
        let url = at(&server, "localhost", &format!("sslmode={mode}"));
        assert!(!is_encrypted(&server, &url), "{mode}");
    }
}

#[test]
fn tls_is_used_where_the_server_has_it() {
    let authority = Authority::new();
    let server = tls(&authority.issue(&Wanted::default()));
    for mode in ["prefer", "require"] {
        let url = at(&server, "127.0.0.1", &format!("sslmode={mode}"));
        assert!(is_encrypted(&server, &url), "{mode}");
    }
    assert!(is_encrypted(&server, &server.url()), "without a mode");
    for mode in ["disable", "allow"] {
        let url = at(&server, "127.0.0.1", &format!("sslmode={mode}"));
        assert!(!is_encrypted(&server, &url), "{mode}");
    }
    for mode in LATER_THAN_PREFER {
        for host in ["localhost", "127.0.0.1"] {
            let url = at(&server, host, &with_ca(&authority, mode));
            assert!(is_encrypted(&server, &url), "{mode} {host}");
        }
    }
}

#[test]
fn a_certificate_that_no_known_ca_signed_is_not_trusted() {
    let (authority, other) = (Authority::new(), Authority::new());
    let signed_by_another = tls(&other.issue(&Wanted::default()));
    let by_itself = tls(&self_signed(&Wanted::default()));
    says(
        &refusal(&at(
            &by_itself,
            "localhost",
            &with_ca(&authority, "verify-full"),
        )),
        &["as one is that signs itself", "this very certificate"],
    );
    for server in [&signed_by_another, &by_itself] {
        // A root certificate that is there is used, even by the modes that would do without.
        for mode in ["prefer", "require", "verify-ca", "verify-full"] {
            let text = refusal(&at(server, "localhost", &with_ca(&authority, mode)));
            says(&text, &["is not trusted", "sslrootcert=FILE"]);
        }
        says(
            &refusal(&at(server, "localhost", "sslrootcert=system")),
            &["is not trusted"],
        );
        assert!(is_encrypted(
            server,
            &at(server, "localhost", "sslmode=require")
        ));
    }
}

#[test]
fn a_self_signed_certificate_is_trusted_where_it_is_the_root_itself() {
    let issued = self_signed(&Wanted::default());
    let old = self_signed(&Wanted {
        until: 2021,
        ..Wanted::default()
    });
    let authority = Authority::new();
    let file = authority.file(
        "both.pem",
        &format!("{}{}", issued.certificate, old.certificate),
    );
    let options = format!("sslmode=verify-full&sslrootcert={}", file.display());
    let server = tls(&issued);
    assert!(is_encrypted(&server, &at(&server, "localhost", &options)));
    says(
        &refusal(&at(&tls(&old), "localhost", &options)),
        &["expired on 2021-12-31"],
    );
}

#[test]
fn a_certificate_for_another_host_is_refused_by_verify_full_alone() {
    let authority = Authority::new();
    let server = tls(&authority.issue(&Wanted {
        names: &["db.internal", "db2.internal"],
        ..Wanted::default()
    }));
    for host in ["localhost", "127.0.0.1"] {
        let text = refusal(&at(&server, host, &with_ca(&authority, "verify-full")));
        let not_for = format!("is for db.internal, db2.internal, and not for {host}");
        says(&text, &[&not_for, "subjectAltName", "sslmode=verify-ca"]);
        assert!(is_encrypted(
            &server,
            &at(&server, host, &with_ca(&authority, "verify-ca"))
        ));
    }
    // The name is what counts, and not where it leads.
    let options = with_ca(&authority, "verify-full") + "&hostaddr=127.0.0.1";
    let url = at(&server, "db.internal", &options);
    assert!(is_encrypted(&server, &url));
    says(
        &refusal(&at(&server, "elsewhere", &options)),
        &["not for elsewhere"],
    );
}

#[test]
fn the_common_name_counts_where_there_is_no_other() {
    let authority = Authority::new();
    let server = tls(&authority.issue(&Wanted {
        common_name: "localhost",
        names: &[],
        ..Wanted::default()
    }));
    let options = with_ca(&authority, "verify-full");
    assert!(is_encrypted(&server, &at(&server, "LocalHost", &options)));
    says(
        &refusal(&at(&server, "127.0.0.1", &options)),
        &["is for localhost, and not for 127.0.0.1"],
    );
    let both = tls(&authority.issue(&Wanted {
        common_name: "localhost",
        names: &["db.internal"],
        ..Wanted::default()
    }));
    says(
        &refusal(&at(&both, "localhost", &options)),
        &["is for db.internal"],
    );
}

#[test]
fn an_expired_certificate_is_refused_with_its_day() {
    let authority = Authority::new();
    let server = tls(&authority.issue(&Wanted {
        until: 2024,
        ..Wanted::default()
    }));
    for mode in ["verify-ca", "verify-full"] {
        let text = refusal(&at(&server, "localhost", &with_ca(&authority, mode)));
        says(&text, &["expired on 2024-12-31", "renew it"]);
    }
}

#[test]
fn rules_that_want_tls_are_told_and_allow_follows_them() {
    let authority = Authority::new();
    let server = tls(&authority.issue(&Wanted::default()));
    rules(
        &server,
        "hostssl all all all scram-sha-256\n",
        "sslmode=disable",
    );
    let text = refusal(&at(&server, "127.0.0.1", "sslmode=disable"));
    says(
        &text,
        &["no pg_hba.conf entry", "hostssl", "sslmode=require"],
    );
    for mode in ["allow", "prefer", "require"] {
        let url = at(&server, "127.0.0.1", &format!("sslmode={mode}"));
        let _door = Door::open(&url);
    }
    let wrong = at(&server, "127.0.0.1", "sslmode=allow").replace(PASSWORD, "not-it");
    says(&refusal(&wrong), &["wrong password"]);
}

#[test]
fn rules_that_want_no_tls_are_told_and_prefer_stays_encrypted() {
    let authority = Authority::new();
    let server = tls(&authority.issue(&Wanted::default()));
    rules(
        &server,
        "hostnossl all all all scram-sha-256\n",
        "sslmode=require",
    );
    for mode in ["prefer", "require"] {
        let text = refusal(&at(&server, "127.0.0.1", &format!("sslmode={mode}")));
        says(
            &text,
            &["no pg_hba.conf entry", "hostnossl", "sslmode=disable"],
        );
    }
}

/// Gives a server these rules, and waits until a URL with these options is let in no more.
fn rules(server: &Postgres, lines: &str, kept_out: &str) {
    fs::write(server.data().join("pg_hba.conf"), lines).unwrap();
    let pid = fs::read_to_string(server.data().join("postmaster.pid")).unwrap();
    let told = std::process::Command::new("kill")
        .arg("-HUP")
        .arg(pid.lines().next().unwrap())
        .status();
    assert!(told.unwrap().success());
    let target = target(&at(server, "127.0.0.1", kept_out));
    eventually("the rules are in force", || {
        dbtune::engine::connect(&target, &dbtune::engine::Interrupt::new()).is_err()
    });
}

#[test]
fn a_client_certificate_is_shown_where_one_is_asked_for() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = Postgres::setup()
        .tls(&authority.issue(&Wanted::default()))
        .file("root.crt", authority.pem())
        .setting("ssl_ca_file = 'root.crt'")
        .start();
    rules(&server, "hostssl all all all cert\n", "sslmode=require");
    let text = refusal(&at(&server, "localhost", "sslmode=require"));
    says(
        &text,
        &["valid client certificate", "sslcert=FILE and sslkey=FILE"],
    );
    let options = |authority: &Authority, name: &str| {
        let ours = authority.issue(&Wanted {
            common_name: name,
            names: &[],
            ..Wanted::default()
        });
        let certificate = authority.file(&format!("{name}.crt"), &ours.certificate);
        let key = authority.private_file(&format!("{name}.key"), &ours.key);
        format!(
            "sslmode=require&sslcert={}&sslkey={}",
            certificate.display(),
            key.display()
        )
    };
    let url = at(&server, "localhost", &options(&authority, "postgres"));
    Door::open(&url).snapshot();
    let somebody = at(&server, "localhost", &options(&authority, "somebody"));
    says(
        &refusal(&somebody),
        &[
            "certificate authentication failed",
            "common name",
            "pg_ident.conf",
        ],
    );
    let unknown = at(&server, "localhost", &options(&other, "postgres"));
    says(&refusal(&unknown), &["accept our client certificate"]);
}

#[test]
fn a_certificate_without_its_key_or_with_a_bad_one_is_told_by_its_file() {
    let (server, authority) = (Postgres::start(), Authority::new());
    let (ours, other) = (
        authority.issue(&Wanted::default()),
        authority.issue(&Wanted::default()),
    );
    let certificate = authority.file("our.crt", &ours.certificate);
    let key = authority.private_file("our.key", &ours.key);
    let foreign = authority.private_file("other.key", &other.key);
    let open = authority.file_of_mode("open.key", &ours.key, 0o644);
    let locked =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let locked = authority.private_file("locked.key", locked);
    let told = |options: String| refusal(&at(&server, "localhost", &options));
    let pair = |certificate: &dyn std::fmt::Display, key: &dyn std::fmt::Display| {
        format!("sslcert={certificate}&sslkey={key}")
    };
    let certificate = certificate.display();
    says(
        &told(format!("sslcert={certificate}")),
        &["no key to it", "sslkey="],
    );
    says(
        &told(format!("sslkey={}", key.display())),
        &["no client certificate"],
    );
    says(
        &told(pair(&certificate, &foreign.display())),
        &["not that of the client certificate"],
    );
    says(
        &told(pair(&certificate, &open.display())),
        &["others may read the private key", "open.key", "chmod 0600"],
    );
    says(
        &told(pair(&certificate, &locked.display())),
        &["locked.key has a passphrase", "openssl pkey"],
    );
    let none = authority.private_file("none.key", &ours.certificate);
    says(
        &told(pair(&certificate, &none.display())),
        &["no private key in"],
    );
    says(
        &told(pair(&key.display(), &key.display())),
        &["no certificate in"],
    );
    says(
        &told(pair(&"/no/such.crt", &key.display())),
        &["/no/such.crt", "cannot read"],
    );
}

#[test]
fn options_that_would_be_weaker_than_they_seem_are_refused() {
    let server = Postgres::start();
    for (options, told) in [
        ("sslmode=verify-full", "none is named"),
        ("sslmode=verify-ca", "none is named"),
        ("sslmode=require&sslrootcert=/no/such.pem", "/no/such.pem"),
        (
            "sslmode=require&sslrootcert=system",
            "too weak for sslrootcert=system",
        ),
        (
            "sslmode=verify-ca&sslrootcert=system",
            "use sslmode=verify-full",
        ),
        (
            "sslmode=sometimes",
            "disable, allow, prefer, require, verify-ca, verify-full",
        ),
        ("sslcrl=/etc/crl.pem", "revocation"),
        ("sslpassword=s3cret", "passphrases"),
        (
            "ssl_min_protocol_version=TLSv1.3",
            "ssl_min_protocol_version",
        ),
        ("gssencmode=require", "gssencmode"),
        ("service=prod", "service"),
    ] {
        let text = refusal(&at(&server, "localhost", options));
        says(&text, &["the URL from --postgres", told]);
        assert!(!text.contains("s3cret"), "{text}");
    }
    // What asks for no more than there is anyway is taken.
    let harmless = "sslcompression=0&ssl_min_protocol_version=TLSv1.2&gssencmode=prefer&sslsni=1\
                    &client_encoding=UTF8&fallback_application_name=psql";
    Door::open(&at(&server, "localhost", harmless)).snapshot();
}

#[test]
fn a_socket_has_no_tls_and_needs_none() {
    let server = Postgres::start();
    let folder = server.data().parent().unwrap().display().to_string();
    let url = format!(
        "host={folder} port={} user=postgres password={PASSWORD} sslmode=verify-full \
         sslrootcert=/no/such.pem",
        server.port()
    );
    Door::open(&url).snapshot();
}

#[test]
fn an_authority_out_of_date_vouches_for_nobody() {
    let (late, other) = (Authority::until(2024), Authority::new());
    let server = tls(&late.issue(&Wanted::default()));
    let both = late.file("both.pem", &format!("{}{}", other.pem(), late.pem()));
    for file in [late.ca_file(), both] {
        let options = format!("sslmode=verify-ca&sslrootcert={}", file.display());
        says(
            &refusal(&at(&server, "localhost", &options)),
            &["is not trusted", "the CA that signed it is out of date"],
        );
    }
}

#[test]
fn a_chain_leads_over_an_authority_in_between() {
    let root = Authority::new();
    let below = root.below();
    let issued = below.issue(&Wanted::default());
    let chain = Issued {
        certificate: format!("{}{}", issued.certificate, below.pem()),
        key: issued.key,
    };
    let server = tls(&chain);
    let url = at(&server, "localhost", &with_ca(&root, "verify-full"));
    assert!(is_encrypted(&server, &url));
    // An authority in between is trusted as well where it stands in the file.
    let url = at(&server, "localhost", &with_ca(&below, "verify-full"));
    assert!(is_encrypted(&server, &url));
}

#[test]
fn a_server_that_is_trusted_vouches_for_no_other() {
    let known = Wanted {
        common_name: "known",
        ..Wanted::default()
    };
    let (by_itself, impostor) = signed_by_a_server(&known, &Wanted::default());
    let authority = Authority::new();
    let file = authority.file("known.pem", &by_itself.certificate);
    let options = format!("sslmode=verify-full&sslrootcert={}", file.display());
    let server = tls(&by_itself);
    assert!(is_encrypted(&server, &at(&server, "localhost", &options)));
    says(
        &refusal(&at(&tls(&impostor), "localhost", &options)),
        &["is not trusted"],
    );
}

#[test]
fn tls_1_2_is_spoken_as_well() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = Postgres::setup()
        .tls(&authority.issue(&Wanted::default()))
        .file("root.crt", authority.pem())
        .setting("ssl_ca_file = 'root.crt'")
        .setting("ssl_max_protocol_version = 'TLSv1.2'")
        .start();
    let url = at(&server, "localhost", &with_ca(&authority, "verify-full"));
    assert!(is_encrypted(
        &server,
        &(url.clone() + "&channel_binding=require")
    ));
    let version = "SELECT DISTINCT version FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                   WHERE application_name LIKE 'dbtune%'";
    let door = Door::open(&url);
    assert_eq!(server.value(version), "TLSv1.2");
    drop(door);
    let ours = other.issue(&Wanted::default());
    let certificate = other.file("our.crt", &ours.certificate);
    let key = other.private_file("our.key", &ours.key);
    let with = format!(
        "&sslcert={}&sslkey={}",
        certificate.display(),
        key.display()
    );
    says(&refusal(&(url + &with)), &["accept our client certificate"]);
}

#[test]
fn tls_without_asking_first_is_for_servers_that_know_it() {
    let authority = Authority::new();
    for bin in Postgres::every_bin() {
        let knows_it = bin.version()[0] >= 17;
        let server = Postgres::with_bin(bin)
            .tls(&authority.issue(&Wanted::default()))
            .start();
        let options = with_ca(&authority, "verify-full") + "&sslnegotiation=direct";
        let url = at(&server, "localhost", &options);
        if knows_it {
            assert!(is_encrypted(&server, &url));
        } else {
            says(&refusal(&url), &["closed the connection"]);
        }
    }
}

#[test]
fn somebody_in_between_cannot_talk_us_out_of_tls() {
    let authority = Authority::new();
    let server = tls(&authority.issue(&Wanted::default()));
    // The proxy answers the question for TLS itself, and says that there is none.
    let proxy = server.proxy();
    for mode in LATER_THAN_PREFER {
        let url = format!("{}?{}", proxy.url(), with_ca(&authority, mode));
        says(&refusal(&url), &["offers no TLS"]);
    }
    let url = format!("{}?sslmode=prefer", proxy.url());
    assert!(!is_encrypted(&server, &url));
}

#[test]
fn an_address_alone_is_held_against_the_certificate() {
    let authority = Authority::new();
    let server = tls(&authority.issue(&Wanted::default()));
    let url = format!(
        "hostaddr=127.0.0.1 port={} user=postgres password={PASSWORD} sslmode=verify-full \
         sslrootcert={}",
        server.port(),
        authority.ca_file().display()
    );
    assert!(is_encrypted(&server, &url));
    let elsewhere = tls(&authority.issue(&Wanted {
        names: &["localhost", "10.0.0.1"],
        ..Wanted::default()
    }));
    let url = url.replace(
        &format!("port={}", server.port()),
        &format!("port={}", elsewhere.port()),
    );
    says(
        &refusal(&url),
        &["is for localhost, 10.0.0.1, and not for 127.0.0.1"],
    );
    says(
        &refusal(&format!("{url} host=a,b")),
        &["not as many `hostaddr` as `host`"],
    );
}

#[test]
fn scram_is_bound_to_the_channel() {
    let authority = Authority::new();
    let server = tls(&authority.issue(&Wanted::default()));
    let options = with_ca(&authority, "verify-full") + "&channel_binding=require";
    assert!(is_encrypted(&server, &at(&server, "localhost", &options)));
    let plain = at(
        &server,
        "localhost",
        "sslmode=disable&channel_binding=require",
    );
    says(&refusal(&plain), &["channel binding"]);
}

#[test]
fn the_session_for_the_history_is_encrypted_as_well() {
    use dbtune::engine::postgresql::SideSession;
    let authority = Authority::new();
    let server = tls(&authority.issue(&Wanted::default()));
    let url = at(&server, "localhost", &with_ca(&authority, "verify-full"));
    let interrupt = dbtune::engine::Interrupt::new();
    let mut session = SideSession::open(&target(&url), &interrupt).unwrap();
    let statement = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let rows = session.read(statement, "its own encryption").unwrap();
    assert_eq!(rows, [[Some("t".to_owned())]]);
    let other = Authority::new();
    let wrong = at(&server, "localhost", &with_ca(&other, "verify-full"));
    let Err(error) = SideSession::open(&target(&wrong), &interrupt) else {
        panic!("it let us in");
    };
    says(&error.to_string(), &["is not trusted"]);
}

#[test]
fn a_reconnection_is_checked_as_the_first_connection_was() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = tls(&authority.issue(&Wanted::default()));
    let mut door = Door::open(&at(
        &server,
        "localhost",
        &with_ca(&authority, "verify-full"),
    ));
    let foreign = other.issue(&Wanted::default());
    fs::write(server.data().join("server.crt"), &foreign.certificate).unwrap();
    fs::write(server.data().join("server.key"), &foreign.key).unwrap();
    server.restart();
    let error = door.engine.reconnect(std::time::Duration::from_mins(10));
    says(&error.unwrap_err().to_string(), &["is not trusted"]);
}

fn with_passwords(url: &str, lines: &str) -> Target {
    let mut target = target(url);
    target.access.passwords = PasswordFile::new(lines, "nobody");
    target
}

#[test]
fn the_password_file_lets_us_in_where_the_url_has_no_password() {
    let server = Postgres::start();
    let port = server.port();
    let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
    let right = format!("localhost:*:*:*:not-this\n127.0.0.1:{port}:postgres:*:{PASSWORD}\n");
    Door::to(&with_passwords(&url, &right)).snapshot();
    says(
        &refusal_of(&with_passwords(&url, "*:*:*:*:not-it")),
        &["wrong password", "password file"],
    );
    says(
        &refusal_of(&with_passwords(&url, "elsewhere:*:*:*:not-it")),
        &["asks for a password", "~/.pgpass"],
    );
    let own = with_passwords(&server.url(), "*:*:*:*:not-it");
    Door::to(&own).snapshot();
    let other = own.url.expose().replace(PASSWORD, "not-it");
    let text = refusal_of(&with_passwords(&other, &right));
    assert!(!text.contains("password file"), "{text}");
}
