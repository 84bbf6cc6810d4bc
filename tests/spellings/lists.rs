//! What is sent for a list, and what a server stores for it.

use dbtune::setting::{Assignment, Input};

use super::postgresql::{self, Server};

/// Lists as they stand in `postgresql.auto.conf` after the server wrote them.
const STORED: [(&str, &str); 7] = [
    (
        "shared_preload_libraries",
        "pg_stat_statements, auto_explain",
    ),
    ("shared_preload_libraries", "\"a, b\""),
    (
        "session_preload_libraries",
        "\"$libdir/x\", \"it's\", \"a\"\"b\"",
    ),
    ("search_path", "\"$user\", public, \"App\""),
    ("search_path", "\"\""),
    ("temp_tablespaces", "\"\""),
    ("listen_addresses", "localhost,  10.0.0.1"),
];

/// What a profile writes, and what is stored for it.
const WRITTEN: [(&str, &str, &str); 6] = [
    (
        "shared_preload_libraries",
        "pg_stat_statements,auto_explain",
        "pg_stat_statements, auto_explain",
    ),
    (
        "shared_preload_libraries",
        "\"a, b\", c d",
        "\"a, b\", \"c d\"",
    ),
    ("search_path", "\"$user\", Public", "\"$user\", public"),
    ("log_destination", "stderr,csvlog", "stderr,csvlog"),
    ("archive_command", "cp %p '/a \\b'", "cp %p '/a \\b'"),
    ("work_mem", " 4 MB", " 4 MB"),
];

#[test]
fn lists_are_stored_as_they_are_meant_and_can_be_put_back() {
    for programs in postgresql::installed() {
        let mut server = Server::start(&programs);
        for (name, raw) in STORED {
            let again = server.domain(name).restore(raw);
            assert_eq!(
                server.alter(name, &again),
                raw,
                "{name} on {}",
                server.version
            );
        }
        for (name, written, stored) in WRITTEN {
            write(&mut server, name, written, stored);
        }
        write_sockets(&mut server);
    }
}

/// What is stored is what was meant, and is read as the same value.
fn write(server: &mut Server, name: &str, written: &str, stored: &str) {
    let input = Input::Text(written.to_owned());
    let domain = server.domain(name);
    let raw = server.alter(name, &domain.assignment(&input));
    assert_eq!(raw, stored, "{name} on {}", server.version);
    assert_eq!(
        domain.parse_input(&input).unwrap(),
        Some(domain.parse(&raw).unwrap()),
        "{name}"
    );
}

/// A list of sockets is one text before PostgreSQL 14.
fn write_sockets(server: &mut Server) {
    let domain = server.domain("unix_socket_directories");
    let sent = domain.restore("/tmp/a, /tmp/b");
    let literals = if server.version < 140_000 { 1 } else { 2 };
    assert!(
        matches!(&sent, Assignment::Set(sent) if sent.len() == literals),
        "{sent:?}"
    );
    let raw = server.alter("unix_socket_directories", &sent);
    assert_eq!(domain.restore(&raw), sent);
}
