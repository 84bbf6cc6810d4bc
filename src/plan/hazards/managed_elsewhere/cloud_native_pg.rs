//! `CloudNativePG`: the resource `Cluster`.

use serde_json::{Map, Value};

use super::Setting;

/// `.spec.postgresql.parameters` are texts; the libraries to preload have a list of their own.
pub(super) fn instruction(settings: &[Setting]) -> String {
    let is_list = |setting: &&Setting| setting.name == "shared_preload_libraries";
    let (lists, others): (Vec<&Setting>, Vec<&Setting>) = settings.iter().partition(is_list);
    let parameters: Map<String, Value> = others
        .iter()
        .map(|setting| (setting.name.clone(), Value::from(setting.shown.clone())))
        .collect();
    let mut parts = Vec::new();
    if !parameters.is_empty() {
        parts.push(format!(r#""parameters": {}"#, Value::from(parameters)));
    }
    parts.extend(lists.iter().map(|list| {
        let libraries: Vec<&str> = list
            .shown
            .iter()
            .flat_map(|libraries| libraries.split(','))
            .map(str::trim)
            .collect();
        format!(r#""shared_preload_libraries": {}"#, Value::from(libraries))
    }));
    let patch = format!(r#"{{"spec": {{"postgresql": {{{}}}}}}}"#, parts.join(", "));
    let mut said = format!(
        "put it into the Cluster resource: `kubectl patch cluster CLUSTER --type merge -p {}` \
         (null takes a parameter away)",
        super::shell::word(&patch)
    );
    if settings.iter().any(|setting| setting.needs_restart) {
        said.push_str("; the operator restarts the instances by itself");
    }
    said
}
