//! What only psql understands, and what no text of SQL may have in it.

use std::borrow::Cow;
use std::ops::Range;

use squawk_syntax::ast::AstNode as _;
use squawk_syntax::{Parse, SourceFile, SyntaxKind, SyntaxNode};

use super::place::Lines;
use super::{Mistake, tree};

/// A file is parsed anew for each command of psql in it: more than these are not told.
const MOST: usize = 50;

/// Parses a text without the parts that are none of the server's, and tells of them. All that is left
/// stands where it stood.
pub(super) fn parse(
    text: &str,
    lines: &Lines<'_>,
    mistakes: &mut Vec<Mistake>,
) -> Parse<SourceFile> {
    let mut text = Cow::Borrowed(text);
    refuse_characters(&mut text, lines, mistakes);
    let mut parse = SourceFile::parse(&text);
    let mut done = 0;
    for _ in 0..MOST {
        let root = parse.tree().syntax().clone();
        let range = match (copied_rows(&root, &text, lines, done), command(&root)) {
            (Some(rows), Some(at)) if rows.start <= at => rows,
            (Some(rows), None) => rows,
            (_, Some(at)) => {
                let range = at..lines.line_end(at);
                let written = text.get(range.clone()).unwrap_or_default();
                mistakes.push(refused_command(written).at(lines.place(at)));
                range
            }
            (None, None) => break,
        };
        done = range.end;
        blank(text.to_mut(), range);
        parse = SourceFile::parse(&text);
    }
    parse
}

/// Takes out a byte order mark and NUL bytes, which the server refuses anywhere.
fn refuse_characters(text: &mut Cow<'_, str>, lines: &Lines<'_>, mistakes: &mut Vec<Mistake>) {
    const BYTE_ORDER_MARK: char = '\u{feff}';
    if text.starts_with(BYTE_ORDER_MARK) {
        let mistake = Mistake::new(lines.place(0), "the file begins with a byte order mark");
        mistakes.push(mistake.hint("save it as UTF-8 without one: the server refuses it"));
        blank(text.to_mut(), 0..BYTE_ORDER_MARK.len_utf8());
    }
    if let Some(at) = text.find('\0') {
        let mistake = Mistake::new(lines.place(at), "the file has a NUL byte in it");
        mistakes.push(mistake.hint("save it as UTF-8: the server takes no NUL byte"));
        *text = Cow::Owned(text.replace('\0', " "));
    }
}

/// Writes spaces over a part, and a semicolon first: what stood before it ended there for psql.
fn blank(text: &mut String, range: Range<usize>) {
    let part = text.get(range.clone()).unwrap_or_default();
    let spaces = part
        .bytes()
        .map(|byte| if byte == b'\n' { '\n' } else { ' ' });
    let mut spaces: String = spaces.collect();
    if !range.is_empty() && range.start > 0 {
        spaces.replace_range(..1, ";");
    }
    text.replace_range(range, &spaces);
}

/// Where the first command of psql begins: a backslash where a token begins.
fn command(root: &SyntaxNode) -> Option<usize> {
    tree::tokens(root)
        .find(|token| token.kind() == SyntaxKind::ERROR && token.text() == "\\")
        .map(|token| tree::token_range(&token).start)
}

/// The rows that follow a `COPY ... FROM STDIN` behind what is done, up to the `\.` that ends them.
fn copied_rows(
    root: &SyntaxNode,
    text: &str,
    lines: &Lines<'_>,
    done: usize,
) -> Option<Range<usize>> {
    let copies = root.children().filter(|node| {
        node.kind() == SyntaxKind::COPY
            && with_client(node) == Some("FROM STDIN")
            && tree::range(node).start >= done
    });
    let mut rows = copies.filter_map(|copy| {
        let start = lines.line_end(tree::range(&copy).end);
        let rest = text.get(start..)?;
        let mut ends = rest.match_indices("\n\\.").map(|(at, end)| at + end.len());
        let end = ends.find(|end| {
            let behind = rest.get(*end..).unwrap_or_default();
            behind.is_empty() || behind.starts_with(['\n', '\r'])
        })?;
        Some(start..start + end)
    });
    rows.next()
}

/// `FROM STDIN` or `TO STDOUT`, where a `COPY` has it.
fn with_client(copy: &SyntaxNode) -> Option<&'static str> {
    if tree::below(copy, SyntaxKind::COPY_STDIN).is_some() {
        Some("FROM STDIN")
    } else if tree::below(copy, SyntaxKind::COPY_STDOUT).is_some() {
        Some("TO STDOUT")
    } else {
        None
    }
}

/// The mistake that a `COPY` from or to the client is.
pub(super) fn copy(node: &SyntaxNode) -> Option<Refused> {
    if node.kind() != SyntaxKind::COPY {
        return None;
    }
    let with_client = with_client(node)?;
    Some(Refused {
        message: format!("COPY ... {with_client} moves rows from or to the client"),
        hint: "write the rows as INSERT, or load them with psql, outside of the migrations",
    })
}

/// The mistake that a variable of psql is, where a text begins with one: `:name`, `:'name'`, `:"name"`.
pub(super) fn variable(text: &str) -> Option<Refused> {
    let name = text.strip_prefix(':')?;
    let quote = name
        .chars()
        .next()
        .filter(|first| ['\'', '"'].contains(first));
    let bare = quote.map_or(name, |quote| name.trim_start_matches(quote));
    let end = bare.find(|one: char| !one.is_alphanumeric() && one != '_');
    let bare = bare.get(..end.unwrap_or(bare.len()))?;
    let quote = quote.map(String::from).unwrap_or_default();
    (!bare.is_empty()).then(|| Refused {
        message: format!("`:{quote}{bare}{quote}` is a variable of psql, not of the server"),
        hint: "write its value: a migration is the same text everywhere",
    })
}

/// What is refused, before it is known where.
pub(super) struct Refused {
    message: String,
    hint: &'static str,
}

impl Refused {
    /// The mistake at a place.
    pub(super) fn at(self, place: super::Place) -> Mistake {
        Mistake::new(place, self.message).hint(self.hint)
    }
}

fn refused_command(written: &str) -> Refused {
    let word = written.split_whitespace().next().unwrap_or_default();
    let hint = match word.trim_start_matches('\\') {
        "i" | "ir" | "include" | "include_relative" => {
            "put the statements of that file here, or into a migration of their own"
        }
        "copy" => "write the rows as INSERT, or load them with psql, outside of the migrations",
        "c" | "connect" => "leave it out: dbtune connects to the target that it is given",
        "." => "leave it out: it ends the rows of a COPY, which a migration cannot have",
        _ => "leave it out: dbtune talks to the server without psql",
    };
    Refused {
        message: format!("`{word}` is a command of psql, not of the server"),
        hint,
    }
}
