//! What `--print-grants` prints is enough, is needed, and is not more.

use std::fmt::Write as _;

use dbtune::sandbox::PostgresqlBin;
use serde_json::Value;

use super::seen::examine;
use crate::support::{PASSWORD, Postgres, Project, Redis, TargetEntry};

/// Settings of every kind of name: plain, with capitals, of an extension that is loaded, and one that
/// only a restart brings into effect.
const PROFILE: &str = "
profile: small
phases:
  - phase: 1
    postgresql:
      work_mem: 8MB
      TimeZone: UTC
      auto_explain.log_min_duration: 1s
  - phase: 2
    postgresql:
      work_mem: 9MB
      max_connections: 40
";

const CACHE: &str = "
profile: cache
phases:
  - phase: 1
    redis:
      maxmemory: 64mb
      timeout: 30
";

/// A PostgreSQL with a role that has nothing, and a project whose target is that role.
struct Least {
    server: Postgres,
    project: Project,
}

impl Least {
    fn start(bin: PostgresqlBin) -> Self {
        let server = Postgres::with_bin(bin)
            .setting("shared_preload_libraries = 'auto_explain'")
            .statement(&format!(
                "CREATE ROLE \"Tuner\" LOGIN PASSWORD '{PASSWORD}'"
            ))
            .start();
        let project = Project::new()
            .targets(&[&TargetEntry::at(
                "postgresql",
                &server.url_of("Tuner", "postgres"),
            )])
            .profile("small", PROFILE);
        Self { server, project }
    }

    /// The statements printed: those that are needed, and all of them.
    fn printed(&self) -> (Vec<String>, Vec<String>) {
        let ran = self
            .project
            .dbtune("doctor --print-grants Tuner --profile small --format json")
            .run();
        ran.exits(0);
        statements(&ran.json())
    }

    fn run(&self, statements: &[String]) {
        for statement in statements {
            self.server.sql(statement);
        }
    }
}

fn statements(document: &Value) -> (Vec<String>, Vec<String>) {
    let text = |one: &Value| one["statement"].as_str().unwrap().to_owned();
    let list = document["statements"].as_array().unwrap();
    let needed = list.iter().filter(|one| one["optional"] == false);
    (needed.map(text).collect(), list.iter().map(text).collect())
}

fn since_15() -> Vec<PostgresqlBin> {
    let bins = Postgres::bins_since(15);
    assert!(!bins.is_empty());
    bins
}

#[test]
fn a_role_that_got_what_was_printed_plans_applies_and_rolls_back() {
    for bin in since_15() {
        let least = Least::start(bin);
        let (needed, _all) = least.printed();
        least.run(&needed);
        let found = examine(&least.project, "--profile small");
        found.exits(0);
        let run = |command: &str| least.project.dbtune(command).run();
        run("plan --profile small").exits(0);
        run("apply --profile small --yes").exits(4);
        assert_eq!(least.server.show("work_mem"), "9MB");
        assert_eq!(least.server.show("timezone"), "UTC");
        assert_eq!(least.server.show("auto_explain.log_min_duration"), "1s");
        run("history").exits(0).says("apply phases 1, 2");
        run("rollback --yes").exits(0);
        assert_eq!(least.server.show("work_mem"), "4MB");
        assert!(!least.server.auto_conf().contains("work_mem"));
    }
}

#[test]
fn a_setting_outside_the_profile_is_refused_to_that_role() {
    let bin = since_15().remove(0);
    let least = Least::start(bin);
    least.run(&least.printed().1);
    let other = "profile: other\nphases: [{phase: 1, postgresql: {maintenance_work_mem: 128MB}}]\n";
    let Least { server, project } = least;
    let project = project.profile("other", other);
    project.dbtune("apply --profile other --yes").run().exits(6);
    assert_eq!(server.show("maintenance_work_mem"), "64MB");
    let found = examine(&project, "--profile other");
    assert_eq!(
        found.exits(6).statements(),
        ["GRANT ALTER SYSTEM ON PARAMETER maintenance_work_mem TO \"Tuner\""]
    );
}

#[test]
fn with_everything_that_is_printed_the_doctor_asks_for_no_more() {
    for bin in since_15() {
        let least = Least::start(bin);
        least.run(&least.printed().1);
        let found = examine(&least.project, "--profile small");
        found.exits(0);
        assert_eq!(found.statements(), [""; 0]);
        // The memory of this machine can be read with these rights.
        let memory = found.only("postgresql", "memory", "ok");
        assert!(memory.message.contains(" MB, says "), "{memory:?}");
    }
}

#[test]
fn each_statement_that_is_left_out_is_the_one_that_the_doctor_names() {
    for bin in since_15() {
        let (_, all) = Least::start(bin.clone()).printed();
        assert_eq!(all.len(), 12, "{all:?}");
        for left_out in &all {
            let least = Least::start(bin.clone());
            let others: Vec<String> = all.iter().filter(|one| *one != left_out).cloned().collect();
            least.run(&others);
            let found = examine(&least.project, "--profile small");
            assert_eq!(found.statements(), [left_out.as_str()], "{}", found.ran);
            least.run(std::slice::from_ref(left_out));
            assert_eq!(
                examine(&least.project, "--profile small").statements(),
                [""; 0]
            );
        }
    }
}

#[test]
fn where_another_role_keeps_the_history_the_doctor_names_what_is_missing_and_it_is_enough() {
    let least = Least::start(since_15().remove(0));
    least.server.sql(
        "CREATE SCHEMA dbtune; CREATE TABLE dbtune.run (run text PRIMARY KEY, started_at timestamptz \
         NOT NULL, who text NOT NULL, intent jsonb NOT NULL, ending jsonb)",
    );
    let (mut others, _) = least.printed();
    others.retain(|statement| !statement.contains("dbtune"));
    least.run(&others);
    for expected in [
        "GRANT USAGE ON SCHEMA dbtune TO \"Tuner\"",
        "GRANT SELECT, INSERT, UPDATE ON dbtune.run TO \"Tuner\"",
    ] {
        let named = examine(&least.project, "--profile small")
            .exits(6)
            .statements();
        assert!(named.contains(&expected.to_owned()), "{named:?}");
        least.server.sql(expected);
    }
    examine(&least.project, "--profile small").exits(0);
    let apply = "apply --profile small --phase 1 --yes";
    least.project.dbtune(apply).run().exits(0);
    assert_eq!(least.server.value("SELECT count(*) FROM dbtune.run"), "1");
}

#[test]
fn a_second_role_is_given_what_it_needs_in_the_history_of_the_first() {
    let least = Least::start(since_15().remove(0));
    least.run(&least.printed().0);
    let apply = "apply --profile small --phase 1 --yes";
    least.project.dbtune(apply).run().exits(0);
    least
        .server
        .sql(&format!("CREATE ROLE other LOGIN PASSWORD '{PASSWORD}'"));
    let second = Project::new()
        .targets(&[&TargetEntry::at(
            "postgresql",
            &least.server.url_of("other", "postgres"),
        )])
        .profile("small", PROFILE);
    let print = "doctor --print-grants other --profile small";
    let printed = second.dbtune(print).run();
    printed
        .exits(0)
        .says("\nGRANT USAGE ON SCHEMA dbtune TO \"other\";")
        .says("\nGRANT SELECT, INSERT, UPDATE ON dbtune.run TO \"other\";")
        .never_shows("CREATE SCHEMA");
    least.server.sql(&printed.stdout);
    examine(&second, "--profile small").exits(0);
    second.dbtune("rollback --yes").run().exits(0);
    second.dbtune(apply).run().exits(0);
    assert_eq!(least.server.value("SELECT count(*) FROM dbtune.run"), "3");
}

#[test]
fn before_postgresql_15_it_says_that_only_a_superuser_can() {
    for bin in Postgres::every_bin() {
        if bin.version() >= &[15] {
            continue;
        }
        let least = Least::start(bin);
        let print = "doctor --print-grants Tuner --profile small";
        let ran = least.project.dbtune(print).run();
        ran.exits(0).says("only a superuser").never_shows("GRANT");
        let found = examine(&least.project, "--profile small");
        let rights = found.exits(6).only("postgresql", "alter_system", "problem");
        assert!(rights.remedy.contains("superuser"), "{rights:?}");
    }
}

#[test]
fn the_statements_are_printed_without_any_server_and_psql_takes_them() {
    let project = Project::new().profile("small", PROFILE);
    let ran = project
        .dbtune("doctor --print-grants Tuner --profile small")
        .run();
    ran.exits(0)
        .says(
            "GRANT ALTER SYSTEM ON PARAMETER work_mem, \"TimeZone\", \
               \"auto_explain\".\"log_min_duration\", max_connections TO \"Tuner\";",
        )
        .says("\n-- GRANT pg_read_server_files TO \"Tuner\";")
        .says("\nCREATE SCHEMA IF NOT EXISTS dbtune AUTHORIZATION \"Tuner\";")
        .says("\n-- GRANT USAGE ON SCHEMA dbtune TO \"Tuner\";")
        .says("\n-- GRANT SELECT, INSERT, UPDATE ON dbtune.run TO \"Tuner\";")
        .never_shows("ACL SETUSER");
    let least = Least::start(since_15().remove(0));
    least.server.sql(&ran.stdout);
    examine(&least.project, "--profile small").exits(0);
}

#[test]
fn a_name_that_could_end_a_statement_is_quoted_or_refused() {
    let project = Project::new()
        .profile("small", PROFILE)
        .profile("cache", CACHE);
    let print = |profile: &str, role: &str| {
        let flags = format!("doctor --profile {profile} --print-grants");
        project.dbtune(&flags).args([role]).run()
    };
    print("small", "a\"; DROP")
        .exits(0)
        .says("TO \"a\"\"; DROP\";");
    print("small", "a\nb").exits(2).complains("name of a role");
    print("small", "").exits(2);
    print("cache", "two words")
        .exits(2)
        .complains("without blanks");
    project
        .dbtune("doctor --print-grants Tuner")
        .run()
        .exits(2)
        .complains("no profile is named");
}

/// A Redis, and the command that gives a user what was printed.
struct Cache {
    server: Redis,
    project: Project,
    rules: Vec<String>,
}

impl Cache {
    fn start() -> Self {
        let server = Redis::with(&["maxmemory 32mb", "save 3600 1"]);
        let url = format!("redis://tuner:{PASSWORD}@127.0.0.1:{}", server.port());
        let project = Project::new()
            .targets(&[&TargetEntry::at("redis", &url)])
            .profile("cache", CACHE);
        let ran = project
            .dbtune("doctor --print-grants tuner --profile cache --format json")
            .run();
        let (needed, _) = statements(&ran.exits(0).json());
        let rules = needed[0].strip_prefix("ACL SETUSER tuner on >PASSWORD ");
        let rules = rules.unwrap().split(' ').map(str::to_owned).collect();
        Self {
            server,
            project,
            rules,
        }
    }

    fn allow(&self, rules: &[&String]) {
        let mut command = format!("ACL SETUSER tuner reset on >{PASSWORD}");
        for rule in rules {
            write!(command, " {rule}").unwrap();
        }
        assert_eq!(self.server.ask(&command), ["OK"]);
    }
}

#[test]
fn a_redis_user_who_got_what_was_printed_plans_applies_and_rolls_back() {
    let cache = Cache::start();
    cache.allow(&cache.rules.iter().collect::<Vec<_>>());
    let found = examine(&cache.project, "--profile cache");
    found.exits(0);
    assert_eq!(found.wrong(), [], "{}", found.ran);
    let run = |command: &str| cache.project.dbtune(command).run();
    run("plan --profile cache").exits(0);
    run("apply --profile cache --yes").exits(0);
    assert_eq!(cache.server.config("maxmemory"), (64 << 20).to_string());
    assert!(cache.server.conf().contains("maxmemory 64mb"));
    run("history").exits(0).says("maxmemory 32mb → 64mb");
    run("rollback --yes").exits(0);
    assert_eq!(cache.server.config("maxmemory"), (32 << 20).to_string());
    let user = format!("redis://tuner:{PASSWORD}@127.0.0.1:{}", cache.server.port());
    let mut client = redis::Client::open(user).unwrap().get_connection().unwrap();
    let denied = redis::cmd("SET").arg("a").arg("b").exec(&mut client);
    assert_eq!(denied.unwrap_err().code(), Some("NOPERM"));
}

#[test]
fn each_rule_that_a_redis_user_lacks_is_the_one_that_the_doctor_names() {
    let cache = Cache::start();
    assert_eq!(cache.rules.len(), 9, "{:?}", cache.rules);
    for left_out in &cache.rules {
        let others: Vec<&String> = cache.rules.iter().filter(|one| *one != left_out).collect();
        cache.allow(&others);
        let found = examine(&cache.project, "--profile cache");
        let expected = format!("ACL SETUSER tuner {left_out}");
        assert_eq!(found.statements(), [expected.as_str()], "{}", found.ran);
        assert_eq!(cache.server.ask(&expected), ["OK"]);
        let mended = examine(&cache.project, "--profile cache");
        assert_eq!(mended.exits(0).statements(), [""; 0]);
    }
}
