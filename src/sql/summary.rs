//! A statement on one line.

use std::ops::Range;

use squawk_syntax::SyntaxToken;

use super::{hidden, tree};

/// In characters; a longer one ends with an ellipsis.
const LONGEST: usize = 60;

/// The tokens on one line, without comments and secrets, and cut where it gets long. The secrets are bytes
/// of the text of the statement.
pub(super) fn of(tokens: &[SyntaxToken], secrets: &[Range<usize>]) -> String {
    let start = tokens
        .first()
        .map_or(0, |first| tree::token_range(first).start);
    let mut line = String::new();
    let mut end = None;
    for token in tokens {
        let range = tree::token_range(token);
        if end.is_some_and(|end| end != range.start) {
            line.push(' ');
        }
        let shown = shown(token, range.start.saturating_sub(start), secrets);
        end = Some(range.end);
        line.extend(shown.chars().take(LONGEST + 1));
        if line.len() > 8 * LONGEST {
            break;
        }
    }
    cut(&line.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A token without the secrets in it; `at` is where it stands in the statement.
fn shown(token: &SyntaxToken, at: usize, secrets: &[Range<usize>]) -> String {
    let text = token.text();
    let within = secrets
        .iter()
        .filter(|secret| secret.start < at + text.len() && secret.end > at)
        .map(|secret| secret.start.saturating_sub(at)..(secret.end - at).min(text.len()));
    hidden::masked(text, &within.collect::<Vec<_>>())
}

fn cut(line: &str) -> String {
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    let kept: String = line.chars().take(LONGEST - 1).collect();
    format!("{}…", kept.trim_end())
}
