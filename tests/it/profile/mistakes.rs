//! Every mistake that a profile can hold, as a person sees it.

use dbtune::profile::yaml::Source;
use dbtune::profile::{Mistake, Profile, Variables};
use dbtune::render::mistakes;
use insta::assert_snapshot;

/// All mistakes of a text, rendered without colour.
fn mistakes_of(text: &str) -> String {
    let variables = Variables::from([("REGION".to_owned(), "eu".to_owned())]);
    let profile = Profile::parse(&Source::new("p.yaml", text), &variables);
    mistakes::human(&profile.expect_err("the profile has no mistake"), false)
}

/// All mistakes of a profile whose phase 1 has these settings for PostgreSQL.
fn mistakes_of_settings(settings: &str) -> String {
    mistakes_of(&format!(
        "profile: p\nphases:\n  - phase: 1\n    postgresql:\n{settings}"
    ))
}

/// All mistakes of a profile with one good phase and these lines at the end.
fn mistakes_beside(lines: &str) -> String {
    mistakes_of(&format!(
        "profile: p\nphases:\n  - phase: 1\n    redis:\n      hz: 10\n{lines}"
    ))
}

#[test]
fn an_unknown_key_is_told_with_the_nearest_one() {
    assert_snapshot!(mistakes_beside("objektives:\n  memory_used: '< 80%'\n"), @r"
    error: unknown key `objektives`
     --> p.yaml:6:1
      |
    6 | objektives:
      | ^
      = help: write `objectives`

    1 mistake in p.yaml
    ");
}

#[test]
fn an_unknown_key_that_is_like_none_is_told_with_all_of_them() {
    let text = "profile: p\nphases:\n  - phase: 1\n    mysql:\n      a: 1\n    redis: {hz: 10}\n";
    assert_snapshot!(mistakes_of(text), @r"
    error: unknown key `mysql`
     --> p.yaml:4:5
      |
    4 |     mysql:
      |     ^
      = help: a phase takes `phase`, `title`, `window`, `postgresql` and `redis`

    1 mistake in p.yaml
    ");
}

#[test]
fn an_engine_misspelt_is_an_unknown_key_of_the_phase() {
    let text = "profile: p\nphases:\n  - phase: 1\n    postgres:\n      a: 1\n";
    assert_snapshot!(mistakes_of(text), @r"
    error: unknown key `postgres`
     --> p.yaml:4:5
      |
    4 |     postgres:
      |     ^
      = help: write `postgresql`

    1 mistake in p.yaml
    ");
}

#[test]
fn a_profile_that_is_no_mapping_is_told_what_it_takes() {
    assert_snapshot!(mistakes_of("- phase: 1\n"), @r"
    error: a profile is a mapping of keys to values, not a sequence
     --> p.yaml:1:3
      |
    1 | - phase: 1
      |   ^
      = help: it takes `profile`, `description`, `requires`, `extends`, `phases` and `objectives`

    1 mistake in p.yaml
    ");
}

#[test]
fn an_empty_file_is_told() {
    assert_snapshot!(mistakes_of(""), @r"
    error: a profile belongs here, and there is nothing
     --> p.yaml:1:1
      |
    1 |
      | ^
      = help: it takes `profile`, `description`, `requires`, `extends`, `phases` and `objectives`

    1 mistake in p.yaml
    ");
    assert_snapshot!(mistakes_of("# nothing yet\n"), @r"
    error: a profile belongs here, and there is nothing
     --> p.yaml:1:1
      |
    1 | # nothing yet
      | ^
      = help: it takes `profile`, `description`, `requires`, `extends`, `phases` and `objectives`

    1 mistake in p.yaml
    ");
}

#[test]
fn a_missing_name_and_missing_phases_are_told_together() {
    assert_snapshot!(mistakes_of("description: about nothing\n"), @r"
    error: the profile has no name
     --> p.yaml:1:1
      |
    1 | description: about nothing
      | ^
      = help: add `profile: NAME` at the top

    error: the profile has no `phases`
     --> p.yaml:1:1
      |
    1 | description: about nothing
      | ^
      = help: add `phases:` with at least one `- phase: 1`

    2 mistakes in p.yaml
    ");
}

#[test]
fn a_key_that_stands_there_twice_is_told_with_the_first() {
    assert_snapshot!(mistakes_beside("profile: q\n"), @r"
    error: `profile` stands here a second time
     --> p.yaml:6:1
      |
    6 | profile: q
      | ^
      = help: remove one; the first is at p.yaml:1

    1 mistake in p.yaml
    ");
}

#[test]
fn a_setting_given_twice_in_a_phase_is_told_also_in_another_case() {
    let settings =
        "      work_mem: 4MB\n      TimeZone: UTC\n      work_mem: 8MB\n      timezone: CET\n";
    assert_snapshot!(mistakes_of_settings(settings), @r"
    error: `work_mem` stands here a second time
     --> p.yaml:7:7
      |
    7 |       work_mem: 8MB
      |       ^
      = help: remove one; the first is at p.yaml:5

    error: `timezone` stands here a second time
     --> p.yaml:8:7
      |
    8 |       timezone: CET
      |       ^
      = help: remove one; the first is at p.yaml:6

    2 mistakes in p.yaml
    ");
}

#[test]
fn a_phase_number_that_stands_there_twice_is_told() {
    let text = "profile: p\nphases:\n  - phase: 1\n    redis: {hz: 10}\n  - phase: 1\n    redis: {hz: 20}\n";
    assert_snapshot!(mistakes_of(text), @r"
    error: phase 1 stands here a second time
     --> p.yaml:5:12
      |
    5 |   - phase: 1
      |            ^
      = help: give it another number; the first is at p.yaml:3

    1 mistake in p.yaml
    ");
}

#[test]
fn what_is_no_phase_number_is_told() {
    for number in ["one", "-1", "1.5", "010", "0x1", "4294967296", "+1"] {
        let text = format!("profile: p\nphases:\n  - phase: {number}\n    redis: {{hz: 10}}\n");
        let text = mistakes_of(&text);
        let expected =
            format!("error: `{number}` is not the number of a phase\n --> p.yaml:3:12\n");
        assert!(text.starts_with(&expected), "{text}");
    }
}

#[test]
fn a_phase_without_number_is_told() {
    let text = "profile: p\nphases:\n  - title: First\n    redis: {hz: 10}\n";
    assert_snapshot!(mistakes_of(text), @r"
    error: the phase has no number
     --> p.yaml:3:5
      |
    3 |   - title: First
      |     ^
      = help: add `phase: 1`

    1 mistake in p.yaml
    ");
}

#[test]
fn a_phase_without_settings_is_told() {
    assert_snapshot!(mistakes_of("profile: p\nphases:\n  - phase: 1\n  - phase: 2\n    redis:\n"), @r"
    error: the phase has no settings
     --> p.yaml:3:5
      |
    3 |   - phase: 1
      |     ^
      = help: add them under `postgresql` or `redis`, or remove the phase

    error: `redis` has no settings
     --> p.yaml:5:5
      |
    5 |     redis:
      |     ^
      = help: add one, or remove the key

    2 mistakes in p.yaml
    ");
}

#[test]
fn phases_of_the_wrong_kind_are_told() {
    assert_snapshot!(mistakes_of("profile: p\nphases:\n  phase: 1\n"), @r"
    error: `phases` is a sequence, not a mapping
     --> p.yaml:3:3
      |
    3 |   phase: 1
      |   ^
      = help: begin each phase with `- phase: 1`

    1 mistake in p.yaml
    ");
    assert_snapshot!(mistakes_of("profile: p\nphases:\n"), @r"
    error: `phases` is empty
     --> p.yaml:2:1
      |
    2 | phases:
      | ^
      = help: add a `- phase: 1`

    1 mistake in p.yaml
    ");
}

#[test]
fn a_sequence_where_one_text_belongs_is_told() {
    let text = "profile: [p, q]\nphases:\n  - phase: [1]\n    title: {a: b}\n    redis: [hz]\n";
    assert_snapshot!(mistakes_of(text), @r"
    error: `profile` takes one text, not a sequence
     --> p.yaml:1:11
      |
    1 | profile: [p, q]
      |           ^

    error: `phase` takes one text, not a sequence
     --> p.yaml:3:13
      |
    3 |   - phase: [1]
      |             ^

    error: `title` takes one text, not a mapping
     --> p.yaml:4:13
      |
    4 |     title: {a: b}
      |             ^

    error: `redis` is a mapping of settings to values, not a sequence
     --> p.yaml:5:13
      |
    5 |     redis: [hz]
      |             ^
      = help: write them as `name: value`

    4 mistakes in p.yaml
    ");
}

#[test]
fn a_setting_without_value_is_told() {
    let settings = "      work_mem:\n      temp_buffers: []\n      jit: {because: it helps}\n";
    assert_snapshot!(mistakes_of_settings(settings), @r#"
    error: `work_mem` has no value
     --> p.yaml:5:16
      |
    5 |       work_mem:
      |                ^
      = help: write `default` to take the override away, or `""` where an empty text is meant

    error: the list of `temp_buffers` is empty, which is no value
     --> p.yaml:6:7
      |
    6 |       temp_buffers: []
      |       ^
      = help: write `default` to take the override away, or `""` where an empty text is meant

    error: `jit` has no `value`
     --> p.yaml:7:13
      |
    7 |       jit: {because: it helps}
      |             ^
      = help: add `value:` beside `because:`

    3 mistakes in p.yaml
    "#);
}

#[test]
fn a_value_that_is_too_deep_is_told() {
    assert_snapshot!(mistakes_of_settings("      a: [[1, 2], 3]\n      b: {value: {value: 1}}\n"), @r"
    error: an element of the list of `a` is a text; this is a sequence
     --> p.yaml:5:12
      |
    5 |       a: [[1, 2], 3]
      |            ^

    error: the value of `b` is a text or a sequence, not a mapping
     --> p.yaml:6:19
      |
    6 |       b: {value: {value: 1}}
      |                   ^

    2 mistakes in p.yaml
    ");
}

#[test]
fn a_value_with_a_line_break_is_told() {
    assert_snapshot!(mistakes_of_settings("      log_line_prefix: |\n        %m\n        %p\n"), @r"
    error: a value is one line, and this one has a line break
     --> p.yaml:5:24
      |
    5 |       log_line_prefix: |
      |                        ^
      = help: write it on one line, or fold it with `>-`

    1 mistake in p.yaml
    ");
}

#[test]
fn an_unknown_key_beside_a_value_is_told() {
    assert_snapshot!(mistakes_of_settings("      work_mem: {value: 4MB, becuase: it helps}\n"), @r"
    error: unknown key `becuase`
     --> p.yaml:5:30
      |
    5 |       work_mem: {value: 4MB, becuase: it helps}
      |                              ^
      = help: write `because`

    1 mistake in p.yaml
    ");
}

#[test]
fn a_window_that_is_not_understood_is_told_with_what_is() {
    let text = "profile: p\nphases:\n  - phase: 1\n    window: Sunday 02:00-05:00 UTC\n    redis: {hz: 10}\n";
    assert_snapshot!(mistakes_of(text), @r"
    error: `Sunday 02:00-05:00 UTC` is not a window: `Sunday` is not a day
     --> p.yaml:4:13
      |
    4 |     window: Sunday 02:00-05:00 UTC
      |             ^
      = help: write days, times and offset: `Sun 02:00-05:00 UTC`, `Sat,Sun 22:00-02:00 +02:00`, `Mon-Fri 01:00-03:00 UTC` or `daily 02:00-04:00 UTC`

    1 mistake in p.yaml
    ");
}

#[test]
fn a_demand_on_a_version_that_is_not_understood_is_told() {
    let lines = "requires:\n  postgresql: 15\n  redis: '>= seven'\n  mysql: '>=8'\n";
    assert_snapshot!(mistakes_beside(lines), @r#"
    error: `15` is not a demand on a version
     --> p.yaml:7:15
      |
    7 |   postgresql: 15
      |               ^
      = help: write `">=15"`, `"=15"` or `">=15.4, <18"`

    error: `>= seven` is not a demand on a version
     --> p.yaml:8:10
      |
    8 |   redis: '>= seven'
      |          ^
      = help: write `">=15"`, `"=15"` or `">=15.4, <18"`

    error: unknown key `mysql`
     --> p.yaml:9:3
      |
    9 |   mysql: '>=8'
      |   ^
      = help: `requires` takes `postgresql` and `redis`

    3 mistakes in p.yaml
    "#);
}

#[test]
fn a_variable_that_is_not_set_is_told_at_its_place() {
    let settings = "      cluster_name: app-${REGIO}\n      work_mem: ${WORK_MEM}\n";
    assert_snapshot!(mistakes_of_settings(settings), @r"
    error: the environment variable `REGIO` is not set
     --> p.yaml:5:25
      |
    5 |       cluster_name: app-${REGIO}
      |                         ^
      = help: `REGION` is set; or write `${REGIO:-fallback}`

    error: the environment variable `WORK_MEM` is not set
     --> p.yaml:6:17
      |
    6 |       work_mem: ${WORK_MEM}
      |                 ^
      = help: set it, or write `${WORK_MEM:-fallback}`

    2 mistakes in p.yaml
    ");
}

#[test]
fn a_variable_that_is_none_is_told_without_its_contents() {
    let settings = "      a: x${not a name}\n      b: ${REGION:?must be set}\n      c: ${REGION\n";
    assert_snapshot!(mistakes_of_settings(settings), @r"
    error: `${…}` holds no name of a variable
     --> p.yaml:5:11
      |
    5 |       a: x${not a name}
      |           ^
      = help: write `${NAME}` or `${NAME:-fallback}`, or `$${` for a plain `${`

    error: `${…}` holds no name of a variable
     --> p.yaml:6:10
      |
    6 |       b: ${REGION:?must be set}
      |          ^
      = help: write `${NAME}` or `${NAME:-fallback}`, or `$${` for a plain `${`

    error: `${` is never closed
     --> p.yaml:7:10
      |
    7 |       c: ${REGION
      |          ^
      = help: write `${NAME}` or `${NAME:-fallback}`, or `$${` for a plain `${`

    3 mistakes in p.yaml
    ");
}

#[test]
fn an_unknown_metric_is_told_with_the_nearest_one() {
    let lines = "objectives:\n  speed: '< 50ms'\n  query_time_maen: '< 50ms'\n";
    assert_snapshot!(mistakes_beside(lines), @r"
    error: unknown metric `speed`
     --> p.yaml:7:3
      |
    7 |   speed: '< 50ms'
      |   ^
      = help: the metrics are `query_time_mean`, `connection_success`, `postgresql_cache_hit`, `redis_cache_hit`, `query_throughput` and `memory_used`

    error: unknown metric `query_time_maen`
     --> p.yaml:8:3
      |
    8 |   query_time_maen: '< 50ms'
      |   ^
      = help: write `query_time_mean`

    2 mistakes in p.yaml
    ");
}

#[test]
fn a_demand_that_is_none_is_told_with_an_example() {
    let lines =
        "objectives:\n  query_time_mean: 50ms\n  memory_used: '< 80'\n  query_throughput: [1]\n";
    assert_snapshot!(mistakes_beside(lines), @r#"
    error: `50ms` is not a demand on `query_time_mean`
     --> p.yaml:7:20
      |
    7 |   query_time_mean: 50ms
      |                    ^
      = help: write it like `"< 50ms"`

    error: `< 80` is not a demand on `memory_used`
     --> p.yaml:8:16
      |
    8 |   memory_used: '< 80'
      |                ^
      = help: write it like `"< 80%"`

    error: `query_throughput` takes one demand, and this is a sequence
     --> p.yaml:9:22
      |
    9 |   query_throughput: [1]
      |                      ^
      = help: write it like `"> 500/s"`

    3 mistakes in p.yaml
    "#);
}

#[test]
fn a_demand_without_quotes_is_told_to_be_quoted() {
    assert_snapshot!(mistakes_beside("objectives:\n  connection_success: > 95%\n"), @r#"
    error: this is not YAML: did not find expected comment or line break, while scanning a block scalar at line 7 column 23
     --> p.yaml:7:25
      |
    7 |   connection_success: > 95%
      |                         ^
      = help: quote it: `"> 95%"`

    1 mistake in p.yaml
    "#);
}

#[test]
fn broken_yaml_is_one_mistake_at_its_place() {
    assert_snapshot!(mistakes_beside("objectives: [1, 2\n"), @r"
    error: this is not YAML: did not find expected ',' or ']', while parsing a flow sequence at line 6 column 13
     --> p.yaml:7:1
      |
    7 |
      | ^

    1 mistake in p.yaml
    ");
    assert_snapshot!(mistakes_of("profile: p\n\tphases: x\n"), @r"
    error: this is not YAML: found a tab character that violates indentation, while scanning a plain scalar at line 1 column 10
     --> p.yaml:2:1
      |
    2 | 	phases: x
      | ^
      = help: indent with spaces; YAML takes no tabs there

    1 mistake in p.yaml
    ");
    assert_snapshot!(mistakes_of("profile: @p\n"), @r"
    error: this is not YAML: found character that cannot start any token
     --> p.yaml:1:10
      |
    1 | profile: @p
      |          ^
      = help: quote the text

    1 mistake in p.yaml
    ");
    assert_snapshot!(mistakes_of("profile: *nobody\n"), @r"
    error: this is not YAML: unknown anchor
     --> p.yaml:1:10
      |
    1 | profile: *nobody
      |          ^

    1 mistake in p.yaml
    ");
}

#[test]
fn what_yaml_has_and_a_profile_does_not_is_told() {
    assert_snapshot!(mistakes_of_settings("      a: !secret b\n"), @r"
    error: the tag `!secret` is not understood here
     --> p.yaml:5:10
      |
    5 |       a: !secret b
      |          ^
      = help: quote the text if the `!` belongs to it

    1 mistake in p.yaml
    ");
    assert_snapshot!(mistakes_of_settings("      <<: {a: b}\n      ? [x]\n      : y\n"), @r"
    error: YAML's merge key `<<` is not understood here
     --> p.yaml:5:7
      |
    5 |       <<: {a: b}
      |       ^
      = help: write the keys out, or share them through `extends`

    error: a key is a text, not a sequence
     --> p.yaml:6:10
      |
    6 |       ? [x]
      |          ^

    2 mistakes in p.yaml
    ");
    assert_snapshot!(mistakes_of("profile: p\n---\nprofile: q\n"), @r"
    error: a second YAML document begins here
     --> p.yaml:2:1
      |
    2 | ---
      | ^
      = help: keep one document in a file

    1 mistake in p.yaml
    ");
}

#[test]
fn a_control_character_is_told_and_not_printed() {
    assert_snapshot!(mistakes_of("profile: p\u{1b}[31m\n"), @r"
    error: the character U+001B may not stand in a YAML file
     --> p.yaml:1:11
      |
    1 | profile: p�[31m
      |           ^
      = help: remove it; most editors show it in another colour

    1 mistake in p.yaml
    ");
    assert_snapshot!(mistakes_of("\"pro\\e[31m\": p\nphases: []\n"), @r#"
    error: unknown key `pro\u{1b}[31m`
     --> p.yaml:1:1
      |
    1 | "pro\e[31m": p
      | ^
      = help: a profile takes `profile`, `description`, `requires`, `extends`, `phases` and `objectives`

    error: the profile has no name
     --> p.yaml:1:1
      |
    1 | "pro\e[31m": p
      | ^
      = help: add `profile: NAME` at the top

    2 mistakes in p.yaml
    "#);
}

#[test]
fn a_parent_that_does_not_exist_is_told_with_the_nearest_one() {
    assert_snapshot!(mistakes_beside("extends: medianest-basline\n"), @r"
    error: there is no profile `medianest-basline`
     --> p.yaml:6:10
      |
    6 | extends: medianest-basline
      |          ^
      = help: looked for tuning-profiles/medianest-basline.yaml and among the built-in ones; did you mean `medianest-baseline`? There are `medianest-baseline` and `medianest-production`

    1 mistake in p.yaml
    ");
}

#[test]
fn all_mistakes_of_a_file_come_in_one_go_in_the_order_of_the_file() {
    let text = "profile: p\nrequires: {redis: '7'}\nphases:\n  - phase: x\n    titel: A\n    redis:\n      hz:\n      hz: ${HZ}\n";
    assert_snapshot!(mistakes_of(text), @r#"
    error: `7` is not a demand on a version
     --> p.yaml:2:19
      |
    2 | requires: {redis: '7'}
      |                   ^
      = help: write `">=15"`, `"=15"` or `">=15.4, <18"`

    error: `x` is not the number of a phase
     --> p.yaml:4:12
      |
    4 |   - phase: x
      |            ^
      = help: number the phases 0, 1, 2 in the order of the rollout

    error: unknown key `titel`
     --> p.yaml:5:5
      |
    5 |     titel: A
      |     ^
      = help: write `title`

    error: `hz` has no value
     --> p.yaml:7:10
      |
    7 |       hz:
      |          ^
      = help: write `default` to take the override away, or `""` where an empty text is meant

    error: `hz` stands here a second time
     --> p.yaml:8:7
      |
    8 |       hz: ${HZ}
      |       ^
      = help: remove one; the first is at p.yaml:7

    5 mistakes in p.yaml
    "#);
}

#[test]
fn the_caret_stands_below_its_character_whatever_stands_before_it() {
    let wide = "profile: p\nphases: [{phase: 1, title: '日本', redis: {save: \"${X}\"}}]\n";
    assert_snapshot!(mistakes_of(wide), @r#"
    error: the environment variable `X` is not set
     --> p.yaml:2:49
      |
    2 | phases: [{phase: 1, title: '日本', redis: {save: "${X}"}}]
      |                                                   ^
      = help: set it, or write `${X:-fallback}`

    1 mistake in p.yaml
    "#);
    let tabs = "profile: p\nphases: [{phase: 1,\tredis:\t{save: \"${X}\"}}]\n";
    assert_eq!(
        mistakes_of(tabs).lines().nth(4).unwrap(),
        format!("  |                    \t      \t        ^")
    );
}

#[test]
fn a_long_line_is_cut_around_the_caret() {
    let words = "word ".repeat(30);
    let text = format!(
        "profile: p\nphases: [{{phase: 1, title: '{words}', redis: {{save: '${{X}}{words}'}}}}]\n"
    );
    assert_snapshot!(mistakes_of(&text), @r"
    error: the environment variable `X` is not set
     --> p.yaml:2:197
      |
    2 | …d word word word word ', redis: {save: '${X}word word word word word wo…
      |                                          ^
      = help: set it, or write `${X:-fallback}`

    1 mistake in p.yaml
    ");
}

#[test]
fn a_secret_on_a_line_that_is_shown_is_hidden() {
    for lines in [
        "      requirepass: hunter2\n      requirepass: hunter2\n",
        "      requirepass: [[hunter2]]\n",
        "      masterauth:\n        value: [[hunter2]]\n",
        "      masterauth:\n        - - hunter2\n",
        "      ? requirepass\n      : hunter2: x\n",
        "      {requirepass: hunter2, hz: }\n",
        "      requirepass: \"hunter2\n",
        "      requirepass: hunter2 ${X}\n",
        "      requirepass: >\n        hunter2 ${X}\n",
        "      requirepass: ${X-hunter2}\n",
        "      repl: redis://:hunter2@host/${X}\n",
        "      requirepas: hunter2 ${X}\n",
        "      repl: \"redis://:Super hunter2@host/${X}\"\n",
    ] {
        let text = format!("profile: p\nphases:\n  - phase: 1\n    redis:\n{lines}");
        let text = mistakes_of(&text);
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn the_value_beside_a_misspelt_name_of_a_secret_is_hidden() {
    for name in ["requirepas", "tls-key-file-pas"] {
        let text = format!("profile: p\nphases: [{{phase: 1, redis: {{{name}: S3cretX}}}}]\n");
        let project = crate::support::Project::new().profile("p", &text);
        for command in ["profile check p", "profile show p"] {
            let ran = project.dbtune(command).run();
            ran.never_shows("S3cretX");
            assert!(command.contains("show") || ran.code() == Some(2), "{ran}");
        }
    }
}

#[test]
fn a_secret_named_by_a_variable_is_shown_as_it_stands_in_the_file() {
    let text =
        "profile: p\nphases:\n  - phase: 1\n    redis:\n      requirepass: ${REDIS_PASSWORD}\n";
    assert_snapshot!(mistakes_of(text), @r"
    error: the environment variable `REDIS_PASSWORD` is not set
     --> p.yaml:5:20
      |
    5 |       requirepass: ${REDIS_PASSWORD}
      |                    ^
      = help: set it, or write `${REDIS_PASSWORD:-fallback}`

    1 mistake in p.yaml
    ");
}

#[test]
fn mistakes_as_json_name_file_line_column_message_and_help() {
    let source = Source::new("p.yaml", "profile: p\nphasen: []\nphases: []\n");
    let found = Profile::parse(&source, &Variables::new()).unwrap_err();
    assert_eq!(
        mistakes::json(&found),
        [serde_json::json!({
            "file": "p.yaml", "line": 2, "column": 1,
            "message": "unknown key `phasen`", "help": "write `phases`",
        })]
    );
}

#[test]
fn a_mistake_without_a_place_is_shown_without_an_excerpt() {
    let mistake = Mistake::nowhere("there is no profile `x`").help("there are `a` and `b`");
    assert_snapshot!(mistakes::human(&[mistake], false), @r"
    error: there is no profile `x`
     = help: there are `a` and `b`

    1 mistake
    ");
}

#[test]
fn colour_is_added_where_it_is_wanted() {
    let found = Profile::parse(&Source::new("p.yaml", ""), &Variables::new()).unwrap_err();
    let coloured = mistakes::human(&found, true);
    assert!(coloured.contains("\u{1b}["));
    let plain = anstream::adapter::strip_str(&coloured).to_string();
    assert_eq!(plain, mistakes::human(&found, false));
}
