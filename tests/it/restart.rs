//! Restarts that do not go as the command says, and servers that do not come back: whatever happens,
//! history, files and running values agree, and the message names what to do next.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dbtune::sandbox::PostgresqlBin;
use serde_json::{Value, json};

use crate::support::{Cli, Postgres, Project, Running, eventually};

/// Every server takes it, and with it none starts: WAL senders need more.
const STOPS_A_START: &str = "
profile: bad
phases:
  - phase: 1
    postgresql:
      wal_level: minimal
";
const GOOD: &str = "
profile: good
phases:
  - phase: 1
    postgresql:
      max_connections: 40
";
const BAD_ANYWAY: &str = "apply --profile bad --restart --yes --allow will_not_start";

/// A PostgreSQL, a project that knows it, and how its restart goes.
struct Scene {
    postgres: Postgres,
    project: Project,
}

impl Scene {
    /// A scene with more lines about its target. Texts in `{}`: the `pg_ctl` of the server, as its user.
    fn with(more: &Value) -> Self {
        Self::of(Postgres::start(), more)
    }

    fn of(postgres: Postgres, more: &Value) -> Self {
        let mut target = json!({
            "name": "postgresql",
            "engine": "postgresql",
            "url": postgres.url(),
            "restart": postgres.restart_command(),
            "start_timeout": "20s",
        });
        let pg_ctl = pg_ctl(&postgres);
        for (key, value) in more.as_object().unwrap() {
            let text = value.to_string().replace("PG_CTL", &pg_ctl);
            target[key] = serde_json::from_str(&text).unwrap();
        }
        let targets = json!({"targets": [target]}).to_string();
        let project = Project::new()
            .file("targets.yaml", &targets)
            .profile("bad", STOPS_A_START)
            .profile("good", GOOD);
        Self { postgres, project }
    }

    fn dbtune(&self, arguments: &str) -> Cli {
        self.project.dbtune(arguments)
    }

    fn history(&self) -> Vec<Value> {
        let ran = self.dbtune("history --format json").run();
        ran.exits(0);
        ran.json()["runs"].as_array().unwrap().clone()
    }

    /// Nothing is left of what was tried: not in the files, not in what runs, not on the command line.
    #[track_caller]
    fn is_as_before(&self) {
        let auto_conf = self.postgres.auto_conf();
        assert!(!auto_conf.contains("wal_level"), "{auto_conf}");
        assert!(!auto_conf.contains("max_connections"), "{auto_conf}");
        let rows = self.postgres.sql(
            "select name from pg_settings where source = 'command line' and name <> 'data_directory' \
             or pending_restart",
        );
        let rows: Vec<String> = rows.concat();
        assert!(
            !rows.iter().any(|name| name.contains("wal_level")),
            "{rows:?}"
        );
        assert!(
            !rows.iter().any(|name| name == "max_connections"),
            "{rows:?}"
        );
        assert_eq!(self.postgres.show("wal_level"), "replica");
        assert_eq!(self.postgres.show("max_connections"), "30");
        assert!(!self.postgres.data().join("dbtune-rescue.log").exists());
    }

    /// Applies the good profile with a restart that goes wrong: it is told with these words, and nothing
    /// is left of it.
    #[track_caller]
    fn puts_back_and_complains(&self, words: &str) {
        let life = self.life();
        self.dbtune("apply --profile good --restart --yes")
            .run()
            .exits(1)
            .complains(words)
            .complains("everything that it changed has been put back");
        self.is_as_before();
        assert_eq!(self.life(), life);
        assert_eq!(self.history()[0]["outcome"], "rolled_back");
    }

    fn life(&self) -> String {
        self.postgres.value("select pg_postmaster_start_time()")
    }

    fn start_options(&self) -> String {
        fs::read_to_string(self.postgres.data().join("postmaster.opts")).unwrap()
    }

    /// Runs a shell script in which `PG_CTL` is that of the server.
    fn sh(&self, script: &str) -> bool {
        let script = script.replace("PG_CTL", &pg_ctl(&self.postgres));
        let mut command = Command::new("sh");
        command.args(["-c", &script]).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.status().unwrap().success()
    }
}

impl Drop for Scene {
    /// A server that a test has started by itself goes with the test, too.
    fn drop(&mut self) {
        self.sh("PG_CTL -m immediate stop");
    }
}

fn bin() -> PostgresqlBin {
    let path = crate::support::variable("PATH").unwrap_or_default();
    PostgresqlBin::newest(path.as_ref()).unwrap()
}

/// `pg_ctl` with its data folder, as a shell runs it for the owner of that folder.
fn pg_ctl(postgres: &Postgres) -> String {
    let program = bin().program("pg_ctl");
    let owner = fs::metadata(postgres.data()).unwrap();
    let own = fs::metadata("/proc/self").unwrap().uid();
    let switch = if own == owner.uid() {
        String::new()
    } else {
        let (uid, gid) = (owner.uid(), owner.gid());
        format!("setpriv --reuid={uid} --regid={gid} --clear-groups -- ")
    };
    let data = postgres.data();
    let (program, data) = (program.display(), data.display());
    format!("cd / && {switch}{program} -D {data} -l {data}/pg_ctl.log -w")
}

fn sh(script: &str) -> Value {
    json!(["sh", "-c", script, "sh"])
}

#[test]
fn a_start_that_would_fail_is_refused_before_anything_is_written() {
    let scene = Scene::with(&json!({}));
    let life = scene.life();
    scene
        .dbtune("apply --profile bad --restart --yes")
        .run()
        .exits(6)
        .complains("will_not_start: postgresql would not start")
        .complains("WAL streaming (max_wal_senders > 0) requires wal_level")
        .complains("--allow will_not_start");
    scene.is_as_before();
    assert_eq!(scene.life(), life);
    assert!(scene.history().is_empty());
}

#[test]
fn a_wrong_value_that_waits_in_the_files_blocks_the_restart_for_another_one() {
    let scene = Scene::with(&json!({}));
    scene.postgres.add_to_conf("wal_level = minimal");
    scene.postgres.sql("select pg_reload_conf()");
    let life = scene.life();
    scene
        .dbtune("apply --profile good --restart --yes")
        .run()
        .exits(6)
        .complains("postgresql would not start");
    assert_eq!(scene.life(), life);
    assert!(!scene.postgres.auto_conf().contains("max_connections"));
}

#[test]
fn a_file_that_goes_wrong_after_the_plan_is_found_before_the_restart() {
    let postgres = Postgres::start();
    let proxy = postgres.proxy();
    let scene = Scene::of(postgres, &json!({"url": proxy.url()}));
    let life = scene.life();
    let hold = proxy.hold(crate::support::after("ALTER SYSTEM SET"));
    let running = scene.dbtune("apply --profile good --restart --yes").spawn();
    hold.wait();
    scene.postgres.add_to_conf("wal_level = minimal");
    hold.release();
    running
        .wait()
        .exits(1)
        .complains("postgresql was not restarted, because it would not start")
        .complains("everything that it changed has been put back");
    assert_eq!(scene.life(), life);
    assert!(!scene.postgres.auto_conf().contains("max_connections"));
    assert_eq!(scene.history()[0]["outcome"], "rolled_back");
}

#[test]
fn a_server_whose_restart_was_never_begun_is_not_told_as_restarted() {
    let scene = Scene::with(&json!({}));
    scene.dbtune("apply --profile good --yes").run().exits(4);
    scene.dbtune("rollback --yes").run().exits(0);
    // That a restart is about to begin cannot be written down, so it is not begun.
    scene.postgres.sql(
        "CREATE FUNCTION dbtune.refuse() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'not now'; END $$;
         CREATE TRIGGER refuse BEFORE UPDATE ON dbtune.run FOR EACH ROW
             WHEN (NEW.intent ? 'busy_until') EXECUTE FUNCTION dbtune.refuse()",
    );
    let life = scene.life();
    let ran = scene
        .dbtune("apply --profile good --restart --yes --format json")
        .run();
    ran.exits(1).says("not now");
    assert_eq!(ran.json()["restarted"], json!([]));
    let recorded = "select ending->'restarted' from dbtune.run order by run desc limit 1";
    assert_eq!(scene.postgres.value(recorded), "[]");
    assert_eq!(scene.life(), life);
    scene.is_as_before();
}

#[test]
fn a_server_that_does_not_come_back_is_started_put_right_and_restarted_by_dbtune() {
    let scene = Scene::with(&json!({}));
    let (life, options) = (scene.life(), scene.start_options());
    scene
        .dbtune(BAD_ANYWAY)
        .run()
        .exits(1)
        .complains("starting it with the earlier values (by pg_ctl)")
        .complains("postgresql runs again, with the earlier values on its command line")
        .complains("everything that it changed has been put back");
    scene.is_as_before();
    assert_ne!(scene.life(), life);
    assert_eq!(scene.start_options(), options);
    assert_eq!(scene.history()[0]["outcome"], "rolled_back");
    scene
        .dbtune("apply --profile good --restart --yes")
        .run()
        .exits(0);
    assert_eq!(scene.postgres.show("max_connections"), "40");
}

#[test]
fn the_rescue_command_of_a_target_is_used_where_there_is_one() {
    let scene = Scene::with(&json!({
        "restart": sh("PG_CTL -m fast stop; PG_CTL start"),
        "rescue": sh("PG_CTL -o \"$1\" start"),
    }));
    scene
        .dbtune(BAD_ANYWAY)
        .run()
        .exits(1)
        .complains("starting it with the earlier values (sh -c")
        .complains("everything that it changed has been put back");
    scene.is_as_before();
    assert_eq!(scene.history()[0]["outcome"], "rolled_back");
}

#[test]
fn a_restart_command_that_keeps_the_options_of_the_rescue_is_told() {
    let scene = Scene::with(&json!({
        "restart": sh("PG_CTL -m fast restart"),
        "rescue": sh("PG_CTL -o \"$1\" start"),
    }));
    scene
        .dbtune(BAD_ANYWAY)
        .run()
        .exits(1)
        .complains("its command line still sets wal_level");
    assert!(!scene.postgres.auto_conf().contains("wal_level"));
    assert_eq!(scene.postgres.show("wal_level"), "replica");
}

#[test]
fn pg_ctl_restart_does_not_keep_the_options_of_a_start_by_dbtune() {
    let scene = Scene::with(&json!({"restart": sh("PG_CTL -m fast restart")}));
    scene.dbtune(BAD_ANYWAY).run().exits(1);
    scene.is_as_before();
}

#[test]
fn a_server_that_cannot_be_brought_back_leaves_the_steps_that_a_person_takes() {
    let scene = Scene::with(&json!({"rescue": ["false"], "start_timeout": "1s"}));
    let ran = scene.dbtune(BAD_ANYWAY).run();
    ran.exits(1)
        .complains("postgresql is down")
        .complains("its rescue command failed: false ended with")
        .complains("-o '-c wal_level=replica' start")
        .complains("ALTER SYSTEM RESET wal_level;")
        .complains("remove the line that begins with: wal_level =")
        .complains("dbtune history");
    // The server does not answer: this machine knows nevertheless.
    let listed = scene.dbtune("history --format json").run();
    listed.exits(0).complains("the local journal");
    let run = listed.json()["runs"][0].clone();
    assert_eq!(run["outcome"], "failed");
    let id = run["run"].as_str().unwrap();
    scene
        .dbtune(&format!("history {id}"))
        .run()
        .exits(0)
        .says("if postgresql does not come back from its restart:")
        .says("-o '-c wal_level=replica' start")
        .says("remove the line that begins with: wal_level =");
    let shown = scene.dbtune(&format!("history {id} --format json")).run();
    let steps = shown.json()["runs"][0]["recovery"][0]["steps"].clone();
    assert!(steps.as_array().unwrap().len() > 5, "{steps}");
    scene
        .dbtune("apply --profile good --yes")
        .run()
        .exits(1)
        .complains(&format!("dbtune history {id} shows how to bring it back"));
    // The start of the steps does what it says, and then the next apply settles the run.
    let start = steps[1].as_str().unwrap();
    let (_, options) = start.split_once(" -o ").unwrap();
    assert!(scene.sh(&format!("PG_CTL -o {options}")));
    scene.dbtune("apply --profile good --yes").run().exits(4);
    assert!(!scene.postgres.auto_conf().contains("wal_level"));
    assert_eq!(scene.history()[1]["outcome"], "rolled_back");
}

#[test]
fn a_line_taken_out_by_hand_as_the_steps_say_lets_the_server_start_and_the_run_be_settled() {
    let scene = Scene::with(&json!({"rescue": ["false"], "start_timeout": "1s"}));
    scene.dbtune(BAD_ANYWAY).run().exits(1);
    let path = scene.postgres.data().join("postgresql.auto.conf");
    let text = fs::read_to_string(&path).unwrap();
    let kept: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("wal_level ="))
        .collect();
    fs::write(&path, kept.join("\n") + "\n").unwrap();
    scene.postgres.start_again();
    scene.dbtune("rollback --yes").run().exits(0);
    scene.is_as_before();
    assert_eq!(scene.history()[0]["outcome"], "rolled_back");
}

#[test]
fn a_command_that_lies_is_found_out() {
    let scene = Scene::with(&json!({"restart": ["true"], "start_timeout": "1s"}));
    scene.puts_back_and_complains("without a restart");
}

#[test]
fn a_command_that_is_missing_fails_or_hangs_leaves_the_server_as_it_was() {
    for (restart, words) in [
        (
            json!(["/nonexistent/restart"]),
            "cannot run /nonexistent/restart",
        ),
        (sh("echo not today; exit 3"), "it said: not today"),
        (
            sh("sleep 600 & wait"),
            "had not ended after 1 s and was stopped",
        ),
    ] {
        let scene = Scene::with(&json!({"restart": restart, "restart_timeout": "1s"}));
        scene.puts_back_and_complains(words);
    }
}

#[test]
fn a_command_that_only_stops_the_server_leaves_it_running_with_the_earlier_values() {
    let scene = Scene::with(&json!({"restart": sh("PG_CTL -m fast stop"), "start_timeout": "1s"}));
    let ran = scene
        .dbtune("apply --profile good --restart --yes --format json")
        .run();
    ran.exits(1);
    assert_eq!(ran.json()["pending_restart"], json!(["postgresql"]));
    assert!(!scene.postgres.auto_conf().contains("max_connections"));
    assert_eq!(scene.postgres.show("max_connections"), "30");
    assert_eq!(scene.history()[0]["outcome"], "rolled_back");
}

#[test]
fn another_server_in_its_place_is_never_written_to() {
    let postgres = Postgres::start();
    // The servers of the tests are copies of one, with one system identifier; this one is not.
    let other = postgres.data().with_file_name("other");
    let theirs = pg_ctl(&postgres).replace(
        &*postgres.data().to_string_lossy(),
        &other.to_string_lossy(),
    );
    let initdb = theirs.replace("/pg_ctl -D", "/initdb -N -A trust -U postgres -D");
    let (initdb, _) = initdb.split_once(" -l ").unwrap();
    let options = format!(
        "-c port={} -c unix_socket_directories={}",
        postgres.port(),
        other.display()
    );
    let script = format!("PG_CTL -m fast stop; {theirs} -o '{options}' start");
    let more = json!({"restart": sh(&script), "start_timeout": "1s"});
    let scene = Scene::of(postgres, &more);
    assert!(scene.sh(initdb));
    let ran = scene.dbtune("apply --profile good --restart --yes").run();
    let auto_conf = fs::read_to_string(other.join("postgresql.auto.conf")).unwrap();
    assert!(scene.sh(&format!("{theirs} -m fast stop")));
    ran.exits(1)
        .complains("another server answers")
        .complains("postgresql is down")
        .complains("ALTER SYSTEM RESET max_connections;");
    assert!(!auto_conf.contains("max_connections"), "{auto_conf}");
    assert!(scene.postgres.auto_conf().contains("max_connections"));
    scene.postgres.start_again();
    scene.dbtune("rollback --yes").run().exits(4);
    assert!(!scene.postgres.auto_conf().contains("max_connections"));
}

#[test]
fn killed_during_a_restart_the_next_apply_settles_it() {
    let begun = tempfile::tempdir().unwrap();
    let mark = begun.path().join("begun");
    let postgres = Postgres::start();
    let script = format!("touch {}; sleep 1; exec \"$@\"", mark.display());
    let mut restart = vec!["sh".to_owned(), "-c".to_owned(), script, "sh".to_owned()];
    restart.extend(postgres.restart_command());
    let scene = Scene::of(postgres, &json!({"restart": restart}));
    let life = scene.life();
    let running = scene.dbtune("apply --profile good --restart --yes").spawn();
    eventually("the restart to begin", || mark.exists());
    running.kill();
    running.wait();
    // The command is seen through: nobody is there to stop it.
    eventually("the server to be back", || {
        postgres::Client::connect(&scene.postgres.url(), postgres::NoTls).is_ok_and(|mut client| {
            let row = client.query_one("select pg_postmaster_start_time()::text", &[]);
            row.is_ok_and(|row| row.get::<_, String>(0) != life)
        })
    });
    assert_eq!(scene.history()[0]["outcome"], "interrupted");
    let id = scene.history()[0]["run"].as_str().unwrap().to_owned();
    scene
        .dbtune(&format!("history {id}"))
        .run()
        .says("if postgresql does not come back from its restart:");
    scene.dbtune("rollback --yes --restart").run().exits(0);
    scene.is_as_before();
    assert_eq!(scene.history()[0]["outcome"], "rolled_back");
}

/// Kills dbtune while it rescues: the rescue command has started the server and does not end.
fn killed_during_a_rescue() -> Scene {
    let begun = tempfile::tempdir().unwrap();
    let mark: PathBuf = begun.path().join("begun");
    let scene = Scene::with(&json!({
        "restart": sh("PG_CTL -m fast stop; PG_CTL start"),
        "rescue": sh(&format!("PG_CTL -o \"$1\" start; touch {}; exec sleep 600", mark.display())),
    }));
    let running = scene.dbtune(BAD_ANYWAY).spawn();
    eventually("the rescue to have begun", || mark.exists());
    running.kill();
    running.wait();
    assert_eq!(scene.postgres.show("wal_level"), "replica");
    assert!(scene.postgres.auto_conf().contains("wal_level"));
    scene
}

#[test]
fn killed_during_a_rescue_the_next_run_settles_it_and_restarts() {
    let scene = killed_during_a_rescue();
    let ran = scene.dbtune("rollback --yes --restart --format json").run();
    ran.exits(0);
    scene.is_as_before();
    assert_eq!(scene.history()[0]["outcome"], "rolled_back");
}

#[test]
fn killed_during_a_rescue_and_settled_without_a_restart_it_waits_for_one() {
    let scene = killed_during_a_rescue();
    let ran = scene.dbtune("rollback --yes --format json").run();
    ran.exits(4);
    assert_eq!(ran.json()["pending_restart"], json!(["postgresql"]));
    assert!(!scene.postgres.auto_conf().contains("wal_level"));
    assert!(scene.sh("PG_CTL -m fast stop; PG_CTL start"));
    scene.is_as_before();
}

#[test]
fn the_connections_that_a_restart_ends_are_shown_before_it() {
    let scene = Scene::with(&json!({}));
    let url = format!("{}?application_name=till", scene.postgres.url());
    let mut busy = postgres::Client::connect(&url, postgres::NoTls).unwrap();
    let _idle = postgres::Client::connect(&url, postgres::NoTls).unwrap();
    busy.batch_execute("begin; select 1").unwrap();
    let ran = scene
        .dbtune("apply --profile good --restart --yes --format json")
        .run();
    ran.exits(0)
        .complains("2 connections end with it, 1 of them in a transaction")
        .complains("2 of postgres to postgres (till)");
    let restart = &ran.json()["restarts"][0];
    assert_eq!(restart["connections"], 2);
    assert_eq!(restart["in_transaction"], 1);
    assert_eq!(restart["version_before"], restart["version_after"]);
    let id = ran.json()["run"].as_str().unwrap().to_owned();
    let shown = scene.dbtune(&format!("history {id} --format json")).run();
    assert_eq!(shown.json()["runs"][0]["restarts"][0], *restart);
    assert_eq!(shown.json()["runs"][0]["recovery"], json!([]));
}

#[test]
fn the_keys_of_a_restart_are_checked() {
    for (more, words) in [
        (
            json!({"restart_timeout": "5m"}),
            "`restart_timeout` is a length of time, not `5m`",
        ),
        (
            json!({"start_timeout": "0s"}),
            "`start_timeout` is a length of time",
        ),
        (
            json!({"rescue": "pg_ctl start"}),
            "`rescue` is a sequence of texts",
        ),
        (json!({"rescue": []}), "`rescue` names no command"),
        (
            json!({"engine": "redis", "url": "redis://h", "rescue": ["x"]}),
            "`rescue` is for PostgreSQL",
        ),
    ] {
        let scene = Scene::with(&more);
        scene
            .dbtune("plan --profile good")
            .run()
            .exits(2)
            .complains(words);
    }
}

#[test]
fn the_servers_own_user_tries_and_rescues_as_root_does() {
    let owner = |scene: &Scene| fs::metadata(scene.postgres.data()).unwrap();
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        // Then every other test here is run by that user already.
        return;
    }
    let postgres = Postgres::start();
    let restart = sh(&format!(
        "cd / && {pg_ctl} -D {data} -l {data}/pg_ctl.log -w -m fast restart",
        pg_ctl = bin().program("pg_ctl").display(),
        data = postgres.data().display()
    ));
    let scene = Scene::of(postgres, &json!({"restart": restart}));
    let (uid, gid) = (owner(&scene).uid(), owner(&scene).gid());
    let folder = scene.project.path("");
    let program = scene.project.path("dbtune");
    fs::copy(env!("CARGO_BIN_EXE_dbtune"), &program).unwrap();
    let given = Command::new("chown")
        .args(["-R", &format!("{uid}:{gid}")])
        .arg(&folder)
        .status();
    assert!(given.unwrap().success());
    let dbtune = |arguments: &str| {
        let output = Command::new("setpriv")
            .args([format!("--reuid={uid}"), format!("--regid={gid}")])
            .args(["--clear-groups", "--"])
            .arg(&program)
            .args(arguments.split_whitespace())
            .env("DBTUNE_STATE_DIR", scene.project.state())
            .current_dir(&folder)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said)
    };
    let (code, said) = dbtune("apply --profile bad --restart --yes");
    assert_eq!(code, Some(6), "{said}");
    assert!(said.contains("WAL streaming"), "{said}");
    let (code, said) = dbtune(BAD_ANYWAY);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("postgresql runs again"), "{said}");
    scene.is_as_before();
}

/// A restart starts whatever programs lie on the disk by then.
#[test]
fn an_update_of_the_package_that_comes_with_the_restart_is_told() {
    let Some(folder) = crate::support::variable("DBTUNE_TEST_PG_EARLIER") else {
        return;
    };
    let earlier = PostgresqlBin::at(Path::new(&folder)).unwrap();
    let before = earlier.version().last().unwrap().to_string();
    let restart = sh("PG_CTL -m fast stop && PG_CTL start");
    let scene = Scene::of(
        Postgres::with_bin(earlier).start(),
        &json!({"restart": restart}),
    );
    let ran = scene
        .dbtune("apply --profile good --restart --yes --format json")
        .run();
    ran.exits(0);
    assert_eq!(scene.postgres.show("max_connections"), "40");
    let now = scene.postgres.show("server_version");
    assert!(!now.starts_with(&format!("15.{before}")), "{now}");
    let restarts = ran.json()["restarts"].to_string();
    assert!(restarts.contains(&format!("15.{before}")), "{restarts}");
    ran.complains(&format!("15.{before}"));
    assert_eq!(scene.history()[0]["outcome"], "applied");
}

/// A restart that is over when the test says so: the server is back long before that.
struct Slow {
    scene: Scene,
    folder: tempfile::TempDir,
}

impl Slow {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let postgres = Postgres::start();
        let script = format!(
            "\"$@\" && touch {0}/back && until test -e {0}/go; do sleep 0.1; done",
            folder.path().display()
        );
        let mut restart = vec!["sh".to_owned(), "-c".to_owned(), script, "sh".to_owned()];
        restart.extend(postgres.restart_command());
        let scene = Scene::of(postgres, &json!({"restart": restart}));
        Self { scene, folder }
    }

    /// Begins a run, and comes back when its server is back and its restart command is not.
    fn begin(&self) -> Running {
        let running = self
            .scene
            .dbtune("apply --profile good --restart --yes")
            .spawn();
        let mark = self.folder.path().join("back");
        eventually("the server to be back", || mark.exists());
        running
    }

    fn go_on(&self) {
        fs::write(self.folder.path().join("go"), "").unwrap();
    }

    /// A second machine that knows the same server.
    fn elsewhere(&self) -> Project {
        let targets = fs::read_to_string(self.scene.project.path("targets.yaml")).unwrap();
        with_profile(Project::new().file("targets.yaml", &targets))
    }

    fn has_applied(&self, running: Running) {
        self.go_on();
        running.wait().exits(0);
        assert_eq!(self.scene.postgres.show("max_connections"), "40");
        let memory = self.scene.postgres.show("work_mem");
        assert_ne!(memory, "8MB");
        let history = self.scene.history();
        assert_eq!(history.len(), 1, "{history:?}");
        assert_eq!(history[0]["outcome"], "applied");
    }
}

fn with_profile(project: Project) -> Project {
    project.profile(
        "memory",
        "profile: memory\nphases:\n  - phase: 1\n    postgresql:\n      work_mem: 8MB\n",
    )
}

#[track_caller]
fn is_kept_out(dbtune: Cli, run: &str) {
    let ran = dbtune.run();
    ran.exits(5);
    let error = &ran.json()["error"];
    assert_eq!(error["kind"], "locked");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(run), "{message}");
    assert!(message.contains('@'), "{message}");
}

#[test]
fn a_run_that_restarts_a_server_keeps_others_out_although_its_lock_went_with_the_server() {
    let slow = Slow::new();
    let running = slow.begin();
    let here = &slow.scene.project;
    let profiles = here.path("tuning-profiles/memory.yaml");
    fs::write(
        profiles,
        "profile: memory\nphases:\n  - phase: 1\n    postgresql:\n      work_mem: 8MB\n",
    )
    .unwrap();
    let history = slow.scene.history();
    assert_eq!(history[0]["outcome"], "running");
    let run = history[0]["run"].as_str().unwrap();
    is_kept_out(
        here.dbtune("apply --profile memory --yes --format json"),
        run,
    );
    is_kept_out(here.dbtune("rollback --yes --format json"), run);
    slow.has_applied(running);
}

#[test]
fn a_run_that_restarts_a_server_keeps_out_another_machine_too() {
    let slow = Slow::new();
    let running = slow.begin();
    let there = slow.elsewhere();
    let history = there.dbtune("history --format json").run();
    history.exits(0);
    assert_eq!(history.json()["runs"][0]["outcome"], "running");
    let run = history.json()["runs"][0]["run"]
        .as_str()
        .unwrap()
        .to_owned();
    is_kept_out(
        there.dbtune("apply --profile memory --yes --format json"),
        &run,
    );
    is_kept_out(there.dbtune("rollback --yes --format json"), &run);
    slow.has_applied(running);
    there.dbtune("apply --profile memory --yes").run().exits(0);
}

#[test]
fn a_run_that_was_killed_while_it_restarted_is_settled_at_once_where_it_was_made() {
    let slow = Slow::new();
    let running = slow.begin();
    running.kill();
    running.wait();
    slow.go_on();
    let there = slow.elsewhere();
    let history = slow.scene.history();
    assert_eq!(history[0]["outcome"], "interrupted");
    let run = history[0]["run"].as_str().unwrap();
    // Another machine cannot know that it was killed before its time is over.
    is_kept_out(there.dbtune("rollback --yes --format json"), run);
    slow.scene.dbtune("rollback --yes --restart").run().exits(0);
    slow.scene.is_as_before();
    there.dbtune("apply --profile memory --yes").run().exits(0);
}

#[test]
fn what_an_earlier_run_stored_is_named_where_a_server_lives_by_its_command_line_alone() {
    let scene = Scene::with(&json!({}));
    scene
        .dbtune("apply --profile bad --yes --allow will_not_start")
        .run()
        .exits(4);
    let ran = scene.dbtune(BAD_ANYWAY).run();
    ran.exits(1)
        .complains("runs only by earlier values on its command line")
        .complains("ALTER SYSTEM RESET wal_level");
    assert!(!ran.stderr.contains("restart to run as before"));
    let history = scene.history();
    assert_eq!(history[1]["outcome"], "pending_restart", "{history:?}");
}

#[test]
fn the_steps_take_back_what_an_earlier_run_stored() {
    let scene = Scene::with(&json!({"rescue": ["false"], "start_timeout": "1s"}));
    scene
        .dbtune("apply --profile bad --yes --allow will_not_start")
        .run()
        .exits(4);
    let ran = scene.dbtune(BAD_ANYWAY).run();
    ran.exits(1)
        .complains("still stands in the files")
        .complains("ALTER SYSTEM SET wal_level = 'replica';")
        .complains("let its line be: wal_level = 'replica'");
}
