//! Texts of servers and profiles, fit to stand in a line of output.

/// A text with its control characters written as escapes, so that it stays on its line and cannot
/// steer a terminal.
pub(crate) fn on_one_line(text: &str) -> String {
    let written = text.chars().map(|c| {
        if c.is_control() {
            c.escape_default().to_string()
        } else {
            c.to_string()
        }
    });
    written.collect()
}
