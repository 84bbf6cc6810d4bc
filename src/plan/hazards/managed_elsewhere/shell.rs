//! Words of a command line.

/// A word as a shell reads it back unchanged.
pub(super) fn word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Commands, one after the other.
pub(super) fn commands(commands: &[String]) -> String {
    let quoted: Vec<String> = commands
        .iter()
        .map(|command| format!("`{command}`"))
        .collect();
    quoted.join(", then ")
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn a_quote_in_a_word_does_not_end_it() {
        assert_eq!(word("it's"), r"'it'\''s'");
    }
}
