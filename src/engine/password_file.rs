//! libpq's password file.

use std::fmt;

/// The folders of sockets that `localhost` stands for in a password file: PostgreSQL's own, and that
/// of its packages.
const DEFAULT_SOCKETS: [&str; 3] = ["/tmp", "/var/run/postgresql", "/run/postgresql"];

/// The lines of a password file, and whose they are. Shows none of them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PasswordFile {
    text: String,
    /// Who connects where nothing names a user: the account that this runs under.
    account: String,
}

/// What a password is looked up for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The host, or the folder of the socket; empty: the local server.
    pub host: &'a str,
    /// The port.
    pub port: u16,
    /// The database; `None`: that of the user's name.
    pub database: Option<&'a str>,
    /// The user; `None`: the account.
    pub user: Option<&'a str>,
}

impl PasswordFile {
    /// The lines of a file, read by this account.
    pub fn new(text: impl Into<String>, account: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            account: account.into(),
        }
    }

    /// The password of the first line that fits, as libpq reads it: `host:port:database:user:password`,
    /// where `*` fits everything and a backslash takes a `:` or a `\` its meaning.
    pub fn find(&self, wanted: Wanted<'_>) -> Option<String> {
        let user = wanted.user.unwrap_or(&self.account);
        let host = if wanted.host.is_empty() || DEFAULT_SOCKETS.contains(&wanted.host) {
            "localhost"
        } else {
            wanted.host
        };
        let port = wanted.port.to_string();
        let fields = [host, &port, wanted.database.unwrap_or(user), user];
        let lines = self.text.lines().filter(|line| !line.starts_with('#'));
        lines
            .filter_map(|line| password_for(line, &fields))
            .find(|password| !password.is_empty())
    }
}

impl fmt::Debug for PasswordFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.text.lines().count();
        f.debug_struct("PasswordFile")
            .field("lines", &lines)
            .finish_non_exhaustive()
    }
}

fn password_for(line: &str, fields: &[&str]) -> Option<String> {
    let mut rest = line;
    for wanted in fields {
        let (field, is_any, behind) = field(rest)?;
        if !is_any && field != *wanted {
            return None;
        }
        rest = behind;
    }
    // What follows the fourth `:` is all password, further `:` and all.
    let mut password = String::new();
    let mut letters = rest.chars();
    while let Some(letter) = letters.next() {
        if letter == '\\' {
            password.extend(letters.next());
        } else {
            password.push(letter);
        }
    }
    Some(password)
}

/// The first field, whether it is a bare `*`, and what is behind its `:`.
fn field(line: &str) -> Option<(String, bool, &str)> {
    let mut field = String::new();
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ':' => return Some((field, line.starts_with("*:"), letters.as_str())),
            '\\' => field.extend(letters.next()),
            _ => field.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str, host: &str, user: Option<&str>) -> Option<String> {
        let wanted = Wanted {
            host,
            port: 5432,
            database: Some("app"),
            user,
        };
        PasswordFile::new(text, "ann").find(wanted)
    }

    #[test]
    fn the_first_line_that_fits_counts() {
        let text = "# db:5432:app:ann:comment\n\
                    db:5433:app:ann:other-port\n\
                    db:5432:app:ann:first\n\
                    *:*:*:*:last\n";
        assert_eq!(find(text, "db", Some("ann")).unwrap(), "first");
        assert_eq!(find(text, "db", None).unwrap(), "first");
        assert_eq!(find(text, "elsewhere", Some("bob")).unwrap(), "last");
        assert_eq!(find("db:5432:app:ann", "db", None), None);
        assert_eq!(find("db:5432:app:ann:\r\n", "db", None), None);
    }

    #[test]
    fn a_backslash_takes_a_sign_its_meaning() {
        let text = "\\:\\:1:5432:app:a\\\\nn:s3\\:cr:et\\\\\n";
        assert_eq!(find(text, "::1", Some("a\\nn")).unwrap(), "s3:cr:et\\");
        assert_eq!(find("\\*:*:*:*:no", "db", None), None);
        assert_eq!(find("\\*:*:*:*:yes", "*", None).unwrap(), "yes");
    }

    #[test]
    fn a_socket_in_its_usual_folder_is_localhost_and_another_is_its_path() {
        let text = "localhost:5432:app:ann:usual\n/srv/pg:5432:app:ann:own\n";
        for usual in ["", "/tmp", "/var/run/postgresql"] {
            assert_eq!(find(text, usual, None).unwrap(), "usual");
        }
        assert_eq!(find(text, "/srv/pg", None).unwrap(), "own");
    }

    #[test]
    fn the_database_is_that_of_the_user_where_none_is_named() {
        let wanted = Wanted {
            host: "db",
            port: 1,
            database: None,
            user: None,
        };
        let file = PasswordFile::new("db:1:ann:ann:s3cret", "ann");
        assert_eq!(file.find(wanted).unwrap(), "s3cret");
        assert!(!format!("{file:?}").contains("s3cret"));
    }
}
