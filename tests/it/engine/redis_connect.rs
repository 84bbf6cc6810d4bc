//! How a connection to Redis is made, and what is said when it cannot be.

use dbtune::engine::{self, EngineError, Interrupt};

use super::door::{Door, dead_port, port_of, refusal, says, silent_port, target};
use crate::support::{PASSWORD, Postgres, Redis};

#[test]
fn nobody_listens_there() {
    let port = dead_port();
    let address = format!("cannot connect to primary at 127.0.0.1:{port}: connection refused");
    let url = format!("redis://:{PASSWORD}@127.0.0.1:{port}");
    says(&refusal(&url), &[&address, "is the server running"]);
}

#[test]
fn there_is_no_such_host_or_socket() {
    let url = format!("redis://:{PASSWORD}@no-such-host.invalid:6999");
    says(
        &refusal(&url),
        &["no-such-host.invalid:6999", "no such host"],
    );
    let url = format!("redis+unix:///no/such/redis.sock?pass={PASSWORD}");
    says(&refusal(&url), &["/no/such/redis.sock", "no such socket"]);
}

#[test]
fn the_password_is_wrong_missing_or_too_many() {
    let server = Redis::start();
    let port = port_of(&server);
    let wrong = refusal(&format!("redis://:not-it@127.0.0.1:{port}"));
    says(&wrong, &["wrong user or password", "WRONGPASS"]);
    assert!(!wrong.contains("not-it"), "{wrong}");
    let missing = refusal(&format!("redis://127.0.0.1:{port}"));
    says(
        &missing,
        &["the server asks for a password", "redis://:PASSWORD@"],
    );
}

#[test]
fn a_password_that_the_server_does_not_ask_for_is_told() {
    let server = Redis::start();
    redis::cmd("CONFIG")
        .arg(&["SET", "requirepass", ""])
        .exec(&mut server.client())
        .unwrap();
    let url = format!("redis://:{PASSWORD}@127.0.0.1:{}", port_of(&server));
    says(&refusal(&url), &["asks for none", "take the password out"]);
}

#[test]
fn a_user_who_may_not_even_ask_who_is_there_is_told() {
    let server = Redis::start();
    server.ask(&format!("ACL SETUSER tuner on >{PASSWORD} +ping"));
    let url = format!("redis://tuner:{PASSWORD}@127.0.0.1:{}", port_of(&server));
    says(&refusal(&url), &["NOPERM", "+info"]);
}

#[test]
fn nobody_answers() {
    let (_listener, port) = silent_port();
    says(
        &refusal(&format!("redis://127.0.0.1:{port}")),
        &["no answer; gave up after 10 s"],
    );
}

#[test]
fn something_else_answers() {
    let server = Postgres::start();
    let address = format!("127.0.0.1:{}", server.port());
    says(
        &refusal(&format!("redis://{address}")),
        &[
            "cannot connect to primary at 127.0.0.1:",
            "is it a Redis server",
        ],
    );
    says(
        &refusal(&format!("rediss://{address}?connect_timeout=5")),
        &["is that the port for TLS"],
    );
}

#[test]
fn an_interrupt_ends_the_attempt() {
    let (_listener, port) = silent_port();
    let interrupt = Interrupt::new();
    interrupt.raise();
    let outcome = engine::connect(&target(&format!("redis://127.0.0.1:{port}")), &interrupt);
    assert!(matches!(outcome.err(), Some(EngineError::Interrupted)));
}

#[test]
fn the_time_limit_of_the_url_counts() {
    let (_listener, port) = silent_port();
    says(
        &refusal(&format!("redis://127.0.0.1:{port}?connect_timeout=1")),
        &["no answer; gave up after 1 s", "firewall"],
    );
    says(
        &refusal("redis://127.0.0.1?connect_timeout=soon"),
        &["connect_timeout", "number of seconds"],
    );
}

#[test]
fn a_url_that_cannot_be_understood_says_where_it_came_from() {
    let url = format!("redis://:{PASSWORD}@127.0.0.1:6379/first");
    says(
        &refusal(&url),
        &[
            "--postgres",
            "Invalid database number",
            "redis://:PASSWORD@",
        ],
    );
}

#[test]
fn a_socket_is_reached_and_named_by_its_path() {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let socket = folder.path().join("redis.sock");
    std::fs::set_permissions(
        folder.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o777),
    )
    .unwrap();
    let _server = Redis::with(&[
        &format!("unixsocket {}", socket.display()),
        "unixsocketperm 777",
    ]);
    let url = format!("redis+unix://{}?pass={PASSWORD}", socket.display());
    let address = Door::open(&url).snapshot().address;
    assert_eq!(Some(address.as_str()), socket.to_str());
}
