//! One line for each thing that happens during a run.

use crate::apply::{Event, Undoing};
use crate::engine::Clients;

/// How many kinds of connections are listed one by one.
const GROUPS_SHOWN: usize = 10;

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
        Event::WaitingForReplay { target, primary } => {
            format!("  {target}: waiting until it has replayed what {primary} has written")
        }
        Event::InUse { target, clients } => in_use(target, clients),
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

/// The connections that a restart will end: `  db: 12 connections end with it, 3 of them in a
/// transaction`, then whose they are.
fn in_use(target: &str, clients: &Clients) -> String {
    let Some(all) = clients.connections else {
        return format!("  {target}: how many connections end with it is not told");
    };
    if all == 0 {
        return format!("  {target}: no connection ends with it");
    }
    let busy = match clients.in_transaction {
        Some(0) | None => String::new(),
        Some(busy) => format!(", {busy} of them in a transaction"),
    };
    let mut lines = vec![format!(
        "  {target}: {} end with it{busy}",
        connections(all)
    )];
    lines.extend(clients.groups.iter().take(GROUPS_SHOWN).map(|group| {
        let application = match group.application.as_str() {
            "" => String::new(),
            name => format!(" ({name})"),
        };
        let or_unknown = |text: &str| if text.is_empty() { "?" } else { text }.to_owned();
        format!(
            "    {} of {} to {}{application}",
            group.count,
            or_unknown(&group.user),
            or_unknown(&group.database),
        )
    }));
    let more = clients.groups.len().saturating_sub(GROUPS_SHOWN);
    if more > 0 {
        lines.push(format!("    and {more} more kinds"));
    }
    lines.join("\n")
}

fn connections(count: u32) -> String {
    if count == 1 {
        "1 connection".to_owned()
    } else {
        format!("{count} connections")
    }
}

fn words(undoing: &Undoing) -> String {
    match undoing {
        Undoing::PuttingBack { because } => format!("failed: {because}\nputting back:"),
        Undoing::Rescuing { target, how } => {
            format!("  {target} did not come back; starting it with the earlier values ({how})")
        }
        Undoing::Rescued { target } => {
            format!("  {target} runs again, with the earlier values on its command line")
        }
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
