//! Libraries that are loaded at the start of the server or of a session.

use super::{Rule, Verdict, fails, unseen};
use crate::plan::after::After;
use crate::snapshot::{Answer, Question};

/// Libraries without which the server does not start.
pub(super) const SHARED: Rule = Rule {
    settings: &["shared_preload_libraries", "dynamic_library_path"],
    judge: shared,
    asks: |after| questions(after, "shared_preload_libraries"),
    before_every_restart: false,
};

/// Libraries without which no session begins.
pub(super) const OF_SESSIONS: Rule = Rule {
    settings: &["session_preload_libraries", "local_preload_libraries"],
    judge: of_sessions,
    asks: |after| {
        let lists = OF_SESSIONS.settings.iter();
        lists.flat_map(|name| questions(after, name)).collect()
    },
    before_every_restart: false,
};

fn questions(after: &After<'_>, list: &str) -> Vec<Question> {
    let libraries = after.list(list).into_iter();
    libraries
        .filter(|library| !library.is_empty())
        .map(|library| question(list, &library))
        .collect()
}

/// What is loaded for a session by anybody's wish comes from a folder of its own.
fn question(list: &str, library: &str) -> Question {
    let is_bare = !library.contains('/');
    Question::Library(if list == "local_preload_libraries" && is_bare {
        format!("$libdir/plugins/{library}")
    } else {
        library.to_owned()
    })
}

fn shared(after: &After<'_>) -> Vec<Verdict> {
    const LIST: &str = "shared_preload_libraries";
    let mut verdicts = Vec::new();
    let libraries = after.list(LIST);
    if libraries.iter().any(String::is_empty) {
        let why = format!("{LIST} names a library without a name; write `default` to empty it");
        verdicts.push(fails(after, why));
    }
    if after.moves("dynamic_library_path") && libraries.iter().any(|name| !name.contains('/')) {
        let why = format!(
            "whether the libraries of {LIST} ({}) are in the dynamic_library_path that is planned",
            libraries.join(", ")
        );
        verdicts.push(unseen(why));
        return verdicts;
    }
    let loaded = after.list_before(LIST);
    verdicts.extend(libraries.iter().filter_map(|library| {
        let what = format!("{LIST} names `{library}`");
        match after.answer(&question(LIST, library))? {
            Answer::Yes => None,
            Answer::Unknown(_) if loaded.contains(library) => None,
            Answer::No(why) => Some(fails(
                after,
                format!("{what}, {why}; install the package that has it first"),
            )),
            Answer::Unknown(why) => Some(unseen(format!("{what}: {why}"))),
        }
    }));
    verdicts
}

/// Seen on 13, 15 and 18: the server starts, and every new session ends with "could not access
/// file".
fn of_sessions(after: &After<'_>) -> Vec<Verdict> {
    let lists = OF_SESSIONS.settings.iter();
    let named = lists.flat_map(|list| {
        let libraries = after.list(list).into_iter();
        libraries.map(move |library| (*list, library))
    });
    let verdicts = named.filter_map(|(list, library)| {
        let target = after.target.name();
        match after.answer(&question(list, &library))? {
            Answer::Yes => None,
            Answer::Unknown(_) if after.list_before(list).contains(&library) => None,
            Answer::No(why) => Some(Verdict {
                is_certain: true,
                message: format!(
                    "{target} would let no session in: {list} names `{library}`, {why}; install \
                     the package that has it first"
                ),
            }),
            Answer::Unknown(why) => Some(unseen(format!("{list} names `{library}`: {why}"))),
        }
    });
    verdicts.collect()
}
