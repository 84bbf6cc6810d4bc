//! Finding the server and getting in.

use std::time::Duration;

use redis::{
    Client, Connection, ConnectionAddr, IntoConnectionInfo as _, RedisConnectionInfo, RedisResult,
};

use super::{errors, info, options, tls};
use crate::engine::attempt::{self, Failed, GaveUp, Refusal};
use crate::engine::{CONNECT_TIMEOUT, EngineError, Interrupt, Target};
use crate::snapshot::address;

/// How long one answer may take. A server that forks or evicts a great many keys takes seconds.
pub(super) const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// What it takes to connect, again and again.
pub(super) struct Connector {
    target: String,
    address: String,
    client: Client,
    username: Option<String>,
    password: Option<String>,
    timeout: Duration,
    /// What `CONFIG` is called there.
    config: String,
}

impl Connector {
    /// Understands a target's URL, and reads the certificates that the target names.
    pub(super) fn parse(target: &Target) -> Result<Self, EngineError> {
        let unusable = |refusal: Refusal| refusal.of_target(target);
        let (url, timeout) = options::take(target.url.expose()).map_err(unusable)?;
        let given = url.as_str().into_connection_info().map_err(|error| {
            let hint = "write it as redis://:PASSWORD@HOST:PORT";
            unusable(Refusal::lasting(errors::of_url(&error), Some(hint)))
        })?;
        let address = show(given.addr());
        let settings = given.redis_settings();
        let username = settings.username().map(str::to_owned);
        let password = settings.password().map(str::to_owned);
        // Without a user and without a database: the library then sends nothing of its own, and
        // what the server says to our own AUTH is not lost.
        let info = given.set_redis_settings(RedisConnectionInfo::default().set_skip_set_lib_name());
        Ok(Self {
            target: target.name.clone(),
            address,
            config: target
                .config_command
                .clone()
                .unwrap_or_else(|| "CONFIG".to_owned()),
            client: tls::client(info, &target.access.tls).map_err(unusable)?,
            username,
            password,
            timeout: timeout.unwrap_or(CONNECT_TIMEOUT),
        })
    }

    /// The target's name.
    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// The user that the URL names.
    pub(super) fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// `host:port`, or the path of the socket.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The user that one is connected as, as far as the URL says.
    pub(super) fn user(&self) -> &str {
        self.username.as_deref().unwrap_or("default")
    }

    /// Whether it is reached over a socket or a loopback address.
    pub(super) fn is_local(&self) -> bool {
        address::is_local(&self.address)
    }

    /// What `CONFIG` is called there.
    pub(super) fn config(&self) -> &str {
        &self.config
    }

    /// Connects and gets in. Returns the server's version with the connection.
    pub(super) fn connect(&self, interrupt: &Interrupt) -> Result<(Connection, u32), EngineError> {
        self.attempt(self.timeout, interrupt)
            .map_err(|failed| failed.into_error(&self.target))
    }

    /// Connects, and tries again while what stands in the way may pass, until `patience` is over.
    pub(super) fn reconnect(
        &self,
        patience: Duration,
        interrupt: &Interrupt,
    ) -> Result<(Connection, u32), EngineError> {
        attempt::persistently(patience, self.timeout, interrupt, |limit| {
            self.attempt(limit, interrupt)
        })
        .map_err(|failed| failed.into_error(&self.target))
    }

    fn attempt(&self, limit: Duration, interrupt: &Interrupt) -> Result<(Connection, u32), Failed> {
        let (client, username, password) = (
            self.client.clone(),
            self.username.clone(),
            self.password.clone(),
        );
        let work = move || enter(&client, username.as_deref(), password.as_deref(), limit);
        let refused = |refusal| Failed::Refused {
            refusal,
            address: self.address.clone(),
        };
        match attempt::within(limit, interrupt, work) {
            Ok(Ok(entered)) => Ok(entered),
            Ok(Err(refusal)) => Err(refused(refusal)),
            Err(GaveUp::Late) => {
                let is_encrypted = tls::is_encrypted(self.client.get_connection_info().addr());
                Err(refused(errors::silence(limit, is_encrypted)))
            }
            Err(GaveUp::Interrupted) => Err(Failed::Interrupted),
        }
    }
}

/// Connects, authenticates where there is a password, and asks who is there.
fn enter(
    client: &Client,
    username: Option<&str>,
    password: Option<&str>,
    limit: Duration,
) -> Result<(Connection, u32), Refusal> {
    let is_encrypted = tls::is_encrypted(client.get_connection_info().addr());
    let refusal = |error| errors::of_connecting(&error, limit, is_encrypted);
    let mut connection = client.get_connection_with_timeout(limit).map_err(refusal)?;
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
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. }
            if host.contains(':') =>
        {
            format!("[{host}]:{port}")
        }
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
            format!("{host}:{port}")
        }
        ConnectionAddr::Unix(path) => path.display().to_string(),
        other => other.to_string(),
    }
}
