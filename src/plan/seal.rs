//! A digest of a JSON value that does not depend on white space or the order of fields.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// SHA-256 over the value written without white space and with sorted fields, as `sha256:<hex>`.
pub(super) fn digest(value: &Value) -> String {
    let mut text = "sha256:".to_owned();
    for byte in Sha256::digest(canonical(value)) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let sorted: BTreeMap<&String, &Value> = fields.iter().collect();
            let fields: Vec<String> = sorted
                .into_iter()
                .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn white_space_and_order_do_not_matter_and_values_do() {
        let value = json!({"a": [1, {"b": null, "c": "x y"}], "d": true});
        let other: Value =
            serde_json::from_str(r#" {"d":true, "a":[1,{"c":"x y","b":null}]} "#).unwrap();
        assert_eq!(digest(&value), digest(&other));
        assert_ne!(
            digest(&value),
            digest(&json!({"a": [1, {"b": null, "c": "x y"}], "d": false}))
        );
    }

    #[test]
    fn the_digest_is_sha_256() {
        assert_eq!(
            digest(&json!({})),
            "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        );
    }
}
