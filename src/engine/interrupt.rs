//! Whether the user asked to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Raised by Ctrl-C, SIGTERM or SIGHUP; looked at between any two steps. Clones share one state.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<State>);

#[derive(Debug, Default)]
struct State {
    raised: AtomicBool,
    /// How many shields there are.
    shields: AtomicUsize,
}

/// While it lives, the interrupt it came from does not show: what was begun is being put back, and
/// stopping halfway would leave more behind.
#[derive(Debug)]
pub struct Shield(Interrupt);

impl Interrupt {
    /// One that nobody has raised.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks everything that holds a clone to stop.
    pub fn raise(&self) {
        self.0.raised.store(true, Ordering::SeqCst);
    }

    /// Whether somebody asked to stop, and nothing shields the work under way from it.
    pub fn is_raised(&self) -> bool {
        self.was_raised() && self.0.shields.load(Ordering::SeqCst) == 0
    }

    /// Whether somebody asked to stop at any time, shield or not.
    pub fn was_raised(&self) -> bool {
        self.0.raised.load(Ordering::SeqCst)
    }

    /// Keeps the interrupt from showing until the shield is dropped.
    pub fn shield(&self) -> Shield {
        self.0.shields.fetch_add(1, Ordering::SeqCst);
        Shield(self.clone())
    }

    /// Sleeps, but not past an interrupt. Returns whether one was raised.
    pub fn sleep(&self, duration: Duration) -> bool {
        let end = Instant::now() + duration;
        while !self.is_raised() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            thread::sleep(left.min(Duration::from_millis(20)));
        }
        true
    }
}

impl Drop for Shield {
    fn drop(&mut self) {
        self.0.0.shields.fetch_sub(1, Ordering::SeqCst);
    }
}
