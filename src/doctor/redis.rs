//! What matters on a Redis alone: its configuration file, its memory, what it keeps, whom it lets in.

use super::grants;
use super::{Check, Examined, Finding, Read, Verdict};
use crate::engine::Persist;
use crate::profile::Profile;
use crate::setting::{EngineKind, SettingName};

/// Not `protected-mode yes`: without a password that lets in only the server's own host.
const CLOSE: &str = "set `requirepass` and put the password into the URLs of its clients and of this \
                     target, or keep in `bind` only the addresses at which they and dbtune come in";

pub(super) fn find(examined: &Examined, read: &Read, profile: Option<&Profile>) -> Vec<Finding> {
    let mut findings = vec![config_file(examined, read)];
    findings.extend(unlimited(read, profile));
    findings.extend(persistence(read));
    findings.extend(open_to_all(read));
    findings
}

fn config_file(examined: &Examined, read: &Read) -> Finding {
    let finding =
        |verdict, message| Finding::new(read.target(), Check::ConfigFiles, verdict, message);
    if examined.target.persist == Persist::None {
        return finding(
            Verdict::Ok,
            "`persist: none`: what dbtune changes is not written into its configuration file"
                .to_owned(),
        );
    }
    let Some(file) = &read.snapshot.persisted_in else {
        let message = "it runs without a configuration file, and would forget every change at its \
                       next start";
        return finding(Verdict::Problem, message.to_owned())
            .remedy("start it with a configuration file, or state `persist: none` for the target");
    };
    let rewrite = read
        .snapshot
        .facts
        .redis
        .as_ref()
        .and_then(|facts| facts.rewrite.as_ref());
    match rewrite.and_then(|rewrite| rewrite.fails_because.as_ref()) {
        Some(why) => finding(
            Verdict::Problem,
            format!("CONFIG REWRITE of {file} would fail: {why}"),
        )
        .remedy("let the server write to that file and its folder, or state `persist: none`"),
        None => finding(Verdict::Ok, format!("CONFIG REWRITE writes {file}")),
    }
}

fn value<'a>(read: &'a Read, name: &str) -> Option<&'a str> {
    let observed = read.snapshot.setting(&SettingName::from(name))?;
    Some(observed.running.as_str())
}

fn unlimited(read: &Read, profile: Option<&Profile>) -> Option<Finding> {
    let maxmemory = SettingName::from("maxmemory");
    let is_planned = profile
        .is_some_and(|profile| grants::settings(profile, EngineKind::Redis).contains(&maxmemory));
    (value(read, "maxmemory")? == "0" && !is_planned).then(|| {
        let message = "maxmemory is 0: it grows until the machine has no memory left";
        Finding::new(read.target(), Check::Memory, Verdict::Warning, message)
            .remedy("set `maxmemory` in the profile")
    })
}

fn persistence(read: &Read) -> Option<Finding> {
    let keeps = !value(read, "save")?.is_empty() || value(read, "appendonly")? == "yes";
    let finding =
        |verdict, message| Finding::new(read.target(), Check::Persistence, verdict, message);
    Some(if keeps {
        finding(
            Verdict::Ok,
            "it keeps its keys on disk, and has them again after a restart",
        )
    } else {
        finding(
            Verdict::Warning,
            "it keeps nothing on disk: a restart loses every key",
        )
        .remedy("set `save` or `appendonly` in the profile, unless its keys may go")
    })
}

fn open_to_all(read: &Read) -> Option<Finding> {
    let has_no_password = value(read, "requirepass")?.is_empty();
    let is_open = value(read, "protected-mode")? == "no" && has_no_password;
    is_open.then(|| {
        let message = "protected mode is off and there is no password: whoever reaches it is let in, \
                       unless its access control list says otherwise";
        Finding::new(read.target(), Check::ProtectedMode, Verdict::Warning, message)
            .remedy(CLOSE)
    })
}
