//! Which settings hold a secret.

use super::{EngineKind, SettingName};

/// Settings of PostgreSQL whose value must never be shown. Other commands may hold a secret too, but
/// are shown: hiding them would make a plan unreadable.
const POSTGRESQL: [&str; 2] = ["primary_conninfo", "ssl_passphrase_command"];

/// Settings of Redis and Valkey whose value must never be shown.
const REDIS: [&str; 5] = [
    "requirepass",
    "masterauth",
    "primaryauth",
    "tls-key-file-pass",
    "tls-client-key-file-pass",
];

/// What the name of an extension's or a module's setting ends in when it holds a secret.
const ENDINGS: [&str; 6] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "auth_token",
    "-pass",
];

/// The names of all settings that hold a secret for certain.
pub fn secret_names() -> impl Iterator<Item = &'static str> {
    POSTGRESQL.into_iter().chain(REDIS)
}

/// The words in which the name of a secret setting ends.
pub fn secret_words() -> impl Iterator<Item = &'static str> {
    ENDINGS.iter().map(|ending| ending.trim_start_matches('-'))
}

/// Whether the value of a setting must never be shown or stored.
pub fn is_secret(engine: EngineKind, name: &SettingName) -> bool {
    let folded = name.as_str().to_ascii_lowercase();
    let listed = match engine {
        EngineKind::Postgresql => POSTGRESQL.contains(&folded.as_str()),
        EngineKind::Redis => REDIS.contains(&folded.as_str()),
    };
    listed || ENDINGS.iter().any(|ending| folded.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_secret_and_commands_are_not() {
        let secret = |engine, name: &str| is_secret(engine, &name.into());
        assert!(secret(EngineKind::Redis, "RequirePass"));
        assert!(secret(EngineKind::Redis, "primaryauth"));
        assert!(secret(EngineKind::Postgresql, "primary_conninfo"));
        assert!(secret(EngineKind::Postgresql, "vault.password"));
        assert!(!secret(EngineKind::Postgresql, "password_encryption"));
        assert!(!secret(EngineKind::Postgresql, "archive_command"));
        assert!(!secret(EngineKind::Redis, "masteruser"));
    }
}
