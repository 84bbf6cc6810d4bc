//! Programs of this machine: run to their end or to a time limit, with all that they started.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How often a program that runs is looked at.
const GLANCE: Duration = Duration::from_millis(10);
/// How long the processes of a program may take to end when they are asked to.
const GRACE: Duration = Duration::from_secs(5);

/// What came of a program.
#[derive(Debug)]
pub struct Ended {
    /// How it ended; `None` where it took too long and was ended.
    pub status: Option<ExitStatus>,
    /// All that it printed, both streams.
    pub said: String,
}

impl Ended {
    /// Whether it ended by itself, and well.
    pub fn is_success(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }
}

/// Runs a program in a process group of its own: a Ctrl-C is for dbtune. When `limit` is over, or
/// `stop` says so, the whole group is ended, not only its first process.
///
/// The output goes into a file, because a server that the program starts keeps its output open for
/// as long as it lives.
///
/// # Errors
/// The program could not be started or waited for.
pub fn run(mut command: Command, limit: Duration, stop: &dyn Fn() -> bool) -> io::Result<Ended> {
    let mut output = tempfile::tempfile()?;
    command
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?)
        .process_group(0);
    let mut child = command.spawn()?;
    let end = Instant::now() + limit;
    let mut status = None;
    while Instant::now() < end && !stop() {
        status = child.try_wait()?;
        if status.is_some() {
            break;
        }
        thread::sleep(GLANCE);
    }
    if status.is_none() {
        end_group(&mut child)?;
    }
    Ok(Ended {
        status,
        said: text_of(&mut output)?,
    })
}

/// Ends a process and its whole group: first asked to, as a server wants it, then by force.
fn end_group(child: &mut Child) -> io::Result<()> {
    signal_group(child, "TERM")?;
    let end = Instant::now() + GRACE;
    while Instant::now() < end && child.try_wait()?.is_none() {
        thread::sleep(GLANCE);
    }
    signal_group(child, "KILL")?;
    child.kill()?;
    child.wait().map(drop)
}

/// Sends a signal to a whole process group. A group that is gone already is no error.
fn signal_group(child: &Child, signal: &str) -> io::Result<()> {
    Command::new("/bin/sh")
        .args(["-c", "kill -s \"$0\" -- \"-$1\" 2>/dev/null", signal])
        .arg(child.id().to_string())
        .stdin(Stdio::null())
        .status()
        .map(drop)
}

fn text_of(output: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    output.seek(SeekFrom::Start(0))?;
    output.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_a_program_prints_and_how_it_ends_is_told() {
        let ended = run(sh("echo one; echo two >&2; exit 3"), GRACE, &|| false).unwrap();
        assert_eq!(ended.said, "one\ntwo\n");
        assert_eq!(ended.status.and_then(|status| status.code()), Some(3));
        assert!(!ended.is_success());
    }

    #[test]
    fn at_the_limit_the_whole_group_is_ended_and_not_only_its_first_process() {
        let folder = tempfile::tempdir().unwrap();
        let pid = folder.path().join("pid");
        let script = format!("sleep 600 & echo $! > '{}'; wait", pid.display());
        let stop = || std::fs::read_to_string(&pid).is_ok_and(|text| text.ends_with('\n'));
        let ended = run(sh(&script), Duration::from_mins(1), &stop).unwrap();
        assert!(ended.status.is_none());
        let pid = std::fs::read_to_string(&pid).unwrap();
        let is_alive = || {
            // A process that has ended may wait to be collected by its parent: no state but Z.
            std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()))
                .is_ok_and(|stat| !stat.contains(") Z "))
        };
        let end = Instant::now() + Duration::from_secs(10);
        while is_alive() && Instant::now() < end {
            thread::sleep(GLANCE);
        }
        assert!(!is_alive());
    }
}
