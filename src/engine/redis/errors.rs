//! What went wrong, in plain words.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use redis::{ErrorKind, RedisError};

use super::connect::ANSWER_LIMIT;
use super::facts;
use super::info::Info;
use super::rights::Rights;
use super::tls::ADVICE;
use crate::engine::attempt::Refusal;
use crate::engine::{EngineError, tls};
use crate::snapshot::Manager;

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
        hint: hint(&said),
        message: said,
        detail: None,
    }
}

/// The error of reading the settings.
pub(super) fn of_reading(
    target: &str,
    error: &RedisError,
    rights: &Rights<'_>,
    info: &Info<'_>,
) -> EngineError {
    let not_readable = |managed_by, reason, hint| EngineError::NotReadable {
        target: target.to_owned(),
        reason,
        hint,
        managed_by,
    };
    match said(error) {
        Some(said) if said.contains("unknown command") => {
            let manager = facts::manager(info).unwrap_or(Manager::RedisService);
            let (reason, hint) = without_config(target, manager);
            not_readable(Some(manager), reason, hint)
        }
        Some(said) if said.starts_with("NOPERM") => {
            let hint = format!("nothing was changed; {}", rights.grant_all());
            not_readable(None, said, hint)
        }
        Some(_) | None => of_command(target, "CONFIG GET *", None, error),
    }
}

/// What is said of a server that has no `CONFIG`.
fn without_config(target: &str, manager: Manager) -> (String, String) {
    let reason = "it has no command CONFIG, which is renamed or switched off";
    if manager == Manager::ElastiCache {
        let reason = format!("{reason}: Amazon ElastiCache manages them");
        let hint = "nothing was changed; change the settings in the parameter group of the cluster";
        return (reason, hint.to_owned());
    }
    let hint = format!(
        "nothing was changed; where `rename-command CONFIG NAME` stands in its file, state \
         `config_command: NAME` for {target} in the targets file; where it is a managed service, \
         change the settings there"
    );
    (reason.to_owned(), hint)
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
fn hint(said: &str) -> Option<String> {
    const HINTS: [(&str, &str); 8] = [
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
    if let Some((_, command)) = said.split_once("unknown command") {
        return Some(without_command(command));
    }
    let mut hints = HINTS.iter();
    let found = hints.find(|(sign, _)| said.contains(sign));
    found.map(|(_, hint)| (*hint).to_owned())
}

/// What to do where a command is not known. Only its name is shown, which comes first and in quotes:
/// what follows are its arguments.
fn without_command(said: &str) -> String {
    let is_word = |letter: &char| letter.is_ascii_alphanumeric() || "_-.|".contains(*letter);
    let name = said.trim_start_matches([' ', '\'', '`', '"']).chars();
    let name: String = name.take_while(is_word).collect();
    if name.is_empty() || name.eq_ignore_ascii_case("CONFIG") {
        return "CONFIG is renamed or switched off on this server, as managed services do: change the \
                setting where the service is managed"
            .to_owned();
    }
    format!(
        "{name} is renamed or switched off on this server, and dbtune cannot do without it: take \
         `rename-command {name}` out of the server's configuration file"
    )
}

/// Why a connection attempt failed.
pub(super) fn of_connecting(error: &RedisError, limit: Duration, is_encrypted: bool) -> Refusal {
    if let Some(said) = said(error) {
        return of_greeting(&said);
    }
    if error.is_timeout() {
        return silence(limit, is_encrypted);
    }
    if let Some(tls) = shared_cause(error).and_then(|cause| tls::rustls_error(cause)) {
        return tls::of(tls, ADVICE);
    }
    match cause(error) {
        Some(cause) => hung_up(Refusal::of_socket(cause), cause.kind(), is_encrypted),
        None if error.kind() == ErrorKind::Parse => Refusal::lasting(
            "what answers there does not speak as Redis does",
            Some("is that a Redis server?"),
        ),
        None if error.is_connection_dropped() => hung_up(
            Refusal::closed(),
            io::ErrorKind::UnexpectedEof,
            is_encrypted,
        ),
        None => Refusal::lasting(error.to_string(), None),
    }
}

/// A server without TLS takes the greeting for the beginning of a command, and waits for its end.
pub(super) fn silence(limit: Duration, is_encrypted: bool) -> Refusal {
    let refusal = Refusal::silence(limit);
    if is_encrypted {
        let hint = "is that the port for TLS (tls-port)? redis:// is for the one without; and does a \
                    firewall let this host in?";
        return Refusal {
            hint: Some(hint.to_owned()),
            ..refusal
        };
    }
    refusal
}

/// A server hangs up on who speaks plainly at its port for TLS, and the other way round.
fn hung_up(refusal: Refusal, kind: io::ErrorKind, is_encrypted: bool) -> Refusal {
    let is_hanging_up = [
        io::ErrorKind::UnexpectedEof,
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::BrokenPipe,
    ];
    if !is_hanging_up.contains(&kind) {
        return refusal;
    }
    // A server that does not like a client certificate, or misses one, says so and hangs up, and the
    // second may come first.
    let hint = if is_encrypted {
        "is that the port for TLS (tls-port)? redis:// is for the one without; and does the server \
         ask for a client certificate, or not accept the one that it got? its log says"
    } else {
        "is that a port for TLS (tls-port)? then write rediss://; and is it a Redis server, and up?"
    };
    Refusal {
        hint: Some(hint.to_owned()),
        ..refusal
    }
}

/// What caused an error. The client library hands it out in an `Arc`.
fn shared_cause(error: &RedisError) -> Option<&(dyn Error + 'static)> {
    let shared = error
        .source()?
        .downcast_ref::<Arc<dyn Error + Send + Sync>>()?;
    Some(shared.as_ref())
}

/// What the operating system says.
fn cause(error: &RedisError) -> Option<&io::Error> {
    shared_cause(error)?.downcast_ref()
}

/// What the server answered instead of letting us in.
fn of_greeting(said: &str) -> Refusal {
    if said.starts_with("WRONGPASS") || said.contains("invalid password") {
        Refusal::lasting(
            format!("wrong user or password ({said})"),
            Some(
                "correct them in the URL: redis://USER:PASSWORD@HOST:PORT, without USER for requirepass",
            ),
        )
    } else if said.starts_with("NOAUTH") {
        Refusal::lasting("the server asks for a password", hint(said).as_deref())
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
        Refusal::passing("the server is loading its data", hint(said).as_deref())
    } else {
        Refusal::lasting(said, hint(said).as_deref())
    }
}

/// Why a URL is of no use. Never shows any of it.
pub(super) fn of_url(error: &RedisError) -> String {
    let text = error.to_string();
    let reason = text.split(" - ").next().unwrap_or_default();
    format!("the URL cannot be understood: {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_names_the_command_that_is_unknown() {
        for (said, name) in [
            (
                "unknown command 'INFO', with args beginning with: 'server' ",
                "INFO is",
            ),
            (
                "unknown command `CLIENT`, with args beginning with: ",
                "CLIENT is",
            ),
            (
                "unknown command 'CONFIG', with args beginning with: 'SET' ",
                "CONFIG is",
            ),
        ] {
            let hint = hint(said).unwrap();
            assert!(hint.starts_with(name), "{hint}");
        }
    }

    #[test]
    fn a_wrong_password_has_a_remedy() {
        let refusal = of_greeting("WRONGPASS invalid username-password pair");
        assert!(refusal.hint.unwrap().contains("correct them in the URL"));
    }
}
