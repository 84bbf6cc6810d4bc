//! What a server on trial said, and what it means.

use crate::snapshot::Answer;

/// What came of one trial.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is known.
    Told(Answer),
    /// Somebody took the port that was free a moment before.
    PortTaken,
}

/// With this a server ends that has got through everything that a start can fail at: there is no log
/// of changes in the scratch folder.
const THROUGH: &str = "required WAL directory \"pg_wal\" does not exist";

/// Reads what the server said, in which the scratch folder is already called by the name of the data
/// directory. `own_port`: whether the port was asked for, and not merely chosen for the trial.
pub(super) fn verdict(said: &str, own_port: bool) -> Verdict {
    if said.contains(THROUGH) {
        return Verdict::Told(Answer::Yes);
    }
    if said.contains("Address already in use") && !own_port {
        return Verdict::PortTaken;
    }
    // With the rights of its owner a file that cannot be read keeps the real server out as well, but
    // the trial reads one in a place of its own.
    match words(said) {
        Some(words) => Verdict::Told(Answer::No(words)),
        None => Verdict::Told(Answer::Unknown(format!(
            "a trial ended without a word that dbtune knows: {}",
            said.lines().last().unwrap_or("nothing was said")
        ))),
    }
}

/// The server's own words: why it ended, and what led to it.
fn words(said: &str) -> Option<String> {
    let lines: Vec<&str> = said.lines().map(str::trim_end).collect();
    let fatal = lines.iter().position(|line| is_end(line))?;
    let (before, from) = lines.split_at(fatal);
    let causes = before
        .iter()
        .copied()
        .filter_map(|line| {
            line.strip_prefix("LOG:  ")
                .or_else(|| line.strip_prefix("WARNING:  "))
        })
        .filter(|text| text.contains("could not") || text.contains("invalid"));
    let more = from
        .iter()
        .skip(1)
        .take_while(|line| is_more(line))
        .map(|line| line.replacen(":  ", ": ", 1));
    let end = from.first().map(|line| without_severity(line).to_owned());
    let all: Vec<String> = causes.map(str::to_owned).chain(end).chain(more).collect();
    Some(all.join("; "))
}

fn is_end(line: &str) -> bool {
    ["FATAL:  ", "PANIC:  ", "ERROR:  ", "postgres: "]
        .iter()
        .any(|severity| line.starts_with(severity))
}

fn is_more(line: &str) -> bool {
    ["DETAIL:  ", "HINT:  "]
        .iter()
        .any(|kind| line.starts_with(kind))
}

fn without_severity(line: &str) -> &str {
    let severities = ["FATAL:  ", "PANIC:  ", "ERROR:  ", "postgres: "];
    severities
        .iter()
        .find_map(|severity| line.strip_prefix(severity))
        .unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no(said: &str) -> String {
        match verdict(said, false) {
            Verdict::Told(Answer::No(words)) => words,
            other @ (Verdict::Told(_) | Verdict::PortTaken) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_server_that_misses_nothing_but_its_log_of_changes_would_start() {
        let said = "FATAL:  required WAL directory \"pg_wal\" does not exist\n\
                    LOG:  aborting startup due to startup process failure\n";
        assert_eq!(verdict(said, false), Verdict::Told(Answer::Yes));
    }

    #[test]
    fn the_words_of_the_server_are_told_with_what_led_to_them() {
        assert_eq!(
            no(
                "LOG:  could not open configuration file \"/nope\": No such file or directory\n\
                FATAL:  could not load pg_hba.conf\nLOG:  database system is shut down\n"
            ),
            "could not open configuration file \"/nope\": No such file or directory; \
             could not load pg_hba.conf"
        );
        assert_eq!(
            no(
                "postgres: superuser_reserved_connections (100) must be less than max_connections (100)\n"
            ),
            "superuser_reserved_connections (100) must be less than max_connections (100)"
        );
        assert_eq!(
            no("FATAL:  it does not fit\nDETAIL:  At all.\nHINT:  Less.\nLOG:  bye\n"),
            "it does not fit; DETAIL: At all.; HINT: Less."
        );
    }

    #[test]
    fn a_port_that_was_only_chosen_for_the_trial_proves_nothing_when_it_is_taken() {
        let said = "LOG:  could not bind IPv4 address \"127.0.0.1\": Address already in use\n\
                    FATAL:  could not create any TCP/IP sockets\n";
        assert_eq!(verdict(said, false), Verdict::PortTaken);
        assert!(matches!(verdict(said, true), Verdict::Told(Answer::No(_))));
    }

    #[test]
    fn what_is_not_understood_is_not_taken_for_an_answer() {
        assert!(matches!(
            verdict("", false),
            Verdict::Told(Answer::Unknown(_))
        ));
    }
}
