//! The migrations that come with dbtune: MediaNest's schema, and the ten indexes of its report.

use std::fs;
use std::path::Path;

use super::deploy::Deploy;

/// Those of the ten that repeat an index which the schema has.
const REDUNDANT: [&str; 4] = [
    "idx_users_email",
    "idx_users_plex_id",
    "idx_session_tokens_token_hash",
    "idx_session_tokens_expires_at",
];

/// The folder, with or without the comments that allow a rule by name.
fn medianest(is_silenced: bool) -> Deploy {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut deploy = Deploy::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Some(name) = path
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .strip_suffix(".sql")
        else {
            continue;
        };
        let text = fs::read_to_string(&path).unwrap();
        let kept = text
            .lines()
            .filter(|line| is_silenced || !line.starts_with("-- dbtune: allow"));
        deploy = deploy.file(name, &kept.collect::<Vec<_>>().join("\n"));
    }
    deploy
}

#[test]
fn the_schema_and_the_ten_indexes_are_made_and_undone() {
    let deploy = medianest(true);
    deploy.migrate("--jobs 3").run().exits(0);
    assert_eq!(deploy.applied(), ["1", "2", "3", "4", "5", "6"]);
    let built = "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
                 WHERE c.relname LIKE 'idx\\_%' AND i.indisvalid";
    assert_eq!(deploy.postgres.value(built), "10");
    for _file in 0..3 {
        deploy.migrate("undo --yes").run().exits(0);
    }
    assert_eq!(deploy.postgres.value(built), "0");
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.postgres.value(built), "10");
}

#[test]
fn the_linter_finds_the_four_that_are_redundant_unless_they_are_allowed_by_name() {
    let deploy = medianest(true);
    deploy.migrate("--to 3").run().exits(0);
    deploy
        .migrate("lint --live")
        .run()
        .exits(0)
        .says("0 findings block");
    let deploy = medianest(false);
    deploy.migrate("--to 3").run().exits(0);
    let found = deploy.migrate("lint --live").run();
    found.exits(3);
    for index in REDUNDANT {
        found.says(index);
    }
    let document = deploy.migrate("lint --live --format json").run().json();
    let findings = document["findings"].as_array().unwrap();
    let redundant = findings
        .iter()
        .filter(|one| one["rule"] == "redundant-index");
    assert_eq!(redundant.count(), 4);
}
