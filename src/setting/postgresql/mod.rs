//! Settings of PostgreSQL: what they take is built from what `pg_settings` says of them.
//!
//! The rules that `pg_settings` does not tell (hidden words, lists, values that the server works out
//! by itself) stand here, each as it was seen on real servers.

mod integer;
mod kind;
mod list;
mod number;
mod real;
mod row;
mod suggest;
mod text;
mod unit;
mod words;

pub use integer::{Integer, Quirk};
pub use kind::Kind;
pub use list::{CommaList, QuotedList, Splitting};
pub(crate) use number::shown;
pub use real::Real;
pub use row::{SettingRow, domain};
pub use unit::Unit;
pub(crate) use words::read_bool;
