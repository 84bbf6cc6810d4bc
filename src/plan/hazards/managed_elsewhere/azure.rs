//! Azure Database for PostgreSQL, flexible server: one command for each parameter.

use super::{Setting, shell};

/// `az postgres flexible-server parameter set`: values in the unit of the setting.
pub(super) fn instruction(settings: &[Setting]) -> String {
    let commands: Vec<String> = settings
        .iter()
        .map(|setting| {
            // Without a value it goes back to the default of the service.
            let value = setting.native.as_deref().map_or_else(String::new, |value| {
                format!(" --source user-override --value {}", shell::word(value))
            });
            format!(
                "az postgres flexible-server parameter set --resource-group GROUP --server-name \
                 SERVER --name {}{value}",
                setting.name
            )
        })
        .collect();
    let mut said = format!("set its parameters: {}", shell::commands(&commands));
    if settings.iter().any(|setting| setting.needs_restart) {
        said.push_str(
            "; then `az postgres flexible-server restart --resource-group GROUP --name SERVER`",
        );
    }
    said
}
