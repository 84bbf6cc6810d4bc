//! What cannot be written down is not done: whatever keeps a run from being recorded, on the local
//! disk or in the shared history, it is refused before a server is touched.

use std::fs;

use crate::shop::{PROFILE, Shop};
use crate::support::{Postgres, Project, Ran, Target as _, TargetEntry};

/// Asserts that `apply` is refused and that nothing moves. Returns what it said.
fn is_refused(shop: &Shop, apply: crate::support::Cli) -> Ran {
    let before = shop.state();
    let ran = apply.run();
    ran.exits(6).complains("nothing was changed");
    assert_eq!(shop.state(), before, "{ran}");
    ran
}

fn shop_as(role: &str, statements: &[&str]) -> Shop {
    let setup = statements
        .iter()
        .fold(Postgres::setup(), |setup, statement| {
            setup.statement(statement)
        });
    let redis = crate::support::Redis::with(&crate::shop::REDIS);
    Shop::on(setup, redis, |postgres, _| {
        vec![TargetEntry {
            url: postgres.url_of(role, "postgres"),
            ..postgres.entry()
        }]
    })
}

#[test]
fn a_database_that_is_read_only_is_told() {
    let shop = shop_as(
        "postgres",
        &["ALTER DATABASE postgres SET default_transaction_read_only = on"],
    );
    let ran = is_refused(&shop, shop.dbtune("apply --phase 1 --yes"));
    ran.complains("read-only transaction")
        .complains("default_transaction_read_only");
    shop.dbtune("plan").run().exits(0);
    assert_eq!(shop.history().len(), 1);
    assert_eq!(shop.history()[0]["outcome"], "refused");
}

#[test]
fn a_standby_cannot_hold_the_history() {
    let shop = Shop::open();
    let data = shop.postgres.data();
    shop.postgres.stop();
    fs::write(data.join("standby.signal"), "").unwrap();
    shop.postgres.start_again();
    assert_eq!(shop.postgres.value("SELECT pg_is_in_recovery()"), "t");
    let ran = is_refused(&shop, shop.dbtune("apply --phase 1 --yes"));
    ran.complains("standby").complains("primary");
}

#[test]
fn a_role_that_may_not_create_the_table_is_told_what_to_grant() {
    let shop = shop_as(
        "tuner",
        &[
            &format!(
                "CREATE ROLE tuner LOGIN PASSWORD '{}' IN ROLE pg_read_all_settings",
                crate::support::PASSWORD
            ),
            "GRANT EXECUTE ON FUNCTION pg_reload_conf(), pg_show_all_file_settings() TO tuner",
            "GRANT SELECT ON pg_file_settings TO tuner",
            "DO $$ BEGIN IF current_setting('server_version_num')::int >= 150000 THEN EXECUTE \
             'GRANT ALTER SYSTEM ON PARAMETER work_mem, maintenance_work_mem TO tuner'; \
             ELSE ALTER ROLE tuner SUPERUSER; END IF; END $$",
        ],
    );
    if shop
        .postgres
        .value("SELECT rolsuper FROM pg_roles WHERE rolname = 'tuner'")
        == "t"
    {
        return; // Before 15 only a superuser may write settings, and may create tables, too.
    }
    let ran = is_refused(&shop, shop.dbtune("apply --phase 1 --yes"));
    ran.complains("permission denied").complains("CREATE");
}

#[test]
fn a_local_journal_that_has_no_place_is_told() {
    let shop = Shop::open();
    let in_the_way = shop.project.path("a-file");
    fs::write(&in_the_way, "").unwrap();
    let apply = shop
        .dbtune("apply --phase 1 --yes")
        .env("DBTUNE_STATE_DIR", in_the_way.join("state"));
    is_refused(&shop, apply).complains("DBTUNE_STATE_DIR");
}

#[test]
fn a_local_disk_that_is_full_is_told_and_leaves_no_half_line_in_the_way() {
    let shop = Shop::open();
    // Nothing fits; and half of the first line fits.
    for blocks in ["0", "1"] {
        let apply = shop.dbtune("apply --phase 1 --yes").with_file_limit(blocks);
        is_refused(&shop, apply).complains("cannot write");
    }
    shop.dbtune("apply --phase 1 --yes").run().exits(0);
    shop.dbtune("rollback --yes").run().exits(0);
    assert_eq!(shop.history().len(), 2, "what was refused began no run");
}

#[test]
fn a_file_of_the_server_that_cannot_be_written_leaves_everything_as_it_was() {
    use std::os::unix::fs::PermissionsExt as _;
    let shop = Shop::open();
    let before = shop.state();
    // The server writes a new file beside the old one; it may not.
    let new_file = shop.postgres.data().join("postgresql.auto.conf.tmp");
    fs::write(&new_file, "").unwrap();
    fs::set_permissions(&new_file, fs::Permissions::from_mode(0o400)).unwrap();
    let ran = shop.dbtune("apply --phase 1 --yes").run();
    ran.exits(1)
        .complains("postgresql.auto.conf")
        .complains("everything that it changed has been put back")
        .complains("cannot write");
    ran.never_shows("GRANT ALTER SYSTEM");
    assert_eq!(shop.state(), before);
    assert_eq!(shop.history()[0]["outcome"], "rolled_back");
    fs::remove_file(&new_file).unwrap();
    shop.dbtune("apply --phase 1 --yes").run().exits(0);
}

#[test]
fn a_server_that_takes_no_alter_system_is_refused_by_the_plan() {
    for bin in Postgres::bins_since(17) {
        let postgres = Postgres::with_bin(bin)
            .setting("allow_alter_system = off")
            .start();
        let project = Project::new()
            .targets(&[&postgres])
            .profile("shop", PROFILE);
        let line = "--profile shop --target postgresql --phase 1";
        let plan = project.dbtune(&format!("plan {line} --format json")).run();
        assert_eq!(plan.json()["changes"][0]["action"], "blocked", "{plan}");
        project
            .dbtune(&format!("apply {line} --yes --allow overridden"))
            .run()
            .exits(6)
            .complains("allow_alter_system is off")
            .complains("nothing was changed");
        assert!(!postgres.auto_conf().contains("work_mem"));
    }
}
