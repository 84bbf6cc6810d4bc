//! The places that a URL names, each with a configuration of its own.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use postgres::Config;
use postgres::config::Host;

use crate::engine::attempt::Refusal;
use crate::engine::{CONNECT_TIMEOUT, Target, Wanted};

/// Where distributions and PostgreSQL's own builds put the socket.
const SOCKET_DIRECTORIES: [&str; 2] = ["/var/run/postgresql", "/tmp"];

const DEFAULT_PORT: u16 = 5432;

/// One place where the server may be.
pub(super) enum Place {
    Given(Host, u16),
    /// `hostaddr`: an address, and the name of the host that it stands for, where there is one.
    Numbered(IpAddr, Option<String>, u16),
}

impl Place {
    /// What it is called in messages.
    pub(super) fn address(&self) -> String {
        match self {
            Self::Given(Host::Tcp(host), port) if host.contains(':') => format!("[{host}]:{port}"),
            Self::Given(Host::Tcp(host), port) => format!("{host}:{port}"),
            Self::Given(Host::Unix(directory), port) => {
                format!("{}/.s.PGSQL.{port}", directory.display())
            }
            Self::Numbered(address, _, port) => SocketAddr::new(*address, *port).to_string(),
        }
    }

    /// Whether it is on this host, without a network between.
    pub(super) fn is_socket(&self) -> bool {
        matches!(self, Self::Given(Host::Unix(_), _))
    }

    /// The password that the password file has for this place, where the URL has none.
    pub(super) fn password(&self, config: &Config, target: &Target) -> Option<String> {
        if config.get_password().is_some() {
            return None;
        }
        let (host, port) = match self {
            Self::Given(Host::Tcp(host), port) => (host.clone(), *port),
            Self::Given(Host::Unix(folder), port) => (folder.display().to_string(), *port),
            Self::Numbered(address, name, port) => {
                let name = name.clone().unwrap_or_else(|| address.to_string());
                (name, *port)
            }
        };
        target.access.passwords.find(Wanted {
            host: &host,
            port,
            database: config.get_dbname(),
            user: config.get_user(),
        })
    }

    /// The configuration for this place alone, with what dbtune adds to it.
    pub(super) fn config(&self, given: &Config, notices: &Arc<Mutex<Vec<String>>>) -> Config {
        let mut config = Config::new();
        match self {
            Self::Given(Host::Tcp(host), port) => config.host(host).port(*port),
            Self::Given(Host::Unix(directory), port) => config.host_path(directory).port(*port),
            // The name is what a certificate is held against.
            Self::Numbered(address, name, port) => {
                let name = name.clone().unwrap_or_else(|| address.to_string());
                config.host(&name).hostaddr(*address).port(*port)
            }
        };
        copy(given, &mut config);
        let notices = Arc::clone(notices);
        config.notice_callback(move |notice| {
            let text = format!("{}: {}", notice.severity(), notice.message());
            notices
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(text);
        });
        config
    }
}

/// Everything of a configuration but where the server is.
fn copy(from: &Config, to: &mut Config) {
    if let Some(user) = from.get_user() {
        to.user(user);
    }
    if let Some(password) = from.get_password() {
        to.password(password);
    }
    if let Some(database) = from.get_dbname() {
        to.dbname(database);
    }
    if let Some(options) = from.get_options() {
        to.options(options);
    }
    if let Some(name) = from.get_application_name() {
        to.application_name(name);
    }
    to.ssl_negotiation(from.get_ssl_negotiation());
    to.target_session_attrs(from.get_target_session_attrs());
    to.channel_binding(from.get_channel_binding());
    to.connect_timeout(
        from.get_connect_timeout()
            .copied()
            .unwrap_or(CONNECT_TIMEOUT),
    );
    keep_alive(from, to);
}

/// A server that vanished without a word is noticed within a minute.
fn keep_alive(from: &Config, to: &mut Config) {
    to.keepalives(from.get_keepalives());
    to.keepalives_idle(from.get_keepalives_idle().min(Duration::from_secs(30)));
    to.keepalives_interval(
        from.get_keepalives_interval()
            .unwrap_or(Duration::from_secs(10)),
    );
    to.keepalives_retries(from.get_keepalives_retries().unwrap_or(3));
    to.tcp_user_timeout(
        from.get_tcp_user_timeout()
            .copied()
            .unwrap_or(Duration::from_mins(1)),
    );
}

/// Every place that a configuration names; where it names none, the local server, as psql does.
pub(super) fn places(config: &Config) -> Result<Vec<Place>, Refusal> {
    let ports = config.get_ports();
    let port = |index: usize| {
        let port = ports.get(index).or_else(|| ports.first());
        port.copied().unwrap_or(DEFAULT_PORT)
    };
    let (hosts, numbered) = (config.get_hosts(), config.get_hostaddrs());
    if !numbered.is_empty() {
        if !hosts.is_empty() && hosts.len() != numbered.len() {
            let reason = "there are not as many `hostaddr` as `host`";
            return Err(Refusal::lasting(
                reason,
                Some("give one address for each host"),
            ));
        }
        let name = |index: usize| match hosts.get(index) {
            Some(Host::Tcp(name)) => Some(name.clone()),
            Some(Host::Unix(_)) | None => None,
        };
        let number = |(index, &address)| Place::Numbered(address, name(index), port(index));
        return Ok(numbered.iter().enumerate().map(number).collect());
    }
    if hosts.is_empty() {
        return Ok(vec![Place::Given(local_host(port(0)), port(0))]);
    }
    let given = |(index, host): (usize, &Host)| match host {
        Host::Tcp(name) if name.is_empty() => Place::Given(local_host(port(index)), port(index)),
        host @ (Host::Tcp(_) | Host::Unix(_)) => Place::Given(host.clone(), port(index)),
    };
    Ok(hosts.iter().enumerate().map(given).collect())
}

fn local_host(port: u16) -> Host {
    SOCKET_DIRECTORIES
        .iter()
        .map(Path::new)
        .find(|directory| directory.join(format!(".s.PGSQL.{port}")).exists())
        .map_or_else(
            || Host::Tcp("localhost".to_owned()),
            |directory| Host::Unix(directory.to_owned()),
        )
}
