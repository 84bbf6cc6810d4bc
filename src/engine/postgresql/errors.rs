//! What went wrong, in plain words.

use std::error::Error as _;
use std::io;

use postgres::error::{DbError, Severity, SqlState};

use super::session::Failure;
use super::tls::ADVICE;
use crate::engine::attempt::Refusal;
use crate::engine::{EngineError, tls};
use crate::setting::SettingName;

/// How a refusal for a wrong password begins.
pub(super) const WRONG_PASSWORD: &str = "wrong password";

/// An error of a statement or of the connection while it was under way.
pub(super) fn of_statement(
    target: &str,
    statement: &str,
    setting: Option<&SettingName>,
    failure: Failure,
) -> EngineError {
    let lost = |reason: String| EngineError::Lost {
        target: target.to_owned(),
        during: statement.to_owned(),
        reason,
    };
    match failure {
        Failure::Interrupted => EngineError::Interrupted,
        Failure::Ended => lost("it had been closed before".to_owned()),
        Failure::Silent(limit) => lost(format!("no answer within {} s", limit.as_secs())),
        Failure::Error(error) => match error.as_db_error() {
            Some(server) if !ends_the_session(&error) => {
                refused(target, statement, setting, server)
            }
            Some(server) => lost(of_server(server)),
            None => lost(chain(&error)),
        },
    }
}

fn refused(
    target: &str,
    statement: &str,
    setting: Option<&SettingName>,
    server: &DbError,
) -> EngineError {
    EngineError::Refused {
        target: target.to_owned(),
        statement: statement.to_owned(),
        setting: setting.map(|name| name.as_str().to_owned()),
        sqlstate: Some(server.code().code().to_owned()),
        message: server.message().to_owned(),
        detail: server.detail().map(str::to_owned),
        hint: server
            .hint()
            .map(str::to_owned)
            .or_else(|| own_hint(server, setting)),
    }
}

/// The file that `ALTER SYSTEM` writes.
const AUTO_CONF: &str = "postgresql.auto.conf";

/// What to do where the server says nothing of it.
fn own_hint(server: &DbError, setting: Option<&SettingName>) -> Option<String> {
    let (code, setting) = (server.code(), setting?);
    // In any language: a file that the server itself may not write is no missing right of the role.
    if server.message().contains(AUTO_CONF) {
        return Some(format!(
            "the server cannot write its own {AUTO_CONF}: its data folder is full, damaged or made \
             read-only by what manages its configuration; then change it there"
        ));
    }
    if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        return Some(format!(
            "GRANT ALTER SYSTEM ON PARAMETER {} TO the role that dbtune connects as \
             (before PostgreSQL 15 only a superuser may)",
            super::quote::setting_name(setting)
        ));
    }
    (*code == SqlState::FEATURE_NOT_SUPPORTED).then(|| {
        "the configuration of this server is managed elsewhere: change it there".to_owned()
    })
}

/// Adds what to do to a refusal about which the server says nothing of it.
pub(super) fn advise(mut error: EngineError, advice: &str) -> EngineError {
    if let EngineError::Refused { hint, .. } = &mut error {
        hint.get_or_insert_with(|| advice.to_owned());
    }
    error
}

/// Takes secrets out of what the server said.
pub(super) fn hide(mut error: EngineError, secrets: &[String]) -> EngineError {
    let mut texts: Vec<&mut String> = Vec::new();
    match &mut error {
        EngineError::Refused {
            message,
            detail,
            hint,
            ..
        } => {
            texts.push(message);
            texts.extend(detail);
            texts.extend(hint);
        }
        EngineError::Lost { reason, .. } => texts.push(reason),
        EngineError::Connect { .. }
        | EngineError::Unusable { .. }
        | EngineError::NotReadable { .. }
        | EngineError::ReloadAbandoned { .. }
        | EngineError::Unexpected { .. }
        | EngineError::Interrupted => {}
    }
    for text in texts {
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            *text = text.replace(secret.as_str(), "***");
        }
    }
    error
}

/// Whether nothing more can be asked in this session.
pub(super) fn ends_the_session(error: &postgres::Error) -> bool {
    let Some(server) = error.as_db_error() else {
        return true;
    };
    // Not the severity that is shown: that one is translated.
    matches!(
        server.parsed_severity(),
        Some(Severity::Fatal | Severity::Panic)
    ) || server.code().code().starts_with("57P")
}

/// Why a connection attempt failed, by what the client library says of it.
pub(super) fn of_connecting(error: &postgres::Error) -> Refusal {
    if let Some(server) = error.as_db_error() {
        return of_greeting(server);
    }
    if let Some(tls) = tls::rustls_error(error) {
        return tls::of(tls, ADVICE);
    }
    let cause = error
        .source()
        .and_then(|source| source.downcast_ref::<io::Error>());
    match cause {
        Some(cause)
            if matches!(
                cause.kind(),
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
            ) =>
        {
            Refusal::lasting(chain(error), Some("is that a PostgreSQL server?"))
        }
        Some(cause) => Refusal::of_socket(cause),
        None if error.is_closed() => Refusal::closed(),
        None if chain(error).contains("password missing") => Refusal::lasting(
            "the server asks for a password",
            Some(
                "the URL has none: give it as postgres://USER:PASSWORD@HOST/DATABASE, as PGPASSWORD, \
                 or in a password file (~/.pgpass)",
            ),
        ),
        None if chain(error).contains("server does not support TLS") => Refusal::lasting(
            "the server offers no TLS, and the URL demands it",
            Some(
                "switch TLS on (ssl = on, with a certificate), or use sslmode=prefer on a network \
                 that you trust",
            ),
        ),
        None => Refusal::lasting(chain(error), None),
    }
}

/// What the server answered instead of letting us in.
fn of_greeting(server: &DbError) -> Refusal {
    let code = server.code();
    let said = server.message();
    if *code == SqlState::INVALID_PASSWORD {
        Refusal::lasting(
            format!("{WRONG_PASSWORD} ({said})"),
            Some(
                "correct user and password in the URL, or PGPASSWORD; a role has a \
                 password only by CREATE ROLE or ALTER ROLE … PASSWORD",
            ),
        )
    } else if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
        Refusal::lasting(said, hint_of_rules(said))
    } else if *code == SqlState::INVALID_CATALOG_NAME {
        Refusal::lasting(said, Some("name another database in the URL"))
    } else if *code == SqlState::CANNOT_CONNECT_NOW {
        Refusal::passing(said, Some("try again when the server is up"))
    } else if *code == SqlState::TOO_MANY_CONNECTIONS {
        Refusal::passing(
            format!("too many connections ({said})"),
            Some("end a connection, or connect as a role that may use the reserved ones"),
        )
    } else {
        Refusal::lasting(of_server(server), server.hint())
    }
}

/// What to do where the server's rules (`pg_hba.conf`) let nobody in this way. The texts are those of
/// the server, which may be translated: then there is no hint.
fn hint_of_rules(said: &str) -> Option<&'static str> {
    const HINTS: [(&str, &str); 9] = [
        (
            "no encryption",
            "where pg_hba.conf lets this user in with TLS only (hostssl): use sslmode=require or \
             stricter; else add an entry for this user, database and address, and reload",
        ),
        (
            "SSL off",
            "where pg_hba.conf lets this user in with TLS only (hostssl): use sslmode=require or \
             stricter; else add an entry for this user, database and address, and reload",
        ),
        (
            "SSL encryption",
            "where pg_hba.conf lets this user in without TLS only (hostnossl): use sslmode=disable; \
             else add an entry for this user, database and address, and reload",
        ),
        (
            "SSL on",
            "where pg_hba.conf lets this user in without TLS only (hostnossl): use sslmode=disable; \
             else add an entry for this user, database and address, and reload",
        ),
        (
            "pg_hba.conf",
            "add an entry for this user, database and address to pg_hba.conf, and reload",
        ),
        (
            "does not exist",
            "correct the user in the URL, or make the role: CREATE ROLE … LOGIN",
        ),
        (
            "not permitted to log in",
            "name a role that may log in, or let this one: ALTER ROLE … LOGIN",
        ),
        ("valid client certificate", ADVICE.identity),
        (
            "certificate authentication failed",
            "the common name in the client certificate must be that of the user, or be mapped to it \
             in pg_ident.conf",
        ),
    ];
    let found = HINTS.iter().find(|(sign, _)| said.contains(sign));
    found.map(|(_, hint)| *hint)
}

/// Whether the server's rules let nobody in the way that was tried, with or without TLS.
pub(super) fn is_about_the_way_in(error: &postgres::Error) -> bool {
    error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

/// What the server said, with its SQLSTATE.
fn of_server(server: &DbError) -> String {
    format!("{} (SQLSTATE {})", server.message(), server.code().code())
}

/// An error of the client library and all that caused it: on its own it says little.
pub(super) fn chain(error: &postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
