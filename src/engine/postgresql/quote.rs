//! Writing names and literals into a statement.

use std::fmt::Write as _;

use crate::setting::{Assignment, SettingName};

/// A literal that means exactly this text, whatever `standard_conforming_strings` says: a text with
/// a backslash is written as `E'…'`.
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

/// A text as a configuration file holds it.
pub fn in_file(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// The name of a setting, quoted where it has to be. Each part of a dotted name is quoted, because
/// such a part may be any word, reserved ones included.
pub fn setting_name(name: &SettingName) -> String {
    let name = name.as_str();
    if is_plain(name) {
        return name.to_owned();
    }
    name.split('.')
        .map(identifier)
        .collect::<Vec<_>>()
        .join(".")
}

/// A quoted identifier: the name of a role, say.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn is_plain(name: &str) -> bool {
    let first = name.bytes().next();
    first.is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// The statement for one write. `shown` writes each literal; give [`literal`] for the statement that
/// is sent.
pub(super) fn alter_system(
    name: &SettingName,
    assignment: &Assignment,
    shown: impl Fn(&str) -> String,
) -> String {
    let name = setting_name(name);
    match assignment {
        Assignment::Reset => format!("ALTER SYSTEM RESET {name}"),
        Assignment::Set(literals) => {
            let mut statement = format!("ALTER SYSTEM SET {name} = ");
            for (index, text) in literals.iter().enumerate() {
                let comma = if index == 0 { "" } else { ", " };
                // Writing into a String cannot fail.
                let _written = write!(statement, "{comma}{}", shown(text));
            }
            statement
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str, literals: &[&str]) -> String {
        let literals = literals.iter().map(|&text| text.to_owned()).collect();
        alter_system(&name.into(), &Assignment::Set(literals), literal)
    }

    #[test]
    fn a_plain_value_is_written_as_one_would_type_it() {
        assert_eq!(
            set("shared_buffers", &["384MB"]),
            "ALTER SYSTEM SET shared_buffers = '384MB'"
        );
    }

    #[test]
    fn each_element_of_a_list_is_a_literal_of_its_own() {
        assert_eq!(
            set("shared_preload_libraries", &["a", "b"]),
            "ALTER SYSTEM SET shared_preload_libraries = 'a', 'b'"
        );
    }

    #[test]
    fn quotes_and_backslashes_cannot_end_a_literal() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal(r"a\'; --"), r"E'a\\''; --'");
        assert_eq!(literal(""), "''");
    }

    #[test]
    fn a_text_in_a_file_has_its_quotes_and_backslashes_doubled() {
        assert_eq!(in_file("replica"), "'replica'");
        assert_eq!(in_file(r"it's a \t"), r"'it''s a \\t'");
    }

    #[test]
    fn a_name_that_is_not_plain_is_quoted_part_by_part() {
        let name = |text: &str| setting_name(&text.into());
        assert_eq!(name("work_mem"), "work_mem");
        assert_eq!(name("TimeZone"), "\"TimeZone\"");
        assert_eq!(
            name("auto_explain.log_level"),
            "\"auto_explain\".\"log_level\""
        );
        assert_eq!(name("x\"; DROP"), "\"x\"\"; DROP\"");
        assert_eq!(name(""), "\"\"");
    }

    #[test]
    fn taking_an_override_away_names_no_value() {
        let statement = alter_system(&"work_mem".into(), &Assignment::Reset, literal);
        assert_eq!(statement, "ALTER SYSTEM RESET work_mem");
    }
}
