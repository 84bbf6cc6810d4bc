//! One walk over files: what each statement finds in the database before it, and what the rules say of it.

use super::rules::{self, Seen};
use super::schema::{Origin, Schema};
use super::silence::Silence;
use super::{Finding, squawk};
use crate::migrate::{FileMistakes, MigrationFile};
use crate::sql::{self, Mistake, Mode, Place, Script, Statement};

/// A file, and what is in it.
pub(super) struct Parsed<'a> {
    /// The file.
    pub(super) file: &'a MigrationFile,
    script: Script,
    /// How it is run; a mistake where it asks for what cannot be, which a rule tells.
    mode: Result<Mode, Mistake>,
}

impl<'a> Parsed<'a> {
    /// Reads a file.
    pub(super) fn of(file: &'a MigrationFile) -> Result<Self, FileMistakes> {
        let script = sql::parse(&file.text).map_err(|mistakes| FileMistakes {
            path: file.path.clone(),
            mistakes,
        })?;
        Ok(Self {
            file,
            mode: script.mode(),
            script,
        })
    }

    fn origin(&self, place: Place) -> Origin {
        Origin {
            path: self.file.path.clone(),
            place,
        }
    }

    /// The number of the statement at a place.
    fn number_at(&self, place: Place) -> Option<usize> {
        let mut statements = self.script.statements().iter();
        statements.position(|own| own.place() <= place && place <= own.end())
    }

    fn statement(&self, number: usize) -> Option<&Statement> {
        self.script.statements().get(number)
    }
}

/// A finding, and the statement that it is about.
pub(super) struct Placed {
    /// The number of the statement, from 0.
    pub(super) number: Option<usize>,
    /// The finding.
    pub(super) finding: Finding,
}

/// A walk over files in the order of their versions.
pub(super) struct Pass<'a> {
    files: Vec<&'a Parsed<'a>>,
    /// The database before the first.
    base: Schema,
    /// The version of the server that has said what it is like, if one has.
    server: Option<u32>,
}

impl<'a> Pass<'a> {
    /// A walk that begins with a database like this.
    pub(super) fn new(files: Vec<&'a Parsed<'a>>, base: Schema, server: Option<u32>) -> Self {
        Self {
            files,
            base,
            server,
        }
    }

    /// What is to be said of the files that are asked for.
    pub(super) fn findings(
        &self,
        is_asked_for: impl Fn(&Parsed<'_>) -> bool,
    ) -> Result<Vec<Finding>, Vec<FileMistakes>> {
        let in_the_end = self.in_the_end();
        let mut schema = self.base.clone();
        let mut all = Vec::new();
        let mut mistaken = Vec::new();
        for parsed in &self.files {
            let mut found = self.look(parsed, &mut schema, &in_the_end);
            if !is_asked_for(parsed) {
                continue;
            }
            match self.squawk(parsed) {
                Ok(said) => found.extend(said),
                Err(file) => mistaken.push(file),
            }
            let silence = Silence::of(&parsed.script, self.server.is_some());
            let mut heard = silence.over(&parsed.file.path, found);
            heard.sort_by(|one, other| (one.place, &one.rule).cmp(&(other.place, &other.rule)));
            all.extend(heard);
        }
        if mistaken.is_empty() {
            Ok(all)
        } else {
            Err(mistaken)
        }
    }

    /// The database after the last file.
    fn in_the_end(&self) -> Schema {
        let mut schema = self.base.clone();
        for parsed in &self.files {
            schema.begin_file();
            for statement in parsed.script.statements() {
                schema.apply(statement, &parsed.origin(statement.place()));
            }
        }
        schema
    }

    /// What our own rules say of a file; the database is as after it then.
    fn look(&self, parsed: &Parsed<'_>, schema: &mut Schema, in_the_end: &Schema) -> Vec<Placed> {
        schema.begin_file();
        let mut found = Vec::new();
        for (number, statement) in parsed.script.statements().iter().enumerate() {
            let seen = Seen {
                script: &parsed.script,
                mode: &parsed.mode,
                number,
                statement,
                before: schema,
                in_the_end,
                is_live: self.server.is_some(),
            };
            for rule in rules::ALL {
                let own = (rule.check)(&seen).into_iter();
                found.extend(own.map(|found| placed(parsed, number, statement, rule, found)));
            }
            schema.apply(statement, &parsed.origin(statement.place()));
        }
        found
    }

    /// What squawk says of a file.
    fn squawk(&self, parsed: &Parsed<'_>) -> Result<Vec<Placed>, FileMistakes> {
        let is_stepwise = matches!(parsed.mode, Ok(Mode::Stepwise { .. }));
        let text = &parsed.file.text;
        let said = squawk::look(text, is_stepwise, self.server).ok_or_else(|| gave_up(parsed))?;
        let placed = said.into_iter().map(|said| {
            let place = sql::place_in(text, said.offset);
            let number = parsed.number_at(place);
            let statement = number.and_then(|number| parsed.statement(number));
            Placed {
                number,
                finding: Finding {
                    rule: said.rule,
                    blocks: said.blocks,
                    path: parsed.file.path.clone(),
                    place,
                    statement: statement.map(Statement::summary),
                    message: said.message,
                    hint: said.hint,
                },
            }
        });
        Ok(placed.collect())
    }
}

fn placed(
    parsed: &Parsed<'_>,
    number: usize,
    statement: &Statement,
    rule: &rules::Rule,
    found: rules::Found,
) -> Placed {
    Placed {
        number: Some(number),
        finding: Finding {
            rule: rule.name.to_owned(),
            blocks: rule.blocks,
            path: parsed.file.path.clone(),
            place: statement.place(),
            statement: Some(statement.summary()),
            message: found.message,
            hint: found.hint,
        },
    }
}

fn gave_up(parsed: &Parsed<'_>) -> FileMistakes {
    FileMistakes {
        path: parsed.file.path.clone(),
        mistakes: vec![Mistake {
            place: parsed
                .statement(0)
                .map_or(Place { line: 1, column: 1 }, Statement::place),
            message: "squawk gave up on this file".to_owned(),
            hint: Some("split it into smaller files, to find the statement".to_owned()),
        }],
    }
}
