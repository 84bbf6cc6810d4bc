//! What a target needs besides its URL to be let in.

use std::path::PathBuf;

use super::PasswordFile;

/// What a target needs besides its URL to be let in. By default nothing.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// The files for TLS with Redis. Those for PostgreSQL stand in its URL, as with libpq.
    pub tls: TlsFiles,
    /// The passwords for PostgreSQL servers whose URL has none.
    pub passwords: PasswordFile,
}

/// Files in PEM, the paths as the user gave them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificates of those who may vouch for the server; absent: the platform's.
    pub ca: Option<PathBuf>,
    /// The client certificate, then those that lead to its root; and its private key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl TlsFiles {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
