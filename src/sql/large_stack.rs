//! A stack that is large enough for the parser.

use std::thread;

use super::{Mistake, Place};

/// In bytes. The parser calls itself for every parenthesis, and a stack that ends takes the whole
/// program with it; memory is only used as far as the calls go.
const STACK: usize = 256 << 20;

/// Does the work on a stack of its own. `None` where there is no memory for one, or the work panicked:
/// the grammar is not ours, and a file that it stumbles over must not end a run.
pub(super) fn run<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    thread::scope(|scope| {
        let builder = thread::Builder::new().stack_size(STACK);
        builder.spawn_scoped(scope, work).ok()?.join().ok()
    })
}

/// What is told of a file that could not be read at all.
pub(super) fn gave_up() -> Mistake {
    Mistake::new(Place::START, "the parser of SQL gave up on this file")
        .hint("split it into smaller files, to find the statement that it stumbles over")
}
