//! Secrets in SQL are not shown.

use dbtune::sql::hidden;
use proptest::prelude::*;

use crate::statement;

/// None of these shows `tiger`, and all show `kept`.
const SECRET: [&str; 34] = [
    "alter role kept password 'tiger'",
    "alter role kept PASSWORD'tiger'",
    "create user kept encrypted password E'it\\'s tiger'",
    "create role kept password 'it''s a tiger' login",
    "create role kept password $$tiger$$ login",
    "create role kept password $a$ti$$tiger$a$",
    "alter role kept password U&'tiger'",
    "alter role kept password /* kept */ 'tiger'",
    "alter role kept password -- kept\n'tiger'",
    "alter role kept password 'ti'\n'tiger' login",
    "alter role kept \"password\" 'tiger'",
    "create user mapping for kept server s options (user 'u', password 'tiger')",
    "create user mapping for kept server s options (\"user\" 'u', \"sslpassword\" 'tiger')",
    "alter server kept options (set password 'tiger')",
    "create subscription kept connection 'host=h password=tiger' publication p",
    "create subscription kept connection 'password=''a tiger'' host=h' publication p",
    "create subscription kept connection 'postgres://u:tiger@h/d' publication p",
    "create subscription kept connection 'password=a,tiger' publication p",
    "select kept from dblink('host=h password=tiger', 'select 1')",
    "alter system set primary_conninfo = 'host=kept password=tiger'",
    "alter database kept set app.jwt_secret to 'tiger'",
    "set kept.password = 'tiger'",
    "select kept(password => 'tiger')",
    "select kept(password := 'tiger')",
    "do $$ begin kept(); execute 'alter role a password ''tiger'''; end $$",
    "do $$ begin kept(); execute 'alter role a password ' || quote_literal('tiger'); end $$",
    "do $$ begin kept(); execute format('alter role %I password %L', 'a', 'tiger'); end $$",
    "do $a$ begin kept(); execute $b$ alter role a password 'tiger' $b$; end $a$",
    "select kept; -- alter role a password 'tiger'",
    "select kept; -- don't: alter role a password 'tiger'",
    "/* kept /* nested */ password 'tiger' */",
    "alter role kept password 'tiger",
    "alter role kept password $$tiger",
    "SQL statement \"alter role kept password 'tiger'\"",
];

/// These are shown as they are.
const SHOWN: [&str; 11] = [
    "alter role a password null",
    "alter role a password '' login",
    "set password_encryption = 'md5'",
    "comment on column users.password is 'how it is kept'",
    "create table users (password text default 'none')",
    "select * from t where kind = 'password' and x = 'y'",
    "insert into t values ('password', 'x'), ('your password', 'y')",
    "select $1, 'a', e'b\\'', $a$b$a$, b'1', \"password of\", 'it''s'",
    "create function f() returns text as $$ select password $$ language sql; select 'x'",
    "create index concurrently i on t (a) where b = 'c' -- it's",
    "select 'https://example.com/a'",
];

#[test]
fn a_secret_is_hidden_however_it_is_written() {
    for text in SECRET {
        let shown = hidden(text);
        assert!(!shown.contains("tiger"), "{text}\n{shown}");
        assert!(shown.contains("***"), "{text}\n{shown}");
        let is_whole_setting = text.contains("primary_conninfo");
        assert!(
            shown.contains("kept") || is_whole_setting,
            "{text}\n{shown}"
        );
        assert_eq!(hidden(&shown), shown, "{text}");
    }
}

#[test]
fn what_is_no_secret_is_shown() {
    for text in SHOWN {
        assert_eq!(hidden(text), text);
    }
}

#[test]
fn only_the_secret_is_hidden() {
    let text = "create role a password 'x' login; create user b encrypted password E'y' in role c;";
    let shown =
        "create role a password '***' login; create user b encrypted password E'***' in role c;";
    assert_eq!(hidden(text), shown);
}

#[test]
fn the_summary_of_a_statement_has_no_secret_and_its_digest_is_that_of_the_text() {
    let with = statement("ALTER ROLE a PASSWORD 'it''s a tiger'");
    assert_eq!(with.summary(), "ALTER ROLE a PASSWORD '***'");
    let other = statement("ALTER ROLE a PASSWORD 'lion'");
    assert_eq!(with.summary(), other.summary());
    assert_ne!(with.digest(), other.digest());
    let long = format!("ALTER ROLE a PASSWORD '{}'", "tiger ".repeat(100));
    assert_eq!(statement(&long).summary(), "ALTER ROLE a PASSWORD '***'");
}

/// What texts are made of that end early or late, or in each other.
const PIECES: [&str; 20] = [
    "password", "'", "''", "\"", "$$", "$a$", "--", "/*", "*/", "\n", ";", " ", "\\", "E'", "U&'",
    "=", "%L", "://a:b@", "don't", "é",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn any_text_is_read_to_its_end(which in prop::collection::vec(0..PIECES.len(), 0..40)) {
        let text: String = which.into_iter().map(|which| PIECES[which]).collect();
        let _shown = hidden(&text);
        let secrets = dbtune::sql::secrets(&text);
        prop_assert!(secrets.iter().all(|secret| text.get(secret.clone()).is_some()));
        prop_assert!(secrets.is_sorted_by(|one, next| one.end < next.start));
    }
}
