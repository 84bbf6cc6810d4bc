//! refinery's checksum of a migration.

use std::hash::{Hash as _, Hasher as _};

use siphasher::sip::SipHasher13;

use super::Version;

/// How wide the versions of a history are: refinery hashes a version at this width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// 32 bits: `int4`, refinery's default.
    Narrow,
    /// 64 bits: `int8`, with its feature `int8-versions`, and for every history that dbtune begins.
    Wide,
}

/// The checksum that refinery gives a file: SipHash-1-3 of its name, its version and its text. `None`
/// where the version is wider than the history.
pub(super) fn checksum(width: Width, version: Version, name: &str, text: &str) -> Option<u64> {
    let mut hasher = SipHasher13::new();
    name.hash(&mut hasher);
    match width {
        Width::Narrow => i32::try_from(version.0).ok()?.hash(&mut hasher),
        Width::Wide => version.0.hash(&mut hasher),
    }
    text.hash(&mut hasher);
    Some(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_checksum_is_that_of_refinery_itself() {
        let text = "CREATE TABLE persons (id int);\r\n";
        let theirs = refinery::Migration::unapplied("V12__persons.sql", text).unwrap();
        let ours = checksum(Width::Wide, Version(12), "persons", text);
        assert_eq!(ours, Some(theirs.checksum()));
    }

    #[test]
    fn a_narrow_history_has_other_checksums_and_no_wide_versions() {
        let narrow = |version| checksum(Width::Narrow, Version(version), "x", "SELECT 1");
        assert_ne!(
            narrow(1),
            checksum(Width::Wide, Version(1), "x", "SELECT 1")
        );
        assert_eq!(narrow(20_261_124_093_000), None);
    }
}
