//! What of a server's certificate is checked.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};
use x509_cert::der::Decode as _;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::ext::pkix::BasicConstraints;
use x509_cert::{Certificate, Version};

use super::Roots;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");

/// How far a server has to prove who it is.
#[derive(Debug, Clone)]
pub(in crate::engine) enum Check {
    /// Not at all: what is sent is encrypted, to whomever it is.
    Nothing,
    /// That somebody whom we trust vouches for it.
    Chain(Roots),
    /// That, and that it is the host that we asked for.
    ChainAndName(Roots),
}

/// Checks the certificate of a server.
#[derive(Debug)]
pub(super) struct Verifier {
    check: Check,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    pub(super) fn new(check: Check, provider: Arc<CryptoProvider>) -> Self {
        Self { check, provider }
    }

    fn algorithms(&self) -> &WebPkiSupportedAlgorithms {
        &self.provider.signature_verification_algorithms
    }

    fn check_chain(&self, roots: &Roots, shown: &Shown<'_>) -> Result<(), Error> {
        let known = match roots {
            Roots::Platform(store) => return self.check_against(store, shown),
            Roots::File(known) => known,
        };
        if known.contains(shown.certificate) {
            return check_validity(shown.certificate, shown.now);
        }
        let is_good = |known: &&CertificateDer<'_>| check_validity(known, shown.now).is_ok();
        let authorities = known.iter().filter(|known| may_sign(known));
        let (good, late): (Vec<_>, Vec<_>) = authorities.partition(is_good);
        let outcome = self.check_against(&store(&good), shown);
        let vouches = |known: &&&CertificateDer<'static>| {
            self.check_against(&store(&[**known]), shown).is_ok()
        };
        match late.iter().find(vouches) {
            Some(_) if outcome.is_err() => Err(LateAuthority.into()),
            Some(_) | None => outcome,
        }
    }

    fn check_against(&self, store: &RootCertStore, shown: &Shown<'_>) -> Result<(), Error> {
        verify_server_cert_signed_by_trust_anchor(
            &ParsedCertificate::try_from(shown.certificate)?,
            store,
            shown.others,
            shown.now,
            self.algorithms().all,
        )
    }
}

/// What a server shows, and when.
struct Shown<'a> {
    certificate: &'a CertificateDer<'a>,
    others: &'a [CertificateDer<'a>],
    now: UnixTime,
}

/// The library looks at no dates of a root; OpenSSL, which libpq uses, does.
#[derive(Debug, thiserror::Error)]
#[error("{LATE_AUTHORITY}")]
struct LateAuthority;

/// What is said of a root that is out of date.
pub(super) const LATE_AUTHORITY: &str = "the CA that signed it is out of date";

impl From<LateAuthority> for Error {
    fn from(late: LateAuthority) -> Self {
        CertificateError::Other(OtherError(Arc::new(late))).into()
    }
}

fn store(known: &[&CertificateDer<'static>]) -> RootCertStore {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(known.iter().map(|&known| known.clone()));
    store
}

/// Whether a certificate of the file is that of an authority. One of a server is trusted for itself
/// alone: it must not vouch for others. Those of version 1 cannot say, and stand for authorities.
fn may_sign(known: &CertificateDer<'_>) -> bool {
    let Ok(known) = Certificate::from_der(known) else {
        return false;
    };
    let about = &known.tbs_certificate;
    if about.version == Version::V1 {
        return true;
    }
    let mut extensions = about.extensions.iter().flatten();
    extensions.any(|extension| {
        extension.extn_id == BASIC_CONSTRAINTS
            && BasicConstraints::from_der(extension.extn_value.as_bytes())
                .is_ok_and(|constraints| constraints.ca)
    })
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = Shown {
            certificate: end_entity,
            others: intermediates,
            now,
        };
        match &self.check {
            Check::Nothing => {}
            Check::Chain(roots) => self.check_chain(roots, &shown)?,
            Check::ChainAndName(roots) => {
                self.check_chain(roots, &shown)?;
                check_name(end_entity, server_name)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, self.algorithms())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, self.algorithms())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms().supported_schemes()
    }
}

/// The time for which a certificate is good. That of one with a chain is checked with the chain.
fn check_validity(shown: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let validity = parse(shown)?.tbs_certificate.validity;
    let not_before = UnixTime::since_unix_epoch(validity.not_before.to_unix_duration());
    let not_after = UnixTime::since_unix_epoch(validity.not_after.to_unix_duration());
    if now < not_before {
        let time = now;
        return Err(CertificateError::NotValidYetContext { time, not_before }.into());
    }
    if now > not_after {
        let time = now;
        return Err(CertificateError::ExpiredContext { time, not_after }.into());
    }
    Ok(())
}

/// The name in `subjectAltName`; where there is no such extension, the common name, as libpq has it.
fn check_name(shown: &CertificateDer<'_>, wanted: &ServerName<'_>) -> Result<(), Error> {
    let outcome = verify_server_name(&ParsedCertificate::try_from(shown)?, wanted);
    if outcome.is_ok() {
        return outcome;
    }
    let Some(common) = lone_common_name(&parse(shown)?) else {
        return outcome;
    };
    if matches!(wanted, ServerName::DnsName(host) if host.as_ref().eq_ignore_ascii_case(&common)) {
        return Ok(());
    }
    Err(CertificateError::NotValidForNameContext {
        expected: wanted.to_owned(),
        presented: vec![common],
    }
    .into())
}

fn lone_common_name(certificate: &Certificate) -> Option<String> {
    let about = &certificate.tbs_certificate;
    let mut extensions = about.extensions.iter().flatten();
    if extensions.any(|extension| extension.extn_id == SUBJECT_ALT_NAME) {
        return None;
    }
    let mut attributes = about.subject.0.iter().flat_map(|part| part.0.iter());
    let name = attributes.find(|attribute| attribute.oid == COMMON_NAME)?;
    String::from_utf8(name.value.value().to_vec()).ok()
}

fn parse(shown: &CertificateDer<'_>) -> Result<Certificate, Error> {
    Certificate::from_der(shown).map_err(|_syntax| CertificateError::BadEncoding.into())
}
