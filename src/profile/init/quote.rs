//! Texts as YAML writes them.

/// A text as a YAML scalar on one line, which the profile reads as exactly this text.
pub(super) fn scalar(text: &str) -> String {
    let escaped = text.replace("${", "$${");
    if is_plain(&escaped) {
        return escaped;
    }
    if escaped.chars().any(is_special) {
        let characters = escaped.chars().map(|character| match character {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            special if is_special(special) => format!("\\U{:08X}", u32::from(special)),
            plain => plain.to_string(),
        });
        return format!("\"{}\"", characters.collect::<String>());
    }
    if escaped.contains('\'') && !escaped.contains(['"', '\\']) {
        return format!("\"{escaped}\"");
    }
    format!("'{}'", escaped.replace('\'', "''"))
}

/// What may not stand in a quoted text as it is: control characters and other line breaks.
fn is_special(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

/// Whether a text needs no quotes: words of harmless characters, single spaces between them.
fn is_plain(text: &str) -> bool {
    let harmless =
        |character: char| character.is_ascii_alphanumeric() || "_./+%-".contains(character);
    let starts = |first: char| first.is_ascii_alphanumeric() || "_./".contains(first);
    let words = text
        .split(' ')
        .all(|word| !word.is_empty() && word.chars().all(harmless));
    let null = ["null", "true", "false"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    words && text.starts_with(starts) && !null && !text.starts_with("...")
}

/// A text for a comment: no line break and nothing else that would end it.
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .map(|character| {
            if is_special(character) {
                ' '
            } else {
                character
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::profile::Variables;
    use crate::profile::fill;
    use crate::profile::yaml::{Content, Source};

    fn read(scalar: &str) -> String {
        let source = Source::new("p.yaml", &format!("a:\n  key: {scalar}\n"));
        let root = source.parse().unwrap();
        let Content::Mapping(entries) = root.content else {
            panic!("{scalar}")
        };
        let Content::Mapping(entries) = &entries[0].1.content else {
            panic!("{scalar}")
        };
        let (_, value) = &entries[0];
        let text = value.text().unwrap_or_else(|| panic!("{scalar}"));
        fill(text, &value.at, &Variables::new()).unwrap().text
    }

    #[test]
    fn usual_values_need_no_quotes() {
        for text in [
            "384MB",
            "on",
            "900 1 300 10",
            "allkeys-lru",
            "0.9",
            "-1",
            "50%",
        ] {
            assert_eq!(scalar(text).trim_matches('\''), text);
        }
        assert_eq!(scalar("384MB"), "384MB");
        assert_eq!(scalar(""), "''");
        assert_eq!(scalar("a, b"), "'a, b'");
    }

    #[test]
    fn difficult_values_read_as_themselves() {
        for text in [
            "",
            " ",
            "~",
            "null",
            "-1",
            "- a",
            "a: b",
            "a #b",
            "it's",
            "\"$user\", public",
            "%m [%p] ",
            "${X}",
            "a\u{2028}b",
            "!x",
            "*x",
            "&x",
            "{a}",
            "[a]",
            "|",
            ">",
            "---",
            "...",
            "\t",
            "?",
            "a\\b'",
        ] {
            assert_eq!(read(&scalar(text)), text, "{}", scalar(text));
        }
    }

    proptest! {
        #[test]
        fn any_text_reads_as_itself(text in any::<String>()) {
            prop_assert_eq!(read(&scalar(&text)), text);
        }
    }
}
