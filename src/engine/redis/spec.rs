//! What Redis does not tell of its settings, on the server at hand.

use super::info::Info;
use crate::setting::redis::{self, Release};
use crate::setting::{self, EngineKind, SettingName};
use crate::snapshot::{Entry, Observed, Source};

/// What the settings of one server have in common.
pub(super) struct Server {
    release: Release,
    /// `enable-protected-configs` is on: what is protected elsewhere can be set here.
    unprotected: bool,
}

impl Server {
    /// By `INFO server` and by the value of `enable-protected-configs`, where there is one.
    pub(super) fn new(info: &Info<'_>, protected: Option<&str>) -> Result<Self, String> {
        Ok(Self {
            release: info.release()?,
            unprotected: protected == Some("yes"),
        })
    }

    /// A setting with this value.
    pub(super) fn observed(&self, name: &SettingName, running: String) -> Observed {
        let spec = redis::spec(name);
        let fixed = spec
            .fixed_on(self.release)
            .filter(|reason| !(self.unprotected && reason.contains("enable-protected-configs")));
        Observed {
            effect: spec.effect,
            secret: spec.secret,
            running,
            configured: None,
            entry: Entry::Unknown,
            without_entry: spec.default_on(self.release).map(str::to_owned),
            boot: None,
            source: Source {
                kind: "running".to_owned(),
                file: None,
                line: None,
            },
            pending_restart: false,
            overrides: Vec::new(),
            fixed: fixed.map(str::to_owned),
            domain: spec.domain,
        }
    }
}

/// Whether the value of a setting must never be shown.
pub(super) fn is_secret(name: &SettingName) -> bool {
    setting::is_secret(EngineKind::Redis, name)
}
