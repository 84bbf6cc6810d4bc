//! Where a password stands in a URL or in a line that holds one.

use std::ops::Range;

/// The bytes of a connection URL, or of a `key=value` text, that are passwords.
pub fn in_url(url: &str) -> Vec<Range<usize>> {
    let scheme = url.find("://").map(|colon| colon + "://".len());
    let mut ranges = Vec::new();
    match scheme {
        Some(start) => {
            ranges.extend(in_authority(url, start..url.len()));
            parameters(url, &['&'], &mut ranges);
        }
        // `host=h password=p` has no authority; `user:password@host` has nothing else.
        None if url.contains('=') => parameters(url, &[], &mut ranges),
        None => ranges.extend(in_authority(url, 0..url.len())),
    }
    ranges.sort_by_key(|range| range.start);
    ranges
}

/// The bytes of any text, a line of a file say, that look like passwords of connection URLs.
pub fn passwords_in(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    for (colon, separator) in text.match_indices("://") {
        let start = colon + separator.len();
        ranges.extend(in_text(text, colon, start));
    }
    parameters(text, &['&', '"', ',', '}'], &mut ranges);
    ranges.sort_by_key(|range| range.start);
    ranges
}

/// The password of a URL within a text, whose scheme ends at `colon`. It may hold a blank, which it
/// should not: then the quotes tell where the URL ends, or else nothing does.
fn in_text(text: &str, colon: usize, start: usize) -> Option<Range<usize>> {
    let rest = text.get(start..)?;
    let scheme = |character: char| character.is_ascii_alphanumeric() || "+-.".contains(character);
    let before = text.get(..colon)?.trim_end_matches(scheme);
    let closing = before
        .chars()
        .next_back()
        .filter(|quote| "\"'".contains(*quote));
    let quoted = closing.and_then(|quote| rest.find(quote));
    let until_blank = || rest.find(char::is_whitespace).unwrap_or(rest.len());
    let length = quoted.unwrap_or_else(until_blank);
    in_authority(text, start..start + length).or_else(|| in_authority(text, start..text.len()))
}

/// The password before the `@`. One that holds a `/`, which it should not unencoded, is found too.
fn in_authority(text: &str, within: Range<usize>) -> Option<Range<usize>> {
    let rest = text.get(within.clone())?;
    let authority = rest.find(['/', '?']).unwrap_or(rest.len());
    let at = rest
        .get(..authority)?
        .rfind('@')
        .or_else(|| late_at(rest))?;
    let colon = rest.get(..at)?.find(':')?;
    Some(within.start + colon + 1..within.start + at)
}

/// The last `@` of a text whose password seems to hold a `/` or a `?`; not one in a parameter of a
/// URL that plainly begins with a host and its port.
fn late_at(rest: &str) -> Option<usize> {
    let at = rest.rfind('@')?;
    let query = rest.find('?').unwrap_or(rest.len());
    let (_, behind) = rest.split_once(':')?;
    let port = behind.split(['/', '?']).next().unwrap_or_default();
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    (at < query || !is_port).then_some(at)
}

/// The values of `password=…` and `sslpassword=…`.
fn parameters(text: &str, stops: &[char], ranges: &mut Vec<Range<usize>>) {
    const KEY: &str = "password";
    let lower = text.to_ascii_lowercase();
    for (found, _) in lower.match_indices(KEY) {
        let behind = text.get(found + KEY.len()..).unwrap_or_default();
        let Some(value) = behind.trim_start().strip_prefix('=') else {
            continue;
        };
        let value = value.trim_start();
        let start = text.len() - value.len();
        let length = value.strip_prefix('\'').map_or_else(
            || unquoted(value, stops),
            |quoted| quoted_length(quoted).map_or(value.len(), |inner| inner + 2),
        );
        ranges.push(start..start + length);
    }
}

fn unquoted(value: &str, stops: &[char]) -> usize {
    let mut escaped = false;
    let end = value.find(|character: char| {
        let ends = !escaped && (character.is_whitespace() || stops.contains(&character));
        escaped = !escaped && character == '\\';
        ends
    });
    end.unwrap_or(value.len())
}

/// The length up to the closing quote, `\'` being none; `None` where it is never closed.
fn quoted_length(quoted: &str) -> Option<usize> {
    let mut escaped = false;
    quoted.find(|character: char| {
        let closes = !escaped && character == '\'';
        escaped = !escaped && character == '\\';
        closes
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_with_a_blank_is_found_whole() {
        for line in [
            r#"{name: c, url: "redis://:Super S3cret@127.0.0.1:1", persist: "x"}"#,
            "  url: 'redis://:Super@ S3cret@127.0.0.1:1'",
            "  url: redis://:Super S3cret@127.0.0.1:1",
        ] {
            let ranges = passwords_in(line);
            let hides = |word: &str| {
                let at = line.find(word).unwrap();
                ranges
                    .iter()
                    .any(|range| range.contains(&at) && range.end >= at + word.len())
            };
            assert!(hides("Super") && hides("S3cret"), "{line}: {ranges:?}");
        }
        let ranges = passwords_in("url: redis://a:6379 # of the cache");
        assert!(ranges.is_empty(), "{ranges:?}");
    }
}
