//! The lexemes of any text, of SQL or not: a fragment, a comment, what a server says. Where a literal has no
//! end, it goes to the end of the text.

use std::ops::Range;

/// A part of a text; ranges are bytes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lexeme {
    /// A word or a number.
    Word(Range<usize>),
    /// What stands between double quotes.
    Quoted(Range<usize>),
    /// What stands between the quotes of a literal.
    Literal {
        /// Without the quotes.
        content: Range<usize>,
        /// How a quote is written in it.
        escapes: Escapes,
    },
    /// What stands in a comment.
    Comment(Range<usize>),
    /// Any other character but blanks.
    Sign(char),
}

/// How the content of a literal is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    /// As it is: between dollars.
    None,
    /// A quote is written twice.
    Twice,
    /// So, or after a backslash.
    Backslash,
}

/// Reads a text from lexeme to lexeme.
pub(super) struct Lexemes<'t> {
    text: &'t str,
    at: usize,
    /// In prose an apostrophe in a word is one: `don't`.
    is_prose: bool,
}

impl<'t> Lexemes<'t> {
    pub(super) fn of(text: &'t str, is_prose: bool) -> Self {
        let at = 0;
        Self { text, at, is_prose }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// What stands before an end that is looked for from here, and goes behind it.
    fn until(&mut self, begin: usize, end: &str) -> Range<usize> {
        let start = self.at + begin;
        let inner = self.text.get(start..).unwrap_or_default();
        let length = inner.find(end).unwrap_or(inner.len());
        self.at = (start + length + end.len()).min(self.text.len());
        start..start + length
    }

    /// The content of a literal that begins here, and goes behind it.
    fn literal(&mut self, begin: usize, quote: char, escapes: Escapes) -> Range<usize> {
        let start = self.at + begin;
        let inner = self.text.get(start..).unwrap_or_default();
        let length = length_of(inner, quote, escapes);
        self.at = (start + length + 1).min(self.text.len());
        start..start + length
    }

    fn word(&mut self) -> Lexeme {
        let start = self.at;
        let is_part = |character: char| is_word(character) || character == '$';
        let mut length = self.rest().find(|c| !is_part(c));
        if self.is_prose && length.is_some_and(|length| length > 1 && self.is_apostrophe(length)) {
            let rest = self.rest();
            length = rest.find(|c| !is_part(c) && c != '\'');
        }
        let length = length.unwrap_or(self.rest().len());
        let quote = self.rest().get(length..).unwrap_or_default();
        let word = self.rest().get(..length).unwrap_or_default();
        let prefix = match (word, quote.starts_with('\''), quote.starts_with("&'")) {
            ("e" | "E", true, _) => Some((1, Escapes::Backslash)),
            ("b" | "B" | "x" | "X" | "n" | "N", true, _) => Some((1, Escapes::Twice)),
            ("u" | "U", _, true) => Some((2, Escapes::Twice)),
            _ => None,
        };
        if let Some((signs, escapes)) = prefix {
            let content = self.literal(length + signs, '\'', escapes);
            return Lexeme::Literal { content, escapes };
        }
        self.at = start + length;
        Lexeme::Word(start..self.at)
    }

    fn is_apostrophe(&self, length: usize) -> bool {
        let word = self.rest().get(..length).unwrap_or_default();
        let mut behind = self.rest().get(length..).unwrap_or_default().chars();
        behind.next() == Some('\'')
            && behind.next().is_some_and(char::is_alphabetic)
            && !super::hidden::is_secret(word)
    }

    /// The comment that begins here: `/* /* */ */` is one.
    fn block(&mut self) -> Lexeme {
        let start = self.at + 2;
        let mut depth = 1;
        self.at = start;
        while depth > 0 && !self.rest().is_empty() {
            let (by, change) = match self.rest() {
                rest if rest.starts_with("/*") => (2, 1),
                rest if rest.starts_with("*/") => (2, -1),
                rest => (rest.chars().next().map_or(1, char::len_utf8), 0),
            };
            self.at += by;
            depth += change;
        }
        let end = if depth == 0 { self.at - 2 } else { self.at };
        Lexeme::Comment(start..end)
    }

    fn between_dollars(&mut self) -> Option<Lexeme> {
        let tag = self.tag()?;
        Some(Lexeme::Literal {
            content: self.until(tag.len(), tag),
            escapes: Escapes::None,
        })
    }

    /// The tag of a literal between dollars that begins here: `$tag$`.
    fn tag(&self) -> Option<&'t str> {
        let behind = self.rest().strip_prefix('$')?;
        let length = behind.find(|c| !is_word(c))?;
        let is_tag = behind.get(length..)?.starts_with('$')
            && !behind.starts_with(|first: char| first.is_ascii_digit());
        self.rest().get(..length + 2).filter(|_| is_tag)
    }
}

impl Iterator for Lexemes<'_> {
    type Item = Lexeme;

    fn next(&mut self) -> Option<Lexeme> {
        self.at = self.text.len() - self.rest().trim_start().len();
        let rest = self.rest();
        let first = rest.chars().next()?;
        Some(match first {
            '\'' => {
                let escapes = Escapes::Twice;
                let content = self.literal(1, '\'', escapes);
                Lexeme::Literal { content, escapes }
            }
            '"' => Lexeme::Quoted(self.literal(1, '"', Escapes::Twice)),
            '-' if rest.starts_with("--") => Lexeme::Comment(self.until(2, "\n")),
            '/' if rest.starts_with("/*") => self.block(),
            first if is_word(first) => self.word(),
            first => self.between_dollars().unwrap_or_else(|| {
                self.at += first.len_utf8();
                Lexeme::Sign(first)
            }),
        })
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// How long a literal is up to the quote that ends it.
fn length_of(inner: &str, quote: char, escapes: Escapes) -> usize {
    let mut characters = inner.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let is_quote = character == quote;
        let is_twice = is_quote && characters.peek().is_some_and(|(_, next)| *next == quote);
        if is_twice || (escapes == Escapes::Backslash && character == '\\') {
            characters.next();
        } else if is_quote {
            return at;
        }
    }
    inner.len()
}

/// A content without its escapes, and for each byte of it where that stands in the content: one more than
/// there are bytes.
pub(super) fn plain(content: &str, quote: char, escapes: Escapes) -> (String, Vec<usize>) {
    let mut text = String::new();
    let mut origin = Vec::new();
    let mut characters = content.char_indices().peekable();
    while let Some((at, mut character)) = characters.next() {
        let is_escape = match escapes {
            Escapes::None => false,
            Escapes::Twice => character == quote,
            Escapes::Backslash => character == quote || character == '\\',
        };
        if let Some((_, next)) = characters.next_if(|_| is_escape) {
            character = next;
        }
        text.push(character);
        origin.extend(std::iter::repeat_n(at, character.len_utf8()));
    }
    origin.push(content.len());
    (text, origin)
}
