//! The door to a server: what it reads, what it writes, what it says when something is wrong.

mod contract;
pub(crate) mod door;
mod postgresql_connect;
mod postgresql_lock;
mod postgresql_read;
mod postgresql_rights;
mod postgresql_tls;
mod postgresql_write;
mod redis_connect;
mod redis_read;
mod redis_tls;
mod redis_write;
mod start;
