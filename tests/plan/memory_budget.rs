//! What all targets of a machine may take of its memory.

use dbtune::plan::HazardKind;
use dbtune::snapshot::{Memory, RedisFacts};

use crate::case::{Asked as _, Case, hazard, kinds};
use crate::server::{Server, Setting};

const BUDGET: HazardKind = HazardKind::MemoryBudget;
const GB: u64 = 1 << 30;

fn memory(bytes: u64) -> Memory {
    Memory {
        bytes,
        from: "/proc/meminfo".to_owned(),
        is_own_limit: false,
        is_stated: false,
    }
}

fn postgresql(bytes: Option<u64>) -> Server {
    let mut server = Server::postgresql("primary")
        .has(Setting::shared_buffers())
        .has(Setting::work_mem())
        .has(Setting::real("hash_mem_multiplier", "2"))
        .has(Setting::number("max_connections", None, "100").restart());
    server.facts().memory = bytes.map(memory);
    server
}

fn redis(bytes: Option<u64>) -> Server {
    let mut server = Server::redis("cache")
        .has(Setting::redis("maxmemory", "268435456"))
        .has(Setting::redis("save", "3600 1"))
        .has(Setting::redis("appendonly", "no"));
    let facts = server.facts();
    facts.memory = bytes.map(memory);
    facts.redis = Some(RedisFacts {
        used_memory: 100 << 20,
        ..RedisFacts::default()
    });
    server
}

#[test]
fn more_than_the_memory_blocks_and_shows_the_sum() {
    let plan = Case::postgresql(&["shared_buffers: 4GB"])
        .on(postgresql(Some(4 * GB)))
        .plan();
    let (blocks, message) = hazard(plan.change("shared_buffers"), BUDGET);
    assert!(blocks);
    assert_eq!(
        message,
        "up to 4.4 GB of 4 GB of memory (/proc/meminfo) may be taken: primary 4.4 GB (shared \
         4.1 GB, 100 sessions 120 MB, 25 of them with 8 MB each for sorts and hashes 200 MB); \
         lower one of these, or use a larger machine"
    );
}

#[test]
fn near_the_memory_is_a_word_and_well_below_it_is_none() {
    let case = |memory| {
        Case::postgresql(&["shared_buffers: 4GB"])
            .on(postgresql(Some(memory)))
            .plan()
    };
    let (blocks, message) = {
        let plan = case(5 * GB);
        let (blocks, message) = hazard(plan.change("shared_buffers"), BUDGET);
        (blocks, message.to_owned())
    };
    assert!(
        !blocks && message.starts_with("up to 4.4 GB of 5 GB"),
        "{message}"
    );
    assert!(!kinds(case(8 * GB).change("shared_buffers")).contains(&BUDGET));
}

#[test]
fn a_plan_that_takes_less_or_as_much_as_before_is_not_held_up() {
    let server = || postgresql(Some(GB / 10));
    let plan = Case::postgresql(&["work_mem: 2MB"]).on(server()).plan();
    assert!(!kinds(plan.change("work_mem")).contains(&BUDGET));
    let traded = ["shared_buffers: 64MB", "work_mem: 4608kB"];
    let plan = Case::postgresql(&traded).on(server()).plan();
    assert!(!kinds(plan.change("work_mem")).contains(&BUDGET));
    let plan = Case::postgresql(&["work_mem: 8MB"]).on(server()).plan();
    assert!(hazard(plan.change("work_mem"), BUDGET).0);
}

#[test]
fn a_redis_on_the_same_machine_counts_twice_while_it_saves() {
    let case = |cache: Server| {
        Case::postgresql(&["shared_buffers: 1GB"])
            .on(postgresql(Some(GB + GB / 2)))
            .on(cache)
            .plan()
    };
    let plan = case(redis(None));
    let (blocks, message) = hazard(plan.change("shared_buffers"), BUDGET);
    assert!(blocks);
    assert!(
        message.contains("cache 512 MB (maxmemory 256 MB, twice while it saves)"),
        "{message}"
    );
    let plan = case(redis(None).has(Setting::redis("save", "")));
    let (blocks, message) = hazard(plan.change("shared_buffers"), BUDGET);
    assert!(
        blocks && message.contains("cache 256 MB (maxmemory 256 MB)"),
        "{message}"
    );
    let mut elsewhere = redis(None);
    elsewhere.snapshot.address = "cache.internal:6379".to_owned();
    let plan = case(elsewhere);
    let (_, message) = hazard(plan.change("shared_buffers"), BUDGET);
    assert!(!message.contains("cache"), "{message}");
}

#[test]
fn of_many_servers_on_a_machine_those_that_take_most_are_told() {
    let cache = |number: u64| {
        let mut cache = redis(None)
            .has(Setting::redis("save", ""))
            .has(Setting::redis("maxmemory", &(number << 27).to_string()));
        cache.snapshot.target = format!("cache-{number}");
        cache
    };
    let plan = (1..=9)
        .fold(
            Case::postgresql(&["shared_buffers: 1GB"]).on(postgresql(Some(GB))),
            |case, number| case.on(cache(number)),
        )
        .plan();
    let (_, message) = hazard(plan.change("shared_buffers"), BUDGET);
    let told = "cache-9 1.1 GB (maxmemory 1.1 GB) + cache-8 1 GB (maxmemory 1 GB) + cache-7 896 MB \
                (maxmemory 896 MB) + 6 others 2.6 GB; lower";
    assert!(
        message.contains("may be taken: primary 1.3 GB (") && message.contains(told),
        "{message}"
    );
}

#[test]
fn a_server_with_a_control_group_has_a_budget_of_its_own() {
    let mut own = postgresql(Some(2 * GB));
    own.facts().memory.as_mut().unwrap().is_own_limit = true;
    let plan = Case::postgresql(&["shared_buffers: 512MB"])
        .on(own)
        .on(redis(Some(2 * GB)))
        .plan();
    assert!(!kinds(plan.change("shared_buffers")).contains(&BUDGET));
}

#[test]
fn a_redis_without_a_limit_is_worth_a_word() {
    let plan = Case::redis(&["maxmemory: 0"])
        .on(redis(Some(64 * GB)))
        .plan();
    let (blocks, message) = hazard(plan.change("maxmemory"), BUDGET);
    assert!(
        !blocks && message.contains("no maxmemory, 100 MB in use now"),
        "{message}"
    );
    let plan = Case::redis(&["maxmemory: 512mb"])
        .on(redis(Some(64 * GB)))
        .plan();
    assert!(!kinds(plan.change("maxmemory")).contains(&BUDGET));
}

#[test]
fn unknown_memory_is_told_with_how_to_state_it() {
    let plan = Case::postgresql(&["shared_buffers: 1GB"])
        .on(postgresql(None))
        .plan();
    let (blocks, message) = hazard(plan.change("shared_buffers"), BUDGET);
    assert!(!blocks && message.contains("`memory: 8GB`"), "{message}");
    assert!(
        message.contains("GRANT pg_read_server_files TO dbtune"),
        "{message}"
    );
    let plan = Case::postgresql(&["shared_buffers: 64MB"])
        .on(postgresql(None))
        .plan();
    assert!(!kinds(plan.change("shared_buffers")).contains(&BUDGET));
}
