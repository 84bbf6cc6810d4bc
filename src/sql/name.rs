//! Names of things in a database.

use std::fmt;

use squawk_syntax::ast::normalize_name_node;
use squawk_syntax::quote::{needs_quoting, quote_quoted_ident};
use squawk_syntax::{SyntaxKind, SyntaxNode};

/// In bytes: a server of PostgreSQL keeps this much of a name (`NAMEDATALEN` without the last byte).
const LONGEST: usize = 63;

/// The name of a relation or a type, as the server reads it: without quotes, in lower case unless it
/// was quoted, and cut after 63 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// The schema, where one is written.
    pub schema: Option<String>,
    /// The name in it.
    pub name: String,
}

impl Name {
    /// Reads the name that a node of the tree is. A database before the schema is left out: the server
    /// takes only its own there.
    pub(super) fn of(node: &SyntaxNode) -> Option<Self> {
        Self::from_parts(segments(node))
    }

    /// The relation before the column that a node is.
    pub(super) fn before_the_last(node: &SyntaxNode) -> Option<Self> {
        let mut parts = segments(node);
        parts.pop()?;
        Self::from_parts(parts)
    }

    fn from_parts(mut parts: Vec<String>) -> Option<Self> {
        let name = parts.pop()?;
        Some(Self {
            schema: parts.pop(),
            name,
        })
    }
}

fn segments(node: &SyntaxNode) -> Vec<String> {
    let parts = node.descendants();
    parts
        .filter(|part| SEGMENTS.contains(&part.kind()))
        .map(|part| word(&part))
        .collect()
}

const SEGMENTS: [SyntaxKind; 2] = [SyntaxKind::PATH_SEGMENT, SyntaxKind::PATH_SEGMENT_REF];

/// A single word as the server reads it.
pub(super) fn word(node: &SyntaxNode) -> String {
    let mut word = normalize_name_node(node);
    while word.len() > LONGEST {
        // It cuts between characters.
        word.pop();
    }
    word
}

/// A single name as it has to be written, in quotes where it would be read as another.
pub(super) fn quoted(name: &str) -> String {
    // The server folds what is not ASCII in some encodings.
    if needs_quoting(name) || !name.is_ascii() {
        return format!("\"{}\"", name.replace('"', "\"\""));
    }
    quote_quoted_ident(name)
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{}.", quoted(schema))?;
        }
        f.write_str(&quoted(&self.name))
    }
}
