//! TLS, for both engines: which certificates are believed, who we say we are, and what to say when
//! one side does not believe the other.

mod files;
mod verifier;
mod words;

use std::sync::{Arc, Once};

use rustls::ClientConfig;
use rustls::crypto::{CryptoProvider, ring};

use super::attempt::Refusal;
pub(super) use files::{Identity, KeyRule, Roots, read};
pub(super) use verifier::Check;
pub(super) use words::{Advice, of, rustls_error};

/// The configuration of a client that checks the server in this way.
pub(super) fn client_config(
    check: Check,
    identity: Option<Identity>,
) -> Result<ClientConfig, Refusal> {
    let provider = Arc::new(ring::default_provider());
    let verifier = verifier::Verifier::new(check, Arc::clone(&provider));
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Refusal::lasting(error.to_string(), None))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    match identity {
        None => Ok(builder.with_no_client_auth()),
        Some(Identity { chain, key }) => builder
            .with_client_auth_cert(chain, key)
            .map_err(|error| words::of_identity(&error)),
    }
}

impl Identity {
    /// Whether certificate and key belong together.
    pub(super) fn check(self) -> Result<(), Refusal> {
        client_config(Check::Nothing, Some(self)).map(drop)
    }
}

/// Makes `ring` the one that computes for whoever asks the process and not us, as the client library
/// of Redis does.
pub(super) fn install_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // One that is there already is as good.
        let _already: Result<(), Arc<CryptoProvider>> = ring::default_provider().install_default();
    });
}
