//! Attempts to connect: for how long, how often, and what to say when they fail.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::{EngineError, Interrupt, Target};

/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(100);

/// How often a waiting caller looks for an interrupt.
pub(super) const GLANCE: Duration = Duration::from_millis(20);

/// What is said where the other side hung up.
const CLOSED: &str = "the server closed the connection at once";

/// Why a server did not let us in.
#[derive(Debug)]
pub(super) struct Refusal {
    /// In plain words.
    pub(super) reason: String,
    /// What to do about it.
    pub(super) hint: Option<String>,
    /// It may be different a moment later: the server is starting, full, or not there yet.
    pub(super) passing: bool,
}

impl Refusal {
    /// One that waiting does not cure.
    pub(super) fn lasting(reason: impl Into<String>, hint: Option<&str>) -> Self {
        Self {
            reason: reason.into(),
            hint: hint.map(str::to_owned),
            passing: false,
        }
    }

    /// The error where it is about what the user has written, before any server was asked.
    pub(super) fn of_target(self, target: &Target) -> EngineError {
        EngineError::Unusable {
            target: target.name.clone(),
            from: target.from.clone(),
            reason: self.reason,
            hint: self.hint,
        }
    }

    /// One that may be over a moment later.
    pub(super) fn passing(reason: impl Into<String>, hint: Option<&str>) -> Self {
        Self {
            passing: true,
            ..Self::lasting(reason, hint)
        }
    }

    /// No answer came.
    pub(super) fn silence(waited: Duration) -> Self {
        Self::passing(
            format!("no answer; gave up after {} s", waited.as_secs()),
            Some("is it the right address and port, and does a firewall let this host in?"),
        )
    }

    /// What the operating system says of the way there.
    pub(super) fn of_socket(cause: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let said = cause.to_string();
        if said.contains("failed to lookup address") {
            return Self::lasting(
                format!("no such host ({said})"),
                Some("is the name right, and does this host's resolver know it?"),
            );
        }
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "a foreign enum of dozens: what is not named here is told in the system's words"
        )]
        match cause.kind() {
            ErrorKind::ConnectionRefused => Self::passing(
                "connection refused",
                Some("is the server running, and does it listen there?"),
            ),
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => Self::passing(
                format!("no route to the host ({said})"),
                Some("is it the right address, and is the network (VPN, tunnel) up?"),
            ),
            ErrorKind::PermissionDenied => Self::lasting(
                format!("this account may not connect there ({said})"),
                Some("run dbtune as an account that may use the socket"),
            ),
            ErrorKind::NotFound => Self::passing(
                "there is no such socket",
                Some("is the server running, and is that the path of its socket?"),
            ),
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof => Self::closed(),
            _ => Self::passing(said, None),
        }
    }

    /// The other side hung up without a word.
    pub(super) fn closed() -> Self {
        Self::passing(
            CLOSED,
            Some("is it the right kind of server, and is it up?"),
        )
    }

    /// Whether the other side hung up without a word.
    pub(super) fn is_hanging_up(&self) -> bool {
        self.reason == CLOSED
    }
}

/// How an attempt failed.
#[derive(Debug)]
pub(super) enum Failed {
    /// The server, or what lies on the way to it, said no.
    Refused {
        /// Why.
        refusal: Refusal,
        /// Where.
        address: String,
    },
    /// The user asked to stop.
    Interrupted,
}

impl Failed {
    /// The error for the caller.
    pub(super) fn into_error(self, target: &str) -> EngineError {
        match self {
            Self::Interrupted => EngineError::Interrupted,
            Self::Refused { refusal, address } => EngineError::Connect {
                target: target.to_owned(),
                address,
                reason: refusal.reason,
                hint: refusal.hint,
            },
        }
    }
}

/// Attempts again while what stands in the way may pass, until `patience` is over. Each attempt is
/// told how long it may take: never longer than `limit`.
pub(super) fn persistently<T>(
    patience: Duration,
    limit: Duration,
    interrupt: &Interrupt,
    mut attempt: impl FnMut(Duration) -> Result<T, Failed>,
) -> Result<T, Failed> {
    let begin = Instant::now();
    loop {
        // A last attempt at the very end still gets the time that a healthy server needs.
        let left = patience.saturating_sub(begin.elapsed()).max(PAUSE * 10);
        let failed = match attempt(left.min(limit)) {
            Ok(connected) => return Ok(connected),
            Err(failed) => failed,
        };
        let passing = matches!(&failed, Failed::Refused { refusal, .. } if refusal.passing);
        if !passing {
            return Err(failed);
        }
        if begin.elapsed() >= patience {
            return Err(exhausted(failed, begin.elapsed()));
        }
        if interrupt.sleep(PAUSE) {
            return Err(Failed::Interrupted);
        }
    }
}

fn exhausted(failed: Failed, waited: Duration) -> Failed {
    match failed {
        Failed::Refused { refusal, address } => Failed::Refused {
            refusal: Refusal {
                reason: format!("{}, still after {} s", refusal.reason, waited.as_secs()),
                ..refusal
            },
            address,
        },
        Failed::Interrupted => Failed::Interrupted,
    }
}

/// Why there is no result of [`within`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GaveUp {
    /// It took too long.
    Late,
    /// The user asked to stop.
    Interrupted,
}

/// Does `work` in a thread of its own, and gives it up when it takes longer than `limit` or the user
/// asks to stop. The thread then ends by itself, some time, unheard.
pub(super) fn within<T: Send + 'static>(
    limit: Duration,
    interrupt: &Interrupt,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, GaveUp> {
    let (sender, receiver) = mpsc::channel();
    drop(thread::spawn(move || {
        // Whoever gave up waiting is not there to hear it.
        drop(sender.send(work()));
    }));
    let end = Instant::now() + limit;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        match receiver.recv_timeout(left.min(GLANCE)) {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Disconnected) => return Err(GaveUp::Late),
            Err(RecvTimeoutError::Timeout) if interrupt.is_raised() => {
                return Err(GaveUp::Interrupted);
            }
            Err(RecvTimeoutError::Timeout) if left.is_zero() => return Err(GaveUp::Late),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(refusal: Refusal) -> Failed {
        Failed::Refused {
            refusal,
            address: "db:5432".to_owned(),
        }
    }

    #[test]
    fn what_the_operating_system_says_has_a_word_and_a_remedy() {
        use std::io::{Error, ErrorKind};
        for (kind, word, remedy) in [
            (
                ErrorKind::ConnectionRefused,
                "connection refused",
                "is the server running",
            ),
            (
                ErrorKind::HostUnreachable,
                "no route to the host",
                "the network",
            ),
            (
                ErrorKind::NetworkUnreachable,
                "no route to the host",
                "the network",
            ),
            (
                ErrorKind::PermissionDenied,
                "may not connect",
                "an account that may",
            ),
            (
                ErrorKind::NotFound,
                "no such socket",
                "the path of its socket",
            ),
            (
                ErrorKind::ConnectionReset,
                "closed the connection",
                "right kind of server",
            ),
        ] {
            let refusal = Refusal::of_socket(&Error::from(kind));
            assert!(refusal.reason.contains(word), "{kind:?}: {refusal:?}");
            assert!(refusal.hint.unwrap().contains(remedy), "{kind:?}");
        }
        let nowhere = Error::other("failed to lookup address information: unknown");
        let refusal = Refusal::of_socket(&nowhere);
        assert!(refusal.reason.contains("no such host") && !refusal.passing);
    }

    #[test]
    fn a_lasting_refusal_is_not_tried_again() {
        let mut tries = 0;
        let outcome: Result<(), _> = persistently(
            Duration::from_mins(1),
            Duration::from_secs(1),
            &Interrupt::new(),
            |_limit| {
                tries += 1;
                Err(refused(Refusal::lasting("wrong password", None)))
            },
        );
        assert!(outcome.is_err());
        assert_eq!(tries, 1);
    }

    #[test]
    fn a_passing_refusal_is_tried_again_until_it_has_passed() {
        let mut tries = 0;
        let outcome = persistently(
            Duration::from_mins(1),
            Duration::from_secs(1),
            &Interrupt::new(),
            |_limit| {
                tries += 1;
                if tries < 3 {
                    return Err(refused(Refusal::passing("starting up", None)));
                }
                Ok(tries)
            },
        );
        assert_eq!(outcome.unwrap(), 3);
    }

    #[test]
    fn there_is_one_attempt_even_without_patience() {
        let attempt = |_limit| -> Result<(), Failed> {
            Err(refused(Refusal::passing("connection refused", None)))
        };
        let failed = persistently(
            Duration::ZERO,
            Duration::from_secs(1),
            &Interrupt::new(),
            attempt,
        );
        let text = failed.unwrap_err().into_error("primary").to_string();
        assert_eq!(
            text,
            "cannot connect to primary at db:5432: connection refused, still after 0 s"
        );
    }

    #[test]
    fn work_that_never_ends_is_given_up() {
        let hang = || thread::sleep(Duration::from_mins(10));
        let outcome = within(Duration::from_millis(30), &Interrupt::new(), hang);
        assert_eq!(outcome, Err(GaveUp::Late));
    }

    #[test]
    fn an_interrupt_ends_the_wait() {
        let interrupt = Interrupt::new();
        interrupt.raise();
        let hang = || thread::sleep(Duration::from_mins(10));
        let outcome = within(Duration::from_secs(500), &interrupt, hang);
        assert_eq!(outcome, Err(GaveUp::Interrupted));
    }
}
