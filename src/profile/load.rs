//! From a name or a path to a profile with its parents merged in.

use std::path::Path;

use super::library::{Found, Library};
use super::merge::merge;
use super::parse::{Parsed, parse};
use super::yaml::Source;
use super::{Mistake, Profile, Variables};

/// Reads the profile of this name or path.
///
/// A name means `tuning-profiles/NAME.yaml` under the working directory or, where there is no such
/// file, the built-in profile of that name. A text with a `/` or that ends in `.yaml` is a path.
///
/// # Errors
/// All mistakes of the profile and of its parents, in the order of the files.
pub fn load(name_or_path: &str, variables: &Variables) -> Result<Profile, Vec<Mistake>> {
    load_from(Path::new(""), name_or_path, variables)
}

/// The same as [`load`], with relative paths starting from another folder than the working
/// directory. Messages leave that folder out.
///
/// # Errors
/// As for [`load`].
pub fn load_from(
    folder: &Path,
    name_or_path: &str,
    variables: &Variables,
) -> Result<Profile, Vec<Mistake>> {
    let library = Library::of(folder);
    let first = library
        .open(name_or_path)
        .map_err(|mistake| vec![mistake])?;
    assemble(&library, first, variables)
}

/// Reads as much of a profile as can be read, with every mistake in it: to look for more mistakes
/// in the rest. Nothing is to be done with a profile that has any.
pub fn load_for_checking(
    name_or_path: &str,
    variables: &Variables,
) -> (Option<Profile>, Vec<Mistake>) {
    let library = Library::of(Path::new(""));
    match library.open(name_or_path) {
        Ok(first) => gather(&library, first, variables),
        Err(mistake) => (None, vec![mistake]),
    }
}

impl Profile {
    /// Reads a profile from a text. Its parents are looked for among the built-in profiles only.
    ///
    /// # Errors
    /// All mistakes of the profile, in the order of the text.
    pub fn parse(source: &Source, variables: &Variables) -> Result<Self, Vec<Mistake>> {
        assemble(&Library::built_in(), Found::alone(source), variables)
    }
}

fn assemble(
    library: &Library,
    first: Found,
    variables: &Variables,
) -> Result<Profile, Vec<Mistake>> {
    match gather(library, first, variables) {
        (Some(profile), mistakes) if mistakes.is_empty() => Ok(profile),
        (_, mistakes) => Err(mistakes),
    }
}

/// What could be read of a profile and its parents, and every mistake in them.
fn gather(
    library: &Library,
    first: Found,
    variables: &Variables,
) -> (Option<Profile>, Vec<Mistake>) {
    let mut mistakes = Vec::new();
    let mut chain: Vec<(Found, Parsed)> = Vec::new();
    let mut next = Some(first);
    while let Some(found) = next.take() {
        let Some(parsed) = parse(&found.source, variables, &mut mistakes) else {
            break;
        };
        chain.push((found, parsed));
        match parent(library, &chain) {
            Ok(found) => next = found,
            Err(mistake) => mistakes.push(mistake),
        }
    }
    Mistake::sort(&mut mistakes);
    let mut files = chain.into_iter().map(|(_, parsed)| parsed);
    let profile = files.next().map(|child| merge(child, files));
    (profile, mistakes)
}

/// The file that the last one of the chain extends, if it extends one.
fn parent(library: &Library, chain: &[(Found, Parsed)]) -> Result<Option<Found>, Mistake> {
    let Some((child, parsed)) = chain.last() else {
        return Ok(None);
    };
    let Some((name, at)) = &parsed.extends else {
        return Ok(None);
    };
    let found = library
        .open_parent(name, child)
        .map_err(|mistake| Mistake {
            place: Some(mistake.place.unwrap_or_else(|| at.clone())),
            ..mistake
        })?;
    match chain.iter().position(|(link, _)| link.id == found.id) {
        Some(start) => Err(circle(chain.get(start..).unwrap_or_default())),
        None => Ok(Some(found)),
    }
}

/// These files extend each other in this order, and the last one the first.
fn circle(files: &[(Found, Parsed)]) -> Mistake {
    let name = |parsed: &Parsed| match parsed.name.as_str() {
        "" => parsed.file.clone(),
        name => name.to_owned(),
    };
    let names: Vec<String> = files.iter().map(|(_, parsed)| name(parsed)).collect();
    let first = names.first().cloned().unwrap_or_default();
    let round = format!("`{}` → `{first}`", names.join("` → `"));
    let places = files
        .iter()
        .filter_map(|(_, parsed)| parsed.extends.as_ref());
    let steps: Vec<String> = places
        .clone()
        .map(|(parent, at)| format!("{}:{} extends `{parent}`", at.short(), at.column))
        .collect();
    let mistake = Mistake::nowhere(format!("profiles extend each other in a circle: {round}"));
    Mistake {
        place: places.map(|(_, at)| at.clone()).next(),
        ..mistake.help(format!("take one `extends` away: {}", steps.join(", ")))
    }
}
