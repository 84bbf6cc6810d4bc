//! What was typed, the environment, the clock and the exit codes. Everything below gets these as
//! arguments.

pub mod args;
pub mod commands;
pub mod console;
pub mod duration;
pub mod environment;
mod exit;
pub mod failure;
pub mod interrupts;
pub mod setup;
pub mod targets;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use args::{Cli, Command, Format};
use console::{Console, Unanswered};
use environment::Environment;
pub use exit::Exit;
pub use failure::Failure;
use setup::Desk;

use crate::ledger::Journal;
use crate::sandbox::SandboxError;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let environment = Environment::of_this_process();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    match Cli::try_parse_from(&arguments) {
        Ok(cli) => run(&cli, &environment).into(),
        Err(error) => not_understood(&error, &arguments),
    }
}

fn run(cli: &Cli, environment: &Environment) -> Exit {
    let console = Console::new(&cli.global, environment);
    let outcome = dispatch(cli, environment, &console);
    if let Err(failure) = &outcome {
        tell(failure, &console);
    }
    let Some(unanswered) = console.unanswered() else {
        return outcome.unwrap_or_else(|failure| failure.exit);
    };
    if let Err(lost) = &outcome {
        console.warn(&lost.human(console.error_color));
    }
    let run = outcome
        .ok()
        .and_then(|_exit| carried_out(cli, environment, &unanswered));
    console.warn(&not_told(&unanswered, run.as_deref()).human(console.error_color));
    Exit::Failed
}

fn not_told(lost: &Unanswered, run: Option<&str>) -> Failure {
    let message = format!("the answer could not be written: {}", lost.error);
    let Some(run) = run else {
        return Failure::new(Exit::Failed, "unanswered", message);
    };
    let message = format!("{message}; run {run} was carried out, and what it did stands");
    Failure::new(Exit::Failed, "unanswered", message).hint(format!(
        "dbtune history {run} shows it, dbtune rollback {run} undoes it"
    ))
}

/// The run of which an answer that was lost would have told: the journal holds it, and the answer names
/// it.
fn carried_out(cli: &Cli, environment: &Environment, lost: &Unanswered) -> Option<String> {
    if !matches!(cli.command, Command::Apply(_) | Command::Rollback(_)) {
        return None;
    }
    let journal = Journal::new(environment.state_folder()?.join("runs"));
    let runs = journal.runs().ok()?.into_iter().rev();
    let mut ids = runs.map(|stored| stored.intent.run);
    ids.find(|run| lost.text.contains(run.as_str()))
}

fn dispatch(cli: &Cli, environment: &Environment, console: &Console) -> Result<Exit, Failure> {
    let interrupt = interrupts::of_this_process()?;
    let desk = Desk {
        global: &cli.global,
        environment,
        console,
        interrupt,
    };
    let result = match &cli.command {
        Command::Plan(args) => commands::plan::run(&desk, args),
        Command::Apply(args) => commands::apply::run(&desk, args),
        Command::Rollback(args) => commands::rollback::run(&desk, args),
        Command::History(args) => commands::history::run(&desk, args),
        Command::Doctor(args) => commands::doctor::run(&desk, args),
        Command::Migrate(args) => commands::migrate::run(&desk, args),
        Command::Profile(command) => commands::profile::run(&desk, command),
        Command::Sandbox(args) => sandbox(&desk, args),
    };
    let interrupted = desk.interrupt.was_raised();
    result.map_err(|failure| {
        if interrupted {
            failure.interrupted()
        } else {
            failure
        }
    })
}

/// The sandbox prints for a person alone: its answer is the command that it runs.
fn sandbox(desk: &Desk<'_>, args: &args::SandboxArgs) -> Result<Exit, Failure> {
    let options = commands::sandbox::Options {
        sandbox: crate::sandbox::Options {
            pg_bin: args.pg_bin.clone(),
            path: desk.environment.get("PATH").unwrap_or_default().into(),
            temporary: std::env::temp_dir(),
        },
        command: args.command.clone(),
    };
    commands::sandbox::run(&options, &desk.interrupt, &mut std::io::stdout())
        .map(Exit::Command)
        .map_err(|error| {
            let exit = if matches!(error, SandboxError::CommandNotFound { .. }) {
                Exit::Command(127)
            } else if matches!(error, SandboxError::NotABinFolder { .. }) {
                Exit::Usage
            } else {
                Exit::Failed
            };
            Failure::from_error(exit, "sandbox", &error)
        })
}

fn tell(failure: &Failure, console: &Console) {
    match console.format {
        Format::Json => console.document(&failure.json()),
        Format::Human | Format::Markdown => console.warn(&failure.human(console.error_color)),
    }
}

/// Answers a command line that clap did not take; help and version are answers, too.
fn not_understood(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let is_answer = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    );
    if !is_answer && wants_json(arguments) {
        let message = error.render().to_string();
        let failure = Failure::usage(message.trim_start_matches("error: ").trim_end());
        write_json(&failure);
    } else {
        // Nobody is left to be told that nobody reads.
        drop(error.print());
    }
    if is_answer {
        Exit::Done.into()
    } else {
        Exit::Usage.into()
    }
}

#[expect(
    clippy::print_stdout,
    reason = "there is no console before the flags are understood"
)]
fn write_json(failure: &Failure) {
    println!("{:#}", failure.json());
}

/// Whether a command line that was not understood asked for JSON all the same.
fn wants_json(arguments: &[OsString]) -> bool {
    let texts: Vec<_> = arguments
        .iter()
        .map(|argument| argument.to_string_lossy())
        .collect();
    texts.iter().any(|text| text == "--format=json")
        || texts
            .windows(2)
            .any(|pair| matches!(pair, [flag, value] if flag == "--format" && value == "json"))
}
