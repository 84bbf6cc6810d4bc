//! What a `CONFIG REWRITE` would meet and do, where the file is on this machine.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::conf::Conf;
use super::process::{Process, READ, SEARCH, WRITE};
use crate::setting::{SettingName, redis};
use crate::snapshot::{Drifted, Observed, Rewrite};

/// The settings that run, by name.
type Running = BTreeMap<SettingName, Observed>;

/// Looks at the file. Source of what the server does: Redis 6.2, 7.0 and Valkey 9 write a new file in
/// the same folder and rename it.
pub(super) fn look(process: &Process, file: &str, running: &Running) -> Rewrite {
    let file = Path::new(file);
    let conf = Conf::read(file, &|path| process.path(path));
    let unseen = conf.unread.first().cloned();
    let drifted = if unseen.is_some() {
        Vec::new()
    } else {
        drifted(&conf, running)
    };
    Rewrite {
        fails_because: obstacle(process, file),
        side_effects: side_effects(process, file, &conf, running),
        drifted,
        unseen,
    }
}

/// Why it would fail; `None` where nothing is seen to speak against it.
fn obstacle(process: &Process, file: &Path) -> Option<String> {
    let (shown, folder) = (file.display(), file.parent()?);
    let user = format!("its user (uid {})", process.uid);
    if process.is_mount_point(file) {
        return Some(format!(
            "{shown} is a mount of its own, which nobody can replace"
        ));
    }
    if process.is_read_only(folder) {
        return Some(format!(
            "{} is on a read-only file system",
            folder.display()
        ));
    }
    for above in folder.ancestors() {
        let metadata = fs::metadata(process.path(above)).ok()?;
        if !process.may(SEARCH, &metadata) {
            return Some(format!("{user} does not reach {}", above.display()));
        }
    }
    let metadata = fs::metadata(process.path(folder)).ok()?;
    if !process.may(WRITE, &metadata) {
        return Some(format!(
            "{user} may not write to the folder {}",
            folder.display()
        ));
    }
    // No file is no obstacle: a new one is written.
    let own = fs::metadata(process.path(file)).ok()?;
    if own.is_dir() {
        return Some(format!("{shown} is a folder"));
    }
    if !process.may(READ, &own) {
        return Some(format!("{user} may not read {shown}"));
    }
    (!process.may_replace(&own, &metadata))
        .then(|| format!("{user} may not replace {shown} in a folder where each keeps their own"))
}

/// What else becomes of the file.
fn side_effects(process: &Process, file: &Path, conf: &Conf, running: &Running) -> Vec<String> {
    let shown = file.display();
    let at = process.path(file);
    let link = fs::read_link(&at).ok().map(|to| {
        let to = to.display();
        format!("{shown} is a link to {to} and becomes a file of its own; {to} stays as it is")
    });
    let metadata = fs::metadata(&at).ok();
    let mode = metadata.as_ref().and_then(|metadata| {
        let (before, after) = (metadata.mode() & 0o777, 0o644 & !process.umask);
        (before != after).then(|| format!("its mode becomes {after:04o}, and was {before:04o}"))
    });
    let owner = metadata.and_then(|metadata| {
        let before = metadata.uid();
        (before != process.uid)
            .then(|| format!("its owner becomes uid {}, and was {before}", process.uid))
    });
    let has_list = running
        .get(&SettingName::from("aclfile"))
        .is_some_and(|list| !list.running.is_empty());
    let users = (conf.unread.is_empty() && !conf.has("user") && !has_list)
        .then(|| "every ACL user is written into it, with the hash of the password".to_owned());
    [link, mode, owner, users, doubled(conf, running)]
        .into_iter()
        .flatten()
        .collect()
}

/// Files that are included stay as they are; what they set is written into the main file as well.
fn doubled(conf: &Conf, running: &Running) -> Option<String> {
    let names = conf.included.iter().filter(|(name, _)| {
        let observed = running.get(&SettingName::from(name.as_str()));
        observed.is_some_and(|observed| !runs(observed, observed.without_entry.as_deref()))
    });
    let (names, files): (Vec<&str>, Vec<&str>) = names
        .map(|(name, file)| (name.as_str(), file.as_str()))
        .unzip();
    let mut files = files;
    files.dedup();
    (!names.is_empty()).then(|| {
        format!(
            "what it includes from {} is written into it as well: {}",
            files.join(", "),
            names.join(", ")
        )
    })
}

/// The settings that run with another value than the file gives them, or than nothing gives them
/// where the file does not name them. A default that is not known is passed over.
fn drifted(conf: &Conf, running: &Running) -> Vec<Drifted> {
    let drifted = running.iter().filter_map(|(name, observed)| {
        let alias = redis::spec(name).alias;
        if alias.is_some_and(|alias| alias < name.as_str() && running.contains_key(&alias.into())) {
            return None;
        }
        let own = name.as_str().to_ascii_lowercase();
        let in_file = conf
            .value(&own)
            .or_else(|| alias.and_then(|alias| conf.value(alias)));
        let expected = in_file.as_deref().or(observed.without_entry.as_deref())?;
        (!runs(observed, Some(expected))).then(|| Drifted {
            setting: own,
            in_file: in_file.as_deref().map(|text| shown(observed, text)),
            running: shown(observed, &observed.running),
        })
    });
    drifted.collect()
}

/// Whether this is what runs, by the rules of the setting.
fn runs(observed: &Observed, text: Option<&str>) -> bool {
    let Some(text) = text else {
        return false;
    };
    let parse = |text| observed.domain.parse(text).ok();
    match (parse(text), parse(&observed.running)) {
        (Some(expected), Some(running)) => expected.is_met_by(&running),
        _ => text == observed.running,
    }
}

fn shown(observed: &Observed, text: &str) -> String {
    if observed.secret {
        return "***".to_owned();
    }
    let value = observed.domain.parse(text).ok();
    value.map_or_else(|| text.to_owned(), |value| observed.domain.format(&value))
}
