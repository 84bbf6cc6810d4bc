//! Certificates that a test makes for itself.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd,
};
use tempfile::TempDir;

/// An authority that signs certificates, and a folder for their files.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    folder: TempDir,
}

/// A certificate and its key, in PEM.
pub(crate) struct Issued {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// What a certificate is to say.
pub(crate) struct Wanted<'a> {
    /// The common name.
    pub(crate) common_name: &'a str,
    /// The alternative names: host names and addresses; empty: there is no such extension.
    pub(crate) names: &'a [&'a str],
    /// The last year in which it is good.
    pub(crate) until: i32,
}

impl Default for Wanted<'_> {
    /// The certificate of a server on this host.
    fn default() -> Self {
        Self {
            common_name: "server",
            names: &["localhost", "127.0.0.1"],
            until: 2090,
        }
    }
}

impl Authority {
    /// One with a key of its own.
    pub(crate) fn new() -> Self {
        Self::until(2090)
    }

    /// One that is good up to the end of this year.
    pub(crate) fn until(year: i32) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = params(&Wanted {
            common_name: "authority of a test",
            names: &[],
            until: year,
        });
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        // A Redis that runs as somebody else is to read the files.
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        Self {
            issuer: Issuer::new(params, key),
            pem,
            folder,
        }
    }

    /// Its own certificate.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate that it signs.
    pub(crate) fn issue(&self, wanted: &Wanted<'_>) -> Issued {
        let key = KeyPair::generate().unwrap();
        issued(&params(wanted).signed_by(&key, &self.issuer).unwrap(), &key)
    }

    /// An authority below it. What that one issues leads to this one's root.
    pub(crate) fn below(&self) -> Self {
        let below = Self::new();
        let key = KeyPair::from_pem(&below.issuer.key().serialize_pem()).unwrap();
        let mut params = params(&Wanted {
            common_name: "authority below",
            names: &[],
            ..Wanted::default()
        });
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.signed_by(&key, &self.issuer).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
            folder: below.folder,
        }
    }

    /// Writes a file for everybody to read, and returns its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        self.file_of_mode(name, text, 0o644)
    }

    /// Writes a file that its owner alone can read.
    pub(crate) fn private_file(&self, name: &str, text: &str) -> PathBuf {
        self.file_of_mode(name, text, 0o600)
    }

    /// Writes a file with this mode.
    pub(crate) fn file_of_mode(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        path
    }

    /// The file with its own certificate.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.file("ca.pem", self.pem())
    }
}

/// A certificate whose key somebody misuses to sign one for another server.
pub(crate) fn signed_by_a_server(server: &Wanted<'_>, wanted: &Wanted<'_>) -> (Issued, Issued) {
    let key = KeyPair::generate().unwrap();
    let by_itself = issued(&params(server).self_signed(&key).unwrap(), &key);
    let issuer = Issuer::new(params(server), key);
    let own = KeyPair::generate().unwrap();
    let signed = params(wanted).signed_by(&own, &issuer).unwrap();
    (by_itself, issued(&signed, &own))
}

/// A certificate that nobody vouches for but itself; made as `openssl req -x509` makes one, which says
/// that it is that of an authority.
pub(crate) fn self_signed(wanted: &Wanted<'_>) -> Issued {
    let key = KeyPair::generate().unwrap();
    let mut params = params(wanted);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    issued(&params.self_signed(&key).unwrap(), &key)
}

fn params(wanted: &Wanted<'_>) -> CertificateParams {
    let names: Vec<String> = wanted.names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, wanted.common_name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(wanted.until, 12, 31);
    params
}

fn issued(certificate: &Certificate, key: &KeyPair) -> Issued {
    Issued {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    }
}
