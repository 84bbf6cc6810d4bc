//! Names as the server reads and writes them.

use dbtune::sql::{Kind, Name};

use crate::kind;

fn table(written: &str) -> Name {
    let Kind::CreateIndex(index) = kind(&format!("create index on {written} (a)")) else {
        panic!("{written}")
    };
    index.table
}

fn read(written: &str) -> String {
    table(written).to_string()
}

#[test]
fn names_are_folded_as_the_server_folds_them() {
    assert_eq!(read("Users"), "users");
    assert_eq!(read("Shop . \"Users\""), "shop.\"Users\"");
    assert_eq!(read("\"users\""), "users");
    assert_eq!(read("\"a\"\"b\""), "\"a\"\"b\"");
    assert_eq!(read("ÄB"), "\"Äb\"");
    assert_eq!(read("U&\"d\\0061t\\+000061\""), "data");
    assert_eq!(read("U&\"d!0061ta\" UESCAPE '!'"), "data");
    assert_eq!(read("db.public.t"), "public.t");
    assert_eq!(read("\"table\""), "\"table\"");
    assert_eq!(read("\"values\""), "\"values\"");
    assert_eq!(read("\"1a\""), "\"1a\"");
}

#[test]
fn names_are_cut_where_the_server_cuts_them() {
    let name = table(&"é".repeat(40)).name;
    assert_eq!(name, "é".repeat(31));
    let name = table(&format!("\"{}\"", "a".repeat(70))).name;
    assert_eq!(name, "a".repeat(63));
}
