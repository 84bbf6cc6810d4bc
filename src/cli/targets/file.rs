//! The targets file.

use std::path::PathBuf;

use super::reach::Reach;
use super::restarting::Restarting;
use super::{Reached, default_persist, memory, reach, url};
use crate::engine::{Access, Persist, Target, TlsFiles};
use crate::profile::yaml::{Content, Fields, Node, Source};
use crate::profile::{Mistake, Place, Variables, fill, listed, nearest};
use crate::setting::EngineKind;
use crate::snapshot::Memory;

const KEYS: [&str; 2] = ["profile", "targets"];
const TARGET_KEYS: [&str; 11] = [
    "name",
    "engine",
    "url",
    "restart",
    "restart_timeout",
    "start_timeout",
    "rescue",
    "persist",
    "config_command",
    "tls",
    "memory",
];

/// What a targets file says.
#[derive(Debug, Clone)]
pub struct TargetsFile {
    /// The profile to use where the command line names none.
    pub profile: Option<String>,
    /// The targets in the order of the file. The address of one may be missing or wrong (a variable
    /// that is not set); that is a mistake only where the target is needed.
    targets: Vec<(Described, Result<Reach, Mistake>)>,
}

/// A target without its address.
#[derive(Debug, Clone)]
struct Described {
    name: String,
    engine: EngineKind,
    from: String,
    restarting: Restarting,
    persist: Option<Persist>,
    tls: TlsFiles,
    memory: Option<Memory>,
    config_command: Option<String>,
}

impl TargetsFile {
    /// Reads a targets file.
    ///
    /// # Errors
    /// All mistakes of the file, in its order.
    pub fn parse(source: &Source, variables: &Variables) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let root = source.parse().map_err(|mistake| vec![mistake])?;
        let Some(fields) = Fields::read(&root, "a targets file", &KEYS, &mut mistakes) else {
            return Err(mistakes);
        };
        let profile = fields.text("profile", &mut mistakes);
        let file = Self {
            profile: profile.map(|(profile, _)| profile.to_owned()),
            targets: targets(&fields, variables, &mut mistakes),
        };
        Mistake::sort(&mut mistakes);
        if mistakes.is_empty() {
            Ok(file)
        } else {
            Err(mistakes)
        }
    }

    /// The targets of the engines that are wanted. What is wrong with the address of one becomes a
    /// mistake.
    pub(super) fn targets_of(
        self,
        wanted: impl Fn(EngineKind) -> bool,
        mistakes: &mut Vec<Mistake>,
    ) -> Vec<Reached> {
        let mut found = Vec::new();
        for (target, reach) in self.targets {
            if !wanted(target.engine) {
                continue;
            }
            match reach {
                Ok(reach) => found.push(target.at(reach)),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        found
    }
}

impl Described {
    /// Files for TLS beside a URL that has none would promise what is not kept.
    fn fits(&self, reach: Reach, at: &Place) -> Result<Reach, Mistake> {
        if self.tls.is_empty() || url::is_encrypted(reach.url.expose()) {
            return Ok(reach);
        }
        let message = "the target has `tls`, and its URL asks for none";
        Err(Mistake::new(at, message).help("write rediss:// for redis://, or remove `tls`"))
    }

    fn at(self, reach: Reach) -> Reached {
        let target = Target {
            name: self.name,
            engine: self.engine,
            url: reach.url,
            from: self.from,
            restart: self.restarting.restart,
            restart_timeout: self.restarting.restart_timeout,
            start_timeout: self.restarting.start_timeout,
            rescue: self.restarting.rescue,
            persist: self.persist.unwrap_or_else(|| default_persist(self.engine)),
            persist_stated: self.persist.is_some(),
            access: Access {
                tls: self.tls,
                passwords: reach.passwords,
            },
            memory: self.memory,
            config_command: self.config_command,
        };
        (target, reach.warnings)
    }
}

fn targets(
    fields: &Fields<'_>,
    variables: &Variables,
    mistakes: &mut Vec<Mistake>,
) -> Vec<(Described, Result<Reach, Mistake>)> {
    const HELP: &str = "begin each target with `- name: NAME`";
    let Some((key, node)) = fields.entry("targets") else {
        return Vec::new();
    };
    let items = match &node.content {
        Content::Sequence(items) => items.as_slice(),
        Content::Empty => {
            mistakes.push(Mistake::new(&key.at, "`targets` is empty").help(HELP));
            return Vec::new();
        }
        Content::Text(_) | Content::Mapping(_) => {
            let message = format!("`targets` is a sequence, not {}", node.kind());
            mistakes.push(Mistake::new(&node.at, message).help(HELP));
            return Vec::new();
        }
    };
    let mut names: Vec<(&str, &Place)> = Vec::new();
    let mut found = Vec::new();
    for item in items {
        let Some(fields) = Fields::read(item, "a target", &TARGET_KEYS, mistakes) else {
            continue;
        };
        if let Some((name, at)) = fields.text("name", mistakes) {
            if let Some((_, first)) = names.iter().find(|(other, _)| *other == name) {
                let message = format!("a second target is named `{name}`");
                let help = format!("rename one; the first is at {}", first.short());
                mistakes.push(Mistake::new(at, message).help(help));
            }
            names.push((name, at));
        }
        found.extend(target(&fields, variables, mistakes));
    }
    found
}

fn target(
    fields: &Fields<'_>,
    variables: &Variables,
    mistakes: &mut Vec<Mistake>,
) -> Option<(Described, Result<Reach, Mistake>)> {
    for needed in ["name", "engine", "url"] {
        if fields.lacks(needed) {
            let mistake = Mistake::new(fields.at(), format!("the target has no `{needed}`"));
            mistakes.push(mistake.help(format!("add `{needed}:`")));
        }
    }
    let engine = engine(fields, mistakes);
    let restarting = Restarting::read(fields, engine, variables, mistakes);
    let persist = persist(fields, engine, mistakes);
    let tls = tls_files(fields, engine, variables, mistakes);
    let memory = memory::read(fields, mistakes);
    let config_command = config_command(fields, engine, mistakes);
    let (name, engine) = (fields.get("name").and_then(Node::text)?, engine?);
    let (text, at) = fields.text("url", mistakes)?;
    let described = Described {
        name: name.to_owned(),
        engine,
        from: at.short(),
        restarting,
        persist,
        tls,
        memory,
        config_command,
    };
    let reach = address(engine, text, at, variables);
    let reach = reach.and_then(|reach| described.fits(reach, at));
    Some((described, reach))
}

fn engine(fields: &Fields<'_>, mistakes: &mut Vec<Mistake>) -> Option<EngineKind> {
    let (text, at) = fields.text("engine", mistakes)?;
    let found = EngineKind::ALL
        .into_iter()
        .find(|engine| engine.key() == text);
    if found.is_none() {
        let keys = EngineKind::ALL.map(EngineKind::key);
        let help = nearest(text, keys).map_or_else(
            || format!("the engines are {}", listed(keys)),
            |near| format!("write `{near}`"),
        );
        mistakes.push(Mistake::new(at, format!("unknown engine `{text}`")).help(help));
    }
    found
}

fn persist(
    fields: &Fields<'_>,
    engine: Option<EngineKind>,
    mistakes: &mut Vec<Mistake>,
) -> Option<Persist> {
    let (text, at) = fields.text("persist", mistakes)?;
    if engine == Some(EngineKind::Postgresql) {
        let message = "`persist` is for Redis; PostgreSQL keeps every change by itself";
        mistakes.push(Mistake::new(at, message).help("remove it"));
        return None;
    }
    match text {
        "rewrite" => Some(Persist::Rewrite),
        "none" => Some(Persist::None),
        _ => {
            let message = format!("`persist` is `rewrite` or `none`, not `{text}`");
            let near = nearest(text, ["rewrite", "none"]);
            let help = near.map(|near| format!("write `{near}`"));
            mistakes.push(Mistake::new(at, message).maybe_help(help));
            None
        }
    }
}

/// The name that `rename-command` gave `CONFIG`.
fn config_command(
    fields: &Fields<'_>,
    engine: Option<EngineKind>,
    mistakes: &mut Vec<Mistake>,
) -> Option<String> {
    let (text, at) = fields.text("config_command", mistakes)?;
    if engine == Some(EngineKind::Postgresql) {
        let message = "`config_command` is for Redis, where a command can be renamed";
        mistakes.push(Mistake::new(at, message).help("remove it"));
        return None;
    }
    if text.is_empty() || text.contains(char::is_whitespace) {
        let message = "`config_command` is one word: the name that `rename-command CONFIG` gives";
        mistakes.push(Mistake::new(at, message));
        return None;
    }
    Some(text.to_owned())
}

/// The files for TLS with Redis. PostgreSQL has a place for them in its URL.
fn tls_files(
    fields: &Fields<'_>,
    engine: Option<EngineKind>,
    variables: &Variables,
    mistakes: &mut Vec<Mistake>,
) -> TlsFiles {
    let Some((key, node)) = fields.entry("tls") else {
        return TlsFiles::default();
    };
    if engine == Some(EngineKind::Postgresql) {
        let message = "`tls` is for Redis; PostgreSQL takes the files in its URL";
        let help = "write ?sslmode=verify-full&sslrootcert=FILE&sslcert=FILE&sslkey=FILE";
        mistakes.push(Mistake::new(&key.at, message).help(help));
        return TlsFiles::default();
    }
    let Some(fields) = Fields::read(node, "`tls`", &["ca", "cert", "key"], mistakes) else {
        return TlsFiles::default();
    };
    let mut path = |name: &str| {
        let (text, at) = fields.text(name, mistakes)?;
        match fill(text, at, variables) {
            Ok(filled) => Some(PathBuf::from(filled.text)),
            Err(mistake) => {
                mistakes.push(mistake);
                None
            }
        }
    };
    let (ca, certificate, key) = (path("ca"), path("cert"), path("key"));
    for (given, missing) in [("cert", "key"), ("key", "cert")] {
        if !fields.lacks(given) && fields.lacks(missing) {
            let message = format!("`tls` has `{given}` and no `{missing}`");
            mistakes
                .push(Mistake::new(fields.at(), message).help(format!("add `{missing}: FILE`")));
        }
    }
    TlsFiles {
        ca,
        identity: certificate.zip(key),
    }
}

fn address(
    engine: EngineKind,
    text: &str,
    at: &Place,
    variables: &Variables,
) -> Result<Reach, Mistake> {
    let filled = fill(text, at, variables)?;
    reach(engine, &filled.text, variables)
        .map_err(|wrong| Mistake::new(at, wrong.message).help(wrong.help))
}
