//! `${NAME}` and `${NAME:-fallback}` in a text.

use std::borrow::Cow;

use super::nearest::nearest;
use super::{Mistake, Place, Variables};

/// A text with its variables filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// The text. May be secret wherever `variables` is not empty.
    pub text: String,
    /// The names of the variables that stood in it.
    pub variables: Vec<String>,
}

/// Fills the variables of a text in. `$${` stands for a `${` that is none.
///
/// # Errors
/// A variable is not set and has no fallback, or `${` begins no variable.
pub fn fill(text: &str, at: &Place, variables: &Variables) -> Result<Filled, Mistake> {
    let mut filled = Filled {
        text: String::with_capacity(text.len()),
        variables: Vec::new(),
    };
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(escaped) = before.strip_suffix('$') {
            filled.text.push_str(escaped);
            filled.text.push_str("${");
            rest = after;
            continue;
        }
        filled.text.push_str(before);
        let Some((reference, behind)) = after.split_once('}') else {
            let here = at.at_part("${");
            return Err(Mistake::new(&here, "`${` is never closed").help(FORMS));
        };
        let (name, value) = resolve(reference, at, variables)?;
        filled.text.push_str(&value);
        filled.variables.push(name.to_owned());
        rest = behind;
    }
    filled.text.push_str(rest);
    Ok(filled)
}

const FORMS: &str = "write `${NAME}` or `${NAME:-fallback}`, or `$${` for a plain `${`";

fn resolve<'a>(
    reference: &'a str,
    at: &Place,
    variables: &'a Variables,
) -> Result<(&'a str, Cow<'a, str>), Mistake> {
    let (name, fallback) = match reference.split_once(":-") {
        Some((name, fallback)) => (name, Some(fallback)),
        None => (reference, None),
    };
    let here = || at.at_part(&format!("${{{name}"));
    if !is_name(name) {
        // What stands between the braces is not repeated: it may be a secret put there by mistake.
        return Err(Mistake::new(&here(), "`${…}` holds no name of a variable").help(FORMS));
    }
    let value = variables.get(name);
    match (value.filter(|value| !value.is_empty()), fallback) {
        (Some(value), _) => Ok((name, Cow::Borrowed(value))),
        (None, Some(fallback)) => Ok((name, Cow::Borrowed(fallback))),
        (None, None) if value.is_some() => Ok((name, Cow::Borrowed(""))),
        (None, None) => {
            let near = nearest(name, variables.keys().map(String::as_str));
            let help = near.map_or_else(
                || format!("set it, or write `${{{name}:-fallback}}`"),
                |near| format!("`{near}` is set; or write `${{{name}:-fallback}}`"),
            );
            let message = format!("the environment variable `{name}` is not set");
            Err(Mistake::new(&here(), message).help(help))
        }
    }
}

fn is_name(name: &str) -> bool {
    let word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    !name.is_empty()
        && name.chars().all(word)
        && !name.starts_with(|first: char| first.is_ascii_digit())
}
