//! Why two sides do not come together over TLS, in plain words.

use std::error::Error as StdError;
use std::io;

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error};
use time::OffsetDateTime;
use time::macros::format_description;

use super::verifier::LATE_AUTHORITY;
use crate::engine::attempt::Refusal;

/// What to do, which differs by how an engine is told of files.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Advice {
    /// How to name the authority that signed the server's certificate.
    pub(in crate::engine) ca: &'static str,
    /// What to do about a certificate that vouches for itself.
    pub(in crate::engine) self_signed: &'static str,
    /// How to give a client certificate.
    pub(in crate::engine) identity: &'static str,
    /// What to do about a name that does not fit.
    pub(in crate::engine) name: &'static str,
    /// What to do where the other side speaks no TLS.
    pub(in crate::engine) plain: &'static str,
}

/// The error of the TLS library that an error wraps, at whatever depth.
pub(in crate::engine) fn rustls_error<'a>(
    error: &'a (dyn StdError + 'static),
) -> Option<&'a Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<Error>() {
            return Some(found);
        }
        // What such an error wraps is not its source: its source is the source of that.
        next = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

/// Why the handshake failed.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a foreign enum: what is not named here is told in the library's words"
)]
pub(in crate::engine) fn of(error: &Error, advice: Advice) -> Refusal {
    match error {
        Error::InvalidCertificate(certificate) => of_certificate(certificate, advice),
        Error::AlertReceived(alert) => of_alert(*alert, advice),
        Error::InvalidMessage(_) => {
            Refusal::lasting("what answers there does not speak TLS", Some(advice.plain))
        }
        Error::PeerIncompatible(_) => Refusal::lasting(
            format!("the server offers no TLS that dbtune speaks ({error})"),
            Some("dbtune speaks TLS 1.2 and 1.3: allow one of them on the server"),
        ),
        other => Refusal::lasting(format!("TLS failed: {other}"), None),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a foreign enum: what is not named here is told in the library's words"
)]
fn of_certificate(error: &CertificateError, advice: Advice) -> Refusal {
    match error {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => Refusal::lasting(
            "the server's certificate is not trusted: none of the CAs that are known here signed it",
            Some(advice.ca),
        ),
        CertificateError::ExpiredContext { not_after, .. } => {
            expired(&format!(" on {}", day(*not_after)))
        }
        CertificateError::Expired => expired(""),
        CertificateError::NotValidYetContext { not_before, .. } => {
            not_valid_yet(&format!(" before {}", day(*not_before)))
        }
        CertificateError::NotValidYet => not_valid_yet(" yet"),
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => Refusal::lasting(
            format!(
                "the server's certificate is for {}, and not for {}",
                names(presented),
                expected.to_str()
            ),
            Some(advice.name),
        ),
        CertificateError::NotValidForName => Refusal::lasting(
            "the server's certificate is for another name",
            Some(advice.name),
        ),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            Refusal::lasting(
                "the server's certificate is not meant for a server (extended key usage)",
                Some("give the server one with `serverAuth`"),
            )
        }
        CertificateError::Other(other) => of_other_certificate(&other.0.to_string(), advice),
        other => of_other_certificate(&other.to_string(), advice),
    }
}

/// What the library has no word of its own for.
fn of_other_certificate(said: &str, advice: Advice) -> Refusal {
    if said.contains("CaUsedAsEndEntity") {
        return Refusal::lasting(
            "the server's certificate is not trusted: it is that of a CA, as one is that signs itself",
            Some(advice.self_signed),
        );
    }
    if said.contains(LATE_AUTHORITY) {
        return Refusal::lasting(
            format!("the server's certificate is not trusted: {LATE_AUTHORITY}"),
            Some("renew the certificate of the CA, and give the new one"),
        );
    }
    if said.contains("UnsupportedCertVersion") {
        return Refusal::lasting(
            "the server's certificate is one of X.509 version 1",
            Some("make it anew with extensions (subjectAltName): that makes it version 3"),
        );
    }
    Refusal::lasting(format!("the server's certificate is no good: {said}"), None)
}

fn expired(on: &str) -> Refusal {
    Refusal::lasting(
        format!("the server's certificate expired{on}"),
        Some("renew it on the server; and is the clock of this host right?"),
    )
}

fn not_valid_yet(when: &str) -> Refusal {
    Refusal::lasting(
        format!("the server's certificate is not valid{when}"),
        Some("is the clock of this host right?"),
    )
}

/// `2026-11-24`, where the time can be written.
fn day(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).ok();
    let moment = seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    let written = moment.and_then(|moment| {
        moment
            .format(format_description!("[year]-[month]-[day]"))
            .ok()
    });
    written.unwrap_or_else(|| "a day beyond the calendar".to_owned())
}

/// The names in a certificate; the library writes them as `DnsName("db")` and `IpAddress(10.0.0.1)`.
fn names(presented: &[String]) -> String {
    if presented.is_empty() {
        return "no host name at all (it has no subjectAltName)".to_owned();
    }
    let bare = presented.iter().map(|name| {
        let inner = name
            .split_once('(')
            .and_then(|(_, inner)| inner.strip_suffix(')'));
        inner.unwrap_or(name).trim_matches('"')
    });
    bare.collect::<Vec<_>>().join(", ")
}

/// What the server says of us.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a foreign enum: what is not named here is told in the library's words"
)]
fn of_alert(alert: AlertDescription, advice: Advice) -> Refusal {
    match alert {
        AlertDescription::CertificateRequired => Refusal::lasting(
            "the server asks for a client certificate, and none was given",
            Some(advice.identity),
        ),
        // TLS 1.2 has no word for a certificate that is missing.
        AlertDescription::HandshakeFailure => Refusal::lasting(
            "the server broke off the TLS handshake: it may ask for a client certificate, or for \
             ciphers that dbtune does not have",
            Some(advice.identity),
        ),
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::AccessDenied
        | AlertDescription::DecryptError => Refusal::lasting(
            format!("the server does not accept our client certificate ({alert:?})"),
            Some("give one that is valid and signed by a CA that the server trusts"),
        ),
        AlertDescription::ProtocolVersion => Refusal::lasting(
            "the server speaks neither TLS 1.2 nor TLS 1.3",
            Some("allow one of them on the server"),
        ),
        other => Refusal::lasting(format!("the server ended TLS ({other:?})"), None),
    }
}

/// Why our own certificate and key are of no use.
pub(super) fn of_identity(error: &Error) -> Refusal {
    if matches!(error, Error::InconsistentKeys(_)) {
        return Refusal::lasting(
            "the private key is not that of the client certificate",
            Some("give the two that belong together"),
        );
    }
    Refusal::lasting(
        format!("the client certificate or its key is of no use: {error}"),
        None,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_bare() {
        let shown = |presented: &[&str]| {
            let owned: Vec<String> = presented.iter().map(|&name| name.to_owned()).collect();
            names(&owned)
        };
        assert_eq!(
            shown(&["DnsName(\"db\")", "IpAddress(::1)", "db.internal"]),
            "db, ::1, db.internal"
        );
        assert!(shown(&[]).contains("subjectAltName"));
    }

    const ADVICE: Advice = Advice {
        ca: "name the CA",
        self_signed: "name the certificate",
        identity: "give a certificate",
        name: "use its name",
        plain: "another port",
    };

    #[test]
    fn what_the_server_says_has_a_word_and_a_remedy() {
        let alert = Error::AlertReceived;
        for (error, word, remedy) in [
            (
                alert(AlertDescription::CertificateRequired),
                "none was given",
                ADVICE.identity,
            ),
            (
                alert(AlertDescription::HandshakeFailure),
                "broke off",
                ADVICE.identity,
            ),
            (
                alert(AlertDescription::UnknownCA),
                "does not accept our client certificate",
                "a CA that the server trusts",
            ),
            (
                alert(AlertDescription::ProtocolVersion),
                "neither TLS 1.2 nor",
                "allow one",
            ),
            (
                Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType),
                "does not speak TLS",
                ADVICE.plain,
            ),
        ] {
            tells(&error, word, remedy);
        }
    }

    #[track_caller]
    fn tells(error: &Error, word: &str, remedy: &str) {
        let refusal = of(error, ADVICE);
        assert!(refusal.reason.contains(word), "{error:?}: {refusal:?}");
        assert!(refusal.hint.unwrap().contains(remedy), "{error:?}");
        assert!(!refusal.passing, "{error:?}");
    }

    #[test]
    fn what_is_wrong_with_a_certificate_has_a_word_and_a_remedy() {
        let time = UnixTime::since_unix_epoch(std::time::Duration::from_hours(365 * 24));
        for (error, word, remedy) in [
            (CertificateError::UnknownIssuer, "is not trusted", ADVICE.ca),
            (CertificateError::BadSignature, "is not trusted", ADVICE.ca),
            (
                CertificateError::NotValidYetContext {
                    time,
                    not_before: time,
                },
                "not valid before 1971-01-01",
                "clock",
            ),
            (
                CertificateError::NotValidForName,
                "another name",
                ADVICE.name,
            ),
            (
                CertificateError::InvalidPurpose,
                "not meant for a server",
                "serverAuth",
            ),
        ] {
            tells(&Error::InvalidCertificate(error), word, remedy);
        }
    }

    #[test]
    fn the_error_is_found_within_those_that_wrap_it() {
        let inner = Error::AlertReceived(AlertDescription::UnknownCA);
        let wrapped = io::Error::other(io::Error::other(inner.clone()));
        assert_eq!(rustls_error(&wrapped), Some(&inner));
        assert_eq!(
            rustls_error(&io::Error::other("nothing of that kind")),
            None
        );
    }
}
