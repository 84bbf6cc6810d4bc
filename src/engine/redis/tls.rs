//! TLS with Redis: by the URL's scheme, with the files that the targets file names.

use redis::{Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, TlsCertificates};

use super::errors;
use crate::engine::TlsFiles;
use crate::engine::attempt::Refusal;
use crate::engine::tls::{Advice, Identity, KeyRule, Roots, install_provider, read};

/// What to do when the two sides do not come together.
pub(super) const ADVICE: Advice = Advice {
    ca: "name the CA that signed it in the targets file: tls: {ca: FILE}; without it the CAs of this \
         system count",
    self_signed: "give the server one that a CA signed, and name that CA in the targets file: \
                  tls: {ca: FILE}",
    identity: "give one in the targets file: tls: {cert: FILE, key: FILE}",
    name: "connect by a name that it has, or give the server a certificate for this one \
           (subjectAltName)",
    plain: "is that the port for TLS (tls-port)? redis:// is for the one without",
};

/// A client for this place. Whether the files are what they should be is seen before anything is
/// connected.
pub(super) fn client(info: ConnectionInfo, files: &TlsFiles) -> Result<Client, Refusal> {
    let unusable = |error| Refusal::lasting(errors::of_url(&error), None);
    if !is_encrypted(info.addr()) {
        if files.is_empty() {
            return Client::open(info).map_err(unusable);
        }
        return Err(Refusal::lasting(
            "there are files for TLS, and the URL asks for none",
            Some("write rediss:// for redis://"),
        ));
    }
    install_provider();
    let root_cert = match &files.ca {
        Some(ca) => Some(Roots::of_file(ca).and_then(|_good| read(ca, "CA file"))?),
        None => Roots::of_platform().map(|_good| None)?,
    };
    let client_tls = match &files.identity {
        Some((certificate, key)) => {
            Identity::of_files(certificate, key, KeyRule::Free)?.check()?;
            Some(ClientTlsConfig {
                client_cert: read(certificate, "client certificate")?,
                client_key: read(key, "private key")?,
            })
        }
        None => None,
    };
    let certificates = TlsCertificates {
        client_tls,
        root_cert,
    };
    Client::build_with_tls(info, certificates).map_err(unusable)
}

/// Whether the URL asks for TLS.
pub(super) fn is_encrypted(address: &ConnectionAddr) -> bool {
    matches!(address, ConnectionAddr::TcpTls { .. })
}
