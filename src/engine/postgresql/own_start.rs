//! A server that dbtune itself starts and stops, on the same machine, when its restart command could
//! not bring it back.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Site;
use crate::engine::process;
use crate::plan::shell_word;

/// What `pg_ctl restart` starts the server with again: the command line of the last start.
const OPTIONS: &str = "postmaster.opts";
/// Where a server that dbtune starts writes before it has opened its log.
const LOG: &str = "dbtune-rescue.log";

impl Site {
    /// Whether a server runs on this data directory, in whatever state.
    pub fn is_running(&self) -> bool {
        let mut command = self.command("pg_ctl");
        command.arg("-D").arg(&self.data).arg("status");
        // 3: none runs. Where that cannot be found out nothing may be started.
        process::run(command, Duration::from_secs(30), &|| false)
            .is_ok_and(|ended| ended.status.and_then(|status| status.code()) != Some(3))
    }

    /// Starts the server with these options, written as for a shell, and waits until it lets somebody
    /// in.
    ///
    /// # Errors
    /// What `pg_ctl` and the server said.
    pub fn start(&self, options: &str, limit: Duration) -> Result<(), String> {
        let mut command = self.command("pg_ctl");
        command.arg("-D").arg(&self.data);
        command.args(["-w", "-t", &limit.as_secs().to_string()]);
        command.arg("-l").arg(self.log());
        command.args(["-o", &self.with_config_file(options), "start"]);
        self.finish(command, limit).map_err(|said| {
            let log = fs::read_to_string(self.log()).unwrap_or_default();
            let last = log.lines().rev().find(|line| line.contains("FATAL"));
            last.map_or_else(|| said.clone(), |last| format!("{said}; {last}"))
        })
    }

    /// Stops the server: sessions are ended, what they have committed is written.
    ///
    /// # Errors
    /// What `pg_ctl` said.
    pub fn stop(&self, limit: Duration) -> Result<(), String> {
        let mut command = self.command("pg_ctl");
        command.arg("-D").arg(&self.data);
        command.args([
            "-w",
            "-t",
            &limit.as_secs().to_string(),
            "-m",
            "fast",
            "stop",
        ]);
        self.finish(command, limit)
    }

    /// What a `pg_ctl restart` would start the server with.
    pub fn start_options(&self) -> Option<String> {
        fs::read_to_string(self.data.join(OPTIONS)).ok()
    }

    /// Lets `pg_ctl restart` start the server with these again, and not with those of a rescue. It is
    /// written by the owner of the folder, so that no link in it leads root elsewhere.
    ///
    /// # Errors
    /// The file could not be written.
    pub fn restore_start_options(&self, options: &str) -> Result<(), String> {
        let mut command = self.owner.command(Path::new("/bin/sh"));
        command
            .args(["-c", "printf %s \"$1\" > \"$0\""])
            .arg(self.data.join(OPTIONS))
            .arg(options);
        self.finish(command, Duration::from_secs(30))
    }

    /// Removes what a rescue has written besides.
    pub fn clear_up(&self) {
        let mut command = self.owner.command(Path::new("/bin/rm"));
        command.arg("-f").arg(self.log());
        drop(self.finish(command, Duration::from_secs(30)));
    }

    /// Where a server that dbtune starts writes before it has opened its log.
    pub fn log(&self) -> PathBuf {
        self.data.join(LOG)
    }

    /// Options for a start, with where `postgresql.conf` is: some systems keep it away from the data.
    pub fn with_config_file(&self, options: &str) -> String {
        if self.config_file == self.data.join("postgresql.conf") {
            return options.to_owned();
        }
        let option = format!("config_file={}", self.config_file.display());
        format!("-c {} {options}", shell_word(&option))
            .trim_end()
            .to_owned()
    }

    fn finish(&self, command: std::process::Command, limit: Duration) -> Result<(), String> {
        // `pg_ctl` keeps to its own limit; this one is for a `pg_ctl` that does not.
        let limit = limit + Duration::from_secs(10);
        let ended = process::run(command, limit, &|| false)
            .map_err(|error| format!("{}: {error}", self.programs.display()))?;
        if ended.is_success() {
            return Ok(());
        }
        let said: Vec<&str> = ended.said.split_whitespace().collect();
        Err(said.join(" "))
    }
}
