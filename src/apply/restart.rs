//! Restarts a target by its own command, and only believes the server that it happened.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::batch::Batch;
use super::execute::{Executor, Progress, pending_targets};
use super::{Cause, Event};
use crate::snapshot::Snapshot;

/// How long a restart command may take. PostgreSQL waits for a checkpoint before it stops.
const COMMAND_LIMIT: Duration = Duration::from_secs(300);
/// How long a server may take to be back after its restart command has ended.
const BACK_LIMIT: Duration = Duration::from_secs(60);
/// How much of what a command printed is worth showing, in bytes.
const OUTPUT_SHOWN: usize = 2_000;

impl Executor<'_> {
    /// Restarts every target on which something waits for it, one after another, and asks again
    /// what is in effect.
    pub(super) fn restart_pending(&mut self, progress: &mut Progress) -> Result<(), Cause> {
        for target in pending_targets(&progress.done) {
            self.check_interrupt()?;
            progress.restarted.push(target.clone());
            self.restart(&target)?;
            let waiting: Vec<_> = progress
                .done
                .iter()
                .filter(|(change, _)| change.target == target)
                .map(|(change, _)| change.clone())
                .collect();
            let judged = self.judge(&waiting)?;
            progress.done.retain(|(change, _)| change.target != target);
            progress.done.extend(judged);
        }
        Ok(())
    }

    /// Restarts once more the targets that a failed run had restarted, so that what was put back
    /// in their files runs again. One that cannot be restarted is told as waiting for it.
    pub(super) fn restart_again(&mut self, begun: &[Batch], restarted: &[String]) {
        for target in restarted {
            let was_changed = begun.iter().any(|batch| batch.target == *target);
            if was_changed
                && self.is_pending(target)
                && let Err(cause) = self.restart(target)
            {
                (self.report)(Event::Notice {
                    target: target.clone(),
                    text: cause.to_string(),
                });
            }
        }
    }

    fn is_pending(&mut self, target: &str) -> bool {
        self.snapshot(target).is_ok_and(|snapshot| {
            snapshot
                .settings
                .values()
                .any(|observed| observed.pending_restart)
        })
    }

    fn restart(&mut self, target: &str) -> Result<(), Cause> {
        let before = self.snapshot(target)?;
        let argv = self
            .fleet
            .member(target)
            .and_then(|member| member.target.restart.clone())
            .ok_or_else(|| failed(target, "the target has none".to_owned()))?;
        (self.report)(Event::Restarting {
            target: target.to_owned(),
            command: argv.join(" "),
        });
        // A restart that has begun is seen through: half of one is what nobody wants.
        let shield = self.interrupt.shield();
        let begun = Instant::now();
        run_command(&argv).map_err(|reason| failed(target, reason))?;
        let after = self.wait_until_back(target, &before)?;
        (self.report)(Event::Restarted {
            target: target.to_owned(),
            took: begun.elapsed(),
        });
        self.relock(target)?;
        drop(shield);
        check_same_server(target, &before, &after)?;
        if before.identity.version != after.identity.version {
            (self.report)(Event::VersionMoved {
                target: target.to_owned(),
                before: before.identity.version,
                after: after.identity.version,
            });
        }
        Ok(())
    }

    /// Waits until the server answers in a new life.
    fn wait_until_back(&mut self, target: &str, before: &Snapshot) -> Result<Snapshot, Cause> {
        let end = Instant::now() + BACK_LIMIT;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let answer = self
                .act(target, |engine| engine.reconnect(left))
                .and_then(|()| self.snapshot(target));
            let reason = match answer {
                Ok(now) if now.identity.started_at != before.identity.started_at => {
                    return Ok(now);
                }
                Ok(_) => format!(
                    "the command ended well, but the server runs since {} without a restart",
                    before.identity.started_at
                ),
                Err(error) => format!("it does not answer: {error}"),
            };
            if Instant::now() >= end {
                return Err(Cause::NotRestarted {
                    target: target.to_owned(),
                    reason,
                });
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
}

fn check_same_server(target: &str, before: &Snapshot, after: &Snapshot) -> Result<(), Cause> {
    let (was, is) = (&before.identity.system, &after.identity.system);
    if before.engine == crate::setting::EngineKind::Postgresql && was != is {
        return Err(Cause::NotRestarted {
            target: target.to_owned(),
            reason: format!(
                "another server answers at {}: system identifier {is}, it was {was}",
                after.address
            ),
        });
    }
    Ok(())
}

/// Runs a command to its end. Its output goes into a file, because a server that it starts keeps
/// the output open for as long as it lives.
fn run_command(argv: &[String]) -> Result<(), String> {
    let [program, arguments @ ..] = argv else {
        return Err("it is empty".to_owned());
    };
    let mut output = tempfile::tempfile().map_err(|e| format!("no temporary file: {e}"))?;
    let child = spawn(program, arguments, &output)
        .map_err(|error| format!("cannot run {program}: {error}"))?;
    let status = wait(child).map_err(|error| format!("{program}: {error}"))?;
    match status {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(format!(
            "{program} ended with {status}{}",
            tail(&mut output)
        )),
        None => Err(format!(
            "{program} had not ended after {} s and was stopped{}",
            COMMAND_LIMIT.as_secs(),
            tail(&mut output)
        )),
    }
}

fn spawn(program: &str, arguments: &[String], output: &File) -> io::Result<Child> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?);
    // A Ctrl-C is for dbtune, which then puts things back; half a restart would be in its way.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn()
}

fn wait(mut child: Child) -> io::Result<Option<ExitStatus>> {
    let end = Instant::now() + COMMAND_LIMIT;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= end {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// The end of what a command printed, as a part of a message.
fn tail(output: &mut File) -> String {
    let mut bytes = Vec::new();
    let read = output
        .seek(SeekFrom::Start(0))
        .and_then(|_| output.read_to_end(&mut bytes));
    let from = bytes.len().saturating_sub(OUTPUT_SHOWN);
    let text = bytes
        .get(from..)
        .map(String::from_utf8_lossy)
        .unwrap_or_default();
    match read {
        Ok(_) if !text.trim().is_empty() => format!("; it said: {}", text.trim()),
        Ok(_) | Err(_) => String::new(),
    }
}

fn failed(target: &str, reason: String) -> Cause {
    Cause::RestartCommand {
        target: target.to_owned(),
        reason,
    }
}
