//! A primary and a streaming standby, a Redis master and its replica: the order in which they come to
//! a setting, and what happens when they cannot.

use dbtune::sandbox::PostgresqlBin;

use crate::support::{Postgres, Project, Ran, Redis, Target, TargetEntry, eventually};

/// A primary with its standby, and a project that knows both.
struct Pair {
    primary: Postgres,
    standby: Postgres,
    project: Project,
}

/// A profile of one phase with these settings of PostgreSQL, one a line.
fn profile(settings: &[&str]) -> String {
    format!(
        "profile: pair\nphases:\n  - phase: 1\n    postgresql:\n      {}\n",
        settings.join("\n      ")
    )
}

impl Pair {
    fn start(bin: PostgresqlBin, settings: &[&str]) -> Self {
        let primary = Postgres::with_bin(bin).start();
        let standby = primary.standby();
        let project = Project::new()
            .targets(&[&named(&primary, "primary"), &named(&standby, "standby")])
            .profile("pair", &profile(settings));
        Self {
            primary,
            standby,
            project,
        }
    }

    fn newest(settings: &[&str]) -> Self {
        Self::start(Postgres::newest(), settings)
    }

    fn run(&self, command: &str) -> Ran {
        self.project.dbtune(command).run()
    }

    /// Applies the profile and returns what was restarted, in order.
    #[track_caller]
    fn restarted(&self) -> serde_json::Value {
        let ran = self.run("apply --profile pair --yes --restart --format json");
        ran.exits(0);
        ran.json()["restarted"].clone()
    }

    /// The settings of both, primary first.
    fn show(&self, setting: &str) -> [String; 2] {
        [self.primary.show(setting), self.standby.show(setting)]
    }

    /// What stands in the files of both.
    fn files(&self) -> [String; 2] {
        [self.primary.auto_conf(), self.standby.auto_conf()]
    }

    /// What the primary writes from now on arrives at the standby.
    #[track_caller]
    fn still_replicates(&self) {
        self.primary
            .sql("create table if not exists proof (n int); insert into proof values (1)");
        let written = self.primary.value("select count(*) from proof");
        eventually("the standby has what the primary wrote", || {
            self.standby
                .value("select to_regclass('proof') is not null")
                == "t"
                && self.standby.value("select count(*) from proof") == written
        });
    }
}

fn named(target: &dyn Target, name: &str) -> TargetEntry {
    TargetEntry {
        name: name.to_owned(),
        ..target.entry()
    }
}

#[test]
fn a_raise_restarts_the_standby_first_on_every_version() {
    for bin in Postgres::every_bin() {
        let pair = Pair::start(bin, &["max_connections: 60", "max_worker_processes: 12"]);
        assert_eq!(pair.restarted(), serde_json::json!(["standby", "primary"]));
        assert_eq!(pair.show("max_connections"), ["60", "60"]);
        pair.still_replicates();
    }
}

#[test]
fn a_lowering_restarts_the_primary_first_and_waits_for_the_standby_on_every_version() {
    for bin in Postgres::every_bin() {
        let pair = Pair::start(
            bin,
            &["max_connections: 20", "max_locks_per_transaction: 32"],
        );
        assert_eq!(pair.restarted(), serde_json::json!(["primary", "standby"]));
        assert_eq!(pair.show("max_connections"), ["20", "20"]);
        pair.still_replicates();
        pair.run("rollback --yes --restart").exits(0);
        assert_eq!(pair.show("max_connections"), ["30", "30"]);
        pair.still_replicates();
    }
}

#[test]
fn a_phase_that_raises_one_and_lowers_another_is_split_on_every_version() {
    for bin in Postgres::every_bin() {
        let pair = Pair::start(bin, &["max_connections: 60", "max_worker_processes: 6"]);
        pair.run("plan --profile pair")
            .exits(0)
            .says("Turn 1 of 2")
            .says("Turn 2 of 2, after the restarts of turn 1");
        assert_eq!(
            pair.restarted(),
            serde_json::json!(["standby", "primary", "primary", "standby"])
        );
        assert_eq!(pair.show("max_connections"), ["60", "60"]);
        assert_eq!(pair.show("max_worker_processes"), ["6", "6"]);
        pair.still_replicates();
    }
}

#[test]
fn without_restart_the_second_turn_is_not_written_before_the_first_is_in_effect() {
    let pair = Pair::newest(&["max_connections: 60", "max_worker_processes: 6"]);
    let apply = || pair.run("apply --profile pair --yes");
    apply().exits(4).says("max_connections");
    let has_second = || {
        pair.files()
            .iter()
            .any(|file| file.contains("max_worker_processes"))
    };
    assert!(!has_second());
    apply().exits(4);
    assert!(!has_second());
    pair.standby.restart();
    pair.primary.restart();
    apply().exits(4).says("max_worker_processes");
    assert!(has_second());
    pair.primary.restart();
    pair.still_replicates();
    pair.standby.restart();
    apply().exits(0);
    assert_eq!(pair.show("max_worker_processes"), ["6", "6"]);
    pair.still_replicates();
}

#[test]
fn restarts_that_are_left_to_a_person_are_told_with_their_order_and_can_be_left_to_dbtune() {
    let pair = Pair::newest(&["max_connections: 60"]);
    let apply = |more: &str| {
        let command = format!("apply --profile pair --yes {more}");
        pair.run(&command)
    };
    apply("").exits(4).says("in the order of the plan");
    apply("--restart").exits(0);
    let back = pair.run("rollback --yes");
    back.exits(4).says("only when it has replayed");
    pair.run("rollback --yes --restart").exits(0);
    assert_eq!(pair.show("max_connections"), ["30", "30"]);
    pair.still_replicates();
}

#[test]
fn one_node_alone_in_the_wrong_order_is_refused_before_anything_is_written() {
    let refused = |settings: &[&str], target: &str, word: &str| {
        let pair = Pair::newest(settings);
        let before = pair.files();
        pair.run(&format!("plan --profile pair --target {target}"))
            .exits(0)
            .says("standby_order")
            .says(word);
        let ran = pair.run(&format!(
            "apply --profile pair --target {target} --yes --restart --format json"
        ));
        ran.exits(6);
        assert_eq!(ran.json()["error"]["kind"], "standby_order");
        assert_eq!(pair.files(), before);
        assert_eq!(pair.show("max_connections"), ["30", "30"]);
    };
    refused(&["max_connections: 20"], "standby", "primary");
    refused(&["max_connections: 60"], "primary", "standby");
}

#[test]
fn a_standby_alone_may_be_raised_and_a_primary_alone_lowered() {
    let pair = Pair::newest(&["max_connections: 60"]);
    pair.run("apply --profile pair --target standby --yes --restart")
        .exits(0);
    assert_eq!(pair.show("max_connections"), ["30", "60"]);
    let pair = Pair::newest(&["max_connections: 20"]);
    pair.run("apply --profile pair --target primary --yes --restart")
        .exits(0);
    assert_eq!(pair.show("max_connections"), ["20", "30"]);
    pair.still_replicates();
}

#[test]
fn a_standby_that_cannot_be_reached_stops_everything_before_it_begins() {
    let pair = Pair::newest(&["max_connections: 60"]);
    let before = pair.primary.auto_conf();
    pair.standby.stop();
    pair.run("apply --profile pair --yes --restart")
        .exits(1)
        .complains("standby");
    assert_eq!(pair.primary.auto_conf(), before);
}

#[test]
fn a_primary_and_a_standby_that_swapped_make_a_saved_plan_stale() {
    let pair = Pair::newest(&["max_connections: 60"]);
    pair.run("plan --profile pair --out saved.json").exits(0);
    pair.primary.stop();
    pair.standby.sql("select pg_promote()");
    pair.primary.start_again();
    let before = pair.files();
    pair.run("apply --plan saved.json --yes --restart")
        .exits(6)
        .complains("role");
    assert_eq!(pair.files(), before);
}

#[test]
fn a_standby_that_does_not_come_back_puts_everything_back_on_both() {
    let primary = Postgres::start();
    let standby = primary.standby();
    let broken = TargetEntry {
        restart: Some(vec!["false".to_owned()]),
        ..named(&standby, "standby")
    };
    let project = Project::new()
        .targets(&[&named(&primary, "primary"), &broken])
        .profile("pair", &profile(&["max_connections: 60"]));
    let before = [primary.auto_conf(), standby.auto_conf()];
    project
        .dbtune("apply --profile pair --yes --restart")
        .run()
        .exits(1)
        .complains("put back");
    assert_eq!([primary.auto_conf(), standby.auto_conf()], before);
    assert_eq!(primary.show("max_connections"), "30");
}

#[test]
fn a_primary_that_does_not_come_back_takes_the_standby_back_too() {
    let primary = Postgres::start();
    let standby = primary.standby();
    let broken = TargetEntry {
        restart: Some(vec!["false".to_owned()]),
        ..named(&primary, "primary")
    };
    let project = Project::new()
        .targets(&[&broken, &named(&standby, "standby")])
        .profile("pair", &profile(&["max_connections: 60"]));
    project
        .dbtune("apply --profile pair --yes --restart")
        .run()
        .exits(1)
        .complains("put back");
    assert_eq!(primary.show("max_connections"), "30");
    assert_eq!(standby.show("max_connections"), "30");
}

#[test]
fn a_standby_that_does_not_replay_is_not_restarted_with_less() {
    let pair = Pair::newest(&["max_connections: 20"]);
    pair.standby.sql("select pg_wal_replay_pause()");
    let before = pair.files();
    pair.run("apply --profile pair --yes --restart")
        .exits(6)
        .complains("SELECT pg_wal_replay_resume()");
    assert_eq!(pair.files(), before);
    pair.run("apply --profile pair --yes --restart --allow standby_order")
        .exits(1)
        .complains("replay is paused");
    assert_eq!(pair.show("max_connections"), ["30", "30"]);
    pair.standby.sql("select pg_wal_replay_resume()");
    pair.still_replicates();
}

#[test]
fn replicas_of_redis_are_raised_before_their_master_and_lowered_after_it() {
    let master = Redis::with(&["maxmemory 32mb"]);
    let replica = master.replica(&["maxmemory 32mb"]);
    let profile = |limit: &str| {
        format!("profile: cache\nphases:\n  - phase: 1\n    redis: {{maxmemory: {limit}}}\n")
    };
    let project = Project::new()
        .targets(&[&named(&master, "master"), &named(&replica, "replica")])
        .profile("more", &profile("64mb"))
        .profile("less", &profile("16mb"));
    let order = |profile: &str| {
        let ran = project
            .dbtune(&format!("apply --profile {profile} --yes --format json"))
            .run();
        ran.exits(0);
        let changes = ran.json()["changes"].clone();
        let targets = changes.as_array().unwrap().iter();
        targets
            .map(|change| change["target"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(order("more"), ["replica", "master"]);
    assert_eq!(order("less"), ["master", "replica"]);
    assert_eq!(master.config("maxmemory"), replica.config("maxmemory"));
}

#[test]
fn a_replica_that_is_no_target_is_named() {
    let master = Redis::with(&["maxmemory 32mb"]);
    let replica = master.replica(&[]);
    let project = Project::new().targets(&[&master]).profile(
        "cache",
        "profile: cache\nphases:\n  - phase: 1\n    redis: {maxmemory: 64mb}\n",
    );
    project
        .dbtune("plan --profile cache")
        .run()
        .exits(0)
        .says("standby_order")
        .says(&format!("127.0.0.1:{}", replica.port()));
}

#[test]
fn nodes_that_differ_are_told_before_a_failover_makes_it_hurt() {
    let pair = Pair::newest(&["random_page_cost: 1.1"]);
    pair.standby.sql("alter system set work_mem = '9MB'");
    pair.standby.sql("select pg_reload_conf()");
    let plan = pair.run("plan --profile pair");
    plan.exits(0)
        .says("Nodes of one cluster differ")
        .says("work_mem: 4MB on primary, 9MB on standby");
    let plan = pair.run("plan --profile pair --format json");
    assert_eq!(
        plan.json()["node_differences"],
        serde_json::json!([{
            "setting": "work_mem",
            "values": {"primary": "4MB", "standby": "9MB"},
        }])
    );
    let master = Redis::with(&["maxmemory 64mb"]);
    let replica = master.replica(&["maxmemory 16mb"]);
    Project::new()
        .targets(&[&named(&master, "master"), &named(&replica, "replica")])
        .profile(
            "cache",
            "profile: cache\nphases:\n  - phase: 1\n    redis: {timeout: 30}\n",
        )
        .dbtune("plan --profile cache")
        .run()
        .exits(0)
        .says("maxmemory: 64mb on master, 16mb on replica");
}

#[test]
fn the_history_lies_on_the_primary_also_where_a_standby_is_named_first() {
    let primary = Postgres::start();
    let standby = primary.standby();
    let project = Project::new()
        .targets(&[&named(&standby, "standby"), &named(&primary, "primary")])
        .profile("pair", &profile(&["work_mem: 8MB"]));
    project
        .dbtune("apply --profile pair --target standby --yes")
        .run()
        .exits(0);
    assert_eq!(primary.value("select count(*) from dbtune.run"), "1");
    project.dbtune("rollback --yes").run().exits(0);
    assert_eq!(standby.show("work_mem"), "4MB");
}

#[test]
fn a_standby_alone_cannot_be_written_to_because_no_history_can() {
    let primary = Postgres::start();
    let standby = primary.standby();
    let project = Project::new()
        .targets(&[&standby])
        .profile("pair", &profile(&["work_mem: 8MB"]));
    project
        .dbtune("apply --profile pair --yes")
        .run()
        .exits(6)
        .complains("read-only")
        .complains("primary");
    assert_eq!(standby.show("work_mem"), "4MB");
    assert!(!standby.auto_conf().contains("work_mem"));
}

/// A restart command that kills whoever runs it, with -9, when it is run for the `nth` time.
fn deadly(real: &[String], project: &Project, nth: u32) -> Vec<String> {
    let counter = project.path("restarts");
    let script = "\"$@\" || exit 1; f=$0; n=$(($(cat $f 2>/dev/null || echo 0) + 1)); echo $n >$f; \
                  if [ $n = NTH ]; then kill -9 $PPID; fi";
    let script = script.replace("NTH", &nth.to_string());
    let mut argv = vec!["sh".to_owned(), "-c".to_owned(), script];
    argv.push(counter.to_str().unwrap().to_owned());
    argv.extend(real.iter().cloned());
    argv
}

/// Kills an apply after its nth restart and applies again, as whoever found it would.
fn killed_after(settings: &[&str], nth: u32, ends: (&str, [&str; 2])) {
    let pair = Pair::newest(settings);
    let deadly = |target: TargetEntry| TargetEntry {
        restart: Some(deadly(target.restart.as_ref().unwrap(), &pair.project, nth)),
        ..target
    };
    let (primary, standby) = (
        named(&pair.primary, "primary"),
        named(&pair.standby, "standby"),
    );
    let Pair {
        primary: ref first,
        standby: ref second,
        ..
    } = pair;
    let targets = [deadly(primary.clone()), deadly(standby.clone())];
    let project = pair.project.targets(&[&targets[0], &targets[1]]);
    let killed = project.dbtune("apply --profile pair --yes --restart").run();
    assert_eq!(killed.code(), None, "{killed}");
    let project = project.targets(&[&primary, &standby]);
    project
        .dbtune("apply --profile pair --yes --restart")
        .run()
        .exits(0);
    let (setting, values) = ends;
    assert_eq!([first.show(setting), second.show(setting)], values);
    let pair = Pair {
        primary: pair.primary,
        standby: pair.standby,
        project,
    };
    pair.still_replicates();
    let history = pair.run("history --format json").json();
    let outcomes = history["runs"].as_array().unwrap().iter();
    let outcomes: Vec<_> = outcomes
        .map(|run| run["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["applied", "rolled_back"]);
}

#[test]
fn killed_after_any_restart_of_a_raise_the_next_apply_settles_both_nodes() {
    for nth in 1..=2 {
        killed_after(
            &["max_connections: 60"],
            nth,
            ("max_connections", ["60", "60"]),
        );
    }
}

#[test]
fn killed_after_any_restart_of_a_lowering_the_next_apply_settles_both_nodes() {
    for nth in 1..=2 {
        killed_after(
            &["max_connections: 20"],
            nth,
            ("max_connections", ["20", "20"]),
        );
    }
}

#[test]
fn killed_after_any_restart_of_two_turns_the_next_apply_settles_both_nodes() {
    let settings = ["max_connections: 60", "max_worker_processes: 6"];
    for nth in 1..=4 {
        killed_after(&settings, nth, ("max_worker_processes", ["6", "6"]));
    }
}

#[test]
fn a_replica_that_has_lost_its_master_keeps_its_place_in_the_order_and_is_told() {
    let master = Redis::with(&["maxmemory 32mb"]);
    let upstream = format!("replicaof 127.0.0.1 {}", master.port());
    let replica = Redis::with(&[&upstream, "masterauth wrong", "maxmemory 32mb"]);
    let project = Project::new()
        .targets(&[&named(&master, "master"), &named(&replica, "replica")])
        .profile(
            "more",
            "profile: more\nphases:\n  - phase: 1\n    redis: {maxmemory: 64mb}\n",
        );
    project
        .dbtune("plan --profile more")
        .run()
        .exits(0)
        .says("replica is a replica of");
    let ran = project
        .dbtune("apply --profile more --yes --format json")
        .run();
    ran.exits(0);
    let changes = ran.json()["changes"].clone();
    let targets = changes.as_array().unwrap().iter();
    let targets: Vec<_> = targets
        .map(|change| change["target"].as_str().unwrap())
        .collect();
    assert_eq!(targets, ["replica", "master"]);
}
