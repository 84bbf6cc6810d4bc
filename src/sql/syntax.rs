//! Mistakes of grammar.

use squawk_syntax::ast::AstNode as _;
use squawk_syntax::{Parse, SourceFile, SyntaxKind, SyntaxNode};

use super::place::Lines;
use super::{Mistake, client, tree};

/// What the parser does not know, the first of every statement: after one, it tells of words that are
/// none.
pub(super) fn mistakes(parse: &Parse<SourceFile>, lines: &Lines<'_>) -> Vec<Mistake> {
    let root = parse.tree().syntax().clone();
    let ends: Vec<usize> = tree::tokens(&root)
        .filter(|token| token.kind() == SyntaxKind::SEMICOLON)
        .map(|token| tree::token_range(&token).start)
        .collect();
    let mut found = Vec::new();
    let mut last = None;
    for error in parse.errors() {
        let at = usize::from(error.range().start());
        let statement = ends.partition_point(|end| *end < at);
        if last != Some(statement) {
            let place = lines.place(at);
            let place_of_line = lines.line_start(at);
            let variable = client::variable(lines.from(at)).map(|refused| refused.at(place));
            let mistake = variable.unwrap_or_else(|| mistake(error.message(), place));
            found.push(if is_set_names(lines.from(place_of_line)) {
                mistake.hint("write SET client_encoding = '…': it is the same, and SET NAMES is not read here")
            } else {
                mistake
            });
        }
        last = Some(statement);
    }
    found
}

fn is_set_names(line: &str) -> bool {
    let mut words = line.split_whitespace().map(str::to_ascii_lowercase);
    words.next().as_deref() == Some("set") && words.next().as_deref() == Some("names")
}

/// A literal that goes on from one with escapes and has a backslash in it. The server reads it with escapes
/// too (`E'a'`, a new line, `'b\'c'`), the parser does not: they could be of two minds where it ends.
pub(super) fn continued_escapes(root: &SyntaxNode, lines: &Lines<'_>) -> Option<Mistake> {
    let mut has_escapes = false;
    let mut literals = tree::significant(root).filter(|token| {
        let goes_on = has_escapes && token.kind() == SyntaxKind::STRING;
        has_escapes = goes_on || token.kind() == SyntaxKind::ESC_STRING;
        goes_on && token.text().contains('\\')
    });
    let place = lines.place(tree::token_range(&literals.next()?).start);
    let message = "this literal goes on from one with escapes, and has a backslash in it";
    Some(Mistake::new(place, message).hint("write both as one literal"))
}

/// What the parser tells, in the manner of our other messages.
fn mistake(message: &str, place: super::Place) -> Mistake {
    let message = message.trim_end_matches('.');
    let mut characters = message.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    let message: String = first.into_iter().chain(characters).collect();
    let is_end = message == "missing semicolon between statements";
    let mistake = Mistake::new(place, message);
    if is_end {
        mistake.hint("end every statement with `;`")
    } else {
        mistake
    }
}
