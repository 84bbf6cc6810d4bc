//! What of a server's certificate is checked.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::der::oid::ObjectIdentifier;

use super::Roots;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
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

    fn check_chain(
        &self,
        roots: &Roots,
        shown: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        if roots.exact.iter().any(|known| known == shown) {
            return check_validity(shown, now);
        }
        verify_server_cert_signed_by_trust_anchor(
            &ParsedCertificate::try_from(shown)?,
            &roots.store,
            others,
            now,
            self.provider.signature_verification_algorithms.all,
        )
    }
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
        match &self.check {
            Check::Nothing => {}
            Check::Chain(roots) => self.check_chain(roots, end_entity, intermediates, now)?,
            Check::ChainAndName(roots) => {
                self.check_chain(roots, end_entity, intermediates, now)?;
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
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
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
