//! What becomes of the configuration file of a Redis, what its user may do, and how dbtune gets in.

use dbtune::plan::{self, Action, HazardKind, Plan};
use dbtune::snapshot::Drifted;

use crate::case::{Asked as _, Case, hazard, kinds};
use crate::server::{Server, Setting};

fn cache() -> Server {
    Server::redis("cache")
        .has(Setting::redis("hz", "10"))
        .has(Setting::redis("maxmemory", "0"))
        .has(Setting::redis("port", "6379"))
        .has(Setting::redis("tls-port", "0"))
        .has(Setting::redis("bind", "127.0.0.1 10.0.0.5"))
        .has(Setting::redis("requirepass", ""))
        .has(Setting::redis("protected-mode", "no"))
}

fn planned(setting: &str, server: Server) -> Plan {
    Case::redis(&[setting]).on(server).plan()
}

fn drifted(setting: &str, in_file: Option<&str>, running: &str) -> Drifted {
    Drifted {
        setting: setting.to_owned(),
        in_file: in_file.map(str::to_owned),
        running: running.to_owned(),
    }
}

#[test]
fn a_rewrite_that_would_fail_blocks_every_change_with_why() {
    let mut server = cache();
    server.rewrite().fails_because = Some("/etc/redis is on a read-only file system".to_owned());
    let case = Case::redis(&["hz: 20", "maxmemory: 1gb"]).on(server);
    for change in &case.plan().changes {
        let (blocks, message) = hazard(change, HazardKind::NotPersisted);
        assert!(
            blocks && message.contains("would fail, because /etc/redis is on a read-only"),
            "{message}"
        );
    }
    let allowed = [HazardKind::NotPersisted].into();
    assert!(plan::blocking(&case.plan(), &allowed).is_empty());
}

#[test]
fn what_a_rewrite_does_besides_is_told_once_and_blocks_nothing() {
    let mut server = cache();
    server.rewrite().drifted = vec![
        drifted("hz", Some("10"), "15"),
        drifted("requirepass", None, "***"),
        drifted("save", Some("900 1"), ""),
    ];
    server.rewrite().side_effects = vec!["its mode becomes 0644, and was 0640".to_owned()];
    let plan = Case::redis(&["maxmemory: 1gb", "hz: 20"]).on(server).plan();
    let (blocks, message) = hazard(plan.change("hz"), HazardKind::NotPersisted);
    assert!(!blocks);
    assert_eq!(
        message,
        "CONFIG REWRITE does more to /etc/redis/redis.conf: it writes requirepass *** (was not set), \
         save \"\" (was 900 1) as well, which runs already; its mode becomes 0644, and was 0640"
    );
    assert_eq!(kinds(plan.change("maxmemory")), [].into());
}

#[test]
fn a_file_that_cannot_be_seen_from_here_is_told_once() {
    let case = Case::redis(&["maxmemory: 1gb", "hz: 20"]);
    let plan = case.on(cache().with_config_file_elsewhere()).plan();
    let (blocks, message) = hazard(plan.change("hz"), HazardKind::NotPersisted);
    assert!(
        !blocks && message.contains("cannot be seen from here"),
        "{message}"
    );
    assert_eq!(kinds(plan.change("maxmemory")), [].into());
}

#[test]
fn a_right_to_rewrite_counts_only_where_the_file_is_rewritten() {
    let lacking = || {
        let mut server = cache();
        server.redis_facts().lacks_rewrite = Some(
            "user tuner may not run CONFIG REWRITE; ACL SETUSER tuner +config|rewrite".to_owned(),
        );
        server
    };
    let plan = planned("hz: 20", lacking());
    assert_eq!(plan.changes[0].action, Action::Blocked);
    let (_, message) = hazard(&plan.changes[0], HazardKind::NotPermitted);
    assert!(
        message.ends_with("ACL SETUSER tuner +config|rewrite"),
        "{message}"
    );
    let plan = planned("hz: 20", lacking().persist_none());
    assert_eq!(plan.changes[0].action, Action::Update);
}

#[test]
fn a_user_who_cannot_see_other_runs_is_told_so_once() {
    let mut server = cache();
    server.redis_facts().lacks_lock = Some("user tuner may not list connections".to_owned());
    let plan = Case::redis(&["maxmemory: 1gb", "hz: 20"]).on(server).plan();
    let (blocks, message) = hazard(plan.change("hz"), HazardKind::NotPermitted);
    assert!(
        !blocks && message.contains("would not be seen"),
        "{message}"
    );
    assert_eq!(plan.change("hz").action, Action::Update);
    assert_eq!(kinds(plan.change("maxmemory")), [].into());
}

#[track_caller]
fn is_shut_out(setting: &str, server: Server) {
    let plan = planned(setting, server);
    let (blocks, message) = hazard(&plan.changes[0], HazardKind::NotPermitted);
    assert!(
        blocks && message.contains("would shut dbtune out"),
        "{message}"
    );
    assert_eq!(plan.changes[0].action, Action::Blocked);
}

#[track_caller]
fn gets_in(setting: &str, server: Server) {
    let plan = planned(setting, server);
    assert_eq!(
        plan.changes[0].action,
        Action::Update,
        "{:?}",
        plan.changes[0].hazards
    );
}

#[test]
fn the_port_that_dbtune_uses_stays() {
    is_shut_out("port: 6380", cache());
    gets_in("port: 6380", cache().at("/run/redis/redis.sock"));
    gets_in("tls-port: 6380", cache());
    let mut both = cache().at("10.0.0.5:6380");
    both.observed_mut("tls-port").running = "6380".to_owned();
    gets_in("port: 0", both.clone());
    is_shut_out("tls-port: 0", both);
    // Behind a mapped port nobody can tell which of them it leads to.
    is_shut_out("port: 6380", cache().at("10.0.0.9:16379"));
}

#[test]
fn the_address_that_dbtune_uses_stays() {
    is_shut_out("bind: 10.0.0.5", cache());
    is_shut_out("bind: 10.0.0.5", cache().at("cache.internal:6379"));
    gets_in("bind: 10.0.0.5", cache().at("10.0.0.5:6379"));
    gets_in("bind: 127.0.0.1", cache().at("localhost:6379"));
    gets_in(
        "bind: 127.0.0.1 10.0.0.5 -10.0.0.6",
        cache().at("cache.internal:6379"),
    );
    gets_in("bind: \"* -::*\"", cache().at("cache.internal:6379"));
    gets_in("bind: 10.0.0.5", cache().at("/run/redis/redis.sock"));
}

#[test]
fn every_address_of_the_other_family_is_not_the_one_that_dbtune_uses() {
    is_shut_out("bind: \"*\"", cache().at("[::1]:6379"));
    is_shut_out("bind: 0.0.0.0", cache().at("[::1]:6379"));
    is_shut_out("bind: \"::*\"", cache().at("127.0.0.1:6379"));
    gets_in("bind: \"*\"", cache());
    gets_in("bind: \"::*\"", cache().at("[::1]:6379"));
    gets_in("bind: \"::\"", cache().at("[fd00::1]:6379"));
    gets_in("bind: \"* -::*\"", cache().at("[::1]:6379"));
}

#[test]
fn a_redis_that_listens_at_no_address_is_shut_to_all_but_its_socket() {
    is_shut_out("bind: \"\"", cache());
    gets_in("bind: \"\"", cache().at("/run/redis/redis.sock"));
}

#[test]
fn a_password_that_the_url_does_not_have_is_not_set() {
    is_shut_out("requirepass: new", cache().user("default"));
    gets_in("requirepass: new", cache().user("tuner"));
    is_shut_out("protected-mode: yes", cache().at("10.0.0.5:6379"));
    gets_in("protected-mode: yes", cache());
}

#[test]
fn what_let_dbtune_in_before_is_gone_back_to() {
    let case =
        Case::redis(&["bind: 127.0.0.1 10.0.0.5 10.0.0.6"]).on(cache().at("cache.internal:6379"));
    let plan = case.plan();
    let back = case.applied(&plan).way_back(&plan);
    assert_eq!(back.changes[0].action, Action::Update);
}
