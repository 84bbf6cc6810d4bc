//! Hazards on real servers: what is told of them, and that nothing happens in spite of them.

mod connections;
mod desk;
mod extensions;
mod managed;
mod memory;
mod will_not_start;
