//! squawk's rules, as far as they fit dbtune.
//!
//! | left out | why |
//! | --- | --- |
//! | `prefer-robust-stmts` | asks for `IF NOT EXISTS`: on a concurrent build that takes an INVALID index for a good one; and a file that fails leaves nothing behind, or is gone on with where it failed |
//! | `require-lock-timeout`, `require-statement-timeout` | dbtune sets them: a short `lock_timeout` with retries for a transaction, none for a build, which it would end as INVALID |
//! | `ban-concurrent-index-creation-in-transaction` | such files are run statement by statement; `concurrent-in-transaction` has the rest |
//! | `transaction-nesting`, `ban-uncommitted-transaction` | `BEGIN` and `COMMIT` are mistakes in a migration, told before the linter looks |
//! | `prefer-repack` | advises what PostgreSQL has from version 19 on, and is silent before; `locking-rewrite` speaks of the same statements always |
//! | what squawk leaves out itself unless it is asked for | each of these forbids a whole kind of change |
//!
//! Of a foreign key, a unique constraint and a primary key squawk says twice that they lock the table; the
//! second time, as `constraint-missing-not-valid`, it advises `NOT VALID`, which keys cannot be. That one is
//! left out.

use std::collections::BTreeSet;
use std::ops::Range;

use squawk_linter::{Linter, LinterSettings, Rule, Version, Violation};

use crate::sql;

/// Rules whose findings lock a table for long, or break what runs beside the migration.
const BLOCKS: [Rule; 32] = [
    Rule::AddingFieldWithDefault,
    Rule::AddingForeignKeyConstraint,
    Rule::AddingNotNullableField,
    Rule::AddingRequiredField,
    Rule::AddingSerialPrimaryKeyField,
    Rule::BanAlterDomainWithAddConstraint,
    Rule::BanAlterIdentity,
    Rule::BanDropColumn,
    Rule::BanDropDatabase,
    Rule::BanDropDefault,
    Rule::BanDropDomain,
    Rule::BanDropExtension,
    Rule::BanDropFunction,
    Rule::BanDropGeneratedExpression,
    Rule::BanDropSchema,
    Rule::BanDropSequence,
    Rule::BanDropTable,
    Rule::BanDropType,
    Rule::BanDropView,
    Rule::BanDuplicateColumnAssignments,
    Rule::BanSetSchema,
    Rule::BanTruncateCascade,
    Rule::ChangingColumnType,
    Rule::ConstraintMissingNotValid,
    Rule::DisallowedUniqueConstraint,
    Rule::RenamingColumn,
    Rule::RenamingObject,
    Rule::RenamingTable,
    Rule::RequireConcurrentIndexCreation,
    Rule::RequireConcurrentIndexDeletion,
    Rule::RequireConcurrentPartitionDetach,
    Rule::RequireConcurrentReindex,
];

/// Rules of style, and of what may well be meant.
const ADVISES: [Rule; 12] = [
    Rule::BanCharField,
    Rule::BanCreateDomainWithConstraint,
    Rule::BanDropConstraint,
    Rule::BanDropNotNull,
    Rule::IdentifierTooLong,
    Rule::PreferBigintOverInt,
    Rule::PreferBigintOverSmallint,
    Rule::PreferIdentity,
    Rule::PreferTextField,
    Rule::PreferTimestampTz,
    Rule::RequireEnumValueOrdering,
    Rule::UnusedIgnore,
];

/// Names that no statement of an application uses: to rename them breaks nothing.
const UNSEEN: [&str; 4] = [
    "Renaming a constraint",
    "Renaming a policy",
    "Renaming a trigger",
    "Renaming an index",
];

/// What squawk has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    /// Its rule.
    pub(super) rule: String,
    /// Whether it blocks.
    pub(super) blocks: bool,
    /// Where, in bytes.
    pub(super) offset: usize,
    /// What is wrong.
    pub(super) message: String,
    /// What to do.
    pub(super) hint: Option<String>,
}

/// Has squawk look at a file that is run in a transaction, or statement by statement, by a server of this
/// version (`150018`; `None`: not known). `None` where it gave up.
pub(super) fn look(text: &str, is_stepwise: bool, version: Option<u32>) -> Option<Vec<Said>> {
    sql::with_tree(text, |tree| {
        let mut violations = linter(true, version).lint(tree, text);
        if is_stepwise {
            // Each statement is in a transaction of its own, but a table that the file creates is new all
            // the same: so what both say of a constraint is true.
            let apart = linter(false, version).lint(tree, text);
            let is_of_both = |one: &Violation| {
                one.code != Rule::ConstraintMissingNotValid || apart.contains(one)
            };
            violations.retain(is_of_both);
        }
        said(&violations)
    })
}

fn linter(in_transaction: bool, version: Option<u32>) -> Linter {
    let mut linter = Linter::from(BLOCKS.into_iter().chain(ADVISES));
    linter.settings = LinterSettings {
        pg_version: version.and_then(version_of).unwrap_or_default(),
        assume_in_transaction: in_transaction,
    };
    linter
}

fn version_of(number: u32) -> Option<Version> {
    let text = format!("{}.{}", number / 10_000, number % 10_000);
    text.parse().ok()
}

/// The findings, each once.
fn said(violations: &[Violation]) -> Vec<Said> {
    let mut seen = BTreeSet::new();
    let kept = violations
        .iter()
        .filter(|one| !is_said_twice(one, violations));
    let once = kept.filter(|one| seen.insert((range(one).start, one.code.to_string())));
    once.map(|violation| Said {
        rule: violation.code.to_string(),
        blocks: blocks(violation),
        offset: range(violation).start,
        message: fragment(&violation.message),
        hint: violation.help.as_deref().map(fragment),
    })
    .collect()
}

fn range(violation: &Violation) -> Range<usize> {
    violation.text_range.into()
}

fn blocks(violation: &Violation) -> bool {
    let is_unseen = UNSEEN
        .iter()
        .any(|start| violation.message.starts_with(start));
    BLOCKS.contains(&violation.code) && !is_unseen
}

/// Whether it is the general word for what another rule says of the same constraint.
fn is_said_twice(violation: &Violation, all: &[Violation]) -> bool {
    const BETTER: [Rule; 3] = [
        Rule::AddingForeignKeyConstraint,
        Rule::AddingSerialPrimaryKeyField,
        Rule::DisallowedUniqueConstraint,
    ];
    let own = range(violation);
    violation.code == Rule::ConstraintMissingNotValid
        && all.iter().any(|other| {
            let other_range = range(other);
            let overlaps = other_range.start < own.end && own.start < other_range.end;
            BETTER.contains(&other.code) && overlaps
        })
}

/// In the manner of our own messages: without a full stop at the end.
fn fragment(text: &str) -> String {
    text.trim().trim_end_matches('.').to_owned()
}

/// The name of a rule of squawk's as it is written in findings; `None` where it has none of that name.
pub(super) fn canonical(name: &str) -> Option<String> {
    Rule::try_from(name).ok().map(|rule| rule.to_string())
}

/// Whether it is one of those that dbtune uses.
pub(super) fn is_used(name: &str) -> bool {
    rules().any(|(used, _)| used == name)
}

/// The rules that dbtune uses, and whether each one blocks.
pub(super) fn rules() -> impl Iterator<Item = (String, bool)> {
    let blocking = BLOCKS.into_iter().map(|rule| (rule.to_string(), true));
    blocking.chain(ADVISES.into_iter().map(|rule| (rule.to_string(), false)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of those that squawk uses unless it is told otherwise.
    const LEFT_OUT: [Rule; 7] = [
        Rule::BanConcurrentIndexCreationInTransaction,
        Rule::BanUncommittedTransaction,
        Rule::PreferRepack,
        Rule::PreferRobustStmts,
        Rule::RequireLockTimeout,
        Rule::RequireStatementTimeout,
        Rule::TransactionNesting,
    ];

    #[test]
    fn every_rule_that_squawk_uses_itself_blocks_or_advises_or_is_left_out_with_a_reason() {
        let known = |rule: &Rule| {
            let lists = [BLOCKS.as_slice(), ADVISES.as_slice(), LEFT_OUT.as_slice()];
            lists.iter().filter(|list| list.contains(rule)).count()
        };
        for rule in Linter::with_default_rules().rules {
            assert_eq!(known(&rule), 1, "{rule}");
        }
    }

    fn rules_of(text: &str, is_stepwise: bool) -> Vec<(String, bool)> {
        let said = look(text, is_stepwise, None).unwrap();
        said.into_iter()
            .map(|said| (said.rule, said.blocks))
            .collect()
    }

    #[test]
    fn a_key_is_told_of_once() {
        let unique = "alter table t add constraint u unique (a);";
        let blocks = |rule: &str| vec![(rule.to_owned(), true)];
        assert_eq!(
            rules_of(unique, false),
            blocks("disallowed-unique-constraint")
        );
        let check = "alter table t add constraint c check (a > 0);";
        assert_eq!(
            rules_of(check, false),
            blocks("constraint-missing-not-valid")
        );
    }

    #[test]
    fn in_a_stepwise_file_a_constraint_may_be_validated_and_a_new_table_is_new() {
        let text = "alter table t add constraint c check (a > 0) not valid;
                    alter table t validate constraint c;";
        assert_eq!(rules_of(text, true), []);
        assert_eq!(rules_of(text, false).len(), 1);
        let text = "create table public.n (a bigint); create index i on n (a);
                    alter table n add constraint c check (a > 0);";
        assert_eq!(rules_of(text, true), []);
        assert_eq!(rules_of(text, false), []);
    }

    #[test]
    fn what_no_application_sees_may_be_renamed() {
        let advice = vec![("renaming-object".to_owned(), false)];
        assert_eq!(rules_of("alter index i rename to j;", false), advice);
        let blocks = vec![("renaming-object".to_owned(), true)];
        assert_eq!(rules_of("alter view v rename to w;", false), blocks);
    }
}
