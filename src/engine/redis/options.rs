//! What a URL of Redis says to dbtune and not to the client library.

use std::time::Duration;

use crate::engine::attempt::Refusal;

/// What the client library reads after the `?`.
const OF_LIBRARY: [&str; 1] = ["protocol"];

/// What it reads there where the URL is that of a socket, which has no other place for it.
const OF_SOCKET: [&str; 3] = ["db", "user", "pass"];

/// The URL without what is ours, and its `connect_timeout`. libpq's meaning: whole seconds, and zero is
/// no word on it.
pub(super) fn take(url: &str) -> Result<(String, Option<Duration>), Refusal> {
    refuse_insecure(url)?;
    let Some((before, query)) = url.split_once('?') else {
        return Ok((url.to_owned(), None));
    };
    let is_ours = |parameter: &&str| parameter.starts_with("connect_timeout=");
    let (ours, others): (Vec<&str>, Vec<&str>) = query.split('&').partition(is_ours);
    let timeout = match ours.last() {
        None => None,
        Some(parameter) => seconds(parameter.trim_start_matches("connect_timeout="))?,
    };
    refuse_unknown(before, &others)?;
    let sign = if others.is_empty() { "" } else { "?" };
    Ok((format!("{before}{sign}{}", others.join("&")), timeout))
}

/// What is not known is refused, never passed over. Its name is shown where it can be no part of a
/// password with a bare `?`.
fn refuse_unknown(before: &str, parameters: &[&str]) -> Result<(), Refusal> {
    let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
    let is_socket = scheme.to_ascii_lowercase().ends_with("unix");
    let name = |parameter: &str| {
        let parameter = parameter.split('#').next().unwrap_or_default();
        parameter.split('=').next().unwrap_or_default().to_owned()
    };
    let names = parameters.iter().map(|parameter| name(parameter));
    let unknown = names.filter(|name| !name.is_empty()).find(|name| {
        let name = name.as_str();
        !(OF_LIBRARY.contains(&name) || is_socket && OF_SOCKET.contains(&name))
    });
    let Some(unknown) = unknown else {
        return Ok(());
    };
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    let is_safe = unknown.chars().all(is_plain)
        && !parameters.iter().any(|parameter| parameter.contains('@'));
    let shown = if is_safe {
        format!("the option `{unknown}`")
    } else {
        "an option".to_owned()
    };
    Err(Refusal::lasting(
        format!("the URL has {shown}, which dbtune does not know"),
        Some("after the `?` it knows connect_timeout and protocol; a `?` in a password is `%3F`"),
    ))
}

fn seconds(text: &str) -> Result<Option<Duration>, Refusal> {
    let seconds: u64 = text.parse().map_err(|_number| {
        Refusal::lasting(
            "connect_timeout in the URL is not a number of seconds",
            Some("write it as connect_timeout=5"),
        )
    })?;
    Ok((seconds > 0).then(|| Duration::from_secs(seconds)))
}

/// `rediss://…#insecure` is how client libraries are told not to check the server's certificate.
fn refuse_insecure(url: &str) -> Result<(), Refusal> {
    let fragment = url.rsplit_once('#').map_or("", |(_, fragment)| fragment);
    if !fragment.eq_ignore_ascii_case("insecure") {
        return Ok(());
    }
    Err(Refusal::lasting(
        "the URL ends in #insecure, which would check no certificate",
        Some("take it away, and name the CA of the server in the targets file: tls: {ca: FILE}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_limit_is_taken_out_and_the_rest_stays() {
        let limit = Some(Duration::from_secs(3));
        for (url, rest, timeout) in [
            ("redis://a/0?connect_timeout=3", "redis://a/0", limit),
            (
                "redis://a?protocol=resp3&connect_timeout=3",
                "redis://a?protocol=resp3",
                limit,
            ),
            ("unix:///s?connect_timeout=3&db=1", "unix:///s?db=1", limit),
            ("redis://a?connect_timeout=0", "redis://a", None),
            ("unix:///s?db=1", "unix:///s?db=1", None),
            ("redis://a", "redis://a", None),
        ] {
            assert_eq!(take(url).unwrap(), (rest.to_owned(), timeout), "{url}");
        }
        assert!(take("redis://a?connect_timeout=soon").is_err());
    }

    #[test]
    fn an_option_that_nobody_knows_is_refused_and_part_of_a_password_is_not_shown() {
        for url in [
            "redis://a?connect_timout=2",
            "redis://a/0?protocol=resp3&connect_timout=2",
        ] {
            let reason = take(url).unwrap_err().reason;
            assert!(reason.contains("`connect_timout`"), "{reason}");
        }
        for url in [
            "redis://:s3?cret@a",
            "redis://:a?secret=b@host",
            "redis://a?Secret",
        ] {
            let refusal = take(url).unwrap_err();
            assert!(!refusal.reason.contains("ecret"), "{refusal:?}");
        }
        assert!(take("redis://a?db=1").is_err());
    }

    #[test]
    fn insecure_is_refused() {
        for url in ["rediss://a#insecure", "rediss://a/0?db=1#Insecure"] {
            assert!(take(url).unwrap_err().reason.contains("#insecure"));
        }
    }
}
