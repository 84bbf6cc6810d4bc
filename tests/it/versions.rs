//! Every command on every version of the servers that is at hand.

use serde_json::json;

use crate::shop::{REDIS, Shop};
use crate::support::{Postgres, Redis};

/// Shops whose servers are of every version, as few of them as that takes.
fn each_shop(mut check: impl FnMut(&Shop)) {
    let (bins, programs) = (Postgres::every_bin(), Redis::every_program());
    for n in 0..bins.len().max(programs.len()) {
        let bin = bins[n % bins.len()].clone();
        let redis = Redis::of(&programs[n % programs.len()], &REDIS);
        check(&Shop::on(Postgres::with_bin(bin), redis, |_, _| Vec::new()));
    }
}

/// The actions of a plan, setting by setting.
fn actions(plan: &serde_json::Value) -> Vec<String> {
    let changes = plan["changes"].as_array().unwrap();
    changes
        .iter()
        .map(|change| {
            format!(
                "{} {}",
                change["setting"].as_str().unwrap(),
                change["action"].as_str().unwrap()
            )
        })
        .collect()
}

#[test]
fn every_version_is_planned_applied_restarted_and_rolled_back() {
    each_shop(|shop| {
        let before = shop.state();
        let planned = shop.dbtune("plan --format json").run();
        planned.exits(0);
        let plan = planned.json();
        assert_eq!(plan["summary"]["update"], 7, "{plan:#}");
        assert_eq!(plan["summary"]["restart"], 1, "{plan:#}");

        let applied = shop.dbtune("apply --yes --restart --format json").run();
        applied.exits(0);
        assert_eq!(applied.json()["outcome"], "applied");
        assert_eq!(applied.json()["restarted"], json!(["postgresql"]));
        assert_eq!(shop.postgres.show("work_mem"), "8MB");
        assert_eq!(shop.postgres.show("max_connections"), "40");
        assert_eq!(shop.postgres.show("temp_tablespaces"), "pg_default");
        assert_eq!(shop.redis.config("maxmemory"), "67108864");
        assert_eq!(shop.redis.config("maxmemory-policy"), "allkeys-lru");
        assert!(shop.redis.conf().contains("maxmemory-policy allkeys-lru"));

        let again = shop.dbtune("plan --exit-code --format json").run();
        again.exits(0);
        assert!(
            actions(&again.json())
                .iter()
                .all(|action| action.ends_with(" unchanged")),
            "{again}"
        );

        shop.dbtune("rollback --yes --restart").run().exits(0);
        assert_eq!(shop.state().without_file(), before.without_file());
        shop.redis.restart();
        assert_eq!(shop.state().without_file(), before.without_file());
        let outcomes: Vec<_> = shop
            .history()
            .iter()
            .map(|run| (run["command"].clone(), run["outcome"].clone()))
            .collect();
        assert_eq!(
            outcomes,
            [
                (json!("rollback"), json!("rolled_back")),
                (json!("apply"), json!("applied"))
            ]
        );
    });
}

#[test]
fn every_version_waits_for_a_restart_and_goes_back_without_one() {
    each_shop(|shop| {
        let before = shop.state();
        shop.dbtune("apply --yes").run().exits(4);
        assert_eq!(shop.postgres.show("work_mem"), "8MB");
        assert_eq!(shop.postgres.show("max_connections"), "30");
        assert_eq!(shop.history()[0]["outcome"], "pending_restart");
        let waiting = shop.dbtune("plan --exit-code --format json").run();
        waiting.exits(3);
        assert!(actions(&waiting.json()).contains(&"max_connections pending_restart".to_owned()));
        shop.dbtune("rollback --yes").run().exits(0);
        assert_eq!(shop.state().without_file(), before.without_file());
        shop.postgres.restart();
        assert_eq!(shop.postgres.show("max_connections"), "30");
    });
}
