//! Bad luck at every step: killed, interrupted, cut off, server gone. Whatever happened, the files,
//! the running values and the history agree, and the servers are as before or as planned.

use std::fs;
use std::thread;
use std::time::Duration;

use crate::shop::{REDIS, Shop, State};
use crate::support::{
    Hold, Point, Project, Proxy, Redis, Running, Target as _, TargetEntry, after, before,
    eventually,
};

/// A shop whose PostgreSQL or Redis is reached through a proxy.
struct Watched {
    shop: Shop,
    proxy: Proxy,
    original: State,
}

impl Watched {
    fn postgres() -> Self {
        Self::new(Shop::with_postgres_behind_a_proxy())
    }

    fn redis() -> Self {
        Self::new(Shop::with_redis_behind_a_proxy())
    }

    /// Applies and rolls back once, so that the history's table exists and Redis has written its
    /// file: from then on every round is like the one before.
    fn new((shop, proxy): (Shop, Proxy)) -> Self {
        shop.dbtune("apply --phase 1 --yes").run().exits(0);
        shop.dbtune("rollback --yes").run().exits(0);
        let original = shop.state();
        Self {
            shop,
            proxy,
            original,
        }
    }

    /// Runs `apply` once for each point of the conversation, both before and after each request,
    /// until it ends without coming to the point.
    fn at_every_step(&self, mut act: impl FnMut(&Self, Running, Hold)) {
        let points: [fn(&str) -> Point; 2] = [before, after];
        for at in points {
            let steps = (1..).take_while(|nth| self.at_step(&at("").nth(*nth), &mut act));
            let steps = steps.count();
            assert!(steps > 10, "only {steps} steps were seen");
        }
    }

    /// Runs `apply` up to this point and whatever befalls it there; `false` when it never came to
    /// the point.
    fn at_step(&self, point: &Point, act: &mut impl FnMut(&Self, Running, Hold)) -> bool {
        let hold = self.proxy.hold(point.clone());
        let mut running = self.shop.dbtune("apply --phase 1 --yes").spawn();
        let came = came_to(&hold, &mut running);
        if came {
            act(self, running, hold);
        } else {
            hold.release();
            running.wait().exits(0);
            self.shop.dbtune("rollback --yes").run().exits(0);
        }
        assert_eq!(self.shop.state(), self.original, "after {point:?}");
        came
    }
}

fn came_to(hold: &Hold, running: &mut Running) -> bool {
    loop {
        if hold.is_held() {
            return true;
        }
        if !running.is_running() {
            return false;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

fn killed_then_rolled_back(watched: &Watched, running: Running, hold: Hold) {
    running.kill();
    running.wait();
    hold.cut();
    watched.shop.dbtune("rollback --yes").run().exits(0);
    let history = watched.shop.history();
    let states: Vec<_> = history
        .iter()
        .map(|run| run["outcome"].as_str().unwrap())
        .collect();
    assert!(!states.contains(&"interrupted"), "{states:?}");
}

fn killed_then_applied(watched: &Watched, running: Running, hold: Hold) {
    running.kill();
    running.wait();
    hold.cut();
    watched.shop.dbtune("apply --phase 1 --yes").run().exits(0);
    assert_eq!(watched.shop.postgres.show("work_mem"), "8MB");
    assert_eq!(watched.shop.redis.config("maxmemory"), "67108864");
    watched.shop.dbtune("rollback --yes").run().exits(0);
}

fn interrupted(watched: &Watched, running: Running, hold: Hold) {
    running.interrupt();
    thread::sleep(Duration::from_millis(30));
    hold.release();
    end_as_before(watched, running, 130);
}

fn cut_off(watched: &Watched, running: Running, hold: Hold) {
    hold.cut();
    end_as_before(watched, running, 1);
}

/// The run ends with this code and everything put back, or it was over already when it was hit.
fn end_as_before(watched: &Watched, running: Running, code: i32) {
    let ran = running.wait();
    if ran.code() == Some(0) {
        assert_eq!(watched.shop.postgres.show("work_mem"), "8MB", "{ran}");
        watched.shop.dbtune("rollback --yes").run().exits(0);
    } else {
        ran.exits(code);
    }
}

#[test]
fn killed_at_every_step_of_postgresql_the_next_rollback_settles_it() {
    Watched::postgres().at_every_step(killed_then_rolled_back);
}

#[test]
fn killed_at_every_step_of_postgresql_the_next_apply_settles_it() {
    Watched::postgres().at_every_step(killed_then_applied);
}

#[test]
fn killed_at_every_step_of_redis_the_next_rollback_settles_it() {
    Watched::redis().at_every_step(killed_then_rolled_back);
}

#[test]
fn killed_at_every_step_of_redis_the_next_apply_settles_it() {
    Watched::redis().at_every_step(killed_then_applied);
}

#[test]
fn interrupted_at_every_step_of_postgresql_everything_is_put_back() {
    Watched::postgres().at_every_step(interrupted);
}

#[test]
fn interrupted_at_every_step_of_redis_everything_is_put_back() {
    Watched::redis().at_every_step(interrupted);
}

#[test]
fn cut_off_at_every_step_of_postgresql_everything_is_put_back() {
    Watched::postgres().at_every_step(cut_off);
}

#[test]
fn cut_off_at_every_step_of_redis_everything_is_put_back() {
    Watched::redis().at_every_step(cut_off);
}

/// What befalls a `rollback`, and how the next one must then go.
fn at_every_step_of_a_rollback(watched: &Watched, befall: impl Fn(Running, Hold) -> Option<i32>) {
    watched.shop.dbtune("apply --phase 1 --yes").run().exits(0);
    let applied = watched.shop.state();
    let points: [fn(&str) -> Point; 2] = [before, after];
    for at in points {
        for nth in 1.. {
            let hold = watched.proxy.hold(at("").nth(nth));
            let mut running = watched.shop.dbtune("rollback --yes").spawn();
            let came = came_to(&hold, &mut running);
            let code = if came {
                befall(running, hold)
            } else {
                hold.release();
                running.wait().code()
            };
            if code.is_some_and(|code| code != 0) {
                assert_eq!(watched.shop.state(), applied, "put back at step {nth}");
            }
            watched.shop.dbtune("rollback --yes").run().exits(0);
            assert_eq!(watched.shop.state(), watched.original, "after step {nth}");
            watched.shop.dbtune("apply --phase 1 --yes").run().exits(0);
            if !came {
                assert!(nth > 10, "only {nth} steps were seen");
                break;
            }
        }
    }
}

#[test]
fn a_rollback_killed_at_every_step_is_done_by_the_next_one() {
    at_every_step_of_a_rollback(&Watched::postgres(), |running, hold| {
        running.kill();
        running.wait();
        hold.cut();
        None
    });
}

#[test]
fn a_rollback_interrupted_at_every_step_changes_nothing_and_can_be_done_again() {
    at_every_step_of_a_rollback(&Watched::postgres(), |running, hold| {
        running.interrupt();
        thread::sleep(Duration::from_millis(30));
        hold.release();
        running.wait().code()
    });
}

#[test]
fn a_run_cut_off_shows_as_interrupted_until_it_is_settled() {
    let watched = Watched::postgres();
    let hold = watched.proxy.hold(after("ALTER SYSTEM SET"));
    let running = watched.shop.dbtune("apply --phase 1 --yes").spawn();
    hold.wait();
    running.kill();
    running.wait();
    hold.cut();
    assert_eq!(watched.shop.history()[0]["outcome"], "interrupted");
    watched
        .shop
        .dbtune("rollback --yes")
        .run()
        .exits(0)
        .says("cut off");
    assert_eq!(watched.shop.history()[0]["outcome"], "rolled_back");
}

#[test]
fn what_somebody_changed_after_a_kill_is_left_alone() {
    let watched = Watched::postgres();
    let hold = watched.proxy.hold(after("ALTER SYSTEM SET").nth(2));
    let running = watched.shop.dbtune("apply --phase 1 --yes").spawn();
    hold.wait();
    running.kill();
    running.wait();
    hold.cut();
    watched
        .shop
        .postgres
        .sql("ALTER SYSTEM SET work_mem = '13MB'");
    watched
        .shop
        .dbtune("rollback --yes")
        .run()
        .exits(0)
        .complains("changed by somebody else");
    assert!(
        watched
            .shop
            .postgres
            .auto_conf()
            .contains("work_mem = '13MB'")
    );
    assert!(!watched.shop.postgres.auto_conf().contains("128MB"));
}

#[test]
fn a_server_gone_before_the_writes_changes_nothing() {
    let watched = Watched::redis();
    let hold = watched.proxy.hold(before("CONFIG SET"));
    let running = watched.shop.dbtune("apply --phase 1 --yes").spawn();
    hold.wait();
    watched.shop.redis.stop();
    hold.cut();
    let ran = running.wait();
    // PostgreSQL is back as it was; of Redis nobody can say until it answers again.
    ran.exits(1).complains("redis");
    assert_eq!(watched.shop.postgres.show("work_mem"), "5MB");
    watched.shop.redis.start_again();
    watched.shop.dbtune("rollback --yes").run().exits(0);
    assert_eq!(
        watched.shop.state().without_file(),
        watched.original.without_file()
    );
}

#[test]
fn a_server_gone_between_the_writes_is_settled_when_it_is_back() {
    let watched = Watched::postgres();
    let hold = watched.proxy.hold(after("ALTER SYSTEM SET"));
    let running = watched.shop.dbtune("apply --phase 1 --yes").spawn();
    hold.wait();
    watched.shop.postgres.crash();
    hold.cut();
    running
        .wait()
        .exits(1)
        .complains("could not be put back")
        .complains("ALTER SYSTEM");
    watched.shop.postgres.start_again();
    watched.shop.dbtune("rollback --yes").run().exits(0);
    assert_eq!(watched.shop.state(), watched.original);
}

#[test]
fn interrupted_during_a_restart_the_server_runs_as_before_again() {
    let slow = ["sh", "-c", "sleep 1; exec \"$@\"", "sh"].map(str::to_owned);
    let shop = Shop::with(|postgres, _| {
        let restart = slow.iter().cloned().chain(postgres.restart_command());
        vec![TargetEntry {
            restart: Some(restart.collect()),
            ..postgres.entry()
        }]
    });
    let before = shop.state();
    let running = shop
        .dbtune("apply --phase 1 --phase 2 --yes --restart")
        .spawn();
    eventually("the new values to be stored", || {
        shop.postgres.auto_conf().contains("max_connections")
    });
    thread::sleep(Duration::from_millis(500));
    running.interrupt();
    running
        .wait()
        .exits(130)
        .complains("everything that it changed has been put back");
    assert_eq!(shop.state().without_file(), before.without_file());
}

#[test]
fn a_run_on_a_redis_alone_is_settled_also_where_its_host_has_the_other_name() {
    let redis = Redis::with(&REDIS);
    let proxy = redis.proxy();
    let profile = "profile: cache\nphases: [{phase: 1, redis: {maxmemory: 64mb}}]\n";
    let project = Project::new()
        .targets(&[&proxy.entry_of(&redis)])
        .profile("cache", profile);
    let hold = proxy.hold(after("CONFIG SET"));
    let running = project.dbtune("apply --profile cache --yes").spawn();
    hold.wait();
    running.kill();
    running.wait();
    hold.cut();
    assert_eq!(redis.config("maxmemory"), "67108864");
    let path = project.path("targets.yaml");
    let targets = fs::read_to_string(&path).unwrap();
    fs::write(&path, targets.replace("127.0.0.1", "localhost")).unwrap();
    project
        .dbtune("rollback --yes")
        .run()
        .exits(0)
        .complains("was cut off");
    assert_eq!(redis.config("maxmemory"), "33554432");
}
