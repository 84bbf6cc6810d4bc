//! From the errors of the library to what a user reads and a script sees.

use std::error::Error;

use serde_json::{Value, json};

use super::Exit;
use super::console::Console;
use crate::apply::{ApplyError, Cause, Left};
use crate::engine::EngineError;
use crate::ledger::{LedgerError, Outcome, RunCommand};
use crate::plan::PlanError;
use crate::profile::Mistake;
use crate::render::{self, RunFacts, Unwell, mistakes};

/// A command that did not end well.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// A word for scripts: `error.kind` in JSON.
    pub kind: &'static str,
    /// What happened, one line or more.
    pub message: String,
    /// Why, from the outermost cause to the innermost.
    pub causes: Vec<String>,
    /// What to do next.
    pub hint: Option<String>,
    /// Text to be shown instead of the message as it is: snippets of a file with carets.
    pub report: Option<String>,
    /// More for the JSON document.
    pub document: Option<Value>,
}

impl Failure {
    /// A failure with a message.
    pub fn new(exit: Exit, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            exit,
            kind,
            message: message.into(),
            causes: Vec::new(),
            hint: None,
            report: None,
            document: None,
        }
    }

    /// A wrong flag, file or profile.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    /// A failure out of an error, with the chain of its causes.
    pub fn from_error(exit: Exit, kind: &'static str, error: &dyn Error) -> Self {
        let mut failure = Self::new(exit, kind, error.to_string());
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            // A transparent error repeats its source.
            if failure.causes.last().unwrap_or(&failure.message) != &text {
                failure.causes.push(text);
            }
            source = cause.source();
        }
        failure
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what to do next, where something is known.
    #[must_use]
    pub fn hint_if(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// Adds text to be shown as it is.
    #[must_use]
    pub fn report(mut self, report: impl Into<String>) -> Self {
        self.report = Some(report.into());
        self
    }

    /// The failure of a command that the user asked to stop: that is why it failed, whatever gave
    /// way first.
    #[must_use]
    pub fn interrupted(mut self) -> Self {
        if self.exit == Exit::Failed || self.kind == "history" {
            self.exit = Exit::Interrupted;
            self.kind = "interrupted";
        }
        self
    }

    /// Adds fields to the JSON document.
    #[must_use]
    pub fn document(mut self, document: Value) -> Self {
        self.document = Some(document);
        self
    }

    /// The failure for a person.
    pub fn human(&self, color: bool) -> String {
        let (red, cyan, off) = if color {
            ("\u{1b}[1;31m", "\u{1b}[1;36m", "\u{1b}[0m")
        } else {
            ("", "", "")
        };
        let mut text = String::new();
        match &self.report {
            // It says everything itself.
            Some(report) => text.push_str(report.trim_end()),
            None => text.push_str(&format_args!("{red}error{off}: {}", self.message).to_string()),
        }
        text.push('\n');
        for cause in &self.causes {
            text.push_str(&format_args!("  caused by: {cause}\n").to_string());
        }
        if let Some(hint) = &self.hint {
            text.push_str(&format_args!("\n{cyan}hint{off}: {hint}\n").to_string());
        }
        text
    }

    /// The failure as a JSON document.
    pub fn json(&self) -> Value {
        let mut document = self.document.clone().unwrap_or_else(|| json!({}));
        let message = std::iter::once(self.message.as_str())
            .chain(self.causes.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(": ");
        if let Value::Object(fields) = &mut document {
            fields.insert("format_version".to_owned(), json!(1));
            fields.insert(
                "error".to_owned(),
                json!({"kind": self.kind, "message": message, "hint": self.hint}),
            );
        }
        document
    }
}

/// Mistakes in files, each with its place.
pub fn of_mistakes(mistakes: &[Mistake], console: &Console) -> Failure {
    Failure::new(Exit::Usage, "mistakes", mistakes::summary(mistakes))
        .report(mistakes::human(mistakes, console.error_color))
        .document(json!({"mistakes": mistakes::json(mistakes)}))
}

/// Servers that could not be reached or did not answer, all of them.
pub fn of_engine_errors(errors: &[EngineError]) -> Failure {
    match errors {
        [one] => of_engine_error(one, Exit::Failed),
        many if many
            .iter()
            .any(|error| matches!(error, EngineError::Interrupted)) =>
        {
            of_engine_error(&EngineError::Interrupted, Exit::Interrupted)
        }
        many => {
            let texts: Vec<String> = many.iter().map(ToString::to_string).collect();
            Failure::new(Exit::Failed, "server", texts.join("\n")).hint_if(hints(many))
        }
    }
}

/// What to do about several errors: each remedy once.
fn hints(errors: &[EngineError]) -> Option<String> {
    let mut hints: Vec<String> = Vec::new();
    for error in errors {
        let hint = of_engine_error(error, Exit::Failed).hint;
        hints.extend(hint.filter(|hint| !hints.contains(hint)));
    }
    (!hints.is_empty()).then(|| hints.join("\n"))
}

/// What a server did or said, with everything that it said.
pub fn of_engine_error(error: &EngineError, exit: Exit) -> Failure {
    let (causes, hint) = details(error);
    let kind = match error {
        EngineError::Connect { .. } => "connect",
        EngineError::Lost { .. } => "connection_lost",
        EngineError::Refused { .. } => "refused_by_server",
        EngineError::ReloadAbandoned { .. } => "reload_abandoned",
        EngineError::Unexpected { .. } => "unexpected_answer",
        EngineError::Interrupted => "interrupted",
    };
    let exit = if matches!(error, EngineError::Interrupted) {
        Exit::Interrupted
    } else {
        exit
    };
    Failure {
        causes,
        ..Failure::new(exit, kind, error.to_string()).hint_if(hint)
    }
}

/// What a server said besides its message: lines to show beneath it, and a hint.
pub fn details(error: &EngineError) -> (Vec<String>, Option<String>) {
    match error {
        EngineError::Refused {
            sqlstate,
            detail,
            hint,
            ..
        } => {
            let sqlstate = sqlstate.iter().map(|code| format!("SQLSTATE {code}"));
            let detail = detail.iter().map(|detail| format!("DETAIL: {detail}"));
            (sqlstate.chain(detail).collect(), hint.clone())
        }
        EngineError::ReloadAbandoned { problems, .. } => (problems.clone(), None),
        EngineError::Connect { hint, .. } => (Vec::new(), hint.clone()),
        EngineError::Lost { .. } | EngineError::Unexpected { .. } | EngineError::Interrupted => {
            (Vec::new(), None)
        }
    }
}

/// The history that could not be read or written.
pub fn of_ledger_error(error: &LedgerError) -> Failure {
    Failure::from_error(Exit::Failed, "history", error)
}

/// Why no plan could be made.
pub fn of_plan_error(error: &PlanError) -> Failure {
    Failure::from_error(Exit::Usage, "plan", error)
}

/// Why a run did not end as planned, with what was put back and what was not.
pub fn of_apply_error(error: &ApplyError, facts: &RunFacts) -> Failure {
    let not_begun = RunFacts {
        run: None,
        ..facts.clone()
    };
    let failure = match error {
        ApplyError::Locked { .. } => Failure::from_error(Exit::Locked, "locked", error)
            .hint("nothing was changed; try again when that run has ended"),
        ApplyError::InterruptedBefore => {
            Failure::from_error(Exit::Interrupted, "interrupted", error)
        }
        ApplyError::NotBegun(cause) => {
            let mut failure = of_engine_error(cause, Exit::Failed);
            failure.message = format!("{}; nothing was changed", failure.message);
            failure
        }
        ApplyError::NotRecorded(_) => Failure::from_error(Exit::Refused, "history", error)
            .hint("every change is written down before it is made: the role needs CREATE on the database, the local journal a folder it may write (DBTUNE_STATE_DIR)"),
        ApplyError::NotSettled { left, .. } => {
            Failure::from_error(Exit::Failed, "not_settled", error).hint_if(by_hand(left, None))
        }
        ApplyError::Failed { run, cause, changes, restarted, left, pending_restart } => {
            let unwell = Unwell {
                outcome: if left.is_empty() && facts.command == RunCommand::Apply { Outcome::RolledBack } else { Outcome::Failed },
                changes,
                left,
                restarted,
                pending_restart,
            };
            return failed(run, cause, left, pending_restart)
                .document(render::failed_json(facts, &unwell));
        }
    };
    failure.document(render::failed_json(&not_begun, &Unwell::refused()))
}

fn failed(run: &str, cause: &Cause, left: &[Left], pending_restart: &[String]) -> Failure {
    let (exit, kind) = if cause.is_interrupt() {
        (Exit::Interrupted, "interrupted")
    } else {
        (Exit::Failed, "run_failed")
    };
    let what = if left.is_empty() {
        "everything that it changed has been put back".to_owned()
    } else {
        let left: Vec<String> = left
            .iter()
            .map(|left| format!("  {} on {}: {}", left.setting, left.target, left.because))
            .collect();
        format!("not everything could be put back:\n{}", left.join("\n"))
    };
    let mut failure = Failure::from_error(exit, kind, cause);
    if let Cause::Engine(error) = cause {
        let (causes, hint) = details(error);
        failure.causes = causes;
        failure = failure.hint_if(hint);
    }
    failure.message = format!("run {run} failed: {}; {what}", failure.message);
    if !pending_restart.is_empty() {
        failure.causes.push(format!(
            "the files of {} are as before; restart to run as before, too",
            pending_restart.join(", ")
        ));
    }
    let hint = by_hand(left, Some(run));
    failure.hint_if(hint)
}

/// The statements that put back what dbtune could not.
fn by_hand(left: &[Left], run: Option<&str>) -> Option<String> {
    if left.is_empty() {
        return None;
    }
    let mut lines = Vec::new();
    if let Some(run) = run {
        lines.push(format!(
            "when the servers can be reached: dbtune rollback {run}; or by hand:"
        ));
    } else {
        lines.push("by hand:".to_owned());
    }
    lines.extend(
        left.iter()
            .map(|left| format!("  {}: {}", left.target, left.statement)),
    );
    Some(lines.join("\n"))
}
