//! Drift: what a run had applied and somebody has changed since, as against what was never applied.

use serde_json::json;

use crate::shop::Shop;

/// The id of the newest run.
fn newest(shop: &Shop) -> String {
    shop.history()[0]["run"].as_str().unwrap().to_owned()
}

#[test]
fn what_was_applied_and_changed_since_is_told_from_what_was_never_applied() {
    let shop = Shop::open();
    let plan = shop.dbtune("plan --phase 1 --format json").run().json();
    assert!(
        plan["changes"].as_array().unwrap().iter().all(|change| {
            change.get("changed_since").is_none() && change["action"] == "update"
        })
    );
    shop.dbtune("apply --phase 1 --yes").run().exits(0);
    let run = newest(&shop);
    shop.dbtune("plan --phase 1 --exit-code").run().exits(0);
    shop.postgres.sql("alter system set work_mem = '6MB'");
    shop.postgres.sql("alter system reset maintenance_work_mem");
    shop.postgres.sql("select pg_reload_conf()");
    shop.redis.ask("CONFIG SET maxmemory 50mb");
    let ran = shop.dbtune("plan --exit-code").run();
    ran.exits(3)
        .says(&format!("by run {run}"))
        .says("ALTER SYSTEM has stored another")
        .says("its ALTER SYSTEM entry has been");
    let plan = shop.dbtune("plan --format json").run().json();
    let since = |setting: &str| {
        let changes = plan["changes"].as_array().unwrap();
        let change = changes
            .iter()
            .find(|change| change["setting"] == setting)
            .unwrap();
        change.get("changed_since").cloned()
    };
    for (setting, value) in [
        ("work_mem", "8MB"),
        ("maintenance_work_mem", "128MB"),
        ("maxmemory", "64mb"),
    ] {
        let since = since(setting).unwrap();
        assert_eq!(since["run"], json!(run));
        assert_eq!(since["value"], json!(value));
    }
    assert_eq!(since("max_connections"), None);
}

#[test]
fn what_was_rolled_back_counts_as_not_yet_applied() {
    let shop = Shop::open();
    shop.dbtune("apply --phase 1 --yes").run().exits(0);
    shop.dbtune("rollback --yes").run().exits(0);
    let plan = shop
        .dbtune("plan --phase 1 --exit-code --format json")
        .run();
    plan.exits(3);
    let plan = plan.json();
    let mut changes = plan["changes"].as_array().unwrap().iter();
    assert!(changes.all(|change| change.get("changed_since").is_none()));
}

#[test]
fn drift_is_known_by_the_local_journal_alone_and_by_the_shared_history_alone() {
    let shop = Shop::open();
    shop.dbtune("apply --phase 1 --yes").run().exits(0);
    shop.postgres.sql("alter system set work_mem = '6MB'");
    shop.postgres.sql("select pg_reload_conf()");
    let told = || {
        let plan = shop.dbtune("plan --phase 1").run();
        plan.exits(0).says("and changed since");
    };
    let (state, aside) = (shop.project.state(), shop.project.path("aside"));
    std::fs::rename(&state, &aside).unwrap();
    told();
    std::fs::rename(&aside, &state).unwrap();
    shop.postgres.sql("drop schema dbtune cascade");
    told();
}
