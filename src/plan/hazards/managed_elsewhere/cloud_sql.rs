//! Google Cloud SQL: database flags.

use super::{Setting, by_value, shell};

/// What separates flags, because values have commas in them.
const BETWEEN: &str = "|";

/// `gcloud sql instances patch`: the list that it is given replaces the one that there is.
pub(super) fn instruction(settings: &[Setting]) -> String {
    let (set, reset) = by_value(settings);
    let flags: Vec<String> = set
        .iter()
        .map(|setting| {
            let value = setting.native.as_deref().unwrap_or_default();
            format!("{}={value}", setting.name)
        })
        .collect();
    // `^|^` names another separator than the comma.
    let list = format!("^{BETWEEN}^{}", flags.join(BETWEEN));
    let mut said = format!(
        "set its flags: `gcloud sql instances patch INSTANCE --database-flags={}`; that list \
         replaces all flags, so add those of `gcloud sql instances describe INSTANCE \
         --format='value(settings.databaseFlags)'`; it may restart the instance at once",
        shell::word(&list)
    );
    if !reset.is_empty() {
        let names: Vec<&str> = reset.iter().map(|setting| setting.name.as_str()).collect();
        said = format!("{said}; leave {} out of the list", names.join(", "));
    }
    said
}
