//! Amazon RDS and Aurora: parameter groups.

use serde_json::{Value, json};

use super::{Setting, by_value, shell};

/// The most parameters that one call takes.
const AT_MOST: usize = 20;

/// `ModifyDBParameterGroup`: values in the unit of the setting, and when each is applied.
pub(super) fn instruction(settings: &[Setting]) -> String {
    let (set, reset) = by_value(settings);
    let mut commands = calls("modify-db-parameter-group", &set);
    commands.extend(calls("reset-db-parameter-group", &reset));
    let mut said = format!("change its parameter group: {}", shell::commands(&commands));
    if settings.iter().any(|setting| setting.needs_restart) {
        said.push_str(
            "; what has pending-reboot waits for `aws rds reboot-db-instance \
             --db-instance-identifier INSTANCE`",
        );
    }
    said.push_str("; for Aurora use the db-cluster-parameter-group commands");
    said
}

fn calls(command: &str, settings: &[&Setting]) -> Vec<String> {
    let chunks = settings.chunks(AT_MOST);
    chunks
        .map(|chunk| {
            let parameters: Vec<Value> = chunk.iter().map(|setting| parameter(setting)).collect();
            let parameters = Value::from(parameters).to_string();
            format!(
                "aws rds {command} --db-parameter-group-name GROUP --parameters {}",
                shell::word(&parameters)
            )
        })
        .collect()
}

fn parameter(setting: &Setting) -> Value {
    let method = if setting.needs_restart {
        "pending-reboot"
    } else {
        "immediate"
    };
    match &setting.native {
        None => json!({"ParameterName": setting.name, "ApplyMethod": method}),
        Some(value) => json!({
            "ParameterName": setting.name,
            "ParameterValue": value,
            "ApplyMethod": method,
        }),
    }
}
