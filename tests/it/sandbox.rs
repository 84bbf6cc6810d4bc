//! `dbtune sandbox`: ready for use, and gone without a trace, however it ends.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::support::{Cli, Postgres, Project, Ran, Running, cli, eventually};

/// `dbtune sandbox` that runs a shell script.
fn sandbox(script: &str) -> Cli {
    cli().args(["sandbox", "--", "sh", "-c", script])
}

/// A sandbox in which a command runs that starts another one and never ends.
struct Staying {
    running: Running,
    project: Project,
    folder: PathBuf,
    segment: String,
}

impl Staying {
    fn start() -> Self {
        let script = "dirname $DBTUNE_STATE_DIR >new; mv new folder; sleep 1111 & sleep 1112; :";
        let project = Project::new();
        let running = project.dbtune("sandbox -- sh -c").args([script]).spawn();
        eventually("the sandbox is ready", || project.path("folder").exists());
        let folder = fs::read_to_string(project.path("folder")).unwrap();
        let folder = PathBuf::from(folder.trim());
        let lock_file = fs::read_to_string(folder.join("postgresql/data/postmaster.pid")).unwrap();
        let segment = lock_file
            .lines()
            .nth(6)
            .unwrap()
            .split_whitespace()
            .last()
            .unwrap();
        let staying = Self {
            running,
            project,
            segment: segment.to_owned(),
            folder,
        };
        assert!(staying.segments_contain_ours());
        assert!(staying.processes().len() > 10, "{:?}", staying.processes());
        staying
    }

    /// What works in the folder, and what the command has started.
    fn processes(&self) -> Vec<String> {
        [
            processes_of(&self.folder),
            processes_of(&self.project.path("")),
        ]
        .concat()
    }

    fn segments_contain_ours(&self) -> bool {
        let output = Command::new("ipcs").arg("-m").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines()
            .any(|line| line.split_whitespace().any(|word| word == self.segment))
    }

    /// Asserts that the folder, every process and the segment of shared memory go, and returns what
    /// came of the run.
    fn leaves_nothing(self) -> Ran {
        eventually("the folder is gone", || !self.folder.exists());
        eventually("the processes are gone", || self.processes().is_empty());
        assert!(!self.segments_contain_ours());
        self.running.wait()
    }

    /// The files of shared memory that the processes have mapped, where the system shows them.
    fn dynamic_segments(&self) -> BTreeSet<String> {
        let pid_of = |line: &String| line.split_whitespace().next().unwrap().to_owned();
        let maps = self.processes().into_iter().map(|line| {
            fs::read_to_string(format!("/proc/{}/maps", pid_of(&line))).unwrap_or_default()
        });
        let files = maps.flat_map(|maps| {
            let names = maps
                .split_whitespace()
                .filter(|word| word.starts_with("/dev/shm/PostgreSQL."));
            names.map(str::to_owned).collect::<Vec<_>>()
        });
        files.collect()
    }

    fn pid_of(&self, server: &str) -> String {
        let registered = fs::read_to_string(self.folder.join("gate/servers").join(server)).unwrap();
        registered.split_whitespace().next().unwrap().to_owned()
    }
}

/// The processes whose working folder or command line is in a folder.
fn processes_of(folder: &Path) -> Vec<String> {
    let output = Command::new("ps")
        .args(["-A", "-o", "pid=,command="])
        .output()
        .unwrap();
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let is_in = |line: &str| {
        let pid = line.split_whitespace().next().unwrap_or_default();
        let cwd = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
        line.contains(folder.to_str().unwrap()) || cwd.starts_with(folder)
    };
    lines
        .lines()
        .filter(|line| is_in(line))
        .map(str::to_owned)
        .collect()
}

fn shell(script: &str) -> bool {
    Command::new("/bin/sh")
        .args(["-c", script])
        .status()
        .unwrap()
        .success()
}

#[test]
fn the_command_finds_both_servers_and_the_sandbox_ends_with_its_exit_code() {
    let script = r#"psql -XAt -c "select 'psql ' || 1" && psql -XAt "$DATABASE_URL" -c 'select 2' &&
        redis-cli -u "$REDIS_URL" --no-auth-warning ping && cat "$DBTUNE_TARGETS_FILE" >targets;
        dirname "$DBTUNE_STATE_DIR"; exit 3"#;
    let project = Project::new();
    let ran = project.dbtune("sandbox -- sh -c").args([script]).run();
    ran.exits(3).says("psql 1\n2\nPONG\n");
    let folder = Path::new(ran.stdout.lines().last().unwrap());
    assert!(folder.is_absolute() && !folder.exists());
    assert_eq!(processes_of(folder), [""; 0]);
}

#[test]
fn the_servers_are_set_as_the_report_found_them() {
    let show = "select string_agg(name || '=' || current_setting(name), ' ' order by name), \
                min(sourcefile) from pg_settings where name in ('shared_buffers', 'work_mem', \
                'max_connections', 'effective_cache_size', 'maintenance_work_mem', 'fsync')";
    let get = "config get maxmemory maxmemory-policy save tcp-keepalive timeout";
    let script = format!(
        r#"psql -XAt -c "{show}"; redis-cli --no-auth-warning -u "$REDIS_URL" {get} | paste -s -d ' '"#
    );
    sandbox(&script)
        .run()
        .exits(0)
        .says("effective_cache_size=1GB fsync=on maintenance_work_mem=64MB max_connections=200 ")
        .says("shared_buffers=256MB work_mem=4MB|")
        .says("postgresql.conf\n")
        .says("maxmemory 268435456")
        .says("maxmemory-policy allkeys-lru")
        .says("save 900 1 300 10 60 10000")
        .says("tcp-keepalive 300")
        .says("timeout 300");
}

#[test]
fn what_else_the_environment_points_at_is_not_seen_inside() {
    sandbox("echo \"[$DBTUNE_POSTGRES_URL$DBTUNE_REDIS_URL$PGSERVICE]\"; psql -XAt -c 'select 7'")
        .env("DBTUNE_POSTGRES_URL", "postgres://production/")
        .env("DBTUNE_REDIS_URL", "redis://production/")
        .env("DATABASE_URL", "postgres://production/")
        .env("PGSERVICE", "production")
        .env("PGHOST", "production")
        .env("PGPORT", "1")
        .env("PGDATA", "/nonexistent")
        .run()
        .exits(0)
        .says("[]\n7\n");
}

#[test]
fn the_restart_commands_of_the_targets_file_restart_the_servers() {
    let project = Project::new();
    let script = r#"cp "$DBTUNE_TARGETS_FILE" targets
        psql -XAt -c "alter system set max_connections = 201" >&2
        redis-cli --no-auth-warning -u "$REDIS_URL" config set maxmemory 300mb >&2
        redis-cli --no-auth-warning -u "$REDIS_URL" config rewrite >&2
        mv targets copied; until [ -e go ]; do sleep 0.02; done
        psql -XAt -c "show max_connections"
        redis-cli --no-auth-warning -u "$REDIS_URL" config get maxmemory"#;
    let running = project.dbtune("sandbox -- sh -c").args([script]).spawn();
    eventually("the servers are changed", || {
        project.path("copied").exists()
    });
    let mode = fs::metadata(project.path("copied"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let yaml = fs::read_to_string(project.path("copied")).unwrap();
    let file: serde_json::Value = serde_yaml::from_str(&yaml).unwrap();
    assert_eq!(file["profile"], "medianest-production");
    assert_eq!(file["targets"][1]["persist"], "rewrite");
    for (target, name) in [(0, "postgresql"), (1, "redis")] {
        assert_eq!(file["targets"][target]["name"], name);
        assert_eq!(file["targets"][target]["engine"], name);
        let words: Vec<String> =
            serde_json::from_value(file["targets"][target]["restart"].clone()).unwrap();
        assert!(
            Command::new(&words[0])
                .args(&words[1..])
                .status()
                .unwrap()
                .success()
        );
    }
    fs::write(project.path("go"), "").unwrap();
    running.wait().exits(0).says("201\n").says("314572800");
}

#[test]
fn a_command_that_a_signal_ends_gives_128_and_its_number() {
    sandbox("kill -TERM $$").run().exits(128 + 15);
}

#[test]
fn a_command_that_does_not_exist_is_named_before_anything_starts() {
    let missing = cli().args(["sandbox", "--", "no-such-command"]).run();
    missing
        .exits(127)
        .complains("no-such-command: command not found");
    cli()
        .args(["sandbox", "--", "./missing"])
        .run()
        .exits(127)
        .complains("./missing");
}

#[test]
fn another_version_can_be_asked_for_by_its_folder() {
    for bin in Postgres::every_bin() {
        let folder = bin.folder().to_str().unwrap();
        let script = "psql -XAt -c 'show server_version_num'";
        let ran = cli()
            .args(["sandbox", "--pg-bin", folder, "--", "sh", "-c", script])
            .run();
        assert!(
            ran.exits(0)
                .stdout
                .starts_with(&bin.version()[0].to_string()),
            "{ran}"
        );
    }
}

#[test]
fn a_folder_without_postgresql_is_refused() {
    let ran = cli()
        .args(["sandbox", "--pg-bin", "/nonexistent", "--", "true"])
        .run();
    ran.complains("/nonexistent is no bin folder of PostgreSQL");
}

#[test]
fn without_a_command_it_says_what_to_type_and_stays_until_it_is_interrupted() {
    let project = Project::new();
    let mut running = project.dbtune("sandbox").stdout_to("said").spawn();
    let said = || fs::read_to_string(project.path("said")).unwrap_or_default();
    eventually("it says how to end it", || {
        said().contains("Ctrl-C stops both servers")
    });
    let line = |program: &str| {
        let lines = said();
        let found = lines.lines().find(|line| line.contains(program));
        found
            .unwrap_or_else(|| panic!("no {program} in {lines}"))
            .to_owned()
    };
    assert!(shell(&format!("{} -Xc 'select 1' >&2", line("psql "))));
    assert!(shell(&format!("{} ping >&2", line("redis-cli "))));
    let targets = line("DBTUNE_TARGETS_FILE=");
    let targets = targets.split_once('=').unwrap().1;
    let text = fs::read_to_string(targets).unwrap();
    for password in text.split([':', '@']).filter(|part| part.len() == 32) {
        assert!(!said().contains(password));
    }
    assert!(running.is_running());
    running.interrupt();
    running.wait().exits(0);
    assert!(!Path::new(targets).exists());
}

#[test]
fn without_a_command_it_ends_when_whoever_holds_its_input_is_gone() {
    let script = "sleep 0.1 | \"$0\" sandbox";
    let mut command = Command::new("/bin/sh");
    let output = command
        .args(["-c", script, env!("CARGO_BIN_EXE_dbtune")])
        .output()
        .unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    let folder = said.lines().next().unwrap().rsplit(' ').next().unwrap();
    assert!(
        folder.starts_with('/') && !Path::new(folder).exists(),
        "{said}"
    );
}

#[test]
fn an_interrupt_ends_the_command_and_the_sandbox() {
    let staying = Staying::start();
    staying.running.interrupt();
    staying.leaves_nothing().exits(128 + 15);
}

#[test]
fn a_killed_sandbox_leaves_nothing() {
    let staying = Staying::start();
    staying.running.kill();
    assert_eq!(staying.leaves_nothing().code(), None);
}

#[test]
fn a_killed_sandbox_leaves_nothing_after_a_restart_either() {
    let staying = Staying::start();
    for server in ["postgresql", "redis"] {
        let before = staying.pid_of(server);
        let script = staying.folder.join("scripts/server.sh");
        let home = staying.folder.display();
        assert!(shell(&format!(
            "sh {} {home} {server} restart",
            script.display()
        )));
        assert_ne!(staying.pid_of(server), before);
    }
    staying.running.kill();
    staying.leaves_nothing();
}

#[test]
fn a_killed_sandbox_leaves_nothing_in_the_middle_of_a_restart() {
    for pause in ["0", "0.05", "0.15"] {
        let staying = Staying::start();
        let home = staying.folder.display();
        assert!(shell(&format!(
            "for server in postgresql redis; do \
               sh {home}/scripts/server.sh {home} $server restart 2>/dev/null & done; sleep {pause}"
        )));
        staying.running.kill();
        staying.leaves_nothing();
    }
}

#[test]
fn a_sandbox_that_is_killed_while_it_starts_leaves_nothing() {
    for pause in ["0.02", "0.1", "0.3", "0.6", "0.9"] {
        let project = Project::new();
        let temporary = project.path("t");
        fs::create_dir(&temporary).unwrap();
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(project.path(""), open).unwrap();
        let running = project.dbtune("sandbox").env("TMPDIR", &temporary).spawn();
        assert!(shell(&format!("sleep {pause}")));
        running.kill();
        let is_empty = || fs::read_dir(&temporary).unwrap().next().is_none();
        eventually("the folder is gone", is_empty);
        eventually("the processes are gone", || {
            processes_of(&temporary).is_empty()
        });
        running.wait();
    }
}

#[test]
fn a_server_that_somebody_killed_leaves_nothing_either() {
    let staying = Staying::start();
    let pid = staying.pid_of("postgresql");
    let dynamic = staying.dynamic_segments();
    for server in ["postgresql", "redis"] {
        assert!(shell(&format!("kill -9 {}", staying.pid_of(server))));
    }
    staying.running.kill();
    staying.leaves_nothing();
    assert!(!Path::new("/proc").join(pid).exists());
    // Nobody can know of these when the server is gone: that one does leave them.
    for file in dynamic {
        let _already_gone = fs::remove_file(file);
    }
}

#[test]
fn two_sandboxes_do_not_disturb_each_other() {
    let (first, second) = (Staying::start(), Staying::start());
    assert_ne!(first.folder, second.folder);
    first.running.kill();
    first.leaves_nothing();
    assert!(second.processes().len() > 10);
    second.running.terminate();
    second.leaves_nothing().exits(128 + 15);
}
