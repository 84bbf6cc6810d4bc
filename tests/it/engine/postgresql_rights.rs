//! What a role with few rights sees, and that what it is told to ask for is what it needs.

use dbtune::setting::SettingName;
use dbtune::snapshot::{Entry, Snapshot};

use super::door::{Door, set};
use crate::support::{PASSWORD, Postgres, eventually};

fn tuner() -> String {
    format!("CREATE ROLE \"Tuner\" LOGIN PASSWORD '{PASSWORD}'")
}

/// The statements in a sentence about a missing right.
fn grants(sentence: &str) -> impl Iterator<Item = &str> {
    sentence
        .split("; ")
        .filter(|part| part.starts_with("GRANT "))
}

fn fixed(snapshot: &Snapshot, name: &str) -> String {
    let observed = &snapshot.settings[&SettingName::from(name)];
    observed.fixed.clone().unwrap_or_default()
}

#[test]
fn a_plain_role_is_told_what_is_missing_and_the_grants_supply_it() {
    for bin in Postgres::every_bin() {
        let server = Postgres::with_bin(bin).statement(&tuner()).start();
        let mut door = Door::open(&server.url_of("Tuner", "postgres"));
        let poor = door.snapshot();
        assert!(!poor.files_readable);
        assert_eq!(poor.identity.user, "Tuner");
        assert_eq!(poor.persisted_in, None);
        assert_eq!(poor.missing_rights.len(), 3, "{:?}", poor.missing_rights);
        let observed = &poor.settings[&SettingName::from("work_mem")];
        assert_eq!(observed.configured, None);
        assert_eq!(observed.without_entry, None);
        assert_eq!(observed.entry, Entry::Unknown);

        for grant in poor
            .missing_rights
            .iter()
            .flat_map(|sentence| grants(sentence))
        {
            server.sql(grant);
        }
        let mut door = Door::open(&server.url_of("Tuner", "postgres"));
        let rich = door.snapshot();
        assert_eq!(rich.missing_rights, [""; 0]);
        assert!(rich.files_readable);
        assert!(rich.settings.len() > poor.settings.len());
        assert!(
            rich.persisted_in
                .unwrap()
                .ends_with("/postgresql.auto.conf")
        );
        door.engine.activate().unwrap();
    }
}

#[test]
fn a_setting_that_the_role_may_not_write_says_which_grant_is_missing() {
    for bin in Postgres::every_bin() {
        let since_15 = bin.version() >= &[15];
        let server = Postgres::with_bin(bin).statement(&tuner()).start();
        let mut door = Door::open(&server.url_of("Tuner", "postgres"));
        let reason = fixed(&door.snapshot(), "work_mem");
        let refused = door.refuses(&[set("work_mem", &["7MB"])]);
        assert_eq!(refused.sqlstate, "42501");
        if !since_15 {
            assert!(reason.contains("only a superuser"), "{reason}");
            continue;
        }
        assert!(
            refused
                .hint
                .contains("GRANT ALTER SYSTEM ON PARAMETER work_mem")
        );
        for grant in grants(&reason) {
            server.sql(grant);
        }
        assert_eq!(fixed(&door.snapshot(), "work_mem"), "");
        assert_ne!(fixed(&door.snapshot(), "maintenance_work_mem"), "");
        door.engine.write(&[set("work_mem", &["7MB"])]).unwrap();
    }
}

#[test]
fn a_role_that_may_not_reload_is_told_so_by_the_server() {
    let server = Postgres::setup().statement(&tuner()).start();
    let mut door = Door::open(&server.url_of("Tuner", "postgres"));
    let error = door.engine.activate().unwrap_err();
    assert_eq!(super::door::Refused::new(&error).sqlstate, "42501");
}

#[test]
fn the_lock_works_for_a_plain_role_although_it_sees_less_of_the_holder() {
    let server = Postgres::setup().statement(&tuner()).start();
    let mut first = Door::open(&server.url());
    let mut second = Door::open(&server.url_of("Tuner", "postgres"));
    assert!(first.locks());
    assert!(second.holder().contains("user postgres"));
    drop(first);
    eventually("the server notices", || second.locks());
}
