//! Indexes on tables with partitions, which no server builds concurrently.

use super::deploy::Deploy;
use crate::support::eventually;

const BUILD: &str = "CREATE INDEX CONCURRENTLY by_email ON events (slow(email));";

pub(super) fn partitioned() -> Deploy {
    let deploy = Deploy::new().with_users(1);
    deploy.postgres.sql(
        "CREATE TABLE events (id int, email text) PARTITION BY RANGE (id); \
         CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10); \
         CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id); \
         CREATE TABLE events_2a PARTITION OF events_2 FOR VALUES FROM (10) TO (15); \
         CREATE TABLE events_2b PARTITION OF events_2 FOR VALUES FROM (15) TO (20); \
         CREATE TABLE events_3 PARTITION OF events FOR VALUES FROM (20) TO (40); \
         CREATE INDEX made_by_hand ON events_1 (slow(email)); \
         INSERT INTO events SELECT g, 'user' || g FROM generate_series(0, 39) g;",
    );
    deploy.file("V1__index", BUILD)
}

fn is_complete(deploy: &Deploy) {
    assert_eq!(deploy.index("by_email"), "valid");
    deploy.has_no_debris();
    let built = "SELECT count(*) FROM pg_partition_tree('by_email') WHERE isleaf";
    assert_eq!(deploy.postgres.value(built), "4");
    // The one that was there is taken, not built again.
    let on_first = "SELECT count(*) FROM pg_indexes WHERE tablename = 'events_1'";
    assert_eq!(deploy.postgres.value(on_first), "1");
}

#[test]
fn the_parent_and_every_partition_get_the_index() {
    let deploy = partitioned();
    deploy.migrate("").run().exits(0);
    is_complete(&deploy);
    assert_eq!(deploy.applied(), ["1"]);
}

/// Waits until the parent has its index, and a partition's is being built.
fn builds_a_partition(deploy: &Deploy) {
    eventually("the index of the parent", || {
        deploy.index("by_email") != "none"
    });
    deploy.builds("building");
}

#[test]
fn a_build_that_is_cut_off_between_partitions_goes_on() {
    let deploy = partitioned();
    let running = deploy.spawn("");
    builds_a_partition(&deploy);
    running.interrupt();
    running.wait().exits(130);
    assert_eq!(deploy.index("by_email"), "INVALID");
    deploy.migrate("").run().exits(0);
    is_complete(&deploy);
    let deploy = partitioned();
    let running = deploy.spawn("");
    builds_a_partition(&deploy);
    running.kill();
    running.wait();
    deploy.migrate("").run().exits(0);
    is_complete(&deploy);
}

/// An index that is part of that of its parent cannot be dropped.
#[test]
fn an_invalid_index_that_is_attached_already_is_built_anew_in_its_place() {
    let deploy = partitioned();
    deploy.postgres.sql(
        "CREATE INDEX by_email ON ONLY events (slow(email)); \
         CREATE INDEX by_email_events_3 ON events_3 (slow(email))",
    );
    deploy.postgres.sql(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_email_events_3'::regclass; \
         ALTER INDEX by_email ATTACH PARTITION by_email_events_3",
    );
    let ran = deploy.migrate("").run();
    ran.exits(0).complains("by_email_events_3 anew");
    is_complete(&deploy);
    assert_eq!(deploy.applied(), ["1"]);
}

#[test]
fn a_statement_that_was_corrected_after_it_had_failed_halfway_is_told_how_to_go_on() {
    let deploy = partitioned();
    deploy.write(
        "V1__index",
        "CREATE UNIQUE INDEX CONCURRENTLY by_id ON events (id);",
    );
    deploy
        .postgres
        .sql("INSERT INTO events VALUES (39, 'twice')");
    deploy.migrate("").run().exits(1).complains("stays INVALID");
    deploy.write(
        "V1__index",
        "CREATE UNIQUE INDEX CONCURRENTLY by_id ON events (id, email);",
    );
    deploy
        .migrate("")
        .run()
        .exits(6)
        .complains("migrate repair --accept 1");
    deploy.migrate("repair --accept 1").run().exits(0);
    deploy
        .migrate("")
        .run()
        .exits(1)
        .complains("DROP INDEX, which locks the table");
    deploy.postgres.sql("DROP INDEX by_id");
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.index("by_id"), "valid");
}

#[test]
fn a_foreign_table_among_the_partitions_is_refused_before_anything_is_built() {
    let deploy = partitioned();
    deploy.postgres.sql(
        "CREATE FOREIGN DATA WRAPPER far; CREATE SERVER away FOREIGN DATA WRAPPER far; \
         DROP TABLE events_2b; \
         CREATE FOREIGN TABLE events_2b PARTITION OF events_2 FOR VALUES FROM (15) TO (20) SERVER away",
    );
    deploy
        .migrate("")
        .run()
        .exits(1)
        .complains("public.events_2b, a foreign table, is a partition of public.events")
        .complains("leave CONCURRENTLY out");
    deploy.has_no_debris();
    deploy.write("V1__index", "CREATE INDEX plain ON events (id);");
    deploy.migrate("").run().exits(0);
    assert_eq!(deploy.index("plain"), "valid");
}
