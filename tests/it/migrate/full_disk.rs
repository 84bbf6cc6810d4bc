//! Builds that run out of space.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::PathBuf;
use std::process::Command;

use super::deploy::Deploy;
use crate::support::{Postgres, eventually, variable};

/// Set where a test may mount.
const INSIDE: &str = "DBTUNE_TEST_MAY_MOUNT";

/// What makes a mount namespace. Who is not root needs a user namespace around it, and stays who he is
/// in there: a server does not run as root.
fn namespace() -> Command {
    let is_root = tempfile::tempdir()
        .unwrap()
        .path()
        .metadata()
        .unwrap()
        .uid()
        == 0;
    let mut command = Command::new("unshare");
    command.arg("--mount");
    if !is_root {
        command.args(["--map-current-user", "--keep-caps"]);
    }
    command
}

/// A file system of this size on this folder.
fn mount(mut command: Command, megabytes: u32, folder: &PathBuf) -> bool {
    let options = format!("size={megabytes}m,mode=0700");
    command.args(["-t", "tmpfs", "-o", &options, "none"]);
    command
        .arg(folder)
        .output()
        .is_ok_and(|done| done.status.success())
}

/// Runs a test once more where it may mount. Whatever ends the processes in there, their mounts go with
/// the last of them. `false` where it is there already.
fn is_run_where_it_may_mount(test: &str) -> bool {
    if variable(INSIDE).is_some() {
        return false;
    }
    let scratch = tempfile::tempdir().unwrap();
    let mut attempt = namespace();
    attempt.arg("mount");
    if !mount(attempt, 1, &scratch.path().to_owned()) {
        println!("skipped: nothing may be mounted here");
        return true;
    }
    let (_crate, module) = module_path!().split_once("::").unwrap();
    let ran = namespace()
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &format!("{module}::{test}"), "--nocapture"])
        .env(INSIDE, "yes")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    let complained = String::from_utf8_lossy(&ran.stderr);
    let is_passed = ran.status.success() && said.contains("1 passed");
    assert!(is_passed, "{said}\n{complained}");
    true
}

/// A tablespace of 16 MB of which a table fills nearly all, and an index to be built there.
fn nearly_full() -> Deploy {
    let postgres = Postgres::start();
    let data = postgres.data().metadata().unwrap();
    let disk = postgres.data().with_file_name("disk");
    fs::create_dir(&disk).unwrap();
    assert!(mount(Command::new("mount"), 16, &disk));
    chown(&disk, Some(data.uid()), Some(data.gid())).unwrap();
    postgres.sql(&format!(
        "CREATE TABLESPACE small LOCATION '{}'",
        disk.display()
    ));
    let deploy = Deploy::on(postgres).with_users(200_000);
    deploy.postgres.sql(
        "CREATE TABLE filler TABLESPACE small AS \
         SELECT repeat('x', 1000) FROM generate_series(1, 12000); ",
    );
    deploy.file(
        "V1__by_email",
        "CREATE INDEX CONCURRENTLY by_email ON users (email) TABLESPACE small;",
    )
}

#[test]
fn a_disk_that_fills_up_under_a_build_leaves_nothing_and_no_more_is_needed_than_space() {
    if is_run_where_it_may_mount(
        "a_disk_that_fills_up_under_a_build_leaves_nothing_and_no_more_is_needed_than_space",
    ) {
        return;
    }
    let deploy = nearly_full();
    for _rerun in 0..2 {
        deploy.migrate("").run().exits(1).complains("53100");
        assert_eq!(deploy.index("by_email"), "none");
        assert!(deploy.applied().is_empty());
    }
    deploy.postgres.sql("DROP TABLE filler");
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.index("by_email"), "valid");
    assert_eq!(deploy.applied(), ["1"]);
    deploy.has_no_debris();
}

#[test]
fn a_build_that_may_not_sort_on_the_disk_leaves_nothing_and_is_done_when_it_may() {
    let deploy = Deploy::new().with_users(200_000).file(
        "V1__by_email",
        "CREATE INDEX CONCURRENTLY by_email ON users (email);",
    );
    let limits = ["temp_file_limit = '1MB'", "maintenance_work_mem = '1MB'"];
    for limit in limits {
        deploy.postgres.sql(&format!("ALTER SYSTEM SET {limit}"));
    }
    deploy.postgres.sql("SELECT pg_reload_conf()");
    eventually("the limit holds", || {
        deploy.postgres.show("temp_file_limit") == "1MB"
    });
    deploy.migrate("").run().exits(1).complains("53400");
    assert_eq!(deploy.index("by_email"), "none");
    assert!(deploy.applied().is_empty());
    deploy.postgres.sql("ALTER SYSTEM SET temp_file_limit = -1");
    deploy.postgres.sql("SELECT pg_reload_conf()");
    eventually("the limit is gone", || {
        deploy.postgres.show("temp_file_limit") == "-1"
    });
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.index("by_email"), "valid");
    assert_eq!(deploy.applied(), ["1"]);
    deploy.has_no_debris();
}
