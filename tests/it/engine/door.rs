//! What the tests of the engines are written with.

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use dbtune::engine::{self, Access, Engine, EngineError, Interrupt, Lock, Persist, Target, Url};
use dbtune::setting::{Assignment, EngineKind, SettingName};
use dbtune::snapshot::{Observed, Snapshot};

use crate::support::{PASSWORD, Redis, eventually};

/// A connection of dbtune, with shorter words for what the tests do.
pub(crate) struct Door {
    pub(crate) engine: Box<dyn Engine>,
    pub(super) interrupt: Interrupt,
}

/// One write.
pub(super) fn set(name: &str, literals: &[&str]) -> (SettingName, Assignment) {
    let literals = literals.iter().map(|&text| text.to_owned()).collect();
    (name.into(), Assignment::Set(literals))
}

/// Takes one override away.
pub(super) fn reset(name: &str) -> (SettingName, Assignment) {
    (name.into(), Assignment::Reset)
}

/// A target of that URL.
pub(super) fn target(url: &str) -> Target {
    let engine = if url.contains("redis") || url.starts_with("unix") {
        EngineKind::Redis
    } else {
        EngineKind::Postgresql
    };
    Target {
        name: "primary".to_owned(),
        engine,
        url: Url::new(url),
        from: "--postgres".to_owned(),
        restart: None,
        restart_timeout: Target::RESTART_TIMEOUT,
        start_timeout: Target::START_TIMEOUT,
        rescue: None,
        persist: Persist::None,
        persist_stated: false,
        access: Access::default(),
        memory: None,
        config_command: None,
    }
}

/// What is said when a connection cannot be made: the error, and the hint on a line of its own.
/// Fails when the password is in it.
pub(super) fn refusal(url: &str) -> String {
    refusal_of(&target(url))
}

/// The same for a target with more to it than a URL.
pub(super) fn refusal_of(target: &Target) -> String {
    let Err(error) = engine::connect(target, &Interrupt::new()) else {
        panic!("it let us in");
    };
    let (EngineError::Connect { hint, .. } | EngineError::Unusable { hint, .. }) = &error else {
        panic!("{error:?}");
    };
    let text = format!("{error}\n{}", hint.as_deref().unwrap_or_default());
    assert!(!format!("{text}{error:?}").contains(PASSWORD), "{text}");
    text
}

/// Checks that all of these are in a text.
pub(super) fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "no {word:?} in: {text}");
    }
}

/// A port at which a server accepts and never says a word.
pub(super) fn silent_port() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// The port on loopback at which a Redis listens.
pub(super) fn port_of(server: &Redis) -> u16 {
    server.config("port").parse().unwrap()
}

/// A port at which nobody listens.
pub(super) fn dead_port() -> u16 {
    let (_listener, port) = silent_port();
    assert_ne!(port, 0);
    port
}

impl Door {
    /// Connects.
    pub(crate) fn open(url: &str) -> Self {
        Self::to(&target(url))
    }

    /// Connects to a target with more to it than a URL.
    pub(crate) fn to(target: &Target) -> Self {
        let interrupt = Interrupt::new();
        let engine = engine::connect(target, &interrupt).unwrap_or_else(|error| {
            panic!("{error}");
        });
        Self { engine, interrupt }
    }

    /// Everything the server says.
    pub(super) fn snapshot(&mut self) -> Snapshot {
        self.engine.snapshot().unwrap()
    }

    /// What the server says of one setting.
    pub(super) fn observed(&mut self, name: &str) -> Observed {
        let snapshot = self.snapshot();
        let observed = snapshot.setting(&name.into());
        observed.unwrap_or_else(|| panic!("no {name}")).clone()
    }

    /// Writes, and makes the server read what was written.
    pub(super) fn apply(&mut self, writes: &[(SettingName, Assignment)]) {
        self.engine.write(writes).unwrap();
        self.engine.activate().unwrap();
    }

    /// The error of a write.
    pub(super) fn refuses(&mut self, writes: &[(SettingName, Assignment)]) -> Refused {
        Refused::new(&self.engine.write(writes).unwrap_err())
    }

    /// Whether the lock was taken.
    pub(super) fn locks(&mut self) -> bool {
        self.engine.try_lock().unwrap() == Lock::Taken
    }

    /// Who has the lock.
    pub(super) fn holder(&mut self) -> String {
        match self.engine.try_lock().unwrap() {
            Lock::HeldBy(who) => who,
            Lock::Taken => panic!("nobody has it"),
        }
    }
}

/// The parts of a refusal.
pub(super) struct Refused {
    pub(super) statement: String,
    pub(super) setting: Option<String>,
    pub(super) sqlstate: String,
    pub(super) message: String,
    pub(super) hint: String,
    /// All of it.
    pub(super) text: String,
}

impl Refused {
    /// Takes an error apart.
    pub(super) fn new(error: &EngineError) -> Self {
        let text = format!("{error} {error:?}");
        let EngineError::Refused {
            statement,
            setting,
            sqlstate,
            message,
            hint,
            ..
        } = error
        else {
            panic!("{error:?}");
        };
        Self {
            statement: statement.clone(),
            setting: setting.clone(),
            sqlstate: sqlstate.clone().unwrap_or_default(),
            message: message.clone(),
            hint: hint.clone().unwrap_or_default(),
            text,
        }
    }
}

/// One run for each URL, all at once: each takes the lock ten times. Fails when two have it.
pub(super) fn contend(urls: &[String]) {
    let (inside, turns) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for (number, url) in (0..).zip(urls) {
            let (inside, turns) = (&inside, &turns);
            scope.spawn(move || take_turns(url, Duration::from_millis(number), inside, turns));
        }
    });
    assert_eq!(turns.into_inner(), urls.len() * 10);
}

fn take_turns(url: &str, pause: Duration, inside: &AtomicUsize, turns: &AtomicUsize) {
    let mut door = Door::open(url);
    for _turn in 0..10 {
        eventually("it is this one's turn", || {
            thread::sleep(pause);
            door.locks()
        });
        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
        thread::sleep(Duration::from_millis(1));
        assert_eq!(inside.fetch_sub(1, Ordering::SeqCst), 1);
        door.engine.unlock().unwrap();
        turns.fetch_add(1, Ordering::SeqCst);
    }
}
