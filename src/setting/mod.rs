//! The algebra of settings: names, values, units, what is equal to what and how it is written.
//!
//! Pure. Nothing here knows a server, a file or a clock. The rules are those that the servers were
//! seen to follow, not those one would expect; the tests ask real servers.

pub mod catalogue;
mod domain;
mod effect;
mod engine_kind;
mod error;
mod input;
mod name;
mod password;
pub mod postgresql;
pub mod redis;
mod secret;
mod value;
mod words;

pub use domain::Domain;
pub use effect::Effect;
pub use engine_kind::EngineKind;
pub use error::ParseValueError;
pub(crate) use error::nearest;
pub use input::{Assignment, Input};
pub use name::SettingName;
pub use password::{in_url, passwords_in};
pub use secret::{is_secret, secret_names, secret_words};
pub use value::{BufferLimit, Caseless, Value};
pub use words::Words;
