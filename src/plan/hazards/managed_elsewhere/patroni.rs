//! Patroni: its dynamic configuration.

use serde_json::{Map, Value, json};

use super::{Setting, shell};

/// `PATCH /config`, where null takes a setting away, or `patronictl edit-config -p`. Neither looks
/// at the values: a wrong one becomes the default without a word (seen with 4.1.5).
pub(super) fn instruction(settings: &[Setting]) -> String {
    let parameters: Map<String, Value> = settings
        .iter()
        .map(|setting| (setting.name.clone(), Value::from(setting.shown.clone())))
        .collect();
    let patch = json!({"postgresql": {"parameters": parameters}}).to_string();
    let words: Vec<String> = settings.iter().map(argument).collect();
    let mut said = format!(
        "change its dynamic configuration: `patronictl edit-config {}`, or PATCH /config with \
         `{patch}`; Patroni takes wrong values without a word, so run `dbtune plan` again about \
         10 s later",
        words.join(" ")
    );
    if settings.iter().any(|setting| setting.needs_restart) {
        said.push_str("; then `patronictl restart --pending CLUSTER`");
    }
    said
}

/// `-p work_mem='8MB'`; null goes back to the default.
fn argument(setting: &Setting) -> String {
    let value = setting.shown.as_deref().unwrap_or("null");
    format!("-p {}", shell::word(&format!("{}={value}", setting.name)))
}
