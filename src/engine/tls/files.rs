//! Certificates and keys out of files.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::engine::attempt::Refusal;

/// Those who may vouch for a server.
#[derive(Debug, Clone)]
pub(in crate::engine) enum Roots {
    /// The authorities of the platform.
    Platform(Arc<RootCertStore>),
    /// The certificates of a file: of authorities, or of a server itself.
    File(Arc<Vec<CertificateDer<'static>>>),
}

/// Who we are.
pub(in crate::engine) struct Identity {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

/// Who else may read a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum KeyRule {
    /// As libpq has it: nobody; the group, where the file belongs to root.
    AsLibpq,
    /// That is left to whoever made the file, as `redis-cli` does.
    Free,
}

impl Roots {
    /// The certificates of a PEM file.
    pub(in crate::engine) fn of_file(path: &Path) -> Result<Self, Refusal> {
        let certificates = certificates(&read(path, "CA file")?, path)?;
        if RootCertStore::empty()
            .add_parsable_certificates(certificates.iter().cloned())
            .0
            == 0
        {
            let reason = format!("no certificate in {} can be used", path.display());
            let hint = "it must hold X.509 certificates in PEM";
            return Err(Refusal::lasting(reason, Some(hint)));
        }
        Ok(Self::File(Arc::new(certificates)))
    }

    /// The roots of the platform.
    pub(in crate::engine) fn of_platform() -> Result<Self, Refusal> {
        let found = rustls_native_certs::load_native_certs();
        let mut store = RootCertStore::empty();
        let (good, _bad) = store.add_parsable_certificates(found.certs);
        if good == 0 {
            let why = found.errors.first().map(|error| format!(": {error}"));
            return Err(Refusal::lasting(
                format!(
                    "this system has no root certificates{}",
                    why.unwrap_or_default()
                ),
                Some("install them (the package ca-certificates), or name a CA file"),
            ));
        }
        Ok(Self::Platform(Arc::new(store)))
    }
}

impl Identity {
    /// A certificate with those that lead to its root, and its key.
    pub(in crate::engine) fn of_files(
        certificate: &Path,
        key: &Path,
        rule: KeyRule,
    ) -> Result<Self, Refusal> {
        let chain = certificates(&read(certificate, "client certificate")?, certificate)?;
        if rule == KeyRule::AsLibpq {
            check_access(key)?;
        }
        let pem = read(key, "private key")?;
        Ok(Self {
            chain,
            key: private_key(&pem, key)?,
        })
    }
}

/// A file, `what` being the word for it.
pub(in crate::engine) fn read(path: &Path, what: &str) -> Result<Vec<u8>, Refusal> {
    fs::read(path).map_err(|error| unreadable(path, what, &error))
}

fn unreadable(path: &Path, what: &str, error: &std::io::Error) -> Refusal {
    Refusal::lasting(
        format!("cannot read the {what} {}: {error}", path.display()),
        Some("correct the path, or who may read the file"),
    )
}

fn certificates(pem: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, Refusal> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(Refusal::lasting(
            format!("there is no certificate in {}", path.display()),
            Some("it must hold `-----BEGIN CERTIFICATE-----` (PEM)"),
        )),
        Err(error) => Err(Refusal::lasting(
            format!("{} is no good PEM: {error}", path.display()),
            None,
        )),
    }
}

fn private_key(pem: &[u8], path: &Path) -> Result<PrivateKeyDer<'static>, Refusal> {
    let text = String::from_utf8_lossy(pem);
    if text.contains("ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(Refusal::lasting(
            format!("the private key {} has a passphrase", path.display()),
            Some(
                "dbtune does not ask for passphrases: give a key without one (openssl pkey -in KEY \
                 -out PLAIN), readable by you alone",
            ),
        ));
    }
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| {
        Refusal::lasting(
            format!("there is no private key in {}: {error}", path.display()),
            Some("it must hold `-----BEGIN PRIVATE KEY-----` (PEM)"),
        )
    })
}

/// libpq's rule: a private key that others may read is not used.
fn check_access(path: &Path) -> Result<(), Refusal> {
    let about = fs::metadata(path).map_err(|error| unreadable(path, "private key", &error))?;
    if is_private(&about) {
        return Ok(());
    }
    Err(Refusal::lasting(
        format!("others may read the private key {}", path.display()),
        Some("chmod 0600 it; one that belongs to root may be 0640"),
    ))
}

fn is_private(about: &Metadata) -> bool {
    let others = if about.uid() == 0 { 0o027 } else { 0o077 };
    about.permissions().mode() & others == 0
}
