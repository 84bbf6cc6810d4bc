//! Plans: what is decided from a profile and from what servers said. No server takes part.
#![cfg(test)]

mod case;
mod decisions;
mod golden;
mod hazards;
mod properties;
mod rollback;
mod saved;
mod server;
mod staged;
