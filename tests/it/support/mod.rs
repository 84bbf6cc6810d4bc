//! What the tests are written with.
//!
//! - [`Postgres`] and [`Redis`]: a server for one test. It dies with the test, even a killed one.
//! - [`Project`]: a folder with a targets file and profiles, in which `dbtune` is run any number of
//!   times; [`cli`] runs it once, in a project of its own.
//! - [`Ran`]: what came of a run, with assertions to be chained.
//! - [`Running`]: a run that goes on, to be interrupted or killed.
//! - [`Terminal`]: a run that sees a terminal, and is typed to when it asks.
//! - [`authority::Authority`]: signs certificates for the servers of a test, and for us.
//! - [`Pgbouncer`]: stands between them, too, and gives its sessions away.
//! - [`Proxy`]: stands between `dbtune` and a server, and holds or cuts the connection at any
//!   statement, before or after the server has done it.
//!
//! ```ignore
//! let postgres = Postgres::start();
//! let project = Project::new().targets(&[&postgres]).profile("smaller", "...");
//! project.dbtune("apply --profile smaller --yes").run().exits(4).says("restart");
//! assert_eq!(postgres.sql("show work_mem"), [["4MB"]]);
//! ```

pub(crate) mod authority;
mod cli;
mod pgbouncer;
mod postgres;
mod project;
mod proxy;
mod redis;
#[cfg(target_os = "linux")]
mod terminal;
pub(crate) mod wire;

use std::thread;
use std::time::{Duration, Instant};

pub(crate) use cli::{Cli, Ran, Running, cli};
pub(crate) use pgbouncer::Pgbouncer;
pub(crate) use postgres::{Postgres, Setup};
pub(crate) use project::{Project, Target, TargetEntry};
pub(crate) use proxy::{Hold, Point, Proxy, Stream, after, before};
pub(crate) use redis::Redis;
#[cfg(target_os = "linux")]
pub(crate) use terminal::Terminal;
pub(crate) use wire::Wire;

/// The password of every server of a test. No output of `dbtune` may ever show it.
pub(crate) const PASSWORD: &str = "Hush-5b1f-Never-Show";

/// How long anything may take that a test waits for.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Waits until something is so.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "not within {PATIENCE:?}: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// A variable of the environment that the tests run in.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by the environment what to test with"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
