//! Finding the server and getting in.

use std::time::Duration;

use redis::{
    Client, Connection, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _,
    RedisConnectionInfo, RedisResult,
};

use super::{errors, info};
use crate::engine::attempt::{self, Failed, GaveUp, Refusal};
use crate::engine::{CONNECT_TIMEOUT, EngineError, Interrupt, Target};

/// How long one answer may take. A server that forks or evicts a great many keys takes seconds.
pub(super) const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// What it takes to connect, again and again.
pub(super) struct Connector {
    target: String,
    address: String,
    info: ConnectionInfo,
    username: Option<String>,
    password: Option<String>,
}

impl Connector {
    /// Understands a target's URL.
    pub(super) fn parse(target: &Target) -> Result<Self, EngineError> {
        let url = target.url.expose();
        let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
        if ["rediss", "valkeys"].contains(&scheme) {
            return Err(unusable(
                target,
                "the URL asks for TLS".to_owned(),
                "TLS is not in this version; use redis:// over a socket, a private network or a \
                 tunnel",
            ));
        }
        let given = url.into_connection_info().map_err(|error| {
            let hint = "write it as redis://:PASSWORD@HOST:PORT";
            unusable(target, errors::of_url(&error), hint)
        })?;
        let settings = given.redis_settings();
        Ok(Self {
            target: target.name.clone(),
            address: show(given.addr()),
            username: settings.username().map(str::to_owned),
            password: settings.password().map(str::to_owned),
            // Without a user and without a database: the library then sends nothing of its own, and
            // what the server says to our own AUTH is not lost.
            info: given.set_redis_settings(RedisConnectionInfo::default().set_skip_set_lib_name()),
        })
    }

    /// The target's name.
    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// `host:port`, or the path of the socket.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Connects and gets in. Returns the server's version with the connection.
    pub(super) fn connect(&self, interrupt: &Interrupt) -> Result<(Connection, u32), EngineError> {
        self.attempt(CONNECT_TIMEOUT, interrupt)
            .map_err(|failed| failed.into_error(&self.target))
    }

    /// Connects, and tries again while what stands in the way may pass, until `patience` is over.
    pub(super) fn reconnect(
        &self,
        patience: Duration,
        interrupt: &Interrupt,
    ) -> Result<(Connection, u32), EngineError> {
        attempt::persistently(patience, CONNECT_TIMEOUT, interrupt, |limit| {
            self.attempt(limit, interrupt)
        })
        .map_err(|failed| failed.into_error(&self.target))
    }

    fn attempt(&self, limit: Duration, interrupt: &Interrupt) -> Result<(Connection, u32), Failed> {
        let (info, username, password) = (
            self.info.clone(),
            self.username.clone(),
            self.password.clone(),
        );
        let work = move || enter(info, username.as_deref(), password.as_deref(), limit);
        let refused = |refusal| Failed::Refused {
            refusal,
            address: self.address.clone(),
        };
        match attempt::within(limit, interrupt, work) {
            Ok(Ok(entered)) => Ok(entered),
            Ok(Err(refusal)) => Err(refused(refusal)),
            Err(GaveUp::Late) => Err(refused(Refusal::silence(limit))),
            Err(GaveUp::Interrupted) => Err(Failed::Interrupted),
        }
    }
}

/// Connects, authenticates where there is a password, and asks who is there.
fn enter(
    info: ConnectionInfo,
    username: Option<&str>,
    password: Option<&str>,
    limit: Duration,
) -> Result<(Connection, u32), Refusal> {
    let refusal = |error| errors::of_connecting(&error, limit);
    let mut connection = Client::open(info)
        .and_then(|client| client.get_connection_with_timeout(limit))
        .map_err(refusal)?;
    bound(&connection, limit).map_err(refusal)?;
    if let Some(password) = password {
        let mut auth = redis::cmd("AUTH");
        auth.arg(username).arg(password);
        auth.exec(&mut connection).map_err(refusal)?;
    }
    let about: String = redis::cmd("INFO")
        .arg("server")
        .query(&mut connection)
        .map_err(refusal)?;
    let version = info::Info::read(&about)
        .version_number()
        .map_err(|reason| Refusal::lasting(reason, Some("is that a Redis server?")))?;
    bound(&connection, ANSWER_LIMIT).map_err(refusal)?;
    Ok((connection, version))
}

fn bound(connection: &Connection, limit: Duration) -> RedisResult<()> {
    connection.set_read_timeout(Some(limit))?;
    connection.set_write_timeout(Some(limit))
}

fn show(address: &ConnectionAddr) -> String {
    match address {
        ConnectionAddr::Tcp(host, port) if host.contains(':') => format!("[{host}]:{port}"),
        ConnectionAddr::Tcp(host, port) => format!("{host}:{port}"),
        ConnectionAddr::Unix(path) => path.display().to_string(),
        other @ (ConnectionAddr::TcpTls { .. } | _) => other.to_string(),
    }
}

fn unusable(target: &Target, reason: String, hint: &str) -> EngineError {
    EngineError::Connect {
        target: target.name.clone(),
        address: format!("the URL from {}", target.from),
        reason,
        hint: Some(hint.to_owned()),
    }
}
