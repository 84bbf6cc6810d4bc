//! A terminal for `dbtune` to run on, and somebody who types when asked.

use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use super::{PASSWORD, Ran, eventually};

/// A `dbtune` that runs on a terminal. `script` is what makes one; no shell stands between it and
/// `dbtune`, since a shell may end on the Ctrl-C that is meant for its child.
pub(crate) struct Terminal {
    line: String,
    child: Child,
    shown: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Terminal {
    /// The same command, on a terminal.
    pub(super) fn of(command: &Command) -> Self {
        let line: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
        let line = line.join(" ");
        let program = command.get_program().to_string_lossy();
        let mut script = Command::new("script");
        script
            .args(["-qec", &format!("exec {program} {line}"), "/dev/null"])
            .env_clear()
            .envs(
                command
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .env("SHELL", "/bin/sh")
            .current_dir(command.get_current_dir().unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = script.spawn().unwrap();
        let shown = Arc::new(Mutex::new(String::new()));
        let reader = watch(child.stdout.take().unwrap(), Arc::clone(&shown));
        Self {
            line,
            child,
            shown,
            reader,
        }
    }

    /// Waits until it has asked: what is typed before a program listens may reach another.
    pub(crate) fn when_asked(self, question: &str) -> Self {
        eventually(question, || self.shown.lock().unwrap().contains(question));
        self
    }

    /// Types.
    pub(crate) fn types(mut self, keys: &str) -> Self {
        let keyboard = self.child.stdin.as_mut().unwrap();
        keyboard.write_all(keys.as_bytes()).unwrap();
        keyboard.flush().unwrap();
        self
    }

    /// Waits until it ends.
    pub(crate) fn wait(mut self) -> Ran {
        eventually("the end of dbtune on a terminal", || {
            self.child.try_wait().unwrap().is_some()
        });
        let status = self.child.wait().unwrap();
        self.reader.join().unwrap();
        let shown = self.shown.lock().unwrap().clone();
        let ran = Ran::on_a_terminal(self.line, shown, status);
        ran.never_shows(PASSWORD);
        ran
    }
}

fn watch(mut terminal: ChildStdout, shown: Arc<Mutex<String>>) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = terminal.read(&mut bytes) {
            let text = String::from_utf8_lossy(&bytes[..count]);
            shown.lock().unwrap().push_str(&text);
        }
    })
}
