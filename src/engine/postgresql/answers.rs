//! Answers to what a plan leaves open: a look at the host by the server itself, where the role may,
//! else by dbtune, where the server is on its host. Nothing that is refused is an error: it is not
//! known then.

use super::quote::literal;
use super::rows;
use super::{Postgres, host, paths, trial};
use crate::engine::EngineError;
use crate::snapshot::{Answer, Question};

/// How a look is called in errors.
const LOOK: &str = "a look at the files of its machine";

/// What the role may, and what is needed to find libraries.
const MAY: &str = "\
SELECT pg_catalog.pg_has_role('pg_read_server_files', 'USAGE') AND \
pg_catalog.has_function_privilege('pg_catalog.pg_stat_file(text, boolean)', 'EXECUTE') AS stat, \
pg_catalog.has_function_privilege(\
'pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean)', 'EXECUTE') AS open, \
pg_catalog.has_function_privilege('pg_catalog.pg_config()', 'EXECUTE') AS config, \
pg_catalog.current_setting('dynamic_library_path') AS library_path, \
pg_catalog.quote_ident(current_user) AS role, \
CASE WHEN pg_catalog.pg_has_role('pg_read_all_settings', 'USAGE') \
THEN pg_catalog.current_setting('data_directory') END AS data_directory, \
(SELECT system_identifier FROM pg_catalog.pg_control_system()) AS system";

/// What the role may do to see files.
struct Rights {
    stat: bool,
    open: bool,
    config: bool,
    library_path: String,
    role: String,
    /// The data directory, where it is on this machine.
    here: Option<String>,
}

/// What a look at a path found.
enum Found {
    Missing,
    File,
    Folder,
    /// The server itself cannot get there: what it says.
    Refused(String),
    /// Nobody here may look.
    Unknown,
}

impl Postgres {
    /// Answers a question of the planner.
    pub(super) fn look(&mut self, question: &Question) -> Result<Answer, EngineError> {
        match question {
            Question::Library(name) => {
                let rights = self.rights()?;
                self.library(name, &rights)
            }
            Question::File(path) => {
                let rights = self.rights()?;
                self.file(path, &rights)
            }
            Question::Folder(path) => {
                let rights = self.rights()?;
                self.folder(path, &rights)
            }
            Question::Start(settings) => {
                let interrupt = self.interrupt.clone();
                match self.find_site()? {
                    Ok(site) => trial::try_start(&site, settings, &interrupt),
                    Err(reason) => Ok(Answer::Unknown(reason)),
                }
            }
        }
    }

    fn rights(&mut self) -> Result<Rights, EngineError> {
        let answer = self.ask(MAY, LOOK)?;
        let read = rows::only_row(&answer).and_then(|row| {
            let system = row.required("system")?;
            let folder = row.owned("data_directory")?;
            Ok(Rights {
                stat: row.flag("stat")?,
                open: row.flag("open")?,
                config: row.flag("config")?,
                library_path: row.required("library_path")?.to_owned(),
                role: row.required("role")?.to_owned(),
                here: folder.filter(|folder| host::holds(folder, system)),
            })
        });
        read.map_err(|reason| self.unexpected(LOOK, reason))
    }

    fn file(&mut self, path: &str, rights: &Rights) -> Result<Answer, EngineError> {
        Ok(match self.stat(path, rights)? {
            Found::Missing => Answer::No("there is no such file".to_owned()),
            Found::Folder => Answer::No("that is a folder".to_owned()),
            Found::Refused(why) => Answer::No(why),
            Found::Unknown => Answer::Unknown(rights.to_see_files()),
            Found::File => self.open(path, rights)?,
        })
    }

    fn folder(&mut self, path: &str, rights: &Rights) -> Result<Answer, EngineError> {
        Ok(match self.stat(path, rights)? {
            Found::Folder => Answer::Yes,
            Found::Missing => Answer::No("there is no such folder".to_owned()),
            Found::File => Answer::No("that is a file".to_owned()),
            Found::Refused(why) => Answer::No(why),
            Found::Unknown => Answer::Unknown(rights.to_see_files()),
        })
    }

    /// Whether the server may read a file that is there: by its first byte.
    fn open(&mut self, path: &str, rights: &Rights) -> Result<Answer, EngineError> {
        if !rights.stat {
            return Ok(paths::may_read(path, rights.here.as_deref()));
        }
        if !rights.open {
            return Ok(Answer::Yes);
        }
        let statement = format!(
            "SELECT pg_catalog.length(pg_catalog.pg_read_binary_file({}, 0, 1, false))",
            literal(path)
        );
        match self.ask(&statement, LOOK) {
            Ok(_) => Ok(Answer::Yes),
            Err(EngineError::Refused { message, .. }) => Ok(Answer::No(message)),
            Err(error) => Err(error),
        }
    }

    /// What is at a path, as the server sees it. A relative path begins at its data directory.
    fn stat(&mut self, path: &str, rights: &Rights) -> Result<Found, EngineError> {
        if !rights.stat {
            return Ok(look_here(path, rights.here.as_deref()));
        }
        let statement = format!(
            "SELECT isdir FROM pg_catalog.pg_stat_file({}, true)",
            literal(path)
        );
        let answer = match self.ask(&statement, LOOK) {
            Ok(answer) => answer,
            Err(EngineError::Refused { message, .. }) => return Ok(Found::Refused(message)),
            Err(error) => return Err(error),
        };
        let kind = rows::only_row(&answer).and_then(|row| row.optional("isdir"));
        Ok(
            match kind.map_err(|reason| self.unexpected(LOOK, reason))? {
                None => Found::Missing,
                Some("t") => Found::Folder,
                Some(_) => Found::File,
            },
        )
    }

    /// A library as the server would look for it: a path as it is, a bare name in the folders of
    /// `dynamic_library_path`, each with and without `.so`.
    fn library(&mut self, name: &str, rights: &Rights) -> Result<Answer, EngineError> {
        let needs_folder =
            !name.contains('/') || name.starts_with("$libdir") || rights.library_path.is_empty();
        let own_folder = if rights.config {
            self.library_folder()?
        } else {
            None
        };
        if (needs_folder && own_folder.is_none()) || (!rights.stat && rights.here.is_none()) {
            return self.by_extension(name, rights);
        }
        let own_folder = own_folder.unwrap_or_default();
        let candidates = candidates(name, &rights.library_path, &own_folder);
        let mut may_be_there = false;
        for candidate in &candidates {
            match self.stat(candidate, rights)? {
                Found::File => return Ok(Answer::Yes),
                Found::Unknown => may_be_there = true,
                Found::Missing | Found::Folder | Found::Refused(_) => {}
            }
        }
        Ok(if may_be_there {
            Answer::Unknown(rights.to_see_libraries())
        } else {
            Answer::No("and the server finds no such library".to_owned())
        })
    }

    /// What everybody may see: the extensions that could be created. Some libraries have none.
    fn by_extension(&mut self, name: &str, rights: &Rights) -> Result<Answer, EngineError> {
        let bare = name.rsplit_once('/').map_or(name, |(_, name)| name);
        let bare = bare.strip_suffix(".so").unwrap_or(bare);
        let statement = format!(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = {}) AS known",
            literal(bare)
        );
        let answer = self.ask(&statement, "a look at its extensions")?;
        let known = rows::only_row(&answer).and_then(|row| row.flag("known"));
        let known = known.map_err(|reason| self.unexpected(LOOK, reason))?;
        let is_in_place = !name.contains('/') || name.strip_prefix("$libdir/") == Some(bare);
        Ok(
            if known && is_in_place && rights.library_path == "$libdir" {
                Answer::Yes
            } else {
                Answer::Unknown(rights.to_see_libraries())
            },
        )
    }

    /// The folder that `$libdir` stands for.
    fn library_folder(&mut self) -> Result<Option<String>, EngineError> {
        let statement = "SELECT setting FROM pg_catalog.pg_config() WHERE name = 'PKGLIBDIR'";
        let answer = self.ask(statement, "a look at how it was built")?;
        let folder = rows::only_row(&answer).and_then(|row| row.owned("setting"));
        folder.map_err(|reason| self.unexpected(LOOK, reason))
    }
}

impl Rights {
    fn to_see_files(&self) -> String {
        let role = &self.role;
        format!(
            "role {role} may not look at the files of that machine; \
             GRANT pg_read_server_files TO {role}; \
             GRANT EXECUTE ON FUNCTION pg_stat_file(text, boolean) TO {role}"
        )
    }

    fn to_see_libraries(&self) -> String {
        format!(
            "{}; GRANT EXECUTE ON FUNCTION pg_config() TO {}",
            self.to_see_files(),
            self.role
        )
    }
}

/// The same by the file system of this machine, where the server is on it.
fn look_here(path: &str, data_directory: Option<&str>) -> Found {
    match data_directory.map(|folder| paths::kind(path, folder)) {
        Some(paths::Kind::Missing) => Found::Missing,
        Some(paths::Kind::File) => Found::File,
        Some(paths::Kind::Folder) => Found::Folder,
        Some(paths::Kind::Unknown) | None => Found::Unknown,
    }
}

/// Where the server looks for a library, in order.
fn candidates(name: &str, library_path: &str, own_folder: &str) -> Vec<String> {
    let expand = |path: &str| match path.strip_prefix("$libdir") {
        Some(rest) => format!("{own_folder}{rest}"),
        None => path.to_owned(),
    };
    let bases: Vec<String> = if name.contains('/') {
        vec![expand(name)]
    } else {
        let folders = library_path.split(':').filter(|folder| !folder.is_empty());
        folders
            .map(|folder| format!("{}/{name}", expand(folder)))
            .collect()
    };
    let both = bases.into_iter().flat_map(|base| {
        let with_suffix = format!("{base}.so");
        [base, with_suffix]
    });
    both.collect()
}

#[cfg(test)]
mod tests {
    use super::candidates;

    #[test]
    fn a_bare_name_is_looked_for_in_every_folder_of_the_path() {
        assert_eq!(
            candidates("a", "/x:$libdir", "/lib"),
            ["/x/a", "/x/a.so", "/lib/a", "/lib/a.so"]
        );
        assert_eq!(
            candidates("$libdir/plugins/a", "/x", "/lib"),
            ["/lib/plugins/a", "/lib/plugins/a.so"]
        );
        assert_eq!(
            candidates("/y/a.so", "/x", "/lib"),
            ["/y/a.so", "/y/a.so.so"]
        );
    }
}
