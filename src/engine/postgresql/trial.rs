//! The trial of a start: the server's own programs, run on a scratch folder with its own files.
//!
//! The scratch folder has what a server reads before it looks at its log of changes, and no such log.
//! A server started there checks and allocates everything that a start checks and allocates, and then
//! ends by itself, because the folder `pg_wal` is missing. It never gets to the point of recovery,
//! archiving or letting somebody in.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, lchown, symlink};
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::host::{Owner, Site};
use super::map_failure;
use super::quote::{in_file, literal};
use super::trial_words::{self, Verdict};
use crate::engine::{EngineError, Interrupt, process};
use crate::setting::SettingName;
use crate::snapshot::Answer;

/// How long a trial may take. A server with 200 000 connections takes 18 s.
const LIMIT: Duration = Duration::from_mins(1);
/// How often a trial is made again because the port that was free for it was taken meanwhile.
const TRIES: u32 = 3;

/// What the server makes itself in its data directory: not to be seen in the scratch folder.
const ITS_OWN: [&str; 11] = [
    "base",
    "global",
    "PG_VERSION",
    "postgresql.conf",
    "postgresql.auto.conf",
    "postmaster.pid",
    "postmaster.opts",
    "current_logfiles",
    "backup_label",
    "tablespace_map",
    "log",
];
/// Folders that a server looks into before it ends.
const FOLDERS: [&str; 5] = ["base", "global", "pg_notify", "pg_tblspc", "pg_stat_tmp"];
/// The files with access rules; all else that begins with `pg_` is the server's own.
const RULES: [&str; 2] = ["pg_hba.conf", "pg_ident.conf"];

/// Settings that the trial decides, whatever is asked: where it lives and how it talks to us.
const DECIDED: [&str; 11] = [
    "config_file",
    "data_directory",
    "external_pid_file",
    "lc_messages",
    "log_destination",
    "log_error_verbosity",
    "log_line_prefix",
    "log_min_messages",
    "logging_collector",
    "port",
    "stats_temp_directory",
];

/// Whether a server may write its log into the folder `$0`. One that is not there it makes itself, one
/// level deep.
const MAY_WRITE: &str = "folder=$0; test -e \"$folder\" || folder=$(dirname \"$folder\"); \
    test -d \"$folder\" && test -w \"$folder\" && test -x \"$folder\"";

/// Tries whether the server would start with these settings, raw by name, besides those in its files.
pub(super) fn try_start(
    site: &Site,
    settings: &BTreeMap<SettingName, String>,
    interrupt: &Interrupt,
) -> Result<Answer, EngineError> {
    if let Some(reason) = log_folder_refuses(site, settings) {
        return Ok(Answer::No(reason));
    }
    for _ in 0..TRIES {
        match once(site, settings, interrupt) {
            Ok(None) => return Err(EngineError::Interrupted),
            Ok(Some(Verdict::PortTaken)) => {}
            Ok(Some(Verdict::Told(answer))) => return Ok(answer),
            Err(error) => return Ok(Answer::Unknown(format!("it could not be tried: {error}"))),
        }
    }
    Ok(Answer::Unknown(
        "no port stayed free for the time of the trial".to_owned(),
    ))
}

/// One trial; `None` where the user asked to stop.
fn once(
    site: &Site,
    settings: &BTreeMap<SettingName, String>,
    interrupt: &Interrupt,
) -> io::Result<Option<Verdict>> {
    let scratch = lay_out(site, settings)?;
    let port = free_port()?;
    let mut command = site.command("postgres");
    command.arg("-D").arg(scratch.path());
    for (name, value) in decisions(scratch.path(), port, settings) {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    let ended = process::run(command, LIMIT, &|| interrupt.is_raised())?;
    if ended.status.is_none() && interrupt.is_raised() {
        return Ok(None);
    }
    if ended.status.is_none() {
        return Ok(Some(Verdict::Told(Answer::Unknown(format!(
            "a trial had not ended after {} s",
            LIMIT.as_secs()
        )))));
    }
    let scratch = scratch.path().to_string_lossy();
    let said = ended.said.replace(&*scratch, &site.data.to_string_lossy());
    let verdict = trial_words::verdict(&said, settings.contains_key(&"port".into()));
    Ok(Some(map_failure::weighed(verdict)))
}

/// What the trial has on its command line, where no file wins over it.
fn decisions(
    scratch: &Path,
    port: u16,
    settings: &BTreeMap<SettingName, String>,
) -> Vec<(&'static str, String)> {
    let folder = scratch.to_string_lossy().into_owned();
    let asked = |name: &str| settings.get(&name.into()).cloned();
    let mut decided = vec![
        ("data_directory", folder.clone()),
        ("external_pid_file", format!("{folder}/external.pid")),
        ("lc_messages", "C".to_owned()),
        ("log_destination", "stderr".to_owned()),
        ("log_error_verbosity", "default".to_owned()),
        ("log_line_prefix", String::new()),
        ("log_min_messages", "warning".to_owned()),
        ("logging_collector", "off".to_owned()),
        // The server that runs has its own port; another one that is planned must be free.
        ("port", asked("port").unwrap_or_else(|| port.to_string())),
    ];
    if asked("listen_addresses").is_none() {
        decided.push(("listen_addresses", String::new()));
    }
    if asked("unix_socket_directories").is_none() {
        decided.push(("unix_socket_directories", folder));
    }
    decided
}

/// Makes the scratch folder. It goes with the value.
///
/// What comes out of the data directory is copied by its owner, not by root: a link that somebody laid
/// there must not lead root to other files.
fn lay_out(site: &Site, settings: &BTreeMap<SettingName, String>) -> io::Result<TempDir> {
    let scratch = folder()?;
    let path = scratch.path();
    for name in FOLDERS {
        fs::create_dir(path.join(name))?;
    }
    fs::write(path.join("postgresql.conf"), configuration(site, settings))?;
    for entry in fs::read_dir(&site.data)? {
        let name = entry?.file_name();
        let shown = name.to_string_lossy();
        let is_rule = RULES.contains(&&*shown);
        if is_rule || !(ITS_OWN.contains(&&*shown) || shown.starts_with("pg_")) {
            symlink(site.data.join(&name), path.join(&name))?;
        }
    }
    give(path, &site.owner)?;
    for name in ["PG_VERSION", "global/pg_control"] {
        let mut copy = site.owner.command(Path::new("/bin/cp"));
        copy.arg(site.data.join(name)).arg(path.join(name));
        let copied = process::run(copy, LIMIT, &|| false)?;
        if !copied.is_success() {
            return Err(io::Error::other(copied.said.trim().to_owned()));
        }
    }
    Ok(scratch)
}

/// A folder that nobody else can look into, at a path short enough for a socket.
fn folder() -> io::Result<TempDir> {
    let builder = || {
        let mut builder = tempfile::Builder::new();
        builder.prefix("dbtune-trial-");
        builder
    };
    let folder = builder()
        .tempdir_in("/tmp")
        .or_else(|_no_tmp| builder().tempdir())?;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700))?;
    Ok(folder)
}

/// Gives everything in a folder that we alone have written to another user.
fn give(folder: &Path, owner: &Owner) -> io::Result<()> {
    if !owner.is_somebody_else {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        lchown(entry?.path(), Some(owner.uid), Some(owner.gid))?;
    }
    lchown(folder, Some(owner.uid), Some(owner.gid))
}

/// The server's own files, and after them what is asked: the last line of a setting counts.
fn configuration(site: &Site, settings: &BTreeMap<SettingName, String>) -> String {
    let path = |path: &Path| in_file(&path.to_string_lossy());
    let mut text = format!(
        "include {}\ninclude_if_exists {}\n",
        path(&site.config_file),
        path(&site.data.join("postgresql.auto.conf"))
    );
    for (name, raw) in settings {
        if !DECIDED.iter().any(|&decided| *name == *decided) {
            text.push_str(name.as_str());
            text.push_str(" = ");
            text.push_str(&in_file(raw));
            text.push('\n');
        }
    }
    text
}

/// Whether the folder for the log would refuse the server. The trial leaves the log alone, so that
/// nothing is written there, and asks as its user whether it could be.
fn log_folder_refuses(site: &Site, settings: &BTreeMap<SettingName, String>) -> Option<String> {
    let folder = settings.get(&"log_directory".into())?;
    let folder = site.data.join(folder);
    let mut look = site.owner.command(Path::new("/bin/sh"));
    look.args(["-c", MAY_WRITE]).arg(&folder);
    let looked = process::run(look, LIMIT, &|| false).ok()?;
    (!looked.is_success()).then(|| {
        format!(
            "could not open a log file in {}: the server's user may not write there",
            literal(&folder.to_string_lossy())
        )
    })
}

/// A port that nobody listens at.
fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    Ok(listener.local_addr()?.port())
}
