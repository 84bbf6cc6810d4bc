//! What went wrong, in plain words.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use redis::{ErrorKind, RedisError};

use super::connect::ANSWER_LIMIT;
use crate::engine::EngineError;
use crate::engine::attempt::Refusal;

/// The error of a command.
pub(super) fn of_command(
    target: &str,
    command: &str,
    setting: Option<String>,
    error: &RedisError,
) -> EngineError {
    let Some(said) = said(error) else {
        return EngineError::Lost {
            target: target.to_owned(),
            during: command.to_owned(),
            reason: if error.is_timeout() {
                format!("no answer within {} s", ANSWER_LIMIT.as_secs())
            } else {
                error.to_string()
            },
        };
    };
    EngineError::Refused {
        target: target.to_owned(),
        statement: command.to_owned(),
        setting,
        sqlstate: None,
        hint: hint(&said).map(str::to_owned),
        message: said,
        detail: None,
    }
}

/// Takes secrets out of what the server said. An unknown command is answered with its arguments.
pub(super) fn hide(mut error: EngineError, secrets: &[&str]) -> EngineError {
    if let EngineError::Refused { message, .. } = &mut error {
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            *message = message.replace(secret, "***");
        }
    }
    error
}

/// Whether nothing more can be asked on this connection.
pub(super) fn ends_the_connection(error: &RedisError) -> bool {
    said(error).is_none()
}

/// What the server said, as it said it but without the empty code `ERR`; `None` where it said
/// nothing.
fn said(error: &RedisError) -> Option<String> {
    let code = error.code()?;
    let detail = error.detail().unwrap_or_default();
    Some(if code == "ERR" {
        detail.to_owned()
    } else {
        format!("{code} {detail}")
    })
}

/// What to do about an answer of the server.
fn hint(said: &str) -> Option<&'static str> {
    const HINTS: [(&str, &str); 9] = [
        (
            "unknown command",
            "CONFIG is renamed or switched off on this server, as managed services do: change the \
             setting where the service is managed",
        ),
        (
            "NOPERM",
            "grant the user +info +config|get +config|set +config|rewrite +client (ACL SETUSER)",
        ),
        (
            "NOAUTH",
            "give the password in the URL: redis://:PASSWORD@HOST:PORT",
        ),
        (
            "can't set immutable",
            "it can only be changed in the configuration file, with a restart",
        ),
        (
            "can't set protected",
            "the server protects it: see enable-protected-configs in its configuration file",
        ),
        (
            "running without a config file",
            "start the server with a configuration file, or set `persist: none` for this target",
        ),
        (
            "Rewriting config file",
            "the server writes a new file beside the old one and renames it: its user needs to \
             write to that directory; or set `persist: none` for this target and edit the file \
             yourself",
        ),
        (
            "LOADING",
            "the server is loading its data: try again when it has",
        ),
        (
            "Unsupported CONFIG parameter",
            "the server does not know it, or it can only be changed in the configuration file",
        ),
    ];
    HINTS
        .iter()
        .find(|(sign, _)| said.contains(sign))
        .map(|(_, hint)| *hint)
}

/// Why a connection attempt failed.
pub(super) fn of_connecting(error: &RedisError, limit: Duration) -> Refusal {
    if let Some(said) = said(error) {
        return of_greeting(&said);
    }
    if error.is_timeout() {
        return Refusal::silence(limit);
    }
    match cause(error) {
        Some(cause) => Refusal::of_socket(cause),
        None if error.kind() == ErrorKind::Parse => Refusal::lasting(
            "what answers there does not speak as Redis does",
            Some("is that a Redis server?"),
        ),
        None if error.is_connection_dropped() => Refusal::closed(),
        None => Refusal::lasting(error.to_string(), None),
    }
}

/// What the operating system says. The client library hands it out in an `Arc`.
fn cause(error: &RedisError) -> Option<&io::Error> {
    let shared = error
        .source()?
        .downcast_ref::<Arc<dyn Error + Send + Sync>>()?;
    shared.downcast_ref()
}

/// What the server answered instead of letting us in.
fn of_greeting(said: &str) -> Refusal {
    if said.starts_with("WRONGPASS") || said.contains("invalid password") {
        Refusal::lasting(format!("wrong user or password ({said})"), None)
    } else if said.starts_with("NOAUTH") {
        Refusal::lasting("the server asks for a password", hint(said))
    } else if said.contains("without any password configured") {
        Refusal::lasting(
            "the URL has a password, but the server asks for none",
            Some("take the password out of the URL"),
        )
    } else if said.starts_with("DENIED") {
        Refusal::lasting(
            "the server is in protected mode: it has no password and lets in only its own host",
            Some("connect from the server's host, or set a password on the server"),
        )
    } else if said.contains("max number of clients") {
        Refusal::passing(format!("too many connections ({said})"), None)
    } else if said.starts_with("LOADING") {
        Refusal::passing("the server is loading its data", hint(said))
    } else {
        Refusal::lasting(said, hint(said))
    }
}

/// Why a URL is of no use. Never shows any of it.
pub(super) fn of_url(error: &RedisError) -> String {
    let text = error.to_string();
    let reason = text.split(" - ").next().unwrap_or_default();
    format!("the URL cannot be understood: {reason}")
}
