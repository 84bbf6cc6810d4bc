//! Finding profiles, and merging parents in.

use std::fs;
use std::path::Path;

use dbtune::profile::{Profile, Variables, Wanted, load_from};
use dbtune::render::mistakes;
use dbtune::setting::Input;
use tempfile::TempDir;

/// A folder with profiles in it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// Puts a file into it.
    fn file(self, path: &str, text: &str) -> Self {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Puts a profile of one phase for Redis, and these lines, into `tuning-profiles/`.
    fn profile(self, name: &str, lines: &str) -> Self {
        let text = format!("profile: {name}\n{lines}");
        self.file(&format!("tuning-profiles/{name}.yaml"), &text)
    }

    fn load(&self, name: &str) -> Profile {
        load_from(self.0.path(), name, &Variables::new())
            .unwrap_or_else(|found| panic!("{}", mistakes::human(&found, false)))
    }

    fn fails(&self, name: &str) -> String {
        let loaded = load_from(self.0.path(), name, &Variables::new());
        mistakes::human(&loaded.expect_err("it was loaded"), false)
    }
}

/// `1 hz=10` for each setting.
fn settings(profile: &Profile) -> Vec<String> {
    let phases = profile.phases.iter();
    let lines = phases.flat_map(|phase| {
        let line = move |wanted: &Wanted| match &wanted.value {
            Input::Default => format!("{} {}=default", phase.number, wanted.name),
            Input::Text(text) => format!("{} {}={text}", phase.number, wanted.name),
            Input::List(items) => format!("{} {}={items:?}", phase.number, wanted.name),
        };
        phase.settings.iter().map(line)
    });
    lines.collect()
}

fn phase(number: u32, setting: &str) -> String {
    format!("  - phase: {number}\n    redis: {{{setting}}}\n")
}

#[test]
fn a_name_means_a_file_in_the_folder_of_profiles() {
    let folder = Folder::new().profile("mine", "phases:\n  - phase: 1\n    redis: {hz: 10}\n");
    let profile = folder.load("mine");
    assert_eq!(profile.file, "tuning-profiles/mine.yaml");
    assert_eq!(settings(&profile), ["1 hz=10"]);
}

#[test]
fn a_path_means_that_file() {
    let folder = Folder::new().file(
        "deep/mine.yml",
        "profile: m\nphases:\n  - phase: 1\n    redis: {hz: 10}\n",
    );
    assert_eq!(folder.load("deep/mine.yml").file, "deep/mine.yml");
    let absolute = folder.0.path().join("deep/mine.yml");
    assert_eq!(folder.load(absolute.to_str().unwrap()).name, "m");
}

#[test]
fn a_built_in_profile_is_there_without_any_file() {
    let profile = Folder::new().load("medianest-production");
    assert_eq!(profile.file, "<built-in>/medianest-production.yaml");
    let files: Vec<&str> = profile
        .phases
        .iter()
        .flat_map(|phase| &phase.settings)
        .map(|wanted| &*wanted.value_at.file)
        .collect();
    assert!(files.contains(&"<built-in>/medianest-baseline.yaml"));
}

#[test]
fn a_file_comes_before_the_built_in_profile_of_its_name() {
    let folder = Folder::new().profile(
        "medianest-baseline",
        "phases:\n  - phase: 1\n    redis: {hz: 10}\n",
    );
    assert_eq!(settings(&folder.load("medianest-baseline")), ["1 hz=10"]);
}

#[test]
fn the_built_in_profiles_are_the_files_of_the_repository() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in dbtune::profile::builtin_names() {
        let from_file = load_from(here, name, &Variables::new()).unwrap();
        assert_eq!(from_file.file, format!("tuning-profiles/{name}.yaml"));
        assert_eq!(settings(&from_file), settings(&Folder::new().load(name)));
    }
}

#[test]
fn the_production_profile_is_what_the_analysis_recommends() {
    let profile = Folder::new().load("medianest-production");
    assert_eq!(
        settings(&profile),
        [
            "0 work_mem=4MB",
            "0 maintenance_work_mem=64MB",
            "0 maxmemory-policy=allkeys-lru",
            "0 save=900 1 300 10 60 10000",
            "0 tcp-keepalive=300",
            "0 timeout=300",
            "1 shared_buffers=384MB",
            "1 max_connections=300",
            "1 effective_cache_size=1536MB",
            "2 maxmemory=384mb",
            "3 shared_preload_libraries=[\"pg_stat_statements\"]",
            "3 track_io_timing=on",
            "3 log_min_duration_statement=50ms",
            "3 slowlog-log-slower-than=50000",
            "3 latency-monitor-threshold=50",
        ]
    );
    let demands: Vec<&str> = profile
        .requires
        .iter()
        .map(|demand| demand.text.as_str())
        .collect();
    assert_eq!(demands, [">=15", ">=7"]);
    assert_eq!(profile.objectives.len(), 6);
}

#[test]
fn what_does_not_exist_is_told_with_what_does() {
    let folder = Folder::new().profile("mine", "phases: []\n");
    insta::assert_snapshot!(folder.fails("mien"), @r"
    error: there is no profile `mien`
     = help: looked for tuning-profiles/mien.yaml and among the built-in ones; did you mean `mine`? There are `medianest-baseline`, `medianest-production` and `mine`

    1 mistake
    ");
    insta::assert_snapshot!(folder.fails("./mine.yaml"), @r"
    error: there is no file ./mine.yaml
     = help: the profiles by name are `medianest-baseline`, `medianest-production` and `mine`

    1 mistake
    ");
    insta::assert_snapshot!(folder.fails("tuning-profiles/"), @r"
    error: tuning-profiles/ is a folder
     = help: name the file in it

    1 mistake
    ");
}

#[test]
fn what_the_child_sets_is_taken_out_of_its_parents() {
    let folder = Folder::new()
        .profile(
            "base",
            &format!(
                "phases:\n{}{}",
                phase(0, "hz: 10, timeout: 1"),
                phase(2, "maxclients: 5")
            ),
        )
        .profile(
            "mine",
            &format!("extends: base\nphases:\n{}", phase(1, "HZ: 20")),
        );
    assert_eq!(
        settings(&folder.load("mine")),
        ["0 timeout=1", "1 HZ=20", "2 maxclients=5"]
    );
}

#[test]
fn phases_of_one_number_become_one_and_the_child_names_it() {
    let base = "phases:\n  - phase: 1\n    title: Base\n    window: daily 01:00-02:00 UTC\n    redis: {hz: 10}\n";
    let mine = "extends: base\nphases:\n  - phase: 1\n    title: Mine\n    redis: {timeout: 1}\n";
    let profile = Folder::new()
        .profile("base", base)
        .profile("mine", mine)
        .load("mine");
    assert_eq!(settings(&profile), ["1 hz=10", "1 timeout=1"]);
    assert_eq!(profile.phases[0].title.as_deref(), Some("Mine"));
    assert_eq!(
        profile.phases[0].window.as_ref().unwrap().text,
        "daily 01:00-02:00 UTC"
    );
}

#[test]
fn a_phase_of_a_parent_that_has_nothing_left_goes() {
    let folder = Folder::new()
        .profile("base", &format!("phases:\n{}", phase(0, "hz: 10")))
        .profile(
            "mine",
            &format!("extends: base\nphases:\n{}", phase(1, "hz: 20")),
        );
    assert_eq!(settings(&folder.load("mine")), ["1 hz=20"]);
    assert_eq!(folder.load("mine").phases.len(), 1);
}

#[test]
fn a_staged_rollout_sets_one_setting_in_several_phases() {
    let folder = Folder::new().profile(
        "mine",
        &format!("phases:\n{}{}", phase(2, "hz: 20"), phase(1, "hz: 10")),
    );
    assert_eq!(settings(&folder.load("mine")), ["1 hz=10", "2 hz=20"]);
}

#[test]
fn a_grandparent_is_merged_as_well_and_every_value_knows_its_profile() {
    let folder = Folder::new()
        .profile("a", &format!("requires: {{redis: '>=6'}}\nphases:\n{}objectives: {{memory_used: '< 80%', redis_cache_hit: '> 95%'}}\n", phase(1, "hz: 1, timeout: 1")))
        .profile("b", &format!("extends: a\nrequires: {{redis: '<8'}}\nphases:\n{}", phase(1, "hz: 2, save: x")))
        .profile("c", "extends: b\nobjectives: {memory_used: '< 70%'}\n");
    let profile = folder.load("c");
    assert_eq!(settings(&profile), ["1 timeout=1", "1 hz=2", "1 save=x"]);
    let from: Vec<&str> = profile.phases[0]
        .settings
        .iter()
        .map(|wanted| wanted.profile.as_str())
        .collect();
    assert_eq!(from, ["a", "b", "b"]);
    let demands: Vec<&str> = profile
        .requires
        .iter()
        .map(|demand| demand.text.as_str())
        .collect();
    assert_eq!(demands, [">=6", "<8"]);
    let objectives: Vec<String> = profile
        .objectives
        .iter()
        .map(|row| format!("{} {}", row.metric, row.demand))
        .collect();
    assert_eq!(objectives, ["redis_cache_hit > 95%", "memory_used < 70%"]);
}

#[test]
fn a_parent_is_looked_up_beside_the_file_first() {
    let base = "profile: base\nphases:\n  - phase: 1\n    redis: {hz: 10}\n";
    let folder = Folder::new()
        .file("conf/base.yaml", base)
        .profile("base", "phases:\n  - phase: 1\n    redis: {hz: 99}\n")
        .file("conf/mine.yaml", "profile: mine\nextends: base\n")
        .file(
            "conf/other.yaml",
            "profile: other\nextends: ../tuning-profiles/base.yaml\n",
        );
    assert_eq!(settings(&folder.load("conf/mine.yaml")), ["1 hz=10"]);
    assert_eq!(settings(&folder.load("conf/other.yaml")), ["1 hz=99"]);
}

#[test]
fn a_circle_is_told_whole() {
    let folder = Folder::new()
        .profile("a", "extends: b\n")
        .profile("b", "extends: c\n")
        .profile("c", "description: the last one\nextends: ./b.yaml\n")
        .profile("self", "extends: self\n");
    insta::assert_snapshot!(folder.fails("a"), @r"
    error: profiles extend each other in a circle: `b` → `c` → `b`
     --> tuning-profiles/b.yaml:2:10
      |
    2 | extends: c
      |          ^
      = help: take one `extends` away: tuning-profiles/b.yaml:2:10 extends `c`, tuning-profiles/c.yaml:3:10 extends `./b.yaml`

    1 mistake in tuning-profiles/b.yaml
    ");
    insta::assert_snapshot!(folder.fails("self"), @r"
    error: profiles extend each other in a circle: `self` → `self`
     --> tuning-profiles/self.yaml:2:10
      |
    2 | extends: self
      |          ^
      = help: take one `extends` away: tuning-profiles/self.yaml:2:10 extends `self`

    1 mistake in tuning-profiles/self.yaml
    ");
}

#[test]
fn the_mistakes_of_a_parent_are_told_with_those_of_the_child() {
    let folder = Folder::new()
        .profile("base", "phases:\n  - phase: x\n    redis: {hz: 10}\n")
        .profile("mine", "extends: base\ntitle: Mine\n");
    insta::assert_snapshot!(folder.fails("mine"), @r"
    error: unknown key `title`
     --> tuning-profiles/mine.yaml:3:1
      |
    3 | title: Mine
      | ^
      = help: a profile takes `profile`, `description`, `requires`, `extends`, `phases` and `objectives`

    error: `x` is not the number of a phase
     --> tuning-profiles/base.yaml:3:12
      |
    3 |   - phase: x
      |            ^
      = help: number the phases 0, 1, 2 in the order of the rollout

    2 mistakes in 2 files
    ");
}

#[test]
fn variables_are_filled_in_and_remembered() {
    let text = "profile: p\nphases:\n  - phase: 1\n    postgresql:\n      work_mem: ${MEM}MB\n      cluster_name: ${NAME:-none}\n      log_line_prefix: $${MEM} $$ %m\n      jit: ${JIT:-default}\n      search_path: [app, '${NAME:-public}']\n";
    let folder = Folder::new().file("p.yaml", text);
    let variables = Variables::from([
        ("MEM".to_owned(), "8".to_owned()),
        ("NAME".to_owned(), String::new()),
    ]);
    let profile = load_from(folder.0.path(), "p.yaml", &variables).unwrap();
    assert_eq!(
        settings(&profile),
        [
            "1 work_mem=8MB",
            "1 cluster_name=none",
            "1 log_line_prefix=${MEM} $$ %m",
            "1 jit=default",
            "1 search_path=[\"app\", \"public\"]"
        ]
    );
    let used: Vec<String> = profile.phases[0]
        .settings
        .iter()
        .map(|wanted| wanted.variables.join(" "))
        .collect();
    assert_eq!(used, ["MEM", "NAME", "", "JIT", "NAME"]);
}
