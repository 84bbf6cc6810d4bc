//! `dbtune apply`.

use std::fs;
use std::path::Path;

use super::plan::typed;
use super::run::{Making, Weighed};
use crate::cli::args::ApplyArgs;
use crate::cli::environment::now;
use crate::cli::setup::{self, Desk, Known};
use crate::cli::{Exit, Failure};
use crate::ledger::RunCommand;
use crate::plan::{self, Fingerprint, Plan, SavedPlan, SavedPlanError, Selection};
use crate::profile::Profile;

/// What is to be applied.
struct Wish {
    profile: Profile,
    selection: Selection,
    saved: Option<SavedPlan>,
}

/// Rolls a phase out.
pub fn run(desk: &Desk<'_>, args: &ApplyArgs) -> Result<Exit, Failure> {
    let known = desk.known()?;
    let wish = wish(desk, args, &known)?;
    let targets = setup::needed(&wish.profile, &wish.selection, &known.targets)?;
    let ledger = desk.ledger(&known.targets)?;
    let mut making = Making::new(desk, &args.run, RunCommand::Apply, targets, ledger)?;
    making.lock()?;
    making.settle()?;
    let (plan, fingerprint) = make(&mut making, &wish)?;
    if let Some(saved) = &wish.saved {
        refuse_if_moved(saved, &plan, &fingerprint)?;
    }
    let plan = match making.weigh(plan, &next(desk, args))? {
        Weighed::Go(plan) => plan,
        Weighed::End(exit) => return Ok(exit),
    };
    if !args.run.yes {
        making.confirm("Apply this plan?")?;
        let shown = SavedPlan::new(&plan, fingerprint);
        let (fresh, fingerprint) = make(&mut making, &wish)?;
        refuse_if_moved(&shown, &plan::allow(fresh, &making.allowed), &fingerprint)?;
    }
    making.carry_out(&plan, None)
}

fn wish(desk: &Desk<'_>, args: &ApplyArgs, known: &Known) -> Result<Wish, Failure> {
    let Some(file) = &args.plan else {
        return Ok(Wish {
            profile: desk.profile(known.profile.as_deref())?,
            selection: setup::selection(&args.selection),
            saved: None,
        });
    };
    let saved = read_saved(file)?;
    let named = desk
        .global
        .profile
        .as_deref()
        .unwrap_or(&saved.fingerprint.profile_source);
    Ok(Wish {
        profile: desk.load(named)?,
        selection: saved.fingerprint.selection.clone(),
        saved: Some(saved),
    })
}

fn read_saved(file: &Path) -> Result<SavedPlan, Failure> {
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", file.display())))?;
    SavedPlan::read(&text).map_err(|error| {
        let is_edited = matches!(error, SavedPlanError::Edited);
        let exit = if is_edited {
            Exit::Refused
        } else {
            Exit::Usage
        };
        let mut failure = Failure::from_error(exit, "plan_file", &error);
        failure.message = format!("{}: {}", file.display(), failure.message);
        failure.hint("make it anew: dbtune plan --out FILE")
    })
}

fn make(making: &mut Making<'_, '_>, wish: &Wish) -> Result<(Plan, Fingerprint), Failure> {
    let mut snapshots = making.snapshots()?;
    setup::check_fit(
        &wish.profile,
        &wish.selection,
        &snapshots,
        making.desk.console,
    )?;
    let (profile, selection) = (&wish.profile, &wish.selection);
    let plan = making.judged(&mut snapshots, |planned| {
        plan::make(profile, selection, planned, now())
    })?;
    let planned = setup::planned(&making.targets, &snapshots);
    let fingerprint = Fingerprint::of(&plan, &wish.profile, &wish.selection, &planned);
    Ok((plan, fingerprint))
}

fn refuse_if_moved(
    saved: &SavedPlan,
    fresh: &Plan,
    fingerprint: &Fingerprint,
) -> Result<(), Failure> {
    let moved = plan::moved(saved, fresh, fingerprint);
    if moved.is_empty() {
        return Ok(());
    }
    let message = format!(
        "the plan is stale; nothing was changed\n  {}",
        moved.join("\n  ")
    );
    Err(Failure::new(Exit::Refused, "stale_plan", message).hint("make it anew: dbtune plan"))
}

fn next(desk: &Desk<'_>, args: &ApplyArgs) -> String {
    format!("dbtune apply{}", typed(desk.global, &args.selection))
}
