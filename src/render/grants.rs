//! The statements that give a role its rights, for a person (or `psql`), as JSON and as markdown.

use serde_json::{Value, json};

use crate::doctor::grants::{Grant, Need};
use crate::setting::EngineKind;

/// What is shown.
#[derive(Debug, Clone, Copy)]
pub struct GrantsView<'a> {
    /// Who gets them.
    pub role: &'a str,
    /// For which profile.
    pub profile: &'a str,
    /// The PostgreSQL at hand is too old for any of it.
    pub postgresql_before_15: bool,
    /// The statements.
    pub grants: &'a [Grant],
}

/// What has to be said where no statement helps.
const ONLY_A_SUPERUSER: &str = "before PostgreSQL 15 only a superuser can ALTER SYSTEM: connect dbtune \
                                as one";

/// SQL that `psql` takes as it is. What is optional, and the line for Redis, are comments.
pub fn grants_human(view: &GrantsView<'_>) -> String {
    let mut lines = vec![format!(
        "-- What {} needs to apply {} and to roll it back, and no more.",
        view.role, view.profile
    )];
    if view.postgresql_before_15 {
        lines.push(format!("-- {}.", capital(ONLY_A_SUPERUSER)));
    }
    lines.extend(postgresql(view));
    lines.extend(redis(view));
    lines.join("\n") + "\n"
}

fn postgresql(view: &GrantsView<'_>) -> Vec<String> {
    let needed: Vec<&Grant> = of(view, EngineKind::Postgresql, Need::Always).collect();
    if needed.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![
        "--".to_owned(),
        "-- PostgreSQL 15 and newer. As a superuser, on each primary, in the database that dbtune"
            .to_owned(),
        "-- connects to: rights to functions and views are given in each database on its own. The"
            .to_owned(),
        "-- role must be there: CREATE ROLE … LOGIN.".to_owned(),
    ];
    for grant in needed {
        lines.push(format!("-- {}", capital(&grant.why)));
        lines.push(format!("{};", grant.statement));
    }
    lines.extend(where_history_is_kept(view));
    lines.push("--".to_owned());
    lines.push(
        "-- Optional: with these the checks of memory, libraries, files and replication know more."
            .to_owned(),
    );
    for grant in of(view, EngineKind::Postgresql, Need::Optional) {
        lines.push(format!("-- {};", grant.statement));
    }
    lines
}

/// `psql` stops at none of it: whether the table is there is not known.
fn where_history_is_kept(view: &GrantsView<'_>) -> Vec<String> {
    let mut grants = of(view, EngineKind::Postgresql, Need::WhereHistoryIsKept).peekable();
    let mut lines = Vec::new();
    if grants.peek().is_some() {
        lines.push(
            "-- Where another role keeps the history there already, that does nothing; run instead:"
                .to_owned(),
        );
    }
    lines.extend(grants.map(|grant| format!("-- {};", grant.statement)));
    lines
}

fn redis(view: &GrantsView<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for grant in of(view, EngineKind::Redis, Need::Always) {
        lines.push("--".to_owned());
        lines.push(
            "-- Redis, in redis-cli, with a password of your own; ACL SAVE or CONFIG REWRITE keeps it."
                .to_owned(),
        );
        lines.push(format!("-- {}", grant.statement));
    }
    lines
}

fn of<'a>(
    view: &'a GrantsView<'_>,
    engine: EngineKind,
    need: Need,
) -> impl Iterator<Item = &'a Grant> {
    let own = view
        .grants
        .iter()
        .filter(move |grant| grant.engine == engine);
    own.filter(move |grant| grant.need == need)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// The document of docs/json.md.
pub fn grants_json(view: &GrantsView<'_>) -> Value {
    let statements: Vec<Value> = view
        .grants
        .iter()
        .map(|grant| {
            json!({
                "engine": grant.engine,
                "statement": grant.statement,
                "why": grant.why,
                "optional": grant.need != Need::Always,
            })
        })
        .collect();
    json!({
        "format_version": 1,
        "profile": view.profile,
        "role": view.role,
        "statements": statements,
        "note": view.postgresql_before_15.then_some(ONLY_A_SUPERUSER),
    })
}

/// The same, as blocks of code.
pub fn grants_markdown(view: &GrantsView<'_>) -> String {
    format!("```sql\n{}```\n", grants_human(view))
}
