//! `dbtune doctor --print-grants`.

use crate::apply::in_parallel;
use crate::cli::args::Format;
use crate::cli::setup::{Desk, Known};
use crate::cli::{Exit, Failure};
use crate::doctor::grants::{Ground, grants, settings};
use crate::engine::{self, EngineError, Interrupt, KeptHistory, Persist, Target};
use crate::render::{self, GrantsView};
use crate::setting::EngineKind;

/// Prints what gives a role the rights that the profile needs. Servers that are known and answer are
/// asked for their version and for the history; none has to.
pub fn run(desk: &Desk<'_>, known: &Known, role: &str) -> Result<Exit, Failure> {
    let profile = desk.profile(known.profile.as_deref())?;
    check_role(role, !settings(&profile, EngineKind::Redis).is_empty())?;
    let ground = ground(desk, &known.targets.list);
    let grants = grants(&profile, role, ground);
    let view = GrantsView {
        role,
        profile: &profile.name,
        postgresql_before_15: ground.postgresql_before_15,
        grants: &grants,
    };
    match desk.console.format {
        Format::Json => desk.console.document(&render::grants_json(&view)),
        Format::Markdown => desk.console.answer(&render::grants_markdown(&view)),
        Format::Human => desk.console.answer(&render::grants_human(&view)),
    }
    Ok(Exit::Done)
}

fn check_role(role: &str, is_for_redis: bool) -> Result<(), Failure> {
    if role.is_empty() || role.chars().any(char::is_control) {
        return Err(Failure::usage("--print-grants takes the name of a role")
            .hint("dbtune doctor --print-grants ROLE --profile NAME"));
    }
    if is_for_redis && role.contains(char::is_whitespace) {
        return Err(
            Failure::usage(format!("`{role}` cannot be the name of a user of Redis"))
                .hint("give a name without blanks"),
        );
    }
    Ok(())
}

fn ground(desk: &Desk<'_>, targets: &[Target]) -> Ground {
    let interrupt = &desk.interrupt;
    let asked = in_parallel(targets, |target| ask(target, interrupt));
    for error in asked.iter().filter_map(|answer| answer.as_ref().err()) {
        desk.console.note(&format!("not asked: {error}"));
    }
    let answers: Vec<Option<Asked>> = asked.into_iter().map(Result::ok).collect();
    let of = |engine: EngineKind| {
        let pairs = targets.iter().zip(&answers);
        pairs.filter(move |(target, _)| target.engine == engine)
    };
    let all_before = |engine: EngineKind, limit: u32| {
        let versions: Vec<u32> = of(engine)
            .filter_map(|(_, asked)| asked.map(|asked| asked.version))
            .collect();
        !versions.is_empty() && versions.iter().all(|version| *version < limit)
    };
    let keeper = of(EngineKind::Postgresql).next();
    let mut redis = of(EngineKind::Redis).peekable();
    Ground {
        has_postgresql: keeper.is_some(),
        postgresql_before_15: all_before(EngineKind::Postgresql, 150_000),
        redis_before_7: all_before(EngineKind::Redis, 70_000),
        redis_rewrites: redis.peek().is_none()
            || redis.any(|(target, _)| target.persist == Persist::Rewrite),
        // The first one, or a standby's primary, which has the same tables.
        history: keeper.and_then(|(_, asked)| asked.map(|asked| asked.history)),
    }
}

/// What a server says of itself.
#[derive(Debug, Clone, Copy)]
struct Asked {
    version: u32,
    history: KeptHistory,
}

fn ask(target: &Target, interrupt: &Interrupt) -> Result<Asked, EngineError> {
    let mut engine = engine::connect(target, interrupt)?;
    Ok(Asked {
        version: engine.snapshot()?.identity.version_number,
        history: engine.kept_history()?,
    })
}
