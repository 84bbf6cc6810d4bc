//! The configuration file of a Redis: whether it can be rewritten, and what that does to it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use crate::support::{Project, Ran, Redis};

const PROFILE: &str = "profile: more\nphases:\n  - phase: 1\n    redis: {maxmemory: 64mb}\n";

fn project(server: &Redis) -> Project {
    Project::new().targets(&[server]).profile("more", PROFILE)
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// What is told of the only change, by that kind of hazard.
fn told(plan: &Ran, kind: &str) -> (bool, String) {
    let json = plan.json();
    let hazards = json["changes"][0]["hazards"].as_array().unwrap().clone();
    let mut own = hazards.iter().filter(|hazard| hazard["kind"] == kind);
    let hazard = own.next().unwrap_or_else(|| panic!("no {kind}: {plan}"));
    let message = hazard["message"].as_str().unwrap().to_owned();
    (hazard["blocks"] == true, message)
}

fn plan(project: &Project) -> Ran {
    project.dbtune("plan --profile more --format json").run()
}

#[test]
fn a_folder_that_the_server_may_not_write_to_is_refused_before_anything_is_written() {
    let server = Redis::start();
    let file = server.conf_path();
    let folder = file.parent().unwrap();
    set_mode(folder, 0o555);
    let project = project(&server);
    let (blocks, message) = told(&plan(&project), "not_persisted");
    assert!(
        blocks && message.contains(&format!("may not write to the folder {}", folder.display())),
        "{message}"
    );
    project.dbtune("apply --profile more --yes").run().exits(6);
    assert_eq!(server.config("maxmemory"), "0");
    // It is as the server says itself.
    let rewrite = redis::cmd("CONFIG")
        .arg("REWRITE")
        .exec(&mut server.client());
    assert!(
        rewrite
            .unwrap_err()
            .to_string()
            .contains("Permission denied")
    );
    set_mode(folder, 0o755);
    project.dbtune("apply --profile more --yes").run().exits(0);
    assert!(
        server.conf().contains("maxmemory 64mb"),
        "{}",
        server.conf()
    );
}

#[test]
fn a_link_that_becomes_a_file_and_a_mode_that_opens_are_told_and_happen() {
    let server = Redis::start();
    let file = server.conf_path();
    let real = file.with_file_name("real.conf");
    fs::rename(&file, &real).unwrap();
    symlink(&real, &file).unwrap();
    set_mode(&real, 0o640);
    let project = project(&server);
    let (blocks, message) = told(&plan(&project), "not_persisted");
    assert!(!blocks);
    for part in [
        &*format!("is a link to {}", real.display()),
        "its mode becomes 0644, and was 0640",
        "every ACL user is written into it",
    ] {
        assert!(message.contains(part), "no {part:?} in {message}");
    }
    project.dbtune("apply --profile more --yes").run().exits(0);
    assert!(fs::symlink_metadata(&file).unwrap().is_file());
    assert_eq!((mode(&file), mode(&real)), (0o644, 0o640));
    assert!(
        server.conf().contains("user default on"),
        "{}",
        server.conf()
    );
    assert!(!fs::read_to_string(&real).unwrap().contains("maxmemory"));
    // What a rewrite would do was done: nothing is left to be told.
    let less = "profile: more\nphases:\n  - phase: 1\n    redis: {maxmemory: 32mb}\n";
    let json = project
        .profile("more", less)
        .dbtune("plan --profile more --format json")
        .run()
        .json();
    assert_eq!(json["changes"][0]["hazards"], serde_json::json!([]));
}

#[test]
fn what_runs_and_does_not_stand_in_the_file_is_told_and_written_as_well() {
    let server = Redis::with(&["hz 15", "timeout 30"]);
    server.ask("CONFIG SET hz 20");
    server.ask("CONFIG SET tcp-keepalive 77");
    server.ask("CONFIG SET masterauth Hush-of-the-master");
    let project = project(&server);
    let plan = plan(&project);
    plan.never_shows("Hush-of-the-master");
    let (_, message) = told(&plan, "not_persisted");
    for part in [
        "hz 20 (was 15)",
        "tcp-keepalive 77 (was not set)",
        "masterauth *** (was not set)",
    ] {
        assert!(message.contains(part), "no {part:?} in {message}");
    }
    assert!(!message.contains("timeout"), "{message}");
    project.dbtune("apply --profile more --yes").run().exits(0);
    assert!(server.conf().contains("hz 20") && server.conf().contains("tcp-keepalive 77"));
}

#[test]
fn a_server_that_nobody_touched_is_seen_to_have_drifted_in_nothing() {
    for program in Redis::every_program() {
        let server = Redis::of(&program, &["save 900 1", "save 300 10", "maxclients 50"]);
        let (blocks, message) = told(&plan(&project(&server)), "not_persisted");
        assert!(
            !blocks && !message.contains("which run") && message.contains("every ACL user"),
            "{}: {message}",
            program.display()
        );
    }
}

#[test]
fn what_an_included_file_sets_is_told_to_be_doubled_and_is() {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    set_mode(folder.path(), 0o755);
    let other = folder.path().join("other.conf");
    fs::write(&other, "hz 20\n").unwrap();
    let server = Redis::with(&[&format!("include {}", other.display())]);
    let project = project(&server);
    let (_, message) = told(&plan(&project), "not_persisted");
    let doubled = format!(
        "what it includes from {} is written into it as well: hz",
        other.display()
    );
    assert!(
        message.contains(&doubled) && !message.contains("hz 20 (was"),
        "{message}"
    );
    project.dbtune("apply --profile more --yes").run().exits(0);
    assert!(server.conf().contains("hz 20"), "{}", server.conf());
    assert_eq!(fs::read_to_string(&other).unwrap(), "hz 20\n");
}

#[test]
fn a_redis_without_a_file_changes_only_where_that_is_allowed() {
    let server = Redis::without_file(&[]);
    let project = project(&server);
    project
        .dbtune("apply --profile more --yes")
        .run()
        .exits(6)
        .complains("not_persisted");
    assert_eq!(server.config("maxmemory"), "0");
}

#[test]
fn a_file_that_cannot_be_rewritten_after_all_leaves_nothing_to_put_back() {
    let redis = Redis::with(&["maxmemory 32mb"]);
    let (before, path) = (redis.conf(), redis.conf_path());
    let aside = path.with_extension("aside");
    fs::rename(&path, &aside).unwrap();
    fs::create_dir(&path).unwrap();
    let ran = project(&redis)
        .dbtune("apply --profile more --yes --allow not_persisted --format json")
        .run();
    fs::remove_dir(&path).unwrap();
    fs::rename(&aside, &path).unwrap();
    ran.exits(1);
    assert_eq!(ran.json()["outcome"], "rolled_back", "{ran}");
    assert_eq!(redis.config("maxmemory"), (32 << 20).to_string());
    assert_eq!(redis.conf(), before);
}

#[test]
fn a_redis_that_would_keep_nothing_any_more_is_refused_until_that_is_allowed() {
    let redis = Redis::with(&["save \"\"", "appendonly yes"]);
    redis.ask("SET key value");
    let project = Project::new().targets(&[&redis]).profile(
        "off",
        "profile: off\nphases:\n  - phase: 1\n    redis: {appendonly: no, save: ''}\n",
    );
    project
        .dbtune("plan --profile off")
        .run()
        .exits(0)
        .says("loses every key");
    let ran = project
        .dbtune("apply --profile off --yes --format json")
        .run();
    ran.exits(6);
    assert_eq!(ran.json()["error"]["kind"], "not_persisted");
    assert_eq!(redis.config("appendonly"), "yes");
    project
        .dbtune("apply --profile off --yes --allow not_persisted")
        .run()
        .exits(0);
}

#[test]
fn what_runs_unlike_the_file_is_told_because_the_command_line_may_win_again() {
    let redis = Redis::with(&["maxmemory 16mb"]);
    redis.ask("CONFIG SET maxmemory 32mb");
    project(&redis)
        .dbtune("plan --profile more")
        .run()
        .exits(0)
        .says("command line");
}
