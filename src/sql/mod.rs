//! What is in a file of SQL: its statements, and what each one is, locks and refuses.
//!
//! Pure, and it runs nothing. The text is parsed by `squawk-syntax`, which reads the grammar of
//! PostgreSQL and is tolerant of mistakes; this room turns what it found into plain values and tells
//! all mistakes at once. What only a server can know (whether a table is there, whether it is
//! partitioned, what a function does) it does not guess.

mod allow;
mod change;
mod changes;
mod client;
mod create_index;
mod directive;
mod enum_value;
mod hidden;
mod index_commands;
mod keys;
mod kind;
mod large_stack;
mod lexemes;
mod lock;
mod locks;
mod locks_of_alter;
mod mistake;
mod name;
mod normal;
mod outside;
mod outside_things;
mod place;
mod read;
mod script;
mod session;
mod statement;
mod summary;
mod syntax;
mod temporary;
mod tree;

use squawk_syntax::{Parse, SourceFile};

pub use allow::{Allow, Reach};
pub use change::{Change, CreateTable, Key};
pub use create_index::{CreateIndex, IndexColumn, Rewriting};
pub use directive::Directive;
pub use hidden::{hidden, secrets};
pub use index_commands::{DropIndex, Reindex, ReindexWhat};
pub use kind::Kind;
pub use lock::{Lock, LockMode};
pub use mistake::Mistake;
pub use name::Name;
pub use outside_things::{ClusterThing, ClusterThingKind, Detach};
pub use place::Place;
pub use script::{Mode, Script};
pub use session::{NamedSettings, named_settings};
pub use statement::Statement;

/// Splits a file into its statements and says what each one is; or tells every mistake in it, in the
/// order of the file.
///
/// A mistake is: what the grammar does not know, a command of psql, `COPY` from or to the client,
/// `BEGIN`, `COMMIT` and their kin as statements, a directive that is none, a NUL byte, a byte order
/// mark, and a file without a statement.
pub fn parse(text: &str) -> Result<Script, Vec<Mistake>> {
    large_stack::run(|| read::script(text)).unwrap_or_else(|| Err(vec![large_stack::gave_up()]))
}

/// The same for many files, in their order: what it takes to read one is only made once.
pub fn parse_all(texts: &[&str]) -> Vec<Result<Script, Vec<Mistake>>> {
    let one = |text: &&str| {
        // One that the parser stumbles over is no reason to give the others up.
        let read = std::panic::catch_unwind(|| read::script(text));
        read.unwrap_or_else(|_panic| Err(vec![large_stack::gave_up()]))
    };
    large_stack::run(|| texts.iter().map(one).collect())
        .unwrap_or_else(|| texts.iter().map(|text| parse(text)).collect())
}

/// How the file asks to be run: `-- dbtune: no-transaction` or `-- dbtune: transaction` on a comment
/// line of its own, before, between or behind the statements. A file with other mistakes in it is
/// answered too; `-- dbtune: allow ...` belongs to the linter and says nothing here.
pub fn directive(text: &str) -> Result<Option<Directive>, Mistake> {
    large_stack::run(|| read::directive(text)).unwrap_or_else(|| Err(large_stack::gave_up()))
}

/// Hands the tree of a text to another reader of it, as the linter is one; `None` where the parser or the
/// reader gave up.
pub fn with_tree<T: Send>(
    text: &str,
    read: impl FnOnce(&Parse<SourceFile>) -> T + Send,
) -> Option<T> {
    large_stack::run(|| read(&SourceFile::parse(text)))
}

/// Where an offset in bytes is in a text.
pub fn place_in(text: &str, offset: usize) -> Place {
    place::Lines::of(text).place(offset)
}
