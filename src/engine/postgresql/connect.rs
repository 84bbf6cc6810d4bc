//! Finding the server and getting in.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use postgres::Config;
use postgres::config::{Host, SslMode};

use super::errors;
use super::session::{Failure, Session};
use crate::engine::attempt::{self, Failed, Refusal};
use crate::engine::{CONNECT_TIMEOUT, EngineError, Interrupt, Target};

/// Where distributions and PostgreSQL's own builds put the socket.
const SOCKET_DIRECTORIES: [&str; 2] = ["/var/run/postgresql", "/tmp"];

const DEFAULT_PORT: u16 = 5432;

/// What it takes to connect, again and again.
pub(super) struct Connector {
    target: String,
    /// One configuration for each host that the URL names, with where that is.
    places: Vec<(Config, String)>,
    timeout: Duration,
    names_itself: bool,
    notices: Arc<Mutex<Vec<String>>>,
}

impl Connector {
    /// Understands a target's URL.
    pub(super) fn parse(target: &Target) -> Result<Self, EngineError> {
        let config = parse_url(target)?;
        refuse_torn_password(target, &config)?;
        if config.get_ssl_mode() == SslMode::Require {
            return Err(no_tls(target, &places(&config)));
        }
        let notices = Arc::new(Mutex::new(Vec::new()));
        let places = places(&config)
            .into_iter()
            .map(|place| {
                let address = place.address();
                (place.config(&config, &notices), address)
            })
            .collect();
        Ok(Self {
            target: target.name.clone(),
            places,
            timeout: config
                .get_connect_timeout()
                .copied()
                .unwrap_or(CONNECT_TIMEOUT),
            names_itself: config.get_application_name().is_some(),
            notices,
        })
    }

    /// The target's name.
    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// Whether the URL gives the session a name.
    pub(super) fn names_itself(&self) -> bool {
        self.names_itself
    }

    /// What the server has sent on the side since the last call.
    pub(super) fn notices(&self) -> Vec<String> {
        std::mem::take(&mut *self.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Connects to the first host that lets us in, within the URL's `connect_timeout` for all of
    /// them together.
    pub(super) fn connect(&self, interrupt: &Interrupt) -> Result<(Session, String), EngineError> {
        self.attempt(self.timeout, interrupt)
            .map_err(|failed| failed.into_error(&self.target))
    }

    /// Connects, and tries again while what stands in the way may pass, until `patience` is over.
    pub(super) fn reconnect(
        &self,
        patience: Duration,
        interrupt: &Interrupt,
    ) -> Result<(Session, String), EngineError> {
        attempt::persistently(patience, self.timeout, interrupt, |limit| {
            self.attempt(limit, interrupt)
        })
        .map_err(|failed| failed.into_error(&self.target))
    }

    fn attempt(
        &self,
        timeout: Duration,
        interrupt: &Interrupt,
    ) -> Result<(Session, String), Failed> {
        let begin = Instant::now();
        let mut failed = Failed::Refused {
            refusal: Refusal::lasting("the URL names no host", None),
            address: String::new(),
        };
        for (config, address) in &self.places {
            if interrupt.is_raised() {
                return Err(Failed::Interrupted);
            }
            let left = timeout.saturating_sub(begin.elapsed());
            match Session::open(config.clone(), left, interrupt) {
                Ok(session) => return Ok((session, address.clone())),
                Err(failure) => {
                    failed = Failed::Refused {
                        refusal: refusal(failure, timeout)?,
                        address: address.clone(),
                    };
                }
            }
        }
        Err(failed)
    }
}

fn refusal(failure: Failure, timeout: Duration) -> Result<Refusal, Failed> {
    match failure {
        Failure::Interrupted => Err(Failed::Interrupted),
        Failure::Error(error) => Ok(errors::of_connecting(&error)),
        Failure::Silent(_) => Ok(Refusal::silence(timeout)),
        Failure::Ended => Ok(Refusal::closed()),
    }
}

/// One place where the server may be.
enum Place {
    Given(Host, u16),
    /// `hostaddr`: an address that stands for the host's name.
    Numbered(std::net::IpAddr, u16),
}

impl Place {
    fn address(&self) -> String {
        match self {
            Self::Given(Host::Tcp(host), port) if host.contains(':') => format!("[{host}]:{port}"),
            Self::Given(Host::Tcp(host), port) => format!("{host}:{port}"),
            Self::Given(Host::Unix(directory), port) => {
                format!("{}/.s.PGSQL.{port}", directory.display())
            }
            Self::Numbered(address, port) => std::net::SocketAddr::new(*address, *port).to_string(),
        }
    }

    /// The configuration for this place alone, with what dbtune adds to it.
    fn config(&self, given: &Config, notices: &Arc<Mutex<Vec<String>>>) -> Config {
        let mut config = Config::new();
        match self {
            Self::Given(Host::Tcp(host), port) => config.host(host).port(*port),
            Self::Given(Host::Unix(directory), port) => config.host_path(directory).port(*port),
            Self::Numbered(address, port) => config.hostaddr(*address).port(*port),
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
    to.ssl_mode(from.get_ssl_mode());
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
            .unwrap_or(Duration::from_secs(60)),
    );
}

/// Every place that a configuration names; where it names none, the local server, as psql does.
fn places(config: &Config) -> Vec<Place> {
    let ports = config.get_ports();
    let port = |index: usize| {
        let port = ports.get(index).or_else(|| ports.first());
        port.copied().unwrap_or(DEFAULT_PORT)
    };
    let numbered = config.get_hostaddrs();
    if !numbered.is_empty() {
        let number = |(index, &address)| Place::Numbered(address, port(index));
        return numbered.iter().enumerate().map(number).collect();
    }
    let hosts = config.get_hosts();
    if hosts.is_empty() {
        return vec![Place::Given(local_host(port(0)), port(0))];
    }
    let given = |(index, host): (usize, &Host)| Place::Given(host.clone(), port(index));
    hosts.iter().enumerate().map(given).collect()
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

fn parse_url(target: &Target) -> Result<Config, EngineError> {
    target.url.expose().parse::<Config>().map_err(|error| {
        let said = errors::chain(&error);
        // The client library knows no stricter mode than `require` and takes these for mistakes.
        if ["sslmode", "sslrootcert", "sslcert", "sslkey"]
            .iter()
            .any(|option| said.contains(&format!("`{option}`")))
        {
            return no_tls(target, &[]);
        }
        EngineError::Connect {
            target: target.name.clone(),
            address: format!("the URL from {}", target.from),
            reason: said,
            hint: Some("write it as postgres://USER@HOST:PORT/DATABASE".to_owned()),
        }
    })
}

/// A password with a bare `@` is cut in two by the URL's grammar, and its second half would be shown
/// as the name of a host.
fn refuse_torn_password(target: &Target, config: &Config) -> Result<(), EngineError> {
    let torn = |host: &Host| matches!(host, Host::Tcp(host) if host.contains('@'));
    if !config.get_hosts().iter().any(torn) {
        return Ok(());
    }
    Err(EngineError::Connect {
        target: target.name.clone(),
        address: format!("the URL from {}", target.from),
        reason: "there is more than one `@` before the host".to_owned(),
        hint: Some("write an `@` that belongs to the password as `%40`".to_owned()),
    })
}

fn no_tls(target: &Target, places: &[Place]) -> EngineError {
    let address = places
        .first()
        .map_or_else(|| format!("the URL from {}", target.from), Place::address);
    EngineError::Connect {
        target: target.name.clone(),
        address,
        reason: "the URL asks for TLS".to_owned(),
        hint: Some(
            "TLS is not in this version; use sslmode=disable over a socket, a private network or \
             a tunnel"
                .to_owned(),
        ),
    }
}
