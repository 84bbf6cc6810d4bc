//! `ALTER SYSTEM`, one statement at a time.

use super::session::Failure;
use super::{Postgres, errors, quote, spec};
use crate::engine::{Engine as _, EngineError};
use crate::setting::{Assignment, SettingName};

/// What stands in place of a secret.
const HIDDEN: &str = "***";

impl Postgres {
    pub(super) fn alter_system(
        &mut self,
        writes: &[(SettingName, Assignment)],
    ) -> Result<(), EngineError> {
        for (name, assignment) in writes {
            if self.interrupt.is_raised() {
                return Err(EngineError::Interrupted);
            }
            self.alter_one(name, assignment)?;
        }
        Ok(())
    }

    fn alter_one(
        &mut self,
        name: &SettingName,
        assignment: &Assignment,
    ) -> Result<(), EngineError> {
        let secrets = secrets(name, assignment);
        let shown = shown(name, assignment);
        if let Some(reason) = unspeakable(name, assignment) {
            return Err(self.unexpected(&shown, reason));
        }
        let statement = quote::alter_system(name, assignment, quote::literal);
        match self.session.tell(&statement) {
            Ok(_done) => Ok(()),
            Err(failure) => Err(self.refused(name, &shown, secrets, failure)),
        }
    }

    fn refused(
        &self,
        name: &SettingName,
        shown: &str,
        secrets: &[String],
        failure: Failure,
    ) -> EngineError {
        let error = errors::of_statement(self.target(), shown, Some(name), failure);
        errors::hide(error, secrets)
    }
}

/// The statement as it may be shown.
fn shown(name: &SettingName, assignment: &Assignment) -> String {
    let secret = spec::is_secret(name);
    quote::alter_system(name, assignment, |text| {
        if secret {
            HIDDEN.to_owned()
        } else {
            quote::literal(text)
        }
    })
}

/// The texts that must not come back in a message of the server.
fn secrets<'a>(name: &SettingName, assignment: &'a Assignment) -> &'a [String] {
    match assignment {
        Assignment::Set(literals) if spec::is_secret(name) => literals,
        Assignment::Set(_) | Assignment::Reset => &[],
    }
}

/// Why this cannot be put into a statement at all.
fn unspeakable(name: &SettingName, assignment: &Assignment) -> Option<&'static str> {
    let literals = match assignment {
        Assignment::Reset => &[][..],
        Assignment::Set(literals) if literals.is_empty() => {
            return Some(
                "not sent: an empty list cannot be written, take the override away instead",
            );
        }
        Assignment::Set(literals) => literals,
    };
    let has_nul = name.as_str().contains('\0') || literals.iter().any(|text| text.contains('\0'));
    has_nul.then_some("not sent: a text for PostgreSQL cannot hold a NUL byte")
}
