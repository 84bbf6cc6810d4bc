//! Whether a URL can be one of an engine. What is wrong is said without showing the URL.

use crate::setting::EngineKind;

/// Why a URL, or what it refers to, is of no use.
pub(super) struct Wrong {
    pub(super) message: String,
    pub(super) help: &'static str,
}

impl Wrong {
    pub(super) fn new(message: String, help: &'static str) -> Self {
        Self { message, help }
    }
}

/// Checks the scheme of a URL.
pub(super) fn check(engine: EngineKind, url: &str) -> Result<(), Wrong> {
    let (schemes, help): (&[&str], _) = match engine {
        EngineKind::Postgresql => (
            &["postgres", "postgresql"],
            "write postgres://USER@HOST:PORT/DATABASE",
        ),
        EngineKind::Redis => (
            &[
                "redis",
                "rediss",
                "valkey",
                "valkeys",
                "unix",
                "redis+unix",
                "valkey+unix",
            ],
            "write redis://HOST:PORT",
        ),
    };
    let wrong = |message: String| Err(Wrong::new(message, help));
    if url.trim().is_empty() {
        return wrong("the URL is empty".to_owned());
    }
    match url.split_once(':') {
        Some((scheme, rest)) if rest.starts_with("//") || schemes.contains(&scheme) => {
            if schemes.contains(&scheme.to_ascii_lowercase().as_str()) {
                return Ok(());
            }
            if is_scheme(scheme) {
                return wrong(format!("a `{scheme}://` URL is none of {engine}"));
            }
            wrong(format!("this is no URL of {engine}"))
        }
        // `host=db user=ann`, as libpq takes it.
        _ if engine == EngineKind::Postgresql && is_key_value(url) => Ok(()),
        _ => wrong(format!("this is no URL of {engine}")),
    }
}

/// Whether a URL of Redis asks for TLS.
pub(super) fn is_encrypted(url: &str) -> bool {
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    ["rediss", "valkeys"].contains(&scheme.to_ascii_lowercase().as_str())
}

fn is_scheme(text: &str) -> bool {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "+-.".contains(character);
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.chars().all(allowed)
}

fn is_key_value(text: &str) -> bool {
    let key = text.split_once('=').map(|(key, _)| key.trim());
    key.is_some_and(|key| {
        !key.is_empty()
            && key
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter == '_')
    })
}
