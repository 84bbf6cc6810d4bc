//! What the documentation says, held against the program.

use std::fs;
use std::path::Path;

use clap::CommandFactory as _;
use dbtune::cli::{Exit, args};
use dbtune::migrate::lint::all_rules;
use dbtune::plan::HazardKind;

use crate::support::cli;

/// How the page of the command line was made.
const COLUMNS: &str = "100";

const EXITS: [Exit; 8] = [
    Exit::Done,
    Exit::Failed,
    Exit::Usage,
    Exit::Differences,
    Exit::PendingRestart,
    Exit::Locked,
    Exit::Refused,
    Exit::Interrupted,
];

#[test]
fn every_help_text_in_the_cli_page_is_what_the_binary_prints() {
    let documented = help_texts(&page("docs/cli.md"));
    let shown: Vec<&str> = documented.iter().map(|(typed, _)| typed.as_str()).collect();
    assert_eq!(shown, every_help(), "the commands of docs/cli.md");
    for (typed, text) in &documented {
        let ran = cli()
            .args(typed.split_whitespace())
            .env("COLUMNS", COLUMNS)
            .run();
        ran.exits(0);
        assert_eq!(*text, trimmed(&ran.stdout), "dbtune {typed}");
    }
}

#[test]
fn every_exit_code_is_in_the_tables_of_the_docs() {
    for name in ["README.md", "docs/cli.md"] {
        let text = page(name);
        for exit in EXITS {
            let row = format!("\n| {} | ", exit.code());
            assert!(text.contains(&row), "{name} lacks {exit:?}");
        }
    }
}

#[test]
fn every_hazard_has_a_row_in_the_safety_page() {
    let text = page("docs/safety.md");
    for kind in HazardKind::ALL {
        let row = format!("\n| `{}` | ", kind.key());
        assert!(text.contains(&row), "docs/safety.md lacks {kind:?}");
    }
}

#[test]
fn every_rule_of_the_linter_has_a_row_that_says_whether_it_blocks() {
    let text = page("docs/lint.md");
    for rule in all_rules() {
        let weight = if rule.blocks { "blocks" } else { "advice" };
        let row = format!("\n| `{}` | {weight} | ", rule.name);
        assert!(text.contains(&row), "docs/lint.md lacks {row:?}");
    }
    let rows = text.matches(" | blocks | ").count() + text.matches(" | advice | ").count();
    assert_eq!(rows, all_rules().len(), "rows of rules that there are not");
}

/// Settings whose names look like those of tests.
const SETTINGS: [&str; 4] = [
    "log_min_duration_statement",
    "log_min_error_statement",
    "max_locks_per_transaction",
    "shared_preload_libraries",
];

#[test]
fn every_test_that_the_safety_pages_name_exists() {
    let sources = sources_below(&root().join("tests"));
    let page = page("docs/safety.md") + &page("docs/traps.md");
    let named: Vec<&str> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.matches('_').count() > 2)
        .collect();
    assert!(named.len() > 20, "the page names tests: {named:?}");
    for name in named {
        let test = format!("fn {name}()");
        let exists = sources.iter().any(|source| source.contains(&test));
        let is_hazard = HazardKind::ALL.iter().any(|kind| kind.key() == name);
        assert!(
            exists || is_hazard || SETTINGS.contains(&name),
            "there is no test {name}"
        );
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What is typed after `dbtune` in each block of a page, and what the block shows of the answer.
fn help_texts(page: &str) -> Vec<(String, String)> {
    page.split("```text\n$ dbtune ")
        .skip(1)
        .filter_map(|block| {
            let (block, _) = block.split_once("\n```")?;
            let (typed, text) = block.split_once('\n')?;
            Some((typed.to_owned(), trimmed(text)))
        })
        .collect()
}

/// Without blanks at the ends of lines: clap leaves some, and editors take them away.
fn trimmed(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// Every command that can be asked for its help, in the order of the help texts.
fn every_help() -> Vec<String> {
    let mut found = Vec::new();
    collect(&args::Cli::command(), "", &mut found);
    found
}

fn collect(command: &clap::Command, path: &str, found: &mut Vec<String>) {
    found.push(format!("{path}--help"));
    for under in command.get_subcommands() {
        collect(under, &format!("{path}{} ", under.get_name()), found);
    }
}

fn sources_below(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                sources_below(&path)
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                vec![fs::read_to_string(&path).unwrap()]
            } else {
                Vec::new()
            }
        })
        .collect()
}
