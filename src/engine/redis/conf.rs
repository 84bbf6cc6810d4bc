//! What a configuration file of Redis says, with the files that it includes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// How deep files may include files: Redis has no limit, and runs into a circle.
const DEPTH: usize = 8;

/// What the lines of a file say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Conf {
    /// The lines of each setting, by its name in small letters, each as words.
    lines: BTreeMap<String, Vec<Vec<String>>>,
    /// For each setting whose last line is in a file that is included: that file.
    pub(super) included: BTreeMap<String, String>,
    /// Files that could not be read, with why.
    pub(super) unread: Vec<String>,
}

impl Conf {
    /// Reads a file. `reach` says where a path of the server is found from here.
    pub(super) fn read(file: &Path, reach: &dyn Fn(&Path) -> PathBuf) -> Self {
        let mut conf = Self::default();
        conf.take_in(file, reach, 0);
        conf
    }

    fn take_in(&mut self, file: &Path, reach: &dyn Fn(&Path) -> PathBuf, depth: usize) {
        let text = match fs::read(reach(file)) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => {
                self.unread.push(format!("{}: {error}", file.display()));
                return;
            }
        };
        for words in text.lines().filter_map(words) {
            let Some((name, values)) = words.split_first() else {
                continue;
            };
            let name = name.to_ascii_lowercase();
            if name == "include" {
                self.include(values, reach, depth);
            } else {
                self.line(name, values.to_vec(), (depth > 0).then_some(file));
            }
        }
    }

    fn include(&mut self, paths: &[String], reach: &dyn Fn(&Path) -> PathBuf, depth: usize) {
        for path in paths {
            let path = Path::new(path);
            if depth >= DEPTH || !path.is_absolute() {
                // A path that is relative begins where the server was started, which it does not tell.
                self.unread.push(format!("{}: included", path.display()));
                continue;
            }
            for file in matching(path, reach) {
                self.take_in(&file, reach, depth.saturating_add(1));
            }
        }
    }

    fn line(&mut self, name: String, values: Vec<String>, from: Option<&Path>) {
        match from {
            Some(file) => self
                .included
                .insert(name.clone(), file.display().to_string()),
            None => self.included.remove(&name),
        };
        self.lines.entry(name).or_default().push(values);
    }

    /// What the file says a setting is, as one text; `None` where it does not name it.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        let lines = self.lines.get(name)?;
        let mut texts = lines.iter().map(|words| words.join(" "));
        match name {
            // Each line adds to those before it; an empty one takes them away.
            "save" => Some(texts.fold(String::new(), |all, line| {
                if line.is_empty() || all.is_empty() {
                    line
                } else {
                    format!("{all} {line}")
                }
            })),
            "client-output-buffer-limit" => Some(texts.collect::<Vec<_>>().join(" ")),
            _ => texts.next_back(),
        }
    }

    /// Whether a line begins with this word.
    pub(super) fn has(&self, name: &str) -> bool {
        self.lines.contains_key(name)
    }
}

/// The files that a path with `*` and `?` in its last part stands for, in order.
fn matching(path: &Path, reach: &dyn Fn(&Path) -> PathBuf) -> Vec<PathBuf> {
    let pattern = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let folder = path.parent().unwrap_or(path);
    if !pattern.contains(['*', '?']) {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(reach(folder)).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut files: Vec<PathBuf> = names
        .filter(|name| fits(pattern.as_bytes(), name.as_bytes()))
        .map(|name| folder.join(name))
        .collect();
    files.sort();
    files
}

fn fits(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            fits(rest, name)
                || name
                    .split_first()
                    .is_some_and(|(_, less)| fits(pattern, less))
        }
        (Some((expected, rest)), Some((found, less))) => {
            (*expected == b'?' || expected == found) && fits(rest, less)
        }
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// The words of a line as Redis takes them apart; `None` for a comment, an empty line, and one that
/// Redis would refuse.
fn words(line: &str) -> Option<Vec<String>> {
    let mut rest = line.trim();
    if rest.is_empty() || rest.starts_with('#') {
        return None;
    }
    let mut words = Vec::new();
    while !rest.is_empty() {
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (word, after) = if let Some(quote) = quote {
            quoted(rest.strip_prefix(quote)?, quote)?
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let (word, after) = rest.split_at_checked(end)?;
            (word.to_owned(), after)
        };
        words.push(word);
        rest = after.trim_start();
    }
    Some(words)
}

/// A text up to its closing quote, and what comes after.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut word = String::new();
    let mut rest = text.chars();
    loop {
        match rest.next()? {
            c if c == quote => return Some((word, rest.as_str())),
            '\\' if quote == '"' => word.push(escaped(&mut rest)?),
            '\\' if rest.as_str().starts_with('\'') => word.extend(rest.next()),
            c => word.push(c),
        }
    }
}

fn escaped(rest: &mut std::str::Chars<'_>) -> Option<char> {
    Some(match rest.next()? {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'b' => '\u{8}',
        'a' => '\u{7}',
        'x' => {
            let code = rest.as_str().get(..2)?;
            rest.nth(1)?;
            char::from(u8::from_str_radix(code, 16).ok()?)
        }
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str) -> Vec<String> {
        words(line).unwrap_or_default()
    }

    #[test]
    fn a_line_is_taken_apart_as_redis_does() {
        assert_eq!(
            split(r#"dir "/var lib/\x72edis\n""#),
            ["dir", "/var lib/redis\n"]
        );
        assert_eq!(split(r"a 'it\'s' b"), ["a", "it's", "b"]);
        assert_eq!(split(r#"save """#), ["save", ""]);
        assert_eq!(words("  # maxmemory 1"), None);
        assert_eq!(words(r#"dir "open"#), None);
    }

    #[test]
    fn later_lines_win_but_save_points_add_up() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("redis.conf");
        fs::write(
            &file,
            "MaxMemory 1mb\nmaxmemory 2mb\nsave 1 2\nsave \"\"\nsave 900 1\nsave 300 10\n",
        )
        .unwrap();
        let conf = Conf::read(&file, &Path::to_path_buf);
        assert_eq!(conf.value("maxmemory").as_deref(), Some("2mb"));
        assert_eq!(conf.value("save").as_deref(), Some("900 1 300 10"));
        assert_eq!(conf.value("hz"), None);
    }

    #[test]
    fn included_files_are_read_in_their_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("b.conf"), "hz 20\nmaxmemory 1mb\n").unwrap();
        fs::write(path("a.conf"), "hz 15\n").unwrap();
        let main = format!(
            "include {}/?.conf\nmaxmemory 2mb\ninclude /no/such/file\n",
            folder.path().display()
        );
        fs::write(path("main.conf"), main).unwrap();
        let conf = Conf::read(&path("main.conf"), &Path::to_path_buf);
        assert_eq!(conf.value("hz").as_deref(), Some("20"));
        assert_eq!(conf.value("maxmemory").as_deref(), Some("2mb"));
        assert_eq!(conf.included.keys().collect::<Vec<_>>(), ["hz"]);
        assert_eq!(conf.unread.len(), 1, "{:?}", conf.unread);
    }
}
