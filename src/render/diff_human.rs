//! A unified diff for a person.

use super::style::{Paint, Tone};

/// The diff with its lines in colour, where that is asked for.
pub fn diff_human(diff: &str, colour: bool) -> String {
    let paint = Paint::new(colour);
    let lines = diff.lines().map(|line| match tone(line) {
        Some(tone) => format!("{}\n", paint.paint(tone, line)),
        None => format!("{line}\n"),
    });
    lines.collect()
}

fn tone(line: &str) -> Option<Tone> {
    if line.starts_with("+++") || line.starts_with("---") {
        return Some(Tone::Heading);
    }
    match line.chars().next() {
        Some('+') => Some(Tone::Add),
        Some('-') => Some(Tone::Remove),
        Some('@') => Some(Tone::Wait),
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_without_colour_is_left_as_it_is() {
        let diff = "--- a\n+++ b\n@@ -1 +1 @@\n-x = 1\n+x = 2\n";
        assert_eq!(diff_human(diff, false), diff);
        assert!(diff_human(diff, true).contains("\u{1b}[32m+x = 2"));
    }
}
