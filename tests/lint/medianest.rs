//! The ten indexes of MediaNest on its own schema.

use crate::{findings, is_squawks};

const SCHEMA: &str = include_str!("medianest/V1__schema.sql");
const INDEXES: &str = include_str!("medianest/V2__medianest_indexes.sql");

#[test]
fn four_of_the_ten_are_redundant_and_one_old_index_becomes_so() {
    let found = findings(&[SCHEMA, INDEXES]);
    let own: Vec<(&str, bool, usize)> = found
        .iter()
        .filter(|finding| !is_squawks(finding))
        .map(|finding| (finding.rule.as_str(), finding.blocks, finding.place.line))
        .collect();
    assert_eq!(
        own,
        [
            ("redundant-index", true, 1),
            ("redundant-index", true, 2),
            ("redundant-index", true, 8),
            ("superseded-index", false, 9),
            ("redundant-index", true, 10),
        ]
    );
    let messages: Vec<&str> = found.iter().map(|own| own.message.as_str()).collect();
    for told in [
        "idx_users_email (email) is redundant: the same key as the unique index users_email_key (email) \
         (V1__x.sql:10)",
        "idx_session_tokens_user_id_expires_at (user_id, expires_at) makes session_tokens_user_id_idx \
         (user_id) (V1__x.sql:31) redundant",
    ] {
        assert!(messages.contains(&told), "{told}\n{messages:#?}");
    }
}

#[test]
fn squawk_has_nothing_to_say_of_the_ten() {
    let found = findings(&[SCHEMA, INDEXES]);
    let mut said = found.iter().filter(|own| is_squawks(own));
    assert!(said.all(|own| !own.blocks && own.path.ends_with("V1__x.sql")));
}

#[test]
fn without_the_schema_nothing_is_guessed() {
    assert_eq!(findings(&[INDEXES]), []);
}
