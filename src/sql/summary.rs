//! A statement on one line.

use squawk_syntax::SyntaxToken;

use super::tree;

/// In characters; a longer one ends with an ellipsis.
const LONGEST: usize = 60;

/// The tokens on one line, without comments and cut where it gets long.
pub(super) fn of(tokens: &[SyntaxToken]) -> String {
    let mut line = String::new();
    let mut end = None;
    for token in tokens {
        let range = tree::token_range(token);
        if end.is_some_and(|end| end != range.start) {
            line.push(' ');
        }
        end = Some(range.end);
        line.extend(token.text().chars().take(LONGEST + 1));
        if line.len() > 8 * LONGEST {
            break;
        }
    }
    cut(&line.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn cut(line: &str) -> String {
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    let kept: String = line.chars().take(LONGEST - 1).collect();
    format!("{}…", kept.trim_end())
}
