//! How dbtune gets into a Redis: rights, a `CONFIG` of another name, and changes that would shut it out.

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::support::{PASSWORD, Project, Redis, Target as _, TargetEntry, eventually};

const PROFILE: &str = "profile: more\nphases:\n  - phase: 1\n    redis: {maxmemory: 64mb}\n";

fn project(server: &Redis) -> Project {
    Project::new().targets(&[server]).profile("more", PROFILE)
}

/// The same for a user of these rules.
fn project_as(server: &Redis, rules: &str) -> Project {
    server.ask(&format!("ACL SETUSER tuner on >{PASSWORD} {rules}"));
    let entry = TargetEntry {
        url: format!("redis://tuner:{PASSWORD}@127.0.0.1:{}/0", server.port()),
        ..server.entry()
    };
    Project::new().targets(&[&entry]).profile("more", PROFILE)
}

/// A targets file that names the command.
fn renamed(server: &Redis, command: &str) -> Project {
    let targets = format!(
        "targets:\n  - name: redis\n    engine: redis\n    url: {}\n    config_command: {command}\n",
        server.url()
    );
    project(server).file("targets.yaml", &targets)
}

/// The `ACL SETUSER` line in a text.
fn grant(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, after) = text
        .split_once("ACL SETUSER tuner")
        .unwrap_or_else(|| panic!("{text}"));
    let rules = after.split(' ').filter(|word| word.starts_with('+'));
    format!("ACL SETUSER tuner {}", rules.collect::<Vec<_>>().join(" "))
}

/// Refused before anything is written, and carried out once what is named was granted.
fn is_refused_until_granted(server: &Redis, rules: &str) {
    let project = project_as(server, rules);
    let refused = project.dbtune("apply --profile more --yes").run();
    refused.exits(6).complains("ACL SETUSER tuner");
    assert_eq!(server.config("maxmemory"), "0", "{rules}");
    // Who may not even ask what they may learns of one right after the other.
    for _step in 0..4 {
        let plan = project.dbtune("plan --profile more --format json").run();
        let said = format!("{} {}", plan.stdout.replace(['"', ';'], " "), plan.stderr);
        if said.contains("ACL SETUSER tuner") {
            server.ask(&grant(&said));
        }
    }
    project.dbtune("apply --profile more --yes").run().exits(0);
    project.dbtune("rollback --yes").run().exits(0);
    server.ask("ACL DELUSER tuner");
}

#[test]
fn a_user_who_lacks_a_right_is_refused_with_what_grants_it() {
    for program in Redis::every_program() {
        let server = Redis::of(&program, &[]);
        let by_subcommand = server.info("redis_version").as_str() >= "7";
        let lacking: &[&str] = if by_subcommand {
            &[
                "+@all -config|set",
                "+@all -config|rewrite",
                "+@all -config|get",
                "+@all -config",
                // It may not even ask what it may.
                "+info +config|get +client",
            ]
        } else {
            &[
                "+@all -config",
                "+info +config|get +client",
                "+info +config|get +config|set +client",
            ]
        };
        for rules in lacking {
            is_refused_until_granted(&server, rules);
        }
    }
}

#[test]
fn a_user_who_may_not_list_connections_is_told_and_goes_on() {
    for program in Redis::every_program() {
        let server = Redis::of(&program, &[]);
        let project = project_as(&server, "+@all -client");
        let plan = project.dbtune("plan --profile more --format json").run();
        plan.exits(0)
            .says("another run of dbtune on redis would not be seen");
        project.dbtune("apply --profile more --yes").run().exits(0);
    }
}

#[test]
fn a_user_with_the_rights_that_are_named_needs_no_others() {
    let server = Redis::start();
    let refused = project_as(&server, "+ping +info")
        .dbtune("plan --profile more")
        .run();
    refused.exits(6).complains("+config|get");
    server.ask(&grant(&refused.stderr));
    let project = project_as(&server, "");
    let plan = project.dbtune("plan --profile more --format json").run();
    plan.exits(0).never_shows("not_permitted");
    project.dbtune("apply --profile more --yes").run().exits(0);
    project.dbtune("rollback --yes").run().exits(0);
}

#[test]
fn a_config_that_is_switched_off_or_renamed_is_told_and_nothing_is_changed() {
    for rename in [
        "rename-command CONFIG \"\"",
        "rename-command CONFIG TUNE-IT",
    ] {
        let server = Redis::with(&[rename]);
        for line in ["plan --profile more", "apply --profile more --yes"] {
            let refused = project(&server).dbtune(line).run();
            refused.exits(6).complains("renamed or switched off");
            refused
                .complains("`config_command: NAME` for redis")
                .complains("nothing was changed");
        }
        let json = project(&server)
            .dbtune("plan --profile more --format json")
            .run()
            .json();
        assert_eq!(json["error"]["kind"], "managed_elsewhere");
    }
}

#[test]
fn a_config_of_another_name_works_by_that_name() {
    for program in Redis::every_program() {
        let server = Redis::of(&program, &["rename-command CONFIG TUNE-IT"]);
        let project = renamed(&server, "TUNE-IT");
        project.dbtune("apply --profile more --yes").run().exits(0);
        assert_eq!(server.ask("TUNE-IT GET maxmemory")[1], "67108864");
        assert!(
            server.conf().contains("maxmemory 64mb"),
            "{}",
            server.conf()
        );
        project.dbtune("rollback --yes").run().exits(0);
        assert_eq!(server.ask("TUNE-IT GET maxmemory")[1], "0");
        let wrong = renamed(&server, "TUNE-THAT")
            .dbtune("apply --profile more --yes")
            .run();
        wrong.exits(6).complains("renamed or switched off");
    }
}

#[test]
fn what_would_shut_dbtune_out_is_refused_before_anything_is_written() {
    let server = Redis::start();
    server.ask(&format!("ACL SETUSER tuner on >{PASSWORD} +@all"));
    for (setting, value) in [
        ("port", "6399"),
        ("bind", "127.0.0.2"),
        ("requirepass", "Another-Secret"),
    ] {
        let before = server.config(setting);
        let profile = format!(
            "profile: out\nphases:\n  - phase: 1\n    redis: {{{setting}: {value}, hz: 20}}\n"
        );
        let refused = Project::new()
            .targets(&[&server])
            .profile("out", &profile)
            .dbtune("apply --profile out --yes")
            .run();
        refused
            .exits(6)
            .complains("not_permitted")
            .never_shows("Another-Secret");
        assert_eq!(server.config(setting), before);
        assert_eq!(server.config("hz"), "10");
    }
}

#[test]
fn a_first_password_is_not_set_because_the_url_has_none() {
    let server = Redis::start();
    let url = format!("redis://127.0.0.1:{}", server.port());
    redis::cmd("CONFIG")
        .arg(&["SET", "requirepass", ""])
        .exec(&mut server.client())
        .unwrap();
    let entry = TargetEntry {
        url: url.clone(),
        ..server.entry()
    };
    let profile = "profile: out\nphases:\n  - phase: 1\n    redis: {requirepass: Another-Secret}\n";
    let refused = Project::new()
        .targets(&[&entry])
        .profile("out", profile)
        .dbtune("apply --profile out --yes")
        .run();
    refused
        .exits(6)
        .complains("would shut dbtune out")
        .never_shows("Another-Secret");
    let open = redis::Client::open(url).unwrap().get_connection();
    redis::cmd("PING").exec(&mut open.unwrap()).unwrap();
}

#[test]
fn an_address_that_the_machine_does_not_have_is_refused_by_the_server_and_put_back() {
    let server = Redis::start();
    let before = server.config("bind");
    let profile =
        "profile: out\nphases:\n  - phase: 1\n    redis: {hz: 20, bind: 127.0.0.1 203.0.113.7}\n";
    let project = Project::new().targets(&[&server]).profile("out", profile);
    project
        .dbtune("apply --profile out --yes")
        .run()
        .exits(1)
        .complains("put back");
    assert_eq!(
        (server.config("bind"), &*server.config("hz")),
        (before, "10")
    );
    project.dbtune("plan --profile out").run().exits(0);
}

#[test]
fn the_doctor_asks_for_a_config_of_another_name_by_that_name() {
    let server = Redis::with(&["rename-command CONFIG TUNE-IT", "save 3600 1"]);
    let ran = renamed(&server, "TUNE-IT")
        .dbtune("doctor --profile more --format json")
        .run();
    let findings = ran.json()["findings"].clone();
    let mut rights = findings.as_array().unwrap().iter();
    assert!(
        rights.all(|finding| finding["check"] != "rights" || finding["verdict"] == "ok"),
        "{ran}"
    );
}

/// Passes what a server answers until it has passed so many bytes, and then is silent with the
/// connection open.
fn stalling(port: u16, after: u64) -> (u16, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    let stalled = Arc::new(AtomicBool::new(false));
    let tell = Arc::clone(&stalled);
    thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut from, &mut to));
        let passed = std::io::copy(&mut server.take(after), &mut &client).unwrap();
        assert_eq!(passed, after);
        tell.store(true, Ordering::SeqCst);
        // Open until the client goes.
        let _gone = std::io::copy(&mut &client, &mut std::io::sink());
    });
    (own, stalled)
}

#[test]
fn a_server_that_stalls_in_the_middle_of_an_answer_does_not_keep_dbtune_from_being_interrupted() {
    let server = Redis::start();
    for command in ["plan --profile more", "apply --profile more --yes"] {
        let (port, stalled) = stalling(server.port(), 9000);
        let entry = TargetEntry {
            url: format!("redis://default:{PASSWORD}@127.0.0.1:{port}/0"),
            ..server.entry()
        };
        let project = Project::new().targets(&[&entry]).profile("more", PROFILE);
        let running = project.dbtune(command).spawn();
        eventually("it stalls", || stalled.load(Ordering::SeqCst));
        running.interrupt();
        running.wait().exits(130);
        assert_eq!(server.config("maxmemory"), "0");
    }
}

#[test]
fn one_server_under_two_names_is_a_mistake_and_no_lock() {
    let server = Redis::start();
    let at = |name: &str, host: &str| TargetEntry {
        name: name.to_owned(),
        url: format!("redis://default:{PASSWORD}@{host}:{}/0", server.port()),
        ..server.entry()
    };
    let project = Project::new()
        .targets(&[&at("one", "127.0.0.1"), &at("two", "localhost")])
        .profile("more", PROFILE);
    project
        .dbtune("apply --profile more --yes")
        .run()
        .exits(2)
        .complains("one (")
        .complains("are one server");
}
