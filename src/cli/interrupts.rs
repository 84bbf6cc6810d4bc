//! Turns Ctrl-C, SIGTERM and SIGHUP into an [`Interrupt`].

use super::Failure;
use crate::engine::Interrupt;

/// An interrupt that the signals of this process raise.
pub fn of_this_process() -> Result<Interrupt, Failure> {
    let interrupt = Interrupt::new();
    let raised = interrupt.clone();
    ctrlc::set_handler(move || raised.raise())
        .map_err(|error| Failure::usage(format!("cannot listen to Ctrl-C: {error}")))?;
    Ok(interrupt)
}
