//! Servers that bear the signs of somebody who manages them.

use super::desk::{Desk, every_version};
use crate::support::{PASSWORD, Postgres};

const MANAGED: &str = "managed_elsewhere";

#[test]
fn services_are_known_by_their_settings_on_every_version() {
    let signs = [
        (
            "rds.extensions = 'plpgsql'",
            "aws rds modify-db-parameter-group",
        ),
        (
            "cloudsql.iam_authentication = 'on'",
            "gcloud sql instances patch",
        ),
        (
            "azure.extensions = ''",
            "az postgres flexible-server parameter set",
        ),
        ("cnpg.config_sha256 = 'c0ffee'", "kubectl patch cluster"),
    ];
    for bin in every_version() {
        for (line, instruction) in signs {
            let desk = Desk::of(Postgres::with_bin(bin.clone()).setting(line).start());
            desk.refuses("work_mem: 8MB", MANAGED, instruction);
            let allowed = desk.dbtune("apply --yes --allow managed_elsewhere");
            allowed
                .exits(2)
                .complains("managed_elsewhere cannot be allowed");
        }
    }
}

#[test]
fn a_role_that_sees_no_files_is_told_of_the_service_and_not_of_its_rights() {
    let postgres = Postgres::setup()
        .setting("rds.extensions = 'plpgsql'")
        .statement(&format!("CREATE ROLE app LOGIN PASSWORD '{PASSWORD}'"))
        .start();
    let desk = Desk::of_role(postgres, "app");
    let told = desk.told("work_mem: 8MB", MANAGED);
    assert!(told[0].contains("Amazon RDS"), "{told:?}");
    assert!(desk.told("work_mem: 8MB", "not_permitted").is_empty());
}

#[test]
fn patroni_is_known_by_what_it_puts_on_the_command_line() {
    let start = |options: &[&str]| {
        let setup = options.iter().fold(Postgres::setup(), |setup, option| {
            setup.argument("-c").argument(option)
        });
        Desk::of(setup.start())
    };
    let all = [
        "cluster_name=shop",
        "max_connections=30",
        "max_locks_per_transaction=64",
        "wal_level=replica",
    ];
    start(&all).refuses("work_mem: 8MB", MANAGED, "-p 'work_mem=8MB'");
    // One option on the command line is nobody's sign.
    start(&["cluster_name=shop"]).lets_pass("work_mem: 8MB", MANAGED);
}

#[test]
fn patroni_is_known_by_the_file_that_it_makes() {
    let postgres = Postgres::start();
    let base = postgres.data().join("postgresql.base.conf");
    std::fs::copy(postgres.conf_path(), &base).unwrap();
    std::fs::set_permissions(
        &base,
        std::fs::metadata(postgres.conf_path())
            .unwrap()
            .permissions(),
    )
    .unwrap();
    std::fs::write(postgres.conf_path(), "include 'postgresql.base.conf'\n").unwrap();
    super::desk::give_to_the_owner_of(&postgres.data(), &base);
    postgres.restart();
    Desk::of(postgres).refuses("work_mem: 8MB", MANAGED, "PATCH /config");
}
