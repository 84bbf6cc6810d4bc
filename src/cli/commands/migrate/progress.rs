//! What is seen while migrations run: a line for each step, and how far a build is.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::cli::console::Console;
use crate::cli::setup::Desk;
use crate::migrate::{Event, Progress};
use crate::render::migrate as render;

/// In a pipeline how far a build is, is told this often, and with each new phase.
const EVERY: Duration = Duration::from_secs(10);

/// Writes events as they come: over one another on a terminal, now and then in a pipeline.
pub(super) struct Lines<'d> {
    console: &'d Console,
    is_terminal: bool,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    /// When and in which phase the last line was told in a pipeline.
    last: Option<(Instant, String)>,
    /// There is a line on the terminal that is written over.
    is_open: bool,
}

impl<'d> Lines<'d> {
    pub(super) fn new(desk: &Desk<'d>) -> Self {
        Self {
            console: desk.console,
            is_terminal: desk.environment.stderr_is_terminal,
            told: Mutex::default(),
        }
    }

    /// Tells an event.
    pub(super) fn tell(&self, event: &Event) {
        if self.console.is_quiet() && !matches!(event, Event::Warning(_)) {
            return;
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if let Event::Building(progress) = event {
            return self.build(&mut told, progress);
        }
        if let Some(line) = render::event(event, self.console.is_verbose()) {
            self.close(&mut told);
            self.console.warn(&line);
        }
    }

    /// Takes an open line away.
    pub(super) fn end(&self) {
        self.close(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn close(&self, told: &mut Told) {
        if std::mem::take(&mut told.is_open) {
            self.console.over_last_line("");
        }
    }

    fn build(&self, told: &mut Told, progress: &Progress) {
        if self.is_terminal {
            told.is_open = true;
            return self.console.over_last_line(&render::bar(progress));
        }
        let is_new = told
            .last
            .as_ref()
            .is_none_or(|(when, phase)| when.elapsed() >= EVERY || *phase != progress.phase);
        if is_new && progress.elapsed >= Duration::from_secs(1) {
            told.last = Some((Instant::now(), progress.phase.clone()));
            self.console.note(&render::progress(progress));
        }
    }
}
