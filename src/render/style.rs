//! Colours, where they are asked for.

use anstyle::{AnsiColor, Style};

/// What a piece of text is, and so in which colour it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// A heading.
    Heading,
    /// Something is added.
    Add,
    /// Something is changed.
    Change,
    /// Something is taken away.
    Remove,
    /// Something waits.
    Wait,
    /// Something is in the way.
    Error,
    /// Something to know.
    Warning,
    /// Of lesser interest.
    Quiet,
}

/// Puts texts into colour, or leaves them alone.
#[derive(Debug, Clone, Copy)]
pub struct Paint {
    is_on: bool,
}

impl Paint {
    /// Colours where `is_on`, else plain text.
    pub fn new(is_on: bool) -> Self {
        Self { is_on }
    }

    /// The text in its colour.
    pub fn paint(self, tone: Tone, text: &str) -> String {
        if !self.is_on || text.is_empty() {
            return text.to_owned();
        }
        let style = style(tone);
        format!("{style}{text}{style:#}")
    }
}

fn style(tone: Tone) -> Style {
    let plain = Style::new();
    match tone {
        Tone::Heading => plain.bold(),
        Tone::Add => AnsiColor::Green.on_default(),
        Tone::Change => AnsiColor::Yellow.on_default(),
        Tone::Remove => AnsiColor::Red.on_default(),
        Tone::Wait => AnsiColor::Cyan.on_default(),
        Tone::Error => AnsiColor::Red.on_default().bold(),
        Tone::Warning => AnsiColor::Yellow.on_default().bold(),
        Tone::Quiet => plain.dimmed(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_added_only_where_it_is_asked_for() {
        assert_eq!(Paint::new(false).paint(Tone::Add, "+"), "+");
        let painted = Paint::new(true).paint(Tone::Add, "+");
        assert!(painted.starts_with('\u{1b}') && painted.ends_with("\u{1b}[0m"));
    }
}
