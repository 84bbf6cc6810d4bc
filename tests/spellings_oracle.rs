//! Real servers as oracles: what a server refuses is refused, what it shows alike is equal, and what
//! is offered in place of a refused text is taken. Every version found on the machine is asked; more
//! are named in `DBTUNE_TEST_PG_BINS` (folders) and `DBTUNE_TEST_REDIS_SERVERS` (programs).
#![cfg(test)]

#[path = "spellings/ask_postgresql.rs"]
mod ask_postgresql;
#[path = "spellings/ask_redis.rs"]
mod ask_redis;
#[path = "spellings/catalogue.rs"]
mod catalogue;
#[path = "spellings/generate.rs"]
mod generate;
#[path = "spellings/lists.rs"]
mod lists;
#[path = "spellings/postgresql.rs"]
mod postgresql;
#[path = "spellings/process.rs"]
mod process;
#[path = "spellings/redis.rs"]
mod redis;
#[path = "spellings/redis_spellings.rs"]
mod redis_spellings;
#[path = "spellings/texts.rs"]
mod texts;
