//! Behind a pooler.

use super::deploy::Deploy;
use crate::support::{Pgbouncer, Ran};

const BUILD: &str = "CREATE INDEX CONCURRENTLY by_email ON users (email);";

/// A deploy, and a pooler through which its target is reached from now on; `None` where there is none on
/// this machine.
fn behind(mode: &str, lines: &[&str]) -> Option<(Deploy, Pgbouncer)> {
    let program = Pgbouncer::program()?;
    let mut deploy = Deploy::new()
        .with_users(5)
        .file("V1__orders", "CREATE TABLE orders (id int);")
        .file("V2__by_email", BUILD);
    let pooler = Pgbouncer::start(&program, &deploy.postgres, mode, lines);
    deploy.project = deploy.project.targets(&[&pooler]);
    Some((deploy, pooler))
}

#[track_caller]
fn is_refused(deploy: &Deploy, refused: &Ran) {
    refused.exits(6).complains("pooler");
    let made = "SELECT count(*) FROM pg_class WHERE \
                relname IN ('orders', 'by_email', 'refinery_schema_history')";
    assert_eq!(deploy.postgres.value(made), "0", "{refused}");
    let schema = "SELECT count(*) FROM pg_namespace WHERE nspname = 'dbtune'";
    assert_eq!(deploy.postgres.value(schema), "0", "{refused}");
    // A lock would stay with the pooler's session, for whoever gets that next.
    let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
    assert_eq!(deploy.postgres.value(locks), "0", "{refused}");
}

#[test]
fn a_pooler_in_transaction_mode_is_refused_and_nothing_is_changed() {
    let Some((deploy, _pooler)) = behind("transaction", &[]) else {
        return;
    };
    for command in ["", "--jobs 3", "baseline 2", "repair"] {
        is_refused(&deploy, &deploy.migrate(command).run());
    }
}

#[test]
fn a_pooler_in_transaction_mode_that_is_in_use_is_refused_as_well() {
    // The more sessions of the server there are, the likelier each of ours is served by another one.
    for lines in [&[][..], &["server_round_robin = 1"]] {
        let Some((deploy, pooler)) = behind("transaction", lines) else {
            return;
        };
        let clients: Vec<_> = (0..3)
            .map(|_| {
                let mut client = postgres::Client::connect(&pooler.url(), postgres::NoTls).unwrap();
                client.batch_execute("BEGIN; SELECT 1").unwrap();
                client
            })
            .collect();
        is_refused(&deploy, &deploy.migrate("").run());
        for mut client in clients {
            client.batch_execute("COMMIT").unwrap();
        }
        is_refused(&deploy, &deploy.migrate("").run());
    }
}

#[test]
fn a_pooler_in_session_mode_is_as_good_as_the_server() {
    let Some((deploy, _pooler)) = behind("session", &[]) else {
        return;
    };
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.applied(), ["1", "2"]);
    assert_eq!(deploy.index("by_email"), "valid");
    deploy.migrate("").run().exits(0).says("nothing to do");
}
