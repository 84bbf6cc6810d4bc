//! The profiles that come with the program, for wherever it was installed to.

/// Name and text of every built-in profile.
const PROFILES: [(&str, &str); 2] = [
    (
        "medianest-baseline",
        include_str!("../../tuning-profiles/medianest-baseline.yaml"),
    ),
    (
        "medianest-production",
        include_str!("../../tuning-profiles/medianest-production.yaml"),
    ),
];

/// The names of the built-in profiles, in alphabetical order.
pub fn builtin_names() -> impl Iterator<Item = &'static str> {
    PROFILES.iter().map(|(name, _)| *name)
}

/// The text of a built-in profile.
pub(super) fn text(name: &str) -> Option<&'static str> {
    let found = PROFILES.iter().find(|(found, _)| *found == name);
    found.map(|(_, text)| *text)
}
