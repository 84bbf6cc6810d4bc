//! Why a text is not a value.

/// Why a text is not a value of a domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseValueError {
    /// What is wrong, as a fragment without a full stop.
    pub message: String,
    /// A spelling that the server takes and that is probably meant (`384MB` for `384mb`).
    pub suggestion: Option<String>,
}

impl ParseValueError {
    /// An error with nothing to offer.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            suggestion: None,
        }
    }

    /// The same error with a spelling to offer.
    pub(crate) fn suggesting(mut self, suggestion: Option<String>) -> Self {
        self.suggestion = suggestion;
        self
    }
}

/// The word that a person probably meant, if any is near enough.
pub(crate) fn nearest<'a>(text: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let text = text.trim().to_lowercase();
    words
        .into_iter()
        .map(|word| (strsim::jaro_winkler(&text, &word.to_lowercase()), word))
        .filter(|(likeness, _)| *likeness >= 0.82)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, word)| word)
}

/// Words with commas between them, each in quotes when it is empty or has a space.
pub(crate) fn listed(words: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let words: Vec<String> = words
        .into_iter()
        .map(|word| {
            let word = word.as_ref();
            if word.is_empty() || word.contains(' ') {
                format!("\"{word}\"")
            } else {
                word.to_owned()
            }
        })
        .collect();
    words.join(", ")
}
