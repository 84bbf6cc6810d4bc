//! What a URL of Redis says to dbtune and not to the client library.

use std::time::Duration;

use crate::engine::attempt::Refusal;

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
    let sign = if others.is_empty() { "" } else { "?" };
    Ok((format!("{before}{sign}{}", others.join("&")), timeout))
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
            ("redis://a?db=1", "redis://a?db=1", None),
            ("redis://a", "redis://a", None),
        ] {
            assert_eq!(take(url).unwrap(), (rest.to_owned(), timeout), "{url}");
        }
        assert!(take("redis://a?connect_timeout=soon").is_err());
    }

    #[test]
    fn insecure_is_refused() {
        for url in ["rediss://a#insecure", "rediss://a/0?db=1#Insecure"] {
            assert!(take(url).unwrap_err().reason.contains("#insecure"));
        }
    }
}
