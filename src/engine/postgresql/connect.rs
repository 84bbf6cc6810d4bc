//! Finding the server and getting in.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use postgres::Config;

use super::place::{Place, places};
use super::session::{Failure, Session};
use super::tls::{Dial, Tls, TlsOptions};
use super::{Conninfo, errors};
use crate::engine::attempt::{self, Failed, Refusal};
use crate::engine::{CONNECT_TIMEOUT, EngineError, Interrupt, Target};

/// What it takes to connect, again and again.
pub(super) struct Connector {
    target: String,
    /// Each host that the URL names.
    places: Vec<Reachable>,
    timeout: Duration,
    names_itself: bool,
    notices: Arc<Mutex<Vec<String>>>,
}

/// One host, and how to connect to it.
struct Reachable {
    address: String,
    /// One way after the other: with `sslmode=allow` there are two.
    dials: Vec<Dial>,
    /// The password is one out of the password file.
    password_from_file: bool,
    /// A client certificate is shown.
    shows_identity: bool,
}

impl Connector {
    /// Understands a target's URL, and reads the certificates that it names.
    pub(super) fn parse(target: &Target) -> Result<Self, EngineError> {
        let unusable = |refusal: Refusal| refusal.of_target(target);
        let mut options = read_url(target).map_err(unusable)?;
        let tls = TlsOptions::take(&mut options).map_err(unusable)?;
        let config = client_config(&options).map_err(unusable)?;
        let notices = Arc::new(Mutex::new(Vec::new()));
        let places = places(&config).map_err(unusable)?;
        let tls = Tls::new(&tls, places.iter().all(Place::is_socket)).map_err(unusable)?;
        let reachable = places.into_iter().map(|place| {
            let mut own = place.config(&config, &notices);
            let from_file = place.password(&own, target);
            if let Some(password) = &from_file {
                own.password(password);
            }
            Reachable {
                address: place.address(),
                dials: tls.dials(&own, place.is_socket()),
                password_from_file: from_file.is_some(),
                shows_identity: tls.shows_identity(),
            }
        });
        Ok(Self {
            target: target.name.clone(),
            places: reachable.collect(),
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
        for place in &self.places {
            if interrupt.is_raised() {
                return Err(Failed::Interrupted);
            }
            let left = timeout.saturating_sub(begin.elapsed());
            match place.open(left, interrupt) {
                Ok(session) => return Ok((session, place.address.clone())),
                Err(failure) => {
                    failed = Failed::Refused {
                        refusal: place.refusal(failure, timeout)?,
                        address: place.address.clone(),
                    };
                }
            }
        }
        Err(failed)
    }
}

impl Reachable {
    /// Tries one way after the other, within `limit` for all of them. The next one is tried where the
    /// server's rules do not let anybody in by this one.
    fn open(&self, limit: Duration, interrupt: &Interrupt) -> Result<Session, Failure> {
        let begin = Instant::now();
        let mut outcome = Err(Failure::Ended);
        for dial in &self.dials {
            let left = limit.saturating_sub(begin.elapsed());
            outcome = Session::open(dial.clone(), left, interrupt);
            match &outcome {
                Err(Failure::Error(error)) if errors::is_about_the_way_in(error) => {}
                Ok(_) | Err(_) => break,
            }
        }
        outcome
    }

    fn refusal(&self, failure: Failure, timeout: Duration) -> Result<Refusal, Failed> {
        let mut refusal = refusal(failure, timeout)?;
        if self.password_from_file && refusal.reason.starts_with(errors::WRONG_PASSWORD) {
            let hint = "the password came from the password file: correct its line";
            refusal.hint = Some(hint.to_owned());
        }
        // A server that does not like it says so and hangs up, and the second may come first.
        if self.shows_identity && refusal.is_hanging_up() {
            let hint = "it may not accept our client certificate: its log says why";
            refusal.hint = Some(hint.to_owned());
        }
        Ok(refusal)
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

/// The URL's keys and values. A password with a bare `@` is cut in two by the URL's grammar; what
/// then looks like a host is never shown.
fn read_url(target: &Target) -> Result<Conninfo, Refusal> {
    let mut options = Conninfo::parse(target.url.expose()).map_err(|reason| {
        let hint = if reason.contains('@') {
            "write an `@` that belongs to the password as `%40`"
        } else {
            WRITE_IT_AS
        };
        Refusal::lasting(reason, Some(hint))
    })?;
    options.take("fallback_application_name");
    // The client library speaks UTF-8 and nothing else.
    if options
        .get("client_encoding")
        .is_some_and(|encoding| ["auto", "UTF8", "UTF-8", "utf8", "utf-8"].contains(&encoding))
    {
        options.take("client_encoding");
    }
    Ok(options)
}

/// What the client library makes of the options that are left.
fn client_config(options: &Conninfo) -> Result<Config, Refusal> {
    options
        .to_text()
        .parse()
        .map_err(|error| Refusal::lasting(errors::chain(&error), Some(WRITE_IT_AS)))
}

const WRITE_IT_AS: &str = "write it as postgres://USER@HOST:PORT/DATABASE; options also come from its \
                           service and from PG… variables";
