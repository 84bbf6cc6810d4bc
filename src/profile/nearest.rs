//! What somebody probably meant.

/// The candidate that is spelled most like `name`, if one is near enough to be meant. Case and the
/// difference between `-` and `_` count for nothing.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 64;
    if name.len() > LONGEST {
        return None;
    }
    let name = fold(name);
    let allowed = (name.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&name, &fold(candidate)),
                candidate,
            )
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn fold(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

/// `` `a`, `b` and `c` ``
pub(crate) fn listed(names: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut names: Vec<String> = names
        .into_iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    let last = names.pop().unwrap_or_default();
    if names.is_empty() {
        return last;
    }
    format!("{} and {last}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["shared_buffers", "temp_buffers", "maxmemory-policy"];

    #[test]
    fn a_slip_of_the_finger_is_near() {
        assert_eq!(nearest("shared_bufers", NAMES), Some("shared_buffers"));
        assert_eq!(nearest("SharedBuffers", NAMES), Some("shared_buffers"));
        assert_eq!(nearest("maxmemory_policy", NAMES), Some("maxmemory-policy"));
    }

    #[test]
    fn another_word_is_not_near() {
        assert_eq!(nearest("wal_level", NAMES), None);
        assert_eq!(nearest("", NAMES), None);
    }
}
