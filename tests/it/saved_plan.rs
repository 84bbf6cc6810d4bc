//! `plan --out` and `apply --plan`: what was shown is done, or nothing.

use std::fs;

use crate::shop::{PROFILE, Shop};
use crate::support::{Project, Ran};

fn saved(shop: &Shop) {
    shop.dbtune("plan --phase 1 --out saved.json")
        .run()
        .exits(0)
        .says("apply --plan saved.json");
}

fn apply(shop: &Shop) -> Ran {
    shop.project.dbtune("apply --plan saved.json --yes").run()
}

#[test]
fn a_saved_plan_is_applied_as_it_was_shown() {
    let shop = Shop::open();
    saved(&shop);
    apply(&shop).exits(0);
    assert_eq!(shop.postgres.show("work_mem"), "8MB");
    assert_eq!(shop.redis.config("maxmemory"), "67108864");
}

#[test]
fn a_saved_plan_is_stale_when_a_value_moved() {
    let shop = Shop::open();
    saved(&shop);
    shop.postgres.sql("ALTER SYSTEM SET work_mem = '6MB'");
    shop.postgres.sql("SELECT pg_reload_conf()");
    apply(&shop).exits(6).complains("work_mem").complains("6MB");
    assert_eq!(shop.postgres.show("maintenance_work_mem"), "64MB");
}

#[test]
fn a_saved_plan_is_stale_after_a_restart() {
    let shop = Shop::open();
    saved(&shop);
    shop.postgres.restart();
    apply(&shop).exits(6).complains("restarted");
}

#[test]
fn a_saved_plan_is_stale_when_the_profile_moved() {
    let shop = Shop::open();
    saved(&shop);
    let profile = shop.project.path("tuning-profiles/shop.yaml");
    fs::write(profile, PROFILE.replace("128MB", "256MB")).unwrap();
    apply(&shop).exits(6).complains("maintenance_work_mem");
    assert_eq!(shop.postgres.show("work_mem"), "5MB");
}

#[test]
fn a_plan_of_another_server_is_refused() {
    let shop = Shop::open();
    let other = Shop::open();
    saved(&other);
    fs::copy(
        other.project.path("saved.json"),
        shop.project.path("saved.json"),
    )
    .unwrap();
    apply(&shop).exits(6).complains("another server");
    assert_eq!(shop.postgres.show("work_mem"), "5MB");
}

#[test]
fn a_plan_edited_by_hand_is_refused_and_one_that_is_none_is_a_usage_error() {
    let shop = Shop::open();
    saved(&shop);
    let file = shop.project.path("saved.json");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("8MB", "9MB")).unwrap();
    apply(&shop).exits(6).complains("edited");
    fs::write(&file, "not a plan").unwrap();
    apply(&shop).exits(2);
    assert_eq!(shop.postgres.show("work_mem"), "5MB");
}

#[test]
fn a_saved_plan_that_is_missing_is_a_usage_error() {
    Project::new()
        .dbtune("apply --plan nowhere.json --yes")
        .run()
        .exits(2);
}
