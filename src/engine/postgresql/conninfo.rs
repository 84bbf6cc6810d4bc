//! The grammar of libpq's connection strings: a URL, or keys and values.
//!
//! The client library has a parser of its own, which knows neither libpq's TLS options nor what may
//! be missing. So the text is read here, what is ours is taken out, and the rest is handed on.

/// Keys with their values, each key once: of a key that is given twice the last value counts, as with
/// libpq.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Conninfo {
    entries: Vec<(String, String)>,
}

impl Conninfo {
    /// Reads a URL (`postgres://…`) or a text of keys and values (`host=db user=ann`).
    ///
    /// # Errors
    /// What is wrong with it, without showing any of it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut found = Self::default();
        let schemes = ["postgres://", "postgresql://"];
        match schemes.iter().find_map(|scheme| text.strip_prefix(scheme)) {
            Some(rest) => found.read_url(rest)?,
            None => found.read_pairs(text)?,
        }
        found.translate();
        Ok(found)
    }

    /// The value of a key. One that is empty is as good as not given.
    pub fn get(&self, key: &str) -> Option<&str> {
        let entry = self.entries.iter().find(|(other, _)| other == key);
        entry
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Takes a key out, and returns its value.
    pub fn take(&mut self, key: &str) -> Option<String> {
        let value = self.get(key).map(str::to_owned);
        self.entries.retain(|(other, _)| other != key);
        value
    }

    /// Gives a key a value where it has none. Returns whether it had none.
    pub fn fill(&mut self, key: &str, value: &str) -> bool {
        let is_missing = self.get(key).is_none() && !value.is_empty();
        if is_missing {
            self.set(key, value);
        }
        is_missing
    }

    /// The keys that have a value, in the order in which they came.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        let entries = self.entries.iter();
        let given = entries.filter(|(_, value)| !value.is_empty());
        given.map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The hosts, or the addresses where only those are given; an empty one is the local server.
    pub fn hosts(&self) -> Vec<&str> {
        let hosts = self.get("host").or_else(|| self.get("hostaddr"));
        hosts.unwrap_or_default().split(',').collect()
    }

    /// The whole of it as keys and values, which libpq and the client library read.
    pub fn to_text(&self) -> String {
        let pairs = self
            .entries()
            .map(|(key, value)| format!("{key}={}", quote(value)));
        pairs.collect::<Vec<_>>().join(" ")
    }

    fn set(&mut self, key: &str, value: &str) {
        self.entries.retain(|(other, _)| other != key);
        self.entries.push((key.to_owned(), value.to_owned()));
    }

    /// Other spellings of what the client library knows: JDBC's `ssl=true`, which libpq takes in
    /// URLs, and libpq's own name for the number of keep-alive probes.
    fn translate(&mut self) {
        if self.get("ssl") == Some("true") {
            self.take("ssl");
            self.fill("sslmode", "require");
        }
        if let Some(count) = self.take("keepalives_count") {
            self.fill("keepalives_retries", &count);
        }
    }

    fn read_url(&mut self, rest: &str) -> Result<(), String> {
        let (user, rest) = match at_sign(rest).and_then(|at| rest.split_at_checked(at)) {
            Some((user, rest)) => (Some(user), rest.strip_prefix('@').unwrap_or(rest)),
            None => (None, rest),
        };
        if let Some(user) = user {
            let (user, password) = user.split_once(':').unwrap_or((user, ""));
            self.set("user", &decode(user)?);
            self.set("password", &decode(password)?);
        }
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (hosts, database) = place.split_once('/').unwrap_or((place, ""));
        self.read_hosts(hosts)?;
        self.set("dbname", &decode(database)?);
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (key, value) = parameter
                .split_once('=')
                .ok_or("a parameter after the `?` has no `=`")?;
            self.set(&decode(key)?, &decode(value)?);
        }
        Ok(())
    }

    fn read_hosts(&mut self, text: &str) -> Result<(), String> {
        if text.contains('@') {
            return Err("there is more than one `@` before the host".to_owned());
        }
        let mut hosts = Vec::new();
        let mut ports = Vec::new();
        for one in text.split(',') {
            let (host, port) = host_and_port(one)?;
            hosts.push(decode(host)?);
            ports.push(decode(port)?);
        }
        self.set("host", &hosts.join(","));
        if ports.iter().any(|port| !port.is_empty()) {
            self.set("port", &ports.join(","));
        }
        Ok(())
    }

    fn read_pairs(&mut self, text: &str) -> Result<(), String> {
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (key, behind) = rest
                .split_once('=')
                .ok_or("a key has no `=` and no value")?;
            let key = key.trim_end();
            if key.is_empty() || key.contains(char::is_whitespace) {
                return Err("a key has no `=` and no value".to_owned());
            }
            let (value, behind) = read_value(behind.trim_start())?;
            self.set(key, &value);
            rest = behind.trim_start();
        }
        Ok(())
    }
}

impl std::fmt::Debug for Conninfo {
    /// Shows the keys, and no value: one is a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set()
            .entries(self.entries().map(|(key, _)| key))
            .finish()
    }
}

/// Where the `@` is that ends user and password. A password that holds a `/` or a `?`, which it should
/// not unencoded, is taken all the same; a `@` in a parameter is none, unless what comes before it
/// cannot be a host and its port.
fn at_sign(rest: &str) -> Option<usize> {
    let authority = rest.find(['/', '?']).unwrap_or(rest.len());
    let query = rest.find('?').unwrap_or(rest.len());
    let first = |end: usize| rest.get(..end)?.find('@');
    let first_host = rest.get(..authority)?.split(',').next().unwrap_or_default();
    let port = first_host.split_once(':').map(|(_, port)| port);
    let is_password = port.is_some_and(|port| port.contains(|sign: char| !sign.is_ascii_digit()));
    first(authority)
        .or_else(|| first(query))
        .or_else(|| first(rest.len()).filter(|_| is_password && !rest.starts_with('[')))
}

fn host_and_port(text: &str) -> Result<(&str, &str), String> {
    let Some(inner) = text.strip_prefix('[') else {
        return Ok(text.split_once(':').unwrap_or((text, "")));
    };
    let (host, behind) = inner
        .split_once(']')
        .ok_or("an address begins with `[` and has no `]`")?;
    match behind.strip_prefix(':') {
        Some(port) => Ok((host, port)),
        None if behind.is_empty() => Ok((host, "")),
        None => Err("something other than a port follows the `]` of an address".to_owned()),
    }
}

fn decode(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, behind) = rest.split_at_checked(2).ok_or(NOT_ENCODED)?;
        let digits = std::str::from_utf8(digits).map_err(|_utf8| NOT_ENCODED)?;
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_digit| NOT_ENCODED)?);
        rest = behind;
    }
    String::from_utf8(bytes).map_err(|_utf8| "what `%` stands for is not UTF-8".to_owned())
}

const NOT_ENCODED: &str =
    "a `%` is not followed by two hexadecimal digits: write `%` itself as `%25`";

/// The value at the beginning of a text, and what is behind it.
fn read_value(text: &str) -> Result<(String, &str), String> {
    let quoted = text.strip_prefix('\'');
    let mut value = String::new();
    let mut letters = quoted.unwrap_or(text).chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => value.extend(letters.next()),
            '\'' if quoted.is_some() => return Ok((value, letters.as_str())),
            _ if quoted.is_none() && letter.is_whitespace() => {
                return Ok((value, letters.as_str()));
            }
            _ => value.push(letter),
        }
    }
    match quoted {
        Some(_) => Err("a value begins with a quote that is never closed".to_owned()),
        None => Ok((value, "")),
    }
}

fn quote(value: &str) -> String {
    let needs = |letter: char| letter.is_whitespace() || letter == '\'' || letter == '\\';
    if !value.is_empty() && !value.contains(needs) {
        return value.to_owned();
    }
    let escaped = value.replace('\\', "\\\\").replace('\'', "\\'");
    format!("'{escaped}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Conninfo {
        Conninfo::parse(text).unwrap()
    }

    #[track_caller]
    fn holds(text: &str, expected: &[(&str, &str)]) {
        let found = read(text);
        let mut entries: Vec<_> = found.entries().collect();
        entries.sort_unstable();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(entries, expected);
        assert_eq!(read(&found.to_text()).entries().count(), expected.len());
        for (key, value) in expected {
            assert_eq!(read(&found.to_text()).get(key), Some(value));
        }
    }

    #[test]
    fn a_url_is_read_as_libpq_reads_it() {
        holds(
            "postgresql://ann%40corp:s3%2Fcr%3Aet%40@db:5433/my%20app?sslmode=verify-full",
            &[
                ("user", "ann@corp"),
                ("password", "s3/cr:et@"),
                ("host", "db"),
                ("port", "5433"),
                ("dbname", "my app"),
                ("sslmode", "verify-full"),
            ],
        );
        holds("postgres://", &[]);
        holds("postgres:///app", &[("dbname", "app")]);
        holds(
            "postgres://%2Frun%2Fpostgresql:5433",
            &[("host", "/run/postgresql"), ("port", "5433")],
        );
        holds(
            "postgres://[::1]:5432,b/?target_session_attrs=any",
            &[
                ("host", "::1,b"),
                ("port", "5432,"),
                ("target_session_attrs", "any"),
            ],
        );
        holds(
            "postgres://db?user=ann@server&ssl=true",
            &[
                ("host", "db"),
                ("user", "ann@server"),
                ("sslmode", "require"),
            ],
        );
    }

    #[test]
    fn keys_and_values_are_read_as_libpq_reads_them() {
        holds(
            "host = db  password='it\\'s \\\\ here' user=a\\ b options='' keepalives_count=2",
            &[
                ("host", "db"),
                ("password", "it's \\ here"),
                ("user", "a b"),
                ("keepalives_retries", "2"),
            ],
        );
        holds("host=a host=b", &[("host", "b")]);
        holds(
            "postgres://a:1,b:2/app?user=x@y",
            &[
                ("host", "a,b"),
                ("port", "1,2"),
                ("dbname", "app"),
                ("user", "x@y"),
            ],
        );
    }

    #[test]
    fn a_password_with_a_bare_slash_stays_whole() {
        holds(
            "postgres://ann:s3/cr?et@db/app",
            &[
                ("user", "ann"),
                ("password", "s3/cr?et"),
                ("host", "db"),
                ("dbname", "app"),
            ],
        );
    }

    #[test]
    fn what_cannot_be_read_is_told_without_showing_it() {
        for text in [
            "postgres://ann:s3@cret@db/app",
            "postgres://ann:s3%cret@db",
            "postgres://[::1/app",
            "postgres://db/app?s3cret",
            "host=db s3cret",
            "password='s3cret",
        ] {
            let reason = Conninfo::parse(text).unwrap_err();
            assert!(!reason.contains("cret"), "{reason}");
        }
        assert!(!format!("{:?}", read("password=s3cret")).contains("s3cret"));
    }

    #[test]
    fn only_what_is_missing_is_filled_in() {
        let mut given = read("host=db port=''");
        assert!(!given.fill("host", "other"));
        assert!(given.fill("port", "5433"));
        assert!(!given.fill("user", ""));
        assert_eq!(given.to_text(), "host=db port=5433");
    }
}
