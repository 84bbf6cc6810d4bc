//! A second cut while what the first has broken is being mended.

use crate::shop::{Shop, State};
use crate::support::{Proxy, after, before};

/// A shop that has been applied and rolled back once, with a proxy before its PostgreSQL or its Redis.
fn shop(of: &'static str) -> (Shop, Proxy, State) {
    let (shop, proxy) = match of {
        "redis" => Shop::with_redis_behind_a_proxy(),
        _ => Shop::with_postgres_behind_a_proxy(),
    };
    shop.dbtune("apply --phase 1 --yes").run().exits(0);
    shop.dbtune("rollback --yes").run().exits(0);
    let original = shop.state();
    (shop, proxy, original)
}

#[test]
fn what_was_put_back_but_not_persisted_is_persisted_when_it_is_settled() {
    let (shop, proxy, original) = shop("redis");
    // The new values are in the file, the old ones run again, and the file was not told.
    proxy.cut(after("CONFIG REWRITE"));
    proxy.cut(before("CONFIG REWRITE").nth(2));
    shop.dbtune("apply --phase 1 --yes")
        .run()
        .exits(1)
        .complains("not everything could be put back");
    assert_eq!(shop.redis.config("maxmemory"), "33554432");
    assert!(shop.redis.conf().contains("maxmemory 64mb"));
    shop.dbtune("rollback --yes").run().exits(0);
    assert_eq!(shop.state(), original);
    shop.redis.restart();
    assert_eq!(shop.state(), original);
}

#[test]
fn the_history_does_not_say_applied_of_what_was_put_back_after_all() {
    let (shop, proxy, original) = shop("postgresql");
    // The history holds that all went well, dbtune never hears of it, and cannot ask either: it puts
    // everything back. Nor can it say so in the history.
    let held = proxy.hold(after("UPDATE dbtune.run"));
    let running = shop.dbtune("apply --phase 1 --yes").spawn();
    held.wait();
    proxy.cut(before("(startup)"));
    proxy.cut(before("(startup)").nth(2));
    held.cut();
    running
        .wait()
        .exits(1)
        .complains("everything that it changed has been put back");
    assert_eq!(shop.state(), original);
    assert_eq!(shop.history()[0]["outcome"], "rolled_back");
    // From another machine it looks the same once this one has been able to tell.
    shop.dbtune("apply --phase 1 --yes").run().exits(0);
    std::fs::remove_dir_all(shop.project.state()).unwrap();
    let history = shop.history();
    assert_eq!(history[0]["outcome"], "applied");
    assert_eq!(history[1]["outcome"], "rolled_back");
}
