//! What can be typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const EXIT_CODES: &str = "\
Exit codes:
  0    done, or nothing to do
  1    failed; what was changed has been put back, or the message says what was not
  2    a flag, a file or a profile is wrong; no server was changed
  3    differences exist (plan --exit-code, migrate status --exit-code); migrate lint found what
       blocks
  4    done, and a restart is still needed before every change is in effect
  5    another dbtune run holds the lock
  6    refused by a safety check, an unmet precondition or a stale plan
  130  interrupted; handled as for 1";

/// Plan, apply and roll back tuning profiles on PostgreSQL and Redis.
#[derive(Debug, Parser)]
#[command(name = "dbtune", version, about, styles = STYLES, after_help = EXIT_CODES)]
#[command(
    propagate_version = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command takes, before or after its name.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options for every command")]
pub struct Global {
    /// Read the targets from FILE (default: targets.yaml, where there is one).
    #[arg(long, global = true, value_name = "FILE")]
    pub targets_file: Option<PathBuf>,
    /// The profile: NAME for tuning-profiles/NAME.yaml, or a path.
    #[arg(long, global = true, value_name = "NAME|PATH")]
    pub profile: Option<String>,
    /// The PostgreSQL server; instead of the one in the targets file or the environment.
    #[arg(long, global = true, value_name = "URL")]
    pub postgres: Option<String>,
    /// The Redis server; instead of the one in the targets file or the environment.
    #[arg(long, global = true, value_name = "URL")]
    pub redis: Option<String>,
    /// The folder of the migrations.
    #[arg(long, global = true, value_name = "DIR", default_value = "migrations")]
    pub migrations: PathBuf,
    /// How the answer is written.
    #[arg(long, global = true, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub format: Format,
    /// When to colour; the variable `NO_COLOR` is heeded as well.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// Say only the answer, and what goes wrong.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more of what is being done.
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a person at a terminal.
    Human,
    /// One JSON document, as docs/json.md describes it.
    Json,
    /// For a comment on a pull request.
    Markdown,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what the profile would change on the servers; changes nothing.
    Plan(PlanArgs),
    /// Roll a phase of the profile out.
    Apply(ApplyArgs),
    /// Go back to what was before a run (default: the newest that is not undone).
    Rollback(RollbackArgs),
    /// List the runs, newest first, or show one.
    History(HistoryArgs),
    /// Examine every target: what stands between dbtune and a change there.
    Doctor(DoctorArgs),
    /// Run the SQL migrations that are pending, or look after them.
    Migrate(MigrateArgs),
    /// Check, show or begin a tuning profile.
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Start a private PostgreSQL and Redis that vanish afterwards.
    Sandbox(SandboxArgs),
}

/// Which part of the profile, on which servers.
#[derive(Debug, Clone, Args)]
pub struct SelectionArgs {
    /// Only this phase of the profile; may be given more than once.
    #[arg(long, value_name = "N")]
    pub phase: Vec<u32>,
    /// Only this target; may be given more than once.
    #[arg(long, value_name = "NAME")]
    pub target: Vec<String>,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Which part of the profile, on which servers.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Save the plan for `apply --plan`, with a fingerprint of what it was made from.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Exit with 3 when there are differences.
    #[arg(long)]
    pub exit_code: bool,
    /// Add the effective configuration as a text diff, live against profile.
    #[arg(long)]
    pub diff: bool,
}

/// How a run is carried out.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// Do not ask.
    #[arg(short, long)]
    pub yes: bool,
    /// Restart targets by their own restart command, where a change needs it.
    #[arg(long)]
    pub restart: bool,
    /// Go on in spite of a hazard of this kind; may be given more than once.
    #[arg(long, value_name = "HAZARD")]
    pub allow: Vec<String>,
    /// Show what would be done, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Arguments of `apply`.
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// Which part of the profile, on which servers.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Apply exactly this saved plan; refused when anything has moved since.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["phase", "target"])]
    pub plan: Option<PathBuf>,
    /// How it is carried out.
    #[command(flatten)]
    pub run: RunArgs,
}

/// Arguments of `rollback`.
#[derive(Debug, Args)]
pub struct RollbackArgs {
    /// The run to undo, or the beginning of its id.
    pub run_id: Option<String>,
    /// How it is carried out.
    #[command(flatten)]
    pub run: RunArgs,
}

/// Arguments of `history`.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// The run to show, or the beginning of its id.
    pub run_id: Option<String>,
}

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Only this target; may be given more than once.
    #[arg(long, value_name = "NAME")]
    pub target: Vec<String>,
    /// Print what gives ROLE the rights that the profile needs, and no more; examines nothing.
    #[arg(long, value_name = "ROLE")]
    pub print_grants: Option<String>,
}

/// Arguments of `migrate`: without a command those of `up`.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// How pending migrations are run.
    #[command(flatten)]
    pub up: UpArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<MigrateCommand>,
}

/// The commands under `migrate`.
#[derive(Debug, Subcommand)]
pub enum MigrateCommand {
    /// Run what is pending, in order (the default).
    Up(UpArgs),
    /// Show what is pending, applied, edited, missing or half done, and INVALID indexes.
    Status(MigrateStatusArgs),
    /// Say what is wrong with the migrations before they are run; changes nothing.
    Lint(LintArgs),
    /// Begin a migration: an empty file with the next version.
    New(MigrateNewArgs),
    /// Write into the history that everything up to VERSION is there already, and run nothing.
    Baseline(MigrateBaselineArgs),
    /// Show what history and files disagree about, and put right what is accepted.
    Repair(MigrateRepairArgs),
    /// Go back by the newest migration.
    Undo(MigrateUndoArgs),
}

/// How pending migrations are run.
#[derive(Debug, Clone, Args)]
pub struct UpArgs {
    /// Run no further than this version.
    #[arg(long, value_name = "VERSION", allow_negative_numbers = true)]
    pub to: Option<i64>,
    /// Show what would be run, how, and which locks it takes; run nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Build up to N indexes at once, each on another table.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub jobs: u8,
    /// How long a statement in a transaction waits for a lock before it lets go and is tried again.
    #[arg(long, value_name = "D", default_value = "2s", value_parser = super::duration::argument)]
    pub lock_timeout: Duration,
    /// How long to wait for another run, and for a server that is still starting (default: 10 min for
    /// another run, and a server is not waited for).
    #[arg(long, value_name = "D", value_parser = super::duration::argument)]
    pub wait: Option<Duration>,
    /// Give a build up when other sessions have held it up for this long; the time in which it works
    /// does not count.
    #[arg(long, value_name = "D", default_value = "30min", value_parser = super::duration::argument)]
    pub build_timeout: Duration,
}

/// Arguments of `migrate status`.
#[derive(Debug, Args)]
pub struct MigrateStatusArgs {
    /// Exit with 3 when anything is not applied as it stands in its file, or an index is INVALID.
    #[arg(long)]
    pub exit_code: bool,
    /// How long to wait for a server that is still starting.
    #[arg(long, value_name = "D", value_parser = super::duration::argument)]
    pub wait: Option<Duration>,
}

/// Arguments of `migrate new`.
#[derive(Debug, Args)]
pub struct MigrateNewArgs {
    /// What it does, in a few words.
    #[arg(required = true, value_name = "NAME")]
    pub name: Vec<String>,
    /// Number it by the time (UTC) instead of by one more than the newest.
    #[arg(long)]
    pub timestamp: bool,
}

/// Arguments of `migrate baseline`.
#[derive(Debug, Args)]
pub struct MigrateBaselineArgs {
    /// The last version that is there already.
    #[arg(value_name = "VERSION")]
    pub up_to: i64,
}

/// Arguments of `migrate repair`.
#[derive(Debug, Args)]
pub struct MigrateRepairArgs {
    /// Let the history say of this version what its file says; may be given more than once.
    #[arg(long, value_name = "VERSION", allow_negative_numbers = true)]
    pub accept: Vec<i64>,
}

/// Arguments of `migrate undo`.
#[derive(Debug, Args)]
pub struct MigrateUndoArgs {
    /// Do not ask.
    #[arg(short, long)]
    pub yes: bool,
    /// Show what would be run, and run nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// The commands under `profile`.
#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    /// Report every mistake of a profile in one go.
    Check(ProfileArgs),
    /// Show a profile with its parents merged in, and where each value comes from.
    Show(ProfileArgs),
    /// Write a profile of what the servers have changed from their defaults.
    Init(ProfileInitArgs),
}

/// Arguments of `profile check` and `profile show`.
#[derive(Debug, Args)]
pub struct ProfileArgs {
    /// The profile, as --profile takes it.
    pub name: Option<String>,
}

/// Arguments of `profile init`.
#[derive(Debug, Args)]
pub struct ProfileInitArgs {
    /// What the profile is called.
    #[arg(default_value = "current")]
    pub name: String,
    /// Write it into FILE, which must not exist (default: standard output).
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Arguments of `migrate lint`.
#[derive(Debug, Args)]
pub struct LintArgs {
    /// Ask the database what is there, and hold what is still to be run against that.
    #[arg(long)]
    pub live: bool,
}

/// Arguments of `sandbox`.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// Use the PostgreSQL in this folder (default: the newest found).
    #[arg(long, value_name = "DIR")]
    pub pg_bin: Option<PathBuf>,
    /// Run this with the targets set, and end with its exit code.
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<std::ffi::OsString>,
}
