//! One line for each thing that happens during a run.

use crate::apply::{Event, Undoing};

/// The event as a line of text, without colour; `None` for one that only a curious user wants.
pub fn event(event: &Event, verbose: bool) -> Option<String> {
    let text = match event {
        Event::Writing {
            target,
            setting,
            value,
        } => {
            return verbose.then(|| format!("  {target}: writing {setting} = {value}"));
        }
        Event::Activating { target } => {
            return verbose.then(|| format!("  {target}: reading its configuration"));
        }
        Event::WaitingForLock { target, holder } => {
            format!("waiting for the lock on {target}, held by {holder}")
        }
        Event::Journalled { run } => format!("run {run}"),
        Event::InEffect {
            target,
            setting,
            value,
        } => {
            format!("  {target}: {setting} = {value}, in effect")
        }
        Event::WaitsForRestart {
            target,
            setting,
            value,
        } => {
            format!("  {target}: {setting} = {value}, stored; waits for a restart")
        }
        Event::Persisted { target } => format!("  {target}: written into its configuration file"),
        Event::Restarting { target, command } => format!("  {target}: restarting ({command})"),
        Event::Restarted { target, took } => {
            format!("  {target}: back after {:.1} s", took.as_secs_f64())
        }
        Event::VersionMoved {
            target,
            before,
            after,
        } => format!(
            "  warning: {target} came back as version {after}, it was {before}: \
             a package was updated before this restart"
        ),
        Event::Notice { target, text } => format!("  {target} says: {text}"),
        Event::Undoing(undoing) => words(undoing),
    };
    Some(text)
}

fn words(undoing: &Undoing) -> String {
    match undoing {
        Undoing::PuttingBack { because } => format!("failed: {because}\nputting back:"),
        Undoing::PutBack { target, setting } => format!("  {target}: {setting} is as before"),
        Undoing::NotPutBack {
            target,
            setting,
            because,
        } => {
            format!("  {target}: {setting} could not be put back: {because}")
        }
        Undoing::Settling {
            run,
            who,
            started_at,
        } => format!(
            "run {run} by {who}, begun {started_at}, was cut off; putting back what it changed:"
        ),
        Undoing::LeftAsChangedSince { target, setting } => {
            format!("  {target}: {setting} was changed by somebody else since; left as it is")
        }
    }
}
