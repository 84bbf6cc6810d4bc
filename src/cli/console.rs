//! Where words go: the answer to standard output, everything else to standard error.

use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::args::{Color, Format, Global};
use super::environment::Environment;
use crate::engine::Interrupt;

/// How often an interrupt is looked for while an answer is waited for.
const GLANCE: Duration = Duration::from_millis(50);

/// The two streams, and how the user wants to be spoken to.
#[derive(Debug)]
pub struct Console {
    /// How the answer is written.
    pub format: Format,
    /// Whether standard output is coloured.
    pub color: bool,
    /// Whether standard error is coloured.
    pub error_color: bool,
    quiet: bool,
    verbose: bool,
    /// Why the answer could not be written, where it could not.
    unanswered: Mutex<Option<Unanswered>>,
}

/// An answer that could not be written.
#[derive(Debug)]
pub struct Unanswered {
    /// Why not.
    pub error: io::Error,
    /// What it would have said.
    pub text: String,
}

impl Console {
    /// A console as the flags and the environment ask for it.
    pub fn new(global: &Global, environment: &Environment) -> Self {
        let color = |is_terminal: bool| match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                is_terminal
                    && environment.get("NO_COLOR").is_none()
                    && environment.get("TERM") != Some("dumb")
            }
        };
        Self {
            format: global.format,
            color: color(environment.stdout_is_terminal),
            error_color: color(environment.stderr_is_terminal),
            quiet: global.quiet,
            verbose: global.verbose,
            unanswered: Mutex::new(None),
        }
    }

    /// Writes the answer. A reader that has gone away is not an error: it has seen enough.
    pub fn answer(&self, text: &str) {
        if let Err(error) = write_whole(&mut io::stdout().lock(), text)
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            let text = text.to_owned();
            self.lost().replace(Unanswered { error, text });
        }
    }

    /// Why an answer could not be written, where one could not: the disk it goes to is full, say.
    pub fn unanswered(&self) -> Option<Unanswered> {
        self.lost().take()
    }

    fn lost(&self) -> std::sync::MutexGuard<'_, Option<Unanswered>> {
        self.unanswered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether only the answer is wanted, and what goes wrong.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether more is wanted.
    pub fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Writes over the last line of a terminal; an empty text takes it away.
    pub fn over_last_line(&self, text: &str) {
        drop(write_whole(
            &mut io::stderr().lock(),
            &format!("\r\u{1b}[2K{text}"),
        ));
    }

    /// Writes a JSON document as the answer.
    pub fn document(&self, document: &serde_json::Value) {
        self.answer(&format!("{document:#}\n"));
    }

    /// Says something about what is being done.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.warn(text);
        }
    }

    /// Says something that only a curious user wants to know.
    pub fn detail(&self, text: &str) {
        if self.verbose {
            self.warn(text);
        }
    }

    /// Says something that must not be missed.
    pub fn warn(&self, text: &str) {
        // Nobody is left to be told that nobody reads.
        drop(write_whole(
            &mut io::stderr().lock(),
            &format!("{}\n", text.trim_end_matches('\n')),
        ));
    }

    /// Asks a question that `yes` alone answers with yes. `None`: the user asked to stop instead.
    pub fn confirm(&self, question: &str, interrupt: &Interrupt) -> Option<bool> {
        let mut error = io::stderr().lock();
        // Should the question not be readable, nobody will answer it with yes.
        drop(write!(error, "{question} Only `yes` goes on: ").and_then(|()| error.flush()));
        drop(error);
        let answers = line_from_terminal();
        while !interrupt.is_raised() {
            match answers.recv_timeout(GLANCE) {
                Ok(answer) => return Some(answer.trim() == "yes"),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Some(false),
            }
        }
        self.warn("");
        None
    }
}

/// Reads a line beside the caller: reading goes on through a Ctrl-C, waiting for it need not.
fn line_from_terminal() -> Receiver<String> {
    let (sender, answers) = mpsc::channel();
    drop(thread::spawn(move || {
        let mut answer = String::new();
        if io::stdin().read_line(&mut answer).is_ok() {
            // Whoever asked may have gone.
            drop(sender.send(answer));
        }
    }));
    answers
}

fn write_whole(stream: &mut impl Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes())?;
    stream.flush()
}
