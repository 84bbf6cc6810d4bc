//! Amazon `ElastiCache`: cache parameter groups.

use serde_json::{Value, json};

use super::{Setting, by_value, shell};

/// The most parameters that one call takes.
const AT_MOST: usize = 20;

/// `ModifyCacheParameterGroup`. The limit of memory is not a parameter there.
pub(super) fn instruction(settings: &[Setting]) -> String {
    let is_limit = |setting: &&Setting| setting.name.eq_ignore_ascii_case("maxmemory");
    let (set, reset) = by_value(settings);
    let (limit, set): (Vec<&Setting>, Vec<&Setting>) = set.into_iter().partition(is_limit);
    let mut commands = calls("modify-cache-parameter-group", &set);
    commands.extend(calls("reset-cache-parameter-group", &reset));
    let mut said = Vec::new();
    if !commands.is_empty() {
        said.push(format!(
            "change its parameter group: {}",
            shell::commands(&commands)
        ));
    }
    if !limit.is_empty() {
        said.push(
            "maxmemory follows from the type of its nodes less reserved-memory-percent: change one \
             of those"
                .to_owned(),
        );
    }
    said.join("; ")
}

fn calls(command: &str, settings: &[&Setting]) -> Vec<String> {
    let chunks = settings.chunks(AT_MOST);
    chunks
        .map(|chunk| {
            let parameters: Vec<Value> = chunk.iter().map(|setting| parameter(setting)).collect();
            format!(
                "aws elasticache {command} --cache-parameter-group-name GROUP \
                 --parameter-name-values {}",
                shell::word(&Value::from(parameters).to_string())
            )
        })
        .collect()
}

fn parameter(setting: &Setting) -> Value {
    match &setting.native {
        None => json!({"ParameterName": setting.name}),
        Some(value) => json!({"ParameterName": setting.name, "ParameterValue": value}),
    }
}
