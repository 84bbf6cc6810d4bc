//! A plan in a file: to be looked at by one person and applied by another.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document::{FORMAT_VERSION, PlanDocument};
use super::fingerprint::Fingerprint;
use super::seal;
use super::types::Plan;

/// A plan that was saved, with what it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedPlan {
    #[serde(flatten)]
    pub(super) document: PlanDocument,
    /// What it was made from.
    pub fingerprint: Fingerprint,
}

/// A saved plan with the digest that shows whether it was edited.
#[derive(Serialize)]
struct Sealed<'a> {
    #[serde(flatten)]
    plan: &'a SavedPlan,
    seal: String,
}

/// Why a saved plan cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SavedPlanError {
    /// The text is not JSON.
    #[error("it is not JSON (line {line}, column {column})")]
    NotJson {
        /// Line, counted from 1.
        line: usize,
        /// Column, counted from 1.
        column: usize,
        /// What the parser says.
        #[source]
        source: serde_json::Error,
    },
    /// It is JSON, and not a plan that was written with `--out`.
    #[error("it is not a plan written by `dbtune plan --out`")]
    NotAPlan,
    /// Another version of dbtune wrote it.
    #[error("it has format version {found}, and this dbtune reads version {known}")]
    FormatVersion {
        /// The version in the file.
        found: String,
        /// The version that is read here.
        known: u32,
    },
    /// It does not say what it said when it was written.
    #[error("it was edited after it was written, so what it shows is not what was planned")]
    Edited,
    /// It could not be put into JSON.
    #[error("it cannot be written as JSON")]
    Write(#[source] serde_json::Error),
}

impl SavedPlanError {
    /// Whether the file was a plan before somebody edited it.
    pub fn is_edited(&self) -> bool {
        matches!(self, Self::Edited)
    }
}

impl SavedPlan {
    /// A plan and what it was made from, ready to be saved.
    pub fn new(plan: &Plan, fingerprint: Fingerprint) -> Self {
        Self {
            document: PlanDocument::from(plan),
            fingerprint,
        }
    }

    /// The text of the file: the plan as JSON, its fingerprint and a seal over both.
    pub fn write(&self) -> Result<String, SavedPlanError> {
        let value = serde_json::to_value(self).map_err(SavedPlanError::Write)?;
        let sealed = Sealed {
            plan: self,
            seal: seal::digest(&value),
        };
        let mut text = serde_json::to_string_pretty(&sealed).map_err(SavedPlanError::Write)?;
        text.push('\n');
        Ok(text)
    }

    /// Reads the text of a file. White space and the order of fields do not matter; a value that was
    /// edited does.
    pub fn read(text: &str) -> Result<Self, SavedPlanError> {
        let mut value: Value =
            serde_json::from_str(text).map_err(|source| SavedPlanError::NotJson {
                line: source.line(),
                column: source.column(),
                source,
            })?;
        let fields = value.as_object_mut().ok_or(SavedPlanError::NotAPlan)?;
        check_version(fields.get("format_version"))?;
        let seal = fields.remove("seal").ok_or(SavedPlanError::NotAPlan)?;
        if seal != seal::digest(&value) {
            return Err(SavedPlanError::Edited);
        }
        serde_json::from_value(value).map_err(|_unlike| SavedPlanError::NotAPlan)
    }

    /// When it was made, RFC 3339 in UTC.
    pub fn created_at(&self) -> &str {
        &self.document.created_at
    }
}

fn check_version(found: Option<&Value>) -> Result<(), SavedPlanError> {
    let found = found.ok_or(SavedPlanError::NotAPlan)?;
    if found.as_u64() == Some(u64::from(FORMAT_VERSION)) {
        return Ok(());
    }
    Err(SavedPlanError::FormatVersion {
        found: found.to_string(),
        known: FORMAT_VERSION,
    })
}
