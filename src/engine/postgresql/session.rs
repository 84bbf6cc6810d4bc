//! One session, driven by a thread of its own.
//!
//! The client library waits for an answer without a limit, and a server that is stopped or whose
//! disk hangs keeps a connection open without ever answering. So the waiting is done by a thread
//! that can be given up, and the caller stays able to see an interrupt or the end of its patience.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use postgres::{CancelToken, Client, NoTls, SimpleQueryMessage};

use super::tls::Dial;
use crate::engine::Interrupt;
use crate::engine::attempt::GLANCE;

/// How long an answer is waited for. Longer than the session's `statement_timeout`, so that a server
/// that still works is the one to say that a statement took too long.
const ANSWER_LIMIT: Duration = Duration::from_secs(45);

/// How long a server may take to end a statement that it was asked to cancel.
const CANCEL_LIMIT: Duration = Duration::from_secs(30);

/// How long the end of a session may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// Everything that the server sent for one string of statements.
pub(super) type Answer = Vec<SimpleQueryMessage>;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server or the client library says why.
    Error(postgres::Error),
    /// Nothing came within this time.
    Silent(Duration),
    /// The session had ended before.
    Ended,
    /// The user asked to stop.
    Interrupted,
}

/// A session, and the thread that waits for it.
pub(super) struct Session {
    /// Absent while the session is being ended.
    requests: Option<Sender<String>>,
    replies: Receiver<Result<Answer, postgres::Error>>,
    /// An answer that nobody waits for any more is still to come.
    outstanding: bool,
    ended: bool,
    dial: Dial,
    /// There once the session has begun.
    cancel: Arc<OnceLock<CancelToken>>,
}

/// Whether a statement that takes long goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// It does.
    GoOn,
    /// The server is asked to cancel it.
    Cancel,
}

impl Session {
    /// Connects, for at most `timeout`.
    pub(super) fn open(
        dial: Dial,
        timeout: Duration,
        interrupt: &Interrupt,
    ) -> Result<Self, Failure> {
        let (requests, incoming) = mpsc::channel();
        let (outgoing, replies) = mpsc::channel();
        // Not joined: a thread that hangs in a connection attempt must not hold up its caller.
        let cancel = Arc::new(OnceLock::new());
        let (own_dial, own_cancel) = (dial.clone(), Arc::clone(&cancel));
        drop(thread::spawn(move || {
            serve(&own_dial, &own_cancel, &incoming, &outgoing);
        }));
        let mut session = Self {
            requests: Some(requests),
            replies,
            outstanding: true,
            ended: false,
            dial,
            cancel,
        };
        session.wait(timeout, Some(interrupt))?;
        Ok(session)
    }

    /// Sends statements that only read. An interrupt ends the wait, and the answer is thrown away
    /// when it comes.
    pub(super) fn ask(
        &mut self,
        statements: &str,
        interrupt: &Interrupt,
    ) -> Result<Answer, Failure> {
        if interrupt.is_raised() {
            return Err(Failure::Interrupted);
        }
        self.send(statements, Some(interrupt))?;
        self.wait(ANSWER_LIMIT, Some(interrupt))
    }

    /// Sends a statement that changes something. Its answer is waited for even after an interrupt:
    /// whoever has to clean up needs to know what was done.
    pub(super) fn tell(&mut self, statement: &str) -> Result<Answer, Failure> {
        self.send(statement, None)?;
        self.wait(ANSWER_LIMIT, None)
    }

    /// Sends a statement that may take as long as it likes. `watch` is asked again and again whether it
    /// goes on; from the first time that it does not, the server is asked to cancel it, and has
    /// `CANCEL_LIMIT` to answer.
    pub(super) fn work(
        &mut self,
        statement: &str,
        watch: &mut dyn FnMut() -> Work,
    ) -> Result<Answer, Failure> {
        self.send(statement, None)?;
        loop {
            match self.replies.recv_timeout(GLANCE) {
                Ok(reply) => return self.received(reply),
                Err(RecvTimeoutError::Disconnected) => {
                    self.ended = true;
                    return Err(Failure::Ended);
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if watch() == Work::Cancel {
                self.ask_to_cancel();
                return self.wait(CANCEL_LIMIT, None);
            }
        }
    }

    /// Asks the server to cancel what it is doing, over a connection of its own. Where that does not
    /// succeed, nobody answers in time, and the session is given up.
    fn ask_to_cancel(&self) {
        let Some(token) = self.cancel.get().cloned() else {
            return;
        };
        let tls = self.dial.tls.clone();
        drop(thread::spawn(move || match tls {
            Some(tls) => token.cancel_query(tls),
            None => token.cancel_query(NoTls),
        }));
    }

    fn send(&mut self, statements: &str, interrupt: Option<&Interrupt>) -> Result<(), Failure> {
        if self.ended {
            return Err(Failure::Ended);
        }
        if self.outstanding {
            // An answer to an abandoned question; what it says is of no interest, that it came is.
            let _abandoned = self.wait(ANSWER_LIMIT, interrupt);
        }
        let sent = self
            .requests
            .as_ref()
            .is_some_and(|requests| requests.send(statements.to_owned()).is_ok());
        if self.ended || !sent {
            self.ended = true;
            return Err(Failure::Ended);
        }
        self.outstanding = true;
        Ok(())
    }

    fn wait(&mut self, limit: Duration, interrupt: Option<&Interrupt>) -> Result<Answer, Failure> {
        let end = Instant::now() + limit;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.replies.recv_timeout(left.min(GLANCE)) {
                Ok(reply) => return self.received(reply),
                Err(RecvTimeoutError::Disconnected) => {
                    self.ended = true;
                    return Err(Failure::Ended);
                }
                Err(RecvTimeoutError::Timeout) if interrupt.is_some_and(Interrupt::is_raised) => {
                    return Err(Failure::Interrupted);
                }
                Err(RecvTimeoutError::Timeout) if left.is_zero() => {
                    self.ended = true;
                    return Err(Failure::Silent(limit));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn received(&mut self, reply: Result<Answer, postgres::Error>) -> Result<Answer, Failure> {
        self.outstanding = false;
        reply.map_err(|error| {
            self.ended = super::errors::ends_the_session(&error);
            Failure::Error(error)
        })
    }
}

impl Drop for Session {
    /// Lets the thread say goodbye to the server, so that its log shows no session that broke off.
    fn drop(&mut self) {
        self.requests = None;
        if !self.ended && !self.outstanding {
            // Nothing is received any more: that the other end is closed is what is waited for.
            let _closed = self.replies.recv_timeout(GOODBYE);
        }
    }
}

/// Connects, says so by an empty answer, and then answers requests until nobody asks any more.
fn serve(
    dial: &Dial,
    cancel: &OnceLock<CancelToken>,
    requests: &Receiver<String>,
    replies: &Sender<Result<Answer, postgres::Error>>,
) {
    let connected = match &dial.tls {
        Some(tls) => dial.config.connect(tls.clone()),
        None => dial.config.connect(NoTls),
    };
    let mut client: Client = match connected {
        Ok(client) => client,
        Err(error) => {
            // Whoever gave up waiting is not there to hear it.
            drop(replies.send(Err(error)));
            return;
        }
    };
    // There is one session for each slot.
    drop(cancel.set(client.cancel_token()));
    if replies.send(Ok(Vec::new())).is_err() {
        return;
    }
    while let Ok(statements) = requests.recv() {
        if replies.send(client.simple_query(&statements)).is_err() {
            return;
        }
    }
}
