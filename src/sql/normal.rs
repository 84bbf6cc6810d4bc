//! One spelling for what is the same.

use squawk_syntax::{SyntaxKind, SyntaxToken};

use super::name::quoted;

/// Tokens in one spelling: without parentheses around the whole, with one space between, in lower case
/// but for literals and for names in quotes that need them.
///
/// Equal spellings mean the same; what means the same may still be spelled in two ways.
pub(super) fn of(tokens: impl Iterator<Item = SyntaxToken>) -> String {
    let tokens: Vec<(SyntaxKind, String)> = tokens.map(|token| spelled(&token)).collect();
    let mut rest = tokens.as_slice();
    while let Some(inner) = without_parentheses(rest) {
        rest = inner;
    }
    let words = rest.iter().map(|(_, text)| text.as_str());
    without_casts(words).join(" ")
}

/// Without the cast that the server adds to a literal: `'x'::text` is what `'x'` beside a text is.
fn without_casts<'t>(words: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut kept: Vec<&str> = Vec::new();
    for word in words {
        kept.push(word);
        for cast in [["::", "text"].as_slice(), &[":", ":", "text"]] {
            let literal = kept.len().saturating_sub(cast.len());
            let is_cast = kept.ends_with(cast)
                && kept
                    .get(..literal)
                    .and_then(<[&str]>::last)
                    .is_some_and(|before| before.starts_with('\''));
            if is_cast {
                kept.truncate(literal);
            }
        }
    }
    kept
}

fn spelled(token: &SyntaxToken) -> (SyntaxKind, String) {
    let text = token.text();
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let spelled = match inner {
        Some(name) => quoted(&name.replace("\"\"", "\"")),
        None if text.contains(['\'', '$', '"']) => text.to_owned(),
        None => text.to_ascii_lowercase(),
    };
    (token.kind(), spelled)
}

/// What is between the parentheses that are around the whole.
fn without_parentheses(tokens: &[(SyntaxKind, String)]) -> Option<&[(SyntaxKind, String)]> {
    let [
        (SyntaxKind::L_PAREN, _),
        inner @ ..,
        (SyntaxKind::R_PAREN, _),
    ] = tokens
    else {
        return None;
    };
    let mut depth = 0_usize;
    for (kind, _) in inner {
        if *kind == SyntaxKind::L_PAREN {
            depth += 1;
        } else if *kind == SyntaxKind::R_PAREN {
            // Below zero: the first one is closed within.
            depth = depth.checked_sub(1)?;
        }
    }
    Some(inner)
}
