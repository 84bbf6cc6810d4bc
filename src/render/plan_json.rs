//! A plan as one JSON document.

use crate::plan::{Plan, PlanDocument};

/// The plan as the contract describes it.
pub fn plan_json(plan: &Plan) -> Result<serde_json::Value, serde_json::Error> {
    serde_json::to_value(PlanDocument::from(plan))
}
