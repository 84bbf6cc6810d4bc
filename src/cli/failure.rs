//! From the errors of the library to what a user reads and a script sees.

mod recording;

use std::error::Error;

use serde_json::{Value, json};

use super::Exit;
use super::console::Console;
use crate::apply::{ApplyError, Cause, Held, Left};
use crate::engine::EngineError;
use crate::ledger::{Outcome, RunCommand};
use crate::plan::{HazardKind, PlanError};
use crate::profile::Mistake;
use crate::render::{self, RunFacts, Unwell, mistakes};
pub use recording::{of_history_before_a_run, of_ledger_error};

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

    /// Adds fields to the JSON document; one that is there already gets the new value.
    #[must_use]
    pub fn document(mut self, document: Value) -> Self {
        self.document = match (self.document.take(), document) {
            (Some(Value::Object(mut before)), Value::Object(more)) => {
                before.extend(more);
                Some(Value::Object(before))
            }
            (_, document) => Some(document),
        };
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
            // What is written wrongly stays wrong, whatever the servers do.
            let is_mistake = |error: &EngineError| matches!(error, EngineError::Unusable { .. });
            let (exit, kind) = if many.iter().any(is_mistake) {
                (Exit::Usage, "usage")
            } else {
                (Exit::Failed, "server")
            };
            Failure::new(exit, kind, texts.join("\n")).hint_if(hints(many))
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
        EngineError::Unusable { .. } => "usage",
        EngineError::Lost { .. } => "connection_lost",
        EngineError::Refused { .. } => "refused_by_server",
        EngineError::NotReadable {
            managed_by: Some(_),
            ..
        } => HazardKind::ManagedElsewhere.key(),
        EngineError::NotReadable {
            managed_by: None, ..
        } => HazardKind::NotPermitted.key(),
        EngineError::ReloadAbandoned { .. } => "reload_abandoned",
        EngineError::Unexpected { .. } => "unexpected_answer",
        EngineError::Interrupted => "interrupted",
    };
    let exit = match error {
        EngineError::Interrupted => Exit::Interrupted,
        EngineError::NotReadable { .. } => Exit::Refused,
        EngineError::Unusable { .. } => Exit::Usage,
        EngineError::Connect { .. }
        | EngineError::Lost { .. }
        | EngineError::Refused { .. }
        | EngineError::ReloadAbandoned { .. }
        | EngineError::Unexpected { .. } => exit,
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
        EngineError::Connect { hint, .. } | EngineError::Unusable { hint, .. } => {
            (Vec::new(), hint.clone())
        }
        EngineError::NotReadable { hint, .. } => (Vec::new(), Some(hint.clone())),
        EngineError::Lost { .. } | EngineError::Unexpected { .. } | EngineError::Interrupted => {
            (Vec::new(), None)
        }
    }
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
        ApplyError::UnderWay { run, until, .. } => {
            Failure::from_error(Exit::Locked, "locked", error)
                .hint(under_way(run, until.as_deref()))
        }
        ApplyError::InterruptedBefore => {
            Failure::from_error(Exit::Interrupted, "interrupted", error)
        }
        ApplyError::NotBegun(cause) => {
            let mut failure = of_engine_error(cause, Exit::Failed);
            failure.message = format!("{}; nothing was changed", failure.message);
            failure
        }
        ApplyError::NotRecorded(cause) => Failure::from_error(Exit::Refused, "history", error)
            .hint(recording::how_to_record(cause)),
        ApplyError::SettledUnrecorded { source, .. } => {
            Failure::from_error(Exit::Failed, "not_settled", error)
                .hint(recording::how_to_record(source))
        }
        ApplyError::NotSettled { left, .. } => {
            Failure::from_error(Exit::Failed, "not_settled", error).hint_if(by_hand(left, None))
        }
        ApplyError::Failed {
            run,
            cause,
            changes,
            restarted,
            left,
            pending_restart,
            held,
        } => {
            let unwell = Unwell {
                outcome: if left.is_empty() && facts.command == RunCommand::Apply {
                    Outcome::RolledBack
                } else {
                    Outcome::Failed
                },
                changes,
                left,
                restarted,
                pending_restart,
            };
            let mut failure = failed(run, cause, left, &not_held(pending_restart, held));
            failure.causes.extend(held.iter().map(still_held));
            return failure.document(render::failed_json(facts, &unwell));
        }
    };
    failure.document(render::failed_json(&not_begun, &Unwell::refused()))
}

/// What to do while another run restarts a server.
fn under_way(run: &str, until: Option<&str>) -> String {
    let again = "nothing was changed; try again when that run has ended";
    until.map_or_else(
        || again.to_owned(),
        |until| {
            format!(
                "{again}\nit restarts a server, and has time for that until {until}. Was it killed? \
                 Then put it back from its own machine, which knows at once: dbtune rollback {run}"
            )
        },
    )
}

fn failed(run: &str, cause: &Cause, left: &[Left], pending_restart: &[String]) -> Failure {
    let (exit, kind) = if cause.is_interrupt() {
        (Exit::Interrupted, "interrupted")
    } else {
        (Exit::Failed, "run_failed")
    };
    let is_down = matches!(cause, Cause::Down { .. });
    let what = if left.is_empty() && is_down {
        "nothing that this run wrote is left, and what had waited for the restart still stands in the \
         files"
            .to_owned()
    } else if left.is_empty() {
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
    let hints = recovery(cause, run)
        .into_iter()
        .chain(by_hand(left, Some(run)));
    let hints: Vec<String> = hints.collect();
    failure.hint_if((!hints.is_empty()).then(|| hints.join("\n")))
}

/// The targets that a restart brings back as they were: not those that would not start.
fn not_held(pending_restart: &[String], held: &[Held]) -> Vec<String> {
    let is_held = |name: &String| {
        let mut held = held.iter();
        held.any(|held| held.target == *name && !held.settings.is_empty())
    };
    let pending = pending_restart.iter();
    pending.filter(|name| !is_held(name)).cloned().collect()
}

/// What to know of a server that lives by its command line alone.
fn still_held(held: &Held) -> String {
    let target = &held.target;
    let names: Vec<&str> = held
        .settings
        .iter()
        .map(crate::setting::SettingName::as_str)
        .collect();
    if names.is_empty() {
        return format!(
            "{target} runs with earlier values on its command line until it is restarted"
        );
    }
    format!(
        "{target} runs only by earlier values on its command line: its files still hold what an earlier \
         run or a hand has stored for {}, and with that it does not start. Before it is restarted, take \
         that back: dbtune rollback RUN (dbtune history names the run that waits for a restart), or ALTER \
         SYSTEM RESET {}",
        names.join(", "),
        names.join("; ALTER SYSTEM RESET "),
    )
}

/// How a server that is down is brought back by hand.
fn recovery(cause: &Cause, run: &str) -> Option<String> {
    let Cause::Down { target, steps, .. } = cause else {
        return None;
    };
    Some(format!(
        "to bring {target} back (dbtune history {run} shows this again):\n  {}",
        steps.join("\n  ")
    ))
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
