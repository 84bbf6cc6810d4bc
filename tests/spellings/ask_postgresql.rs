//! Every setting of every PostgreSQL found, asked with generated spellings.

use std::path::Path;

use super::generate::{Dice, spellings};
use super::postgresql::{self, Row, Server};
use dbtune::setting::{Domain, Value};

/// Settings whose values the server checks against more than `pg_settings` tells, so that it may
/// refuse what is within the range.
const CHECKED_FURTHER: [(&str, &str); 6] = [
    ("autovacuum_max_workers", "all processes together"),
    ("bonjour", "what the server was built with"),
    ("max_connections", "all processes together"),
    ("max_stack_depth", "the limit of the process"),
    ("max_wal_senders", "all processes together"),
    ("max_worker_processes", "all processes together"),
];

/// Settings that no file and no ALTER SYSTEM can set.
const NOT_SET_IN_FILES: [&str; 3] = [
    "transaction_deferrable",
    "transaction_isolation",
    "transaction_read_only",
];

/// How many spellings of a setting are asked where each costs a process. One rule serves all booleans.
fn asked_by_program(row: &Row) -> usize {
    match row.vartype.as_str() {
        "bool" => 5,
        "enum" => 12,
        _ => 14,
    }
}

#[test]
fn spellings_mean_what_every_server_says_they_mean() {
    let installed = postgresql::installed();
    let found: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = installed
            .iter()
            .map(|programs| scope.spawn(|| ask_everything(programs)))
            .collect();
        runs.into_iter()
            .flat_map(|run| run.join().expect("no server fails"))
            .collect()
    });
    assert!(
        found.is_empty(),
        "{} differences\n{}",
        found.len(),
        found[..found.len().min(80)].join("\n")
    );
}

/// Asks one server about all of its settings; what differs.
fn ask_everything(programs: &Path) -> Vec<String> {
    let mut server = Server::start(programs);
    let (rows, version) = (server.rows.clone(), server.version);
    let asked = rows.iter().filter(|row| {
        row.vartype != "string"
            && row.context != "internal"
            && !NOT_SET_IN_FILES.contains(&row.name.as_str())
    });
    let mut counted = 0;
    let differences: Vec<String> = asked
        .flat_map(|row| {
            let answers = ask(&mut server, row);
            counted += answers.len();
            differences(row, &answers)
        })
        .map(|difference| format!("{version}: {difference}"))
        .collect();
    println!("PostgreSQL {version}: {counted} spellings asked");
    assert!(
        counted > 4000,
        "only {counted} spellings of {version} were asked"
    );
    differences
}

/// A spelling, what the server shows for it, and what we read it as.
pub(crate) struct Answer {
    pub(crate) spelling: String,
    pub(crate) shown: Option<String>,
    pub(crate) read: Option<Value>,
}

fn ask(server: &mut Server, row: &Row) -> Vec<Answer> {
    let domain = row.domain();
    let mut dice = Dice::seeded(&row.name);
    let mut texts = spellings(row, &mut dice);
    if !row.is_asked_in_session() {
        texts = dice.some_of(texts, asked_by_program(row));
    }
    let offered: Vec<String> = texts
        .iter()
        .filter_map(|text| domain.parse(text).err()?.suggestion)
        .collect();
    texts.extend(dice.some_of(offered, 3));
    texts
        .into_iter()
        .map(|spelling| answer(server, row, spelling))
        .collect()
}

/// Asks a server about one spelling.
pub(crate) fn answer(server: &mut Server, row: &Row, spelling: String) -> Answer {
    let (shown, read) = (
        server.ask(row, &spelling),
        row.domain().parse(&spelling).ok(),
    );
    Answer {
        spelling,
        shown,
        read,
    }
}

fn differences(row: &Row, answers: &[Answer]) -> Vec<String> {
    let domain = row.domain();
    let single = answers
        .iter()
        .filter_map(|answer| difference(row, &domain, answer));
    let pairs = answers.iter().enumerate().flat_map(|(at, one)| {
        let alike = move |other: &&Answer| !agree(one, other);
        answers[at + 1..].iter().filter(alike).map(|other| {
            format!(
                "{}: '{}' shown as {:?} and '{}' shown as {:?} are read as {:?} and {:?}",
                row.name,
                one.spelling,
                one.shown,
                other.spelling,
                other.shown,
                one.read,
                other.read
            )
        })
    });
    single.chain(pairs).take(5).collect()
}

/// Whether two spellings are equal to us when, and only when, the server shows them alike.
fn agree(one: &Answer, other: &Answer) -> bool {
    match (&one.shown, &other.shown, &one.read, &other.read) {
        (Some(shown), Some(other_shown), Some(read), Some(other_read)) => {
            (shown == other_shown) == (read == other_read)
        }
        _ => true,
    }
}

fn difference(row: &Row, domain: &Domain, answer: &Answer) -> Option<String> {
    let Answer {
        spelling,
        shown,
        read,
    } = answer;
    let further = CHECKED_FURTHER.iter().any(|(name, _)| *name == row.name);
    match (shown, read) {
        (None, Some(_)) if further => None,
        (None, Some(value)) => Some(format!(
            "{}: refused, but read '{spelling}' as {value:?}",
            row.name
        )),
        (Some(shown), None) => Some(format!(
            "{}: '{spelling}' is taken as {shown}, but refused by us",
            row.name
        )),
        (Some(shown), Some(value)) if domain.parse(shown).ok().as_ref() != Some(value) => {
            Some(format!(
                "{}: '{spelling}' is shown as {shown}, but read as {value:?}",
                row.name
            ))
        }
        _ => None,
    }
}
