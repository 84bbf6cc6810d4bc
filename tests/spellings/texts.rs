//! Texts that the server rewrites, or means something else by than it shows.

use super::ask_postgresql::{Answer, answer};
use super::postgresql::{self, Row, Server};

/// Texts that the server rewrites, in spellings right and wrong.
const REWRITTEN: [(&str, &[&str]); 5] = [
    (
        "DateStyle",
        &[
            "ISO, MDY",
            "iso,dmy",
            "dmy, GERMAN",
            "german",
            "german, us",
            "sql, european",
            "postgres, noneuropean",
            "ymd,postgresqlish",
            "iso8601",
            "iso,sql",
            "mdy, dmy",
            "us, mdy, iso",
            "iso iso",
            "\"iso\", ymd",
        ],
    ),
    (
        "TimeZone",
        &[
            "utc",
            "UTC",
            "europe/berlin",
            "Europe/Berlin",
            "3",
            "+3.0",
            "-3.5",
            "5.75",
            "0",
            "<+03>-03",
            "est5edt",
            "Etc/UTC",
            "GMT",
        ],
    ),
    (
        "client_encoding",
        &[
            "utf8",
            "UTF-8",
            "unicode",
            "latin1",
            "LATIN-1",
            "iso 8859-1",
            "iso_8859_2",
            "win1252",
            "Windows-1252",
            "sqlascii",
            "sql_ascii",
            "koi8",
            "koi8r",
            "koi8-u",
            "sjis",
            "shiftjis",
            "mskanji",
            "win932",
            "utf9",
            "",
            "euc_jp",
            "EUCJIS2004",
            "abc",
            "alt",
            "tcvn",
            "win866",
            "johab",
            "big5",
            "win950",
            "gbk",
            "uhc",
            "latin9",
            "iso885915",
            "latin10",
            "win",
            "iso88591x",
        ],
    ),
    (
        "application_name",
        &["a", "A", "\u{e9}", "a\tb", "a\u{7f}b", "\\xc3\\xa9", "??"],
    ),
    (
        "log_directory",
        &["/tmp/log", "/tmp//log/", "log", "log/", "Log", "/"],
    ),
];

#[test]
fn texts_that_the_server_rewrites_are_equal_when_it_shows_them_alike() {
    for programs in postgresql::installed() {
        let mut server = Server::start(&programs);
        for (name, texts) in REWRITTEN {
            let row = server
                .rows
                .iter()
                .find(|row| row.name == name)
                .expect(name)
                .clone();
            let answers: Vec<Answer> = texts
                .iter()
                .map(|text| answer(&mut server, &row, (*text).to_owned()))
                .collect();
            for answer in &answers {
                hold_against(&row, answer, &answers);
            }
        }
        hold_aspects_against(&mut server);
    }
}

/// Whether every text that is shown like this one is read as the same value, and no other is.
fn hold_against(row: &Row, answer: &Answer, answers: &[Answer]) {
    let Answer {
        spelling,
        shown,
        read,
    } = answer;
    let about = format!(
        "{}: {} = '{spelling}', shown as {shown:?}",
        row.version, row.name
    );
    assert_eq!(shown.is_some(), read.is_some(), "{about}");
    let Some((shown, read)) = shown.as_ref().zip(read.as_ref()) else {
        return;
    };
    let live = row.domain().parse(shown).expect(shown);
    for other in answers.iter().filter(|other| other.shown.is_some()) {
        let met = other
            .read
            .as_ref()
            .is_some_and(|other| other.is_met_by(&live));
        if other.shown.as_ref() == Some(shown) {
            assert!(
                met,
                "{about}: so is '{}', but that is read otherwise",
                other.spelling
            );
        } else {
            assert_ne!(
                other.read.as_ref(),
                Some(read),
                "{about}: '{}' is not",
                other.spelling
            );
        }
    }
}

/// `log_connections` since PostgreSQL 18, where it is no boolean any more.
const ASPECTS: [&str; 15] = [
    "on",
    "ON",
    "true",
    "1",
    "off",
    "no",
    "all",
    "receipt",
    "Receipt, authentication,authorization",
    "none",
    "on, receipt",
    "t",
    "setup_durations",
    "receipt,,receipt",
    "",
];

/// `log_connections` is shown as it was written, but means its aspects.
fn hold_aspects_against(server: &mut Server) {
    let row = server.row("log_connections");
    for text in ASPECTS.iter().filter(|_| row.vartype == "string") {
        let Answer {
            spelling,
            shown,
            read,
        } = answer(server, &row, (*text).to_owned());
        assert_eq!(shown.is_some(), read.is_some(), "{spelling}");
        assert_eq!(
            shown.map(|shown| row.domain().parse(&shown).unwrap()),
            read,
            "{spelling}"
        );
    }
}
