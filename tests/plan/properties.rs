//! What holds for every plan: generated profiles on generated servers.

use std::collections::BTreeSet;

use dbtune::plan::{self, Action, HazardKind, Plan};
use dbtune::render::{self, PlanView};
use dbtune::snapshot::Source;
use proptest::prelude::*;

use crate::case::Case;
use crate::server::{Server, Setting};

/// What every secret here has in it.
const SECRET: &str = "hunter2";

/// Spellings of a few amounts of memory: some are equal, some are not.
fn memory() -> impl Strategy<Value = String> {
    let spelled = (1_u32..5, 0_usize..4).prop_map(|(megabytes, spelling)| match spelling {
        0 => format!("{megabytes}MB"),
        1 => format!("{}kB", megabytes * 1024),
        2 => (megabytes * 1024).to_string(),
        _ => format!("+{megabytes} MB"),
    });
    spelled.boxed()
}

/// The state of a setting: at its default, in the file, stored, pending, or edited behind the
/// server's back.
fn standing(of: fn() -> Setting) -> impl Strategy<Value = Setting> {
    (0_usize..5, memory()).prop_map(move |(state, raw)| match state {
        0 => of(),
        1 => of().in_conf(&raw, 7),
        2 => of().stored(&raw),
        3 => of().stored_only(&raw),
        _ => of().in_conf("2048", 7).stored(&raw),
    })
}

fn work_mem() -> Setting {
    Setting::work_mem()
}

fn maintenance_work_mem() -> Setting {
    Setting::kb("maintenance_work_mem", "3072")
}

/// One that takes a restart.
fn buffers() -> Setting {
    Setting::kb("wal_buffers_in_kb", "1024").restart()
}

fn postgresql() -> impl Strategy<Value = Server> {
    (
        standing(work_mem),
        standing(maintenance_work_mem),
        standing(buffers),
    )
        .prop_map(|(one, two, three)| {
            Server::postgresql("postgresql")
                .has(one)
                .has(two)
                .has(three)
        })
}

fn redis() -> impl Strategy<Value = Server> {
    (0_u64..4, 0_u64..4).prop_map(|(megabytes, timeout)| {
        Server::redis("redis")
            .has(Setting::redis("maxmemory", &(megabytes << 20).to_string()))
            .has(Setting::redis("timeout", &timeout.to_string()))
    })
}

/// What a phase asks for of a setting: nothing, its default, or a value.
fn wish(name: &'static str) -> impl Strategy<Value = String> {
    let value = prop_oneof![Just("default".to_owned()), memory(), memory(), memory()];
    proptest::option::of(value).prop_map(move |value| {
        value.map_or_else(String::new, |value| format!("      {name}: '{value}'\n"))
    })
}

fn phase(number: u32) -> impl Strategy<Value = String> {
    let redis = (0_u64..4, 0_u64..4);
    (
        wish("work_mem"),
        wish("maintenance_work_mem"),
        wish("wal_buffers_in_kb"),
        redis,
    )
        .prop_map(move |(one, two, three, (megabytes, timeout))| {
            format!(
                "  - phase: {number}\n    postgresql:\n      autovacuum: on\n{one}{two}{three}    \
                 redis:\n      maxmemory: {megabytes}mb\n      timeout: {timeout}\n"
            )
        })
}

/// A profile of up to three phases on one server of each kind.
fn case() -> impl Strategy<Value = Case> {
    let phases = prop_oneof![
        phase(1).prop_map(|one| vec![one]),
        (phase(1), phase(2), phase(3)).prop_map(|(one, two, three)| vec![one, two, three]),
    ];
    (phases, postgresql(), redis()).prop_map(|(phases, postgresql, redis)| {
        let postgresql = postgresql.has(Setting::boolean("autovacuum", "on"));
        Case::of(&format!("profile: test\nphases:\n{}", phases.concat()))
            .on(postgresql)
            .on(redis)
    })
}

/// Every text that comes of a plan.
fn texts(case: &Case, plan: &Plan) -> Vec<String> {
    let view = PlanView {
        next: None,
        allowed: &HazardKind::ALL.into(),
        colour: true,
    };
    let diff = plan::diff_text(plan, &case.snapshots());
    vec![
        render::plan_human(plan, "dbtune apply", false),
        render::plan_in_view(plan, &view),
        render::plan_markdown(plan),
        render::plan_json(plan).unwrap().to_string(),
        render::diff_human(&diff, true),
        diff,
        case.save(),
    ]
}

fn is_settled(plan: &Plan) -> bool {
    plan.changes
        .iter()
        .all(|change| change.action == Action::Unchanged)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn a_plan_that_was_carried_out_leaves_nothing_to_do(case in case()) {
        let after = case.applied(&case.plan());
        let again = after.plan();
        prop_assert!(again.writes().next().is_none(), "{:#?}", again.changes);
        prop_assert!(is_settled(&after.restarted().plan()));
    }

    #[test]
    fn phase_by_phase_comes_to_the_same_as_all_at_once(case in case()) {
        let mut now = case.clone();
        for number in case.profile.phases.iter().map(|phase| phase.number) {
            let plan = now.clone().phase(number).plan();
            now = now.applied(&plan).restarted();
        }
        prop_assert!(is_settled(&now.plan()), "{:#?}", now.plan().changes);
    }

    #[test]
    fn the_way_back_leads_back(case in case()) {
        let run = case.plan();
        let after = case.applied(&run);
        let back = after.way_back(&run);
        prop_assert!(!back.changes.iter().any(|change| change.action == Action::Blocked));
        let restored = after.applied(&back);
        prop_assert_eq!(restored.entries(), case.entries());
        prop_assert_eq!(restored.restarted().running(), case.restarted().running());
    }

    #[test]
    fn the_way_back_leads_back_from_the_restarted_server_too(case in case()) {
        let run = case.plan();
        let after = case.applied(&run).restarted();
        let restored = after.applied(&after.way_back(&run)).restarted();
        prop_assert_eq!(restored.running(), case.restarted().running());
    }

    #[test]
    fn the_same_goes_in_and_the_same_comes_out(case in case()) {
        prop_assert_eq!(texts(&case, &case.plan()), texts(&case, &case.plan()));
        prop_assert_eq!(case.moved_since(&case.save()), Vec::<String>::new());
    }

    #[test]
    fn a_setting_is_never_planned_twice_in_a_phase_and_every_phase_is_complete(case in case()) {
        let plan = case.plan();
        let named: BTreeSet<_> = plan
            .changes
            .iter()
            .map(|change| (change.phase, &change.target, &change.setting))
            .collect();
        let wanted: usize = case.profile.phases.iter().map(|phase| phase.settings.len()).sum();
        prop_assert_eq!((named.len(), plan.changes.len()), (wanted, wanted));
    }

    #[test]
    fn no_text_whatever_is_in_it_stops_a_rendering(
        text in any::<String>(),
        other in any::<String>(),
        line in any::<Option<u32>>(),
    ) {
        let case = Case::postgresql(&["work_mem: 8MB", "log_line_prefix: x"]).on(
            Server::postgresql("postgresql")
                .has(Setting::work_mem().runs(&text).for_role(&other, &text))
                .has(Setting::text("log_line_prefix", "").stored(&text))
                .broken_at(1, &other),
        );
        let mut plan = case.plan();
        plan.profile.clone_from(&other);
        plan.phases[0].title = Some(text.clone());
        for change in &mut plan.changes {
            change.because = Some(text.clone());
            change.note = Some(other.clone());
            change.source = Some(Source { kind: other.clone(), file: Some(text.clone()), line });
        }
        for rendered in texts(&case, &plan) {
            let steers = |c: char| c.is_control() && c != '\n' && c != '\u{1b}';
            prop_assert!(!rendered.contains(steers), "{rendered:?}");
        }
        let plain = render::plan_human(&plan, "dbtune apply", false);
        let escapes = plain.contains('\u{1b}');
        prop_assert!(!escapes);
    }

    #[test]
    fn no_secret_is_ever_shown(
        had in prop_oneof![Just(String::new()), Just(format!("{SECRET}-old"))],
        stored in any::<bool>(),
        wanted in prop_oneof![Just("default".to_owned()), Just(format!("{SECRET}-new"))],
    ) {
        let conninfo = Setting::text("primary_conninfo", "");
        let conninfo = if stored { conninfo.stored(&had) } else { conninfo.in_conf(&had, 9) };
        let conninfo = conninfo.for_role("app", &format!("{SECRET}-role"));
        let profile = format!(
            "profile: test\nphases:\n  - phase: 1\n    postgresql: {{primary_conninfo: {wanted}}}\n    \
             redis: {{requirepass: {wanted}, masterauth: {wanted}}}\n"
        );
        let case = Case::of(&profile).on(Server::postgresql("postgresql").has(conninfo)).on(
            Server::redis("redis")
                .has(Setting::redis("requirepass", &had))
                .has(Setting::redis("masterauth", "")),
        );
        let plan = case.plan();
        let after = case.applied(&plan);
        let back = after.way_back(&plan);
        let mut told = texts(&case, &plan);
        told.extend(texts(&after, &back));
        told.extend(after.moved_since(&case.save()));
        for text in told {
            prop_assert!(!text.contains(SECRET), "{text}");
        }
    }
}
