//! Settings of libraries that are not loaded, on servers that refuse them and on those that do not.

use super::desk::{Desk, every_version};
use crate::support::Postgres;

const NOT_LOADED: &str = "extension_not_loaded";

#[test]
fn a_setting_of_a_library_that_is_not_loaded_is_shown_and_refused_on_every_version() {
    for bin in every_version() {
        let desk = Desk::of(Postgres::with_bin(bin).start());
        desk.refuses(
            "auto_explain.log_min_duration: 100ms",
            NOT_LOADED,
            "it takes two steps",
        );
        desk.refuses(
            "shared_preload_libraries: auto_explain\nauto_explain.log_min_duration: 100ms",
            NOT_LOADED,
            "this phase adds it",
        );
    }
}

#[test]
fn the_two_steps_work_on_every_version() {
    const PROFILE: &str = "profile: p\nphases:\n  - phase: 1\n    postgresql: \
        {shared_preload_libraries: auto_explain}\n  - phase: 2\n    postgresql: \
        {auto_explain.log_min_duration: 100ms}\n";
    for bin in every_version() {
        let desk = Desk::of(Postgres::with_bin(bin).start());
        desk.write_profile(PROFILE);
        desk.says(NOT_LOADED, "by an earlier phase of this plan");
        desk.dbtune("apply --phase 1 --yes").exits(4);
        desk.says(NOT_LOADED, "waits for a restart: restart postgresql");
        desk.dbtune("apply --phase 1 --yes --restart").exits(0);
        desk.dbtune("apply --phase 2 --yes").exits(0);
        assert_eq!(desk.postgres.show("auto_explain.log_min_duration"), "100ms");
    }
}

#[test]
fn a_typo_in_the_setting_of_a_library_that_is_loaded_is_a_mistake_on_every_version() {
    for bin in every_version() {
        let desk = Desk::of(
            Postgres::with_bin(bin)
                .setting("shared_preload_libraries = 'auto_explain'")
                .start(),
        );
        desk.write_profile(
            "profile: p\nphases:\n  - phase: 1\n    postgresql: \
             {auto_explain.log_min_durations: 100ms}\n",
        );
        desk.dbtune("plan")
            .exits(2)
            .complains("write `auto_explain.log_min_duration`");
    }
}

#[test]
fn where_the_server_takes_any_name_it_can_be_allowed_and_undone() {
    let taking = every_version()
        .into_iter()
        .filter(|bin| bin.version() >= &[17]);
    for bin in taking {
        let desk = Desk::of(Postgres::with_bin(bin).start());
        desk.refuses("nobody.knows: this", NOT_LOADED, "would take any name");
        desk.dbtune("apply --yes --allow extension_not_loaded")
            .exits(0);
        assert!(desk.postgres.auto_conf().contains("nobody.knows = 'this'"));
        // What stands in the file is seen, and needs nothing more.
        desk.lets_pass("nobody.knows: this", NOT_LOADED);
        desk.dbtune("apply --yes").exits(0);
        desk.dbtune("rollback --yes").exits(0);
        assert!(!desk.postgres.auto_conf().contains("nobody"));
    }
}

#[test]
fn where_the_server_refuses_it_allowing_does_not_help() {
    let refusing = every_version()
        .into_iter()
        .filter(|bin| bin.version() < &[17]);
    for bin in refusing {
        let desk = Desk::of(Postgres::with_bin(bin).start());
        desk.refuses(
            "nobody.knows: this",
            NOT_LOADED,
            "refuses such a setting until then",
        );
        let before = desk.postgres.auto_conf();
        desk.dbtune("apply --yes --allow extension_not_loaded")
            .exits(6);
        assert_eq!(desk.postgres.auto_conf(), before);
    }
}

#[test]
fn a_mistake_in_the_setting_of_a_library_stops_nothing_once_it_is_loaded() {
    let taking = every_version()
        .into_iter()
        .filter(|bin| bin.version() >= &[17]);
    for bin in taking {
        let desk = Desk::of(Postgres::with_bin(bin).start());
        desk.refuses(
            "pg_stat_statements.trak: all",
            NOT_LOADED,
            "would take any name",
        );
        desk.dbtune("apply --yes --allow extension_not_loaded")
            .exits(0);
        desk.postgres
            .sql("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'");
        desk.postgres.restart();
        desk.lets_pass("work_mem: 8MB", "broken_config_file");
        desk.dbtune("apply --yes").exits(0);
        assert_eq!(desk.postgres.show("work_mem"), "8MB");
        desk.dbtune("rollback --yes").exits(0);
        desk.dbtune("rollback --yes").exits(0);
        assert!(!desk.postgres.auto_conf().contains("trak"));
    }
}
