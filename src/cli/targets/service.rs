//! libpq's service files: named sets of connection parameters.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::url::Wrong;
use crate::profile::Variables;

/// Where Debian's packages look where `PGSYSCONFDIR` is not set; others have it compiled in.
const SYSTEM_FOLDER: &str = "/etc/postgresql-common";

/// The parameters of a service, in the order of its file.
///
/// The files are, as with libpq: `PGSERVICEFILE`, else `~/.pg_service.conf`; then `pg_service.conf` in
/// `PGSYSCONFDIR`. The first that has the service counts.
pub(super) fn parameters(
    service: &str,
    environment: &Variables,
) -> Result<Vec<(String, String)>, Wrong> {
    for (file, is_named) in files(environment) {
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound && !is_named => continue,
            Err(error) => {
                let message = format!("cannot read the service file {}: {error}", file.display());
                return Err(Wrong::new(
                    message,
                    "correct PGSERVICEFILE, or who may read the file",
                ));
            }
        };
        if let Some(found) = section(&text, service, &file)? {
            return Ok(found);
        }
    }
    let looked: Vec<String> = files(environment)
        .iter()
        .map(|(file, _)| file.display().to_string())
        .collect();
    let message = format!("no service {service} is defined in {}", looked.join(" or "));
    Err(Wrong::new(
        message,
        "correct the name, or name the file with PGSERVICEFILE",
    ))
}

/// The files to look into, and whether it was named, so that it must exist.
fn files(environment: &Variables) -> Vec<(PathBuf, bool)> {
    let get = |name: &str| environment.get(name).filter(|value| !value.is_empty());
    let own = match (get("PGSERVICEFILE"), get("HOME")) {
        (Some(file), _) => Some((PathBuf::from(file), true)),
        (None, Some(home)) => Some((Path::new(home).join(".pg_service.conf"), false)),
        (None, None) => None,
    };
    let folder = get("PGSYSCONFDIR").map_or(SYSTEM_FOLDER, String::as_str);
    let system = (Path::new(folder).join("pg_service.conf"), false);
    own.into_iter().chain([system]).collect()
}

/// The lines under `[name]`; `None` where there is no such section.
fn section(text: &str, service: &str, file: &Path) -> Result<Option<Vec<(String, String)>>, Wrong> {
    let wrong = |number: usize, what: &str| {
        let message = format!("{}:{number}: {what}", file.display());
        Wrong::new(message, "a service is `[NAME]` and lines of `KEY=VALUE`")
    };
    let mut found: Option<Vec<(String, String)>> = None;
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with('[') {
            // The first section of that name is all of it.
            if found.is_some() {
                break;
            }
            if line
                .strip_prefix('[')
                .and_then(|name| name.strip_suffix(']'))
                == Some(service)
            {
                found = Some(Vec::new());
            }
            continue;
        }
        let Some(entries) = &mut found else {
            continue;
        };
        let (key, value) = line
            .split_once('=')
            .ok_or_else(|| wrong(number, "this line has no `=`"))?;
        let (key, value) = (key.trim(), value.trim());
        if key == "service" {
            return Err(wrong(number, "a service cannot name another service"));
        }
        if key.starts_with("ldap") {
            return Err(wrong(number, "dbtune looks up no service in LDAP"));
        }
        entries.push((key.to_owned(), value.to_owned()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<(String, String)>> {
        let Ok(found) = section(text, "prod", Path::new("services")) else {
            panic!("it is not understood");
        };
        found
    }

    #[test]
    fn the_lines_under_the_name_are_the_service() {
        let text = "# servers\n[test]\nhost=other\n\n [prod] \nhost = db\n# which\nport=5433\n\n[prod]\nuser=late\n";
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            read(text).unwrap(),
            [pair("host", "db"), pair("port", "5433")]
        );
        assert_eq!(read("[other]\nhost=db\n"), None);
    }

    #[test]
    fn what_is_no_service_is_told_by_its_line() {
        let told = |text| {
            section(text, "prod", Path::new("services"))
                .err()
                .unwrap()
                .message
        };
        assert!(told("[prod]\nhost db\n").starts_with("services:2: "));
        assert!(told("[prod]\nservice=test\n").contains("another service"));
        assert!(told("[prod]\nldap://db\nhost=a").contains("services:2"));
    }
}
