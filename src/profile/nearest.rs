//! What somebody probably meant.

use crate::setting::{secret_names, secret_words};

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

/// Whether a name is probably that of a secret setting, misspelt. Its value is then as secret.
pub fn resembles_secret(name: &str) -> bool {
    let separators = name.match_indices(['.', '-', '_']);
    let mut ends = separators.filter_map(|(at, _)| name.get(at + 1..));
    nearest(name, secret_names()).is_some()
        || ends.any(|end| nearest(end, secret_words()).is_some())
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

    #[test]
    fn the_misspelt_name_of_a_secret_is_told_from_others() {
        for name in [
            "requirepas",
            "tls-key-file-pas",
            "RequirePss",
            "vault.pasword",
        ] {
            assert!(resembles_secret(name), "{name}");
        }
        for name in [
            "phases",
            "masteruser",
            "primaryuser",
            "tls-key-file",
            "tls-client-key-file",
            "maxmemory-policy",
            "primary_slot_name",
            "password_encryption",
            "url",
        ] {
            assert!(!resembles_secret(name), "{name}");
        }
    }

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
