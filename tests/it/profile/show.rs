//! What `profile show` shows.

use dbtune::profile::yaml::Source;
use dbtune::profile::{Profile, Variables};
use dbtune::render::profile::{human, json, markdown};
use insta::assert_snapshot;

const TEXT: &str = "profile: mine
description: What the app needs
requires: {redis: '>=7'}
phases:
  - phase: 1
    title: First
    window: Sun 02:00-05:00 UTC
    postgresql:
      work_mem: {value: 8MB, because: sorts spill}
      shared_preload_libraries: [pg_stat_statements, auto_explain]
      jit: default
    redis:
      requirepass: ${PW}
      masterauth: [hunter2]
      save: ''
      maxmemory: ${MEM}mb
objectives:
  memory_used: '< 80%'
";

fn mine() -> Profile {
    let variables = [("PW", "hunter2"), ("MEM", "384")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Profile::parse(&Source::new("mine.yaml", TEXT), &Variables::from(variables)).unwrap()
}

#[test]
fn a_person_sees_every_value_and_where_it_comes_from() {
    assert_snapshot!(human(&mine(), false), @r"
    mine  mine.yaml
    What the app needs
    requires Redis >=7

    Phase 1: First  (Sun 02:00-05:00 UTC)
      PostgreSQL
        work_mem                  8MB                               mine.yaml:9
          sorts spill
        shared_preload_libraries  pg_stat_statements, auto_explain  mine.yaml:10
        jit                       default                           mine.yaml:11
      Redis
        requirepass  ***    mine.yaml:13 ($PW)
        masterauth   ***    mine.yaml:14
        save         ''     mine.yaml:15
        maxmemory    384mb  mine.yaml:16 ($MEM)

    Objectives
      memory_used  < 80%
    ");
}

#[test]
fn a_pull_request_sees_tables() {
    assert_snapshot!(markdown(&mine()), @r"
    ## mine

    What the app needs

    Requires Redis `>=7`.

    ### Phase 1: First  (Sun 02:00-05:00 UTC)

    | engine | setting | value | from | because |
    | --- | --- | --- | --- | --- |
    | PostgreSQL | `work_mem` | `8MB` | mine.yaml:9 | sorts spill |
    | PostgreSQL | `shared_preload_libraries` | `pg_stat_statements, auto_explain` | mine.yaml:10 |  |
    | PostgreSQL | `jit` | `default` | mine.yaml:11 |  |
    | Redis | `requirepass` | `***` | mine.yaml:13 ($PW) |  |
    | Redis | `masterauth` | `***` | mine.yaml:14 |  |
    | Redis | `save` | `''` | mine.yaml:15 |  |
    | Redis | `maxmemory` | `384mb` | mine.yaml:16 ($MEM) |  |

    ### Objectives

    | metric | demand |
    | --- | --- |
    | `memory_used` | < 80% |
    ");
}

#[test]
fn a_script_sees_one_document() {
    let document = json(&mine());
    assert_eq!(document["format_version"], 1);
    let settings = document["phases"][0]["settings"].as_array().unwrap();
    assert_eq!(
        settings[0],
        serde_json::json!({
            "engine": "postgresql", "setting": "work_mem", "value": "8MB", "because": "sorts spill",
            "profile": "mine", "file": "mine.yaml", "line": 9, "column": 25, "variables": [],
        })
    );
    assert_eq!(
        settings[1]["value"],
        serde_json::json!(["pg_stat_statements", "auto_explain"])
    );
    assert_eq!(settings[2]["value"], "default");
    assert_eq!(settings[6]["variables"], serde_json::json!(["MEM"]));
}

#[test]
fn a_value_of_a_parent_names_the_parents_file() {
    let text = "profile: mine\nextends: medianest-baseline\n";
    let profile = Profile::parse(&Source::new("mine.yaml", text), &Variables::new()).unwrap();
    assert!(human(&profile, false).contains("<built-in>/medianest-baseline.yaml:8"));
}

#[test]
fn no_secret_is_shown() {
    let shown = [
        human(&mine(), true),
        markdown(&mine()),
        json(&mine()).to_string(),
    ];
    for text in shown {
        assert!(!text.contains("hunter2") && text.contains("***"), "{text}");
    }
}
