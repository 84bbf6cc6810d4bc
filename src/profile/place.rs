//! Places in a file, and the mistakes that stand there.

use super::{Mistake, Place};

impl Place {
    /// The line that the place is on, without its end.
    pub fn line_text(&self) -> &str {
        let line = self.text.split('\n').nth(self.line.saturating_sub(1));
        let line = line.unwrap_or_default();
        line.strip_suffix('\r').unwrap_or(line)
    }

    /// `file:line`, for a message about another place.
    pub fn short(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    /// The place of a part of the text that begins here; this place, where the part is not on the
    /// same line.
    #[must_use]
    pub fn at_part(&self, part: &str) -> Self {
        let line = self.line_text();
        let start = line.char_indices().nth(self.column.saturating_sub(1));
        let rest = start.and_then(|(start, _)| line.get(start..));
        let before = rest.and_then(|rest| rest.split_once(part));
        Self {
            column: self.column + before.map_or(0, |(before, _)| before.chars().count()),
            ..self.clone()
        }
    }
}

impl Mistake {
    /// A mistake at a place.
    pub fn new(place: &Place, message: impl Into<String>) -> Self {
        Self {
            place: Some(place.clone()),
            message: message.into(),
            help: None,
        }
    }

    /// A mistake that stands nowhere in a file.
    pub fn nowhere(message: impl Into<String>) -> Self {
        Self {
            place: None,
            message: message.into(),
            help: None,
        }
    }

    /// The same mistake with what to write instead, or to do.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        self.maybe_help(Some(help))
    }

    /// The same mistake with what to write instead, where that is known.
    #[must_use]
    pub fn maybe_help(self, help: Option<impl Into<String>>) -> Self {
        Self {
            help: help.map(Into::into),
            ..self
        }
    }

    /// In which order mistakes are shown: by file, then by place. The files keep their order.
    pub(crate) fn sort(mistakes: &mut [Self]) {
        let mut files: Vec<std::sync::Arc<str>> = Vec::new();
        for place in mistakes.iter().filter_map(|mistake| mistake.place.as_ref()) {
            if !files.contains(&place.file) {
                files.push(place.file.clone());
            }
        }
        mistakes.sort_by_key(|mistake| {
            mistake.place.as_ref().map(|place| {
                let file = files.iter().position(|file| *file == place.file);
                (file, place.line, place.column)
            })
        });
    }
}
