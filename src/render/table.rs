//! Text in columns and in lines of a given width, measured as a terminal shows it.

use unicode_width::UnicodeWidthStr as _;

/// The width that output is laid out for, in columns.
pub const WIDTH: usize = 80;

/// How many columns a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text with spaces after it, up to a width.
pub fn pad(text: &str, to: usize) -> String {
    let missing = to.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(missing))
}

/// Breaks a text between words into lines. A word that is wider than a line has one of its own.
pub fn wrap(text: &str, to: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= to => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A paragraph: the first line after `first`, the others indented as deep as `first` is wide or by
/// `indent` columns, whichever is less.
pub fn paragraph(first: &str, text: &str, indent: usize) -> Vec<String> {
    let indent = indent.min(width(first));
    let lead = width(first).saturating_sub(indent);
    // Stand-ins for the width of the lead, so that the first line is broken where it has to be.
    let padded = format!("{}{text}", "\u{b7}".repeat(lead));
    let mut lines = wrap(&padded, WIDTH.saturating_sub(indent));
    if let Some(line) = lines.first_mut() {
        let rest: String = line.chars().skip(lead).collect();
        *line = rest;
    }
    let mut lines = lines.into_iter();
    let opening = lines.next().unwrap_or_default();
    let mut paragraph = vec![format!("{first}{opening}")];
    paragraph.extend(lines.map(|line| format!("{}{line}", " ".repeat(indent))));
    paragraph
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_by_what_is_seen() {
        assert_eq!(pad("é", 3), "é  ");
        assert_eq!(pad("数", 3), "数 ");
        assert_eq!(pad("long", 3), "long");
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("unbreakable", 4), ["unbreakable"]);
    }

    #[test]
    fn a_paragraph_hangs_under_its_first_line() {
        let text = "word ".repeat(20);
        let lines = paragraph("    warning: ", text.trim_end(), 6);
        assert_eq!(lines[0], format!("    warning: {}", ["word"; 13].join(" ")));
        assert_eq!(lines[1], format!("      {}", ["word"; 7].join(" ")));
    }
}
