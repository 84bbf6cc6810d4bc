//! What every engine promises, on every server at hand.
//!
//! Every version of [`Postgres::every_bin`] and of [`Redis::every_program`].

use std::time::Duration;

use dbtune::engine::EngineError;
use dbtune::snapshot::{Facts, Snapshot};

use super::door::{Door, set};
use crate::support::{Postgres, Redis, eventually};

/// A server of either kind.
enum Server {
    Postgres(Postgres),
    Redis(Redis),
}

impl Server {
    /// Each in turn, so that there are never many at once.
    fn each(mut check: impl FnMut(&Self)) {
        for bin in Postgres::every_bin() {
            check(&Self::Postgres(Postgres::with_bin(bin).start()));
        }
        Self::each_redis(check);
    }

    /// Each Redis and Valkey.
    fn each_redis(mut check: impl FnMut(&Self)) {
        for program in Redis::every_program() {
            check(&Self::Redis(Redis::of(&program, &[])));
        }
    }

    fn url(&self) -> String {
        match self {
            Self::Postgres(server) => server.url(),
            Self::Redis(server) => server.url(),
        }
    }

    fn door(&self) -> Door {
        Door::open(&self.url())
    }

    /// A setting that takes effect without a restart, and two values of it as they are read back.
    fn setting(&self) -> (&'static str, [&'static str; 2]) {
        match self {
            Self::Postgres(_) => ("work_mem", ["5120", "6144"]),
            Self::Redis(_) => ("maxmemory", ["3000000", "4000000"]),
        }
    }
}

#[test]
fn what_is_written_is_read_back() {
    Server::each(|server| {
        let (name, values) = server.setting();
        let mut door = server.door();
        for value in values {
            door.apply(&[set(name, &[value])]);
            assert_eq!(door.observed(name).running, value);
        }
    });
}

#[test]
fn nothing_moves_between_two_readings_of_an_idle_server() {
    Server::each(|server| {
        // What a server counts (its log, its memory, its clients) moves even while nobody asks.
        let settled = || Snapshot {
            facts: Facts::default(),
            ..server.door().snapshot()
        };
        let (first, second) = (settled(), settled());
        assert!(first == second, "something moved");
    });
}

#[test]
fn every_running_value_is_one_that_its_domain_takes() {
    Server::each(|server| {
        for (name, observed) in server.door().snapshot().settings {
            let parsed = observed.domain.parse(&observed.running);
            assert!(parsed.is_ok(), "{name} = {}: {parsed:?}", observed.running);
        }
    });
}

#[test]
fn an_unknown_setting_is_refused_by_name_and_the_connection_goes_on() {
    Server::each(|server| {
        let mut door = server.door();
        let refused = door.refuses(&[set("no_such_setting", &["1"])]);
        assert_eq!(refused.setting.as_deref(), Some("no_such_setting"));
        assert!(refused.text.contains("primary"));
        door.snapshot();
    });
}

#[test]
fn the_lock_is_held_by_one_and_goes_with_its_connection() {
    Server::each(|server| {
        let (mut first, mut second) = (server.door(), server.door());
        assert!(first.locks());
        assert!(!second.holder().is_empty());
        first.engine.reconnect(Duration::from_secs(30)).unwrap();
        eventually("the old connection is gone", || second.locks());
        assert!(!first.locks());
        second.engine.unlock().unwrap();
        assert!(first.locks());
    });
}

#[test]
fn a_setting_that_is_fixed_is_refused_and_no_other_is_called_fixed() {
    Server::each_redis(each_fixed);
}

fn each_fixed(server: &Server) {
    let mut door = server.door();
    for (name, observed) in door.snapshot().settings {
        let outcome = door
            .engine
            .write(&[set(name.as_str(), &[&observed.running])]);
        let refused = outcome
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        let not_here = ["immutable", "protected", "Unsupported CONFIG parameter"];
        let fixed = not_here.iter().any(|sign| refused.contains(sign));
        assert_eq!(fixed, observed.fixed.is_some(), "{name}: {refused}");
    }
}

#[test]
fn of_several_writes_all_or_none_are_done_where_the_server_can() {
    let check = |server: &Server| {
        let mut door = server.door();
        let writes = [set("timeout", &["30"]), set("hz", &["often"])];
        assert_eq!(door.refuses(&writes).setting.as_deref(), Some("hz"));
        let identity = door.snapshot().identity;
        let done = if identity.version_number < 70_000 {
            "30"
        } else {
            "0"
        };
        assert_eq!(
            door.observed("timeout").running,
            done,
            "{}",
            identity.version
        );
        door.engine.persist().unwrap();
    };
    Server::each_redis(check);
}

#[test]
fn a_connection_that_is_lost_stays_lost_until_it_is_made_anew() {
    let server = Redis::start();
    let mut door = Door::open(&server.url());
    server.stop();
    for _again in 0..2 {
        let error = door.engine.persist().unwrap_err();
        assert!(matches!(error, EngineError::Lost { .. }), "{error:?}");
    }
    server.start_again();
    door.engine.reconnect(Duration::from_secs(30)).unwrap();
    door.snapshot();
}
