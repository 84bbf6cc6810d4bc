//! Plans: what is decided from a profile and from what servers said. No server takes part.
#![cfg(test)]

mod case;
mod cluster;
mod decisions;
mod doctor;
mod extensions;
mod golden;
mod hazards;
mod managed;
mod memory_budget;
mod properties;
mod redis_files;
mod redis_memory;
mod rollback;
mod saved;
mod server;
mod staged;
mod will_not_start;
