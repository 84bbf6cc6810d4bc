//! The offline catalogue, held against every PostgreSQL found.

use std::collections::BTreeMap;
use std::path::Path;

use super::postgresql::{self, Row, Server};

const CATALOGUE: &str = include_str!("../../src/setting/catalogue/postgresql.tsv");

/// Settings of extensions are in the catalogue too, but only some servers have them.
const LIBRARIES: [&str; 4] = ["plpgsql", "auto_explain", "pg_trgm", "pg_stat_statements"];

#[test]
fn the_catalogue_knows_every_server_found() {
    let mut lines: BTreeMap<String, Vec<String>> = CATALOGUE
        .lines()
        .map(|line| (key(line), line.split('\t').map(str::to_owned).collect()))
        .collect();
    for programs in postgresql::installed() {
        let mut server = Server::start(&programs);
        for row in server.rows_with(&LIBRARIES) {
            merge(&mut lines, &row);
        }
    }
    let merged: String = lines
        .values()
        .map(|fields| fields.join("\t") + "\n")
        .collect();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("postgresql.tsv");
    std::fs::write(&file, &merged).unwrap();
    assert!(
        merged == CATALOGUE,
        "a server found has what src/setting/catalogue/postgresql.tsv lacks; it stands in {}",
        file.display()
    );
}

fn key(line: &str) -> String {
    line.split('\t').next().unwrap_or_default().to_lowercase()
}

/// Takes what a server says of a setting into what others said of it.
fn merge(lines: &mut BTreeMap<String, Vec<String>>, row: &Row) {
    let words = row.enumvals.clone().unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let said = vec![
        row.name.clone(),
        row.vartype.clone(),
        text(&row.unit),
        text(&row.min_val),
        text(&row.max_val),
        words.join("|"),
    ];
    let known = lines
        .entry(row.name.to_lowercase())
        .or_insert_with(|| said.clone());
    if known[1] != said[1] {
        // A boolean became an enum or a text: the newer kind takes what the older one took.
        let newer = if known[1] == "bool" {
            said
        } else {
            known.clone()
        };
        *known = newer;
        return;
    }
    assert_eq!(known[2], said[2], "the unit of {}", row.name);
    known[3] = wider(&known[3], &said[3], f64::lt);
    known[4] = wider(&known[4], &said[4], f64::gt);
    let mut union: Vec<String> = known[5].split('|').map(str::to_owned).collect();
    union.extend(
        words
            .into_iter()
            .filter(|word| !known[5].split('|').any(|known| known == word)),
    );
    known[5] = union.join("|");
}

/// The bound that leaves more room.
fn wider(known: &str, said: &str, is_wider: fn(&f64, &f64) -> bool) -> String {
    match (known.parse::<f64>(), said.parse::<f64>()) {
        (Ok(old), Ok(new)) if is_wider(&new, &old) => said.to_owned(),
        _ => known.to_owned(),
    }
}
