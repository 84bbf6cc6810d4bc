//! The statements that give a role or user what dbtune needs, and nothing else.

use crate::engine::KeptHistory;
use crate::engine::postgresql::{identifier, setting_name};
use crate::profile::Profile;
use crate::setting::{EngineKind, SettingName};
use crate::snapshot::Right;

/// Without these `apply` is refused.
pub(super) const NEEDED: [Right; 4] = [
    Right::Reload,
    Right::AllSettings,
    Right::FileSettings,
    Right::FileSettingsFunction,
];

/// What the shared history needs, where it lies.
pub(super) const HISTORY: [Right; 4] = [
    Right::HistorySchema,
    Right::HistoryUse,
    Right::HistoryTable,
    Right::HistoryRows,
];

/// Without these the checks of memory, libraries, files and replication know less.
pub(super) const OPTIONAL: [Right; 6] = [
    Right::AllStatistics,
    Right::ServerFiles,
    Right::ReadFile,
    Right::StatFile,
    Right::ListFolder,
    Right::BuildConfig,
];

/// Commands that Redis has from version 7 on, or whose older form would give far more.
pub(super) const ACL: [Right; 2] = [Right::AclWhoAmI, Right::AclDryRun];

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Where it is run.
    pub engine: EngineKind,
    /// What to run, without a semicolon.
    pub statement: String,
    /// What it is for.
    pub why: String,
    /// When it is to be run.
    pub need: Need,
}

/// When a statement is to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Always.
    Always,
    /// Where the shared history lies in the database already, which could not be asked.
    WhereHistoryIsKept,
    /// Never of necessity: dbtune works without it, and knows less.
    Optional,
}

/// What is known of the servers besides the profile.
#[derive(Debug, Clone, Copy)]
pub struct Ground {
    /// A PostgreSQL is among the targets, so that the history lies there whatever the profile is for.
    pub has_postgresql: bool,
    /// Every PostgreSQL that answered is older than 15.
    pub postgresql_before_15: bool,
    /// Every Redis that answered is older than 7.
    pub redis_before_7: bool,
    /// A Redis is to write its configuration file.
    pub redis_rewrites: bool,
    /// What there is of the shared history; `None`: nobody could be asked.
    pub history: Option<KeptHistory>,
}

/// Everything that `role` needs to apply this profile and to roll it back.
pub fn grants(profile: &Profile, role: &str, ground: Ground) -> Vec<Grant> {
    let mut grants = Vec::new();
    let settings = settings(profile, EngineKind::Postgresql);
    let knows_postgresql = !settings.is_empty() || ground.has_postgresql;
    if knows_postgresql && !ground.postgresql_before_15 {
        grants.extend(of_postgresql(&settings, role, ground.history));
    }
    if !self::settings(profile, EngineKind::Redis).is_empty() {
        grants.push(of_redis(role, ground));
    }
    grants
}

/// The settings of a profile for an engine, each once, in the order of the file.
pub fn settings(profile: &Profile, engine: EngineKind) -> Vec<SettingName> {
    let mut names: Vec<SettingName> = Vec::new();
    let wanted = profile.phases.iter().flat_map(|phase| &phase.settings);
    for wanted in wanted.filter(|wanted| wanted.engine == engine) {
        if !names.contains(&wanted.name) {
            names.push(wanted.name.clone());
        }
    }
    names
}

fn of_postgresql(settings: &[SettingName], role: &str, history: Option<KeptHistory>) -> Vec<Grant> {
    let alter = (!settings.is_empty()).then(|| Grant {
        engine: EngineKind::Postgresql,
        statement: alter_system(settings, role),
        why: "to write and take back the settings of the profile".to_owned(),
        need: Need::Always,
    });
    let mut grants: Vec<Grant> = alter.into_iter().collect();
    grants.extend(NEEDED.map(|right| of_right(right, role, Need::Always)));
    grants.extend(of_history(role, history));
    grants.extend(OPTIONAL.map(|right| of_right(right, role, Need::Optional)));
    grants
}

fn of_right(right: Right, role: &str, need: Need) -> Grant {
    Grant {
        engine: EngineKind::Postgresql,
        statement: statement(right, role, false),
        why: format!("to {}", deed(right)),
        need,
    }
}

/// `CREATE SCHEMA` does nothing where the schema is there and belongs to another role: who comes second
/// needs grants in it.
fn of_history(role: &str, history: Option<KeptHistory>) -> Vec<Grant> {
    let all = |rights: &[Right], need| {
        let grants = rights.iter().map(|&right| of_right(right, role, need));
        grants.collect::<Vec<Grant>>()
    };
    let in_table = [Right::HistoryUse, Right::HistoryRows];
    match history {
        Some(KeptHistory::Table) => all(&in_table, Need::Always),
        Some(KeptHistory::Schema) => all(&[Right::HistoryUse, Right::HistoryTable], Need::Always),
        Some(KeptHistory::Nothing) => all(&[Right::HistorySchema], Need::Always),
        None => {
            let mut grants = vec![Grant {
                why: "to keep the shared history, where there is no schema dbtune yet".to_owned(),
                ..of_right(Right::HistorySchema, role, Need::Always)
            }];
            grants.extend(all(&in_table, Need::WhereHistoryIsKept));
            grants
        }
    }
}

fn of_redis(role: &str, ground: Ground) -> Grant {
    let rights = Right::OF_REDIS
        .into_iter()
        .filter(|right| ground.redis_rewrites || *right != Right::ConfigRewrite)
        .filter(|right| !ground.redis_before_7 || !ACL.contains(right));
    let rules = Right::rules(rights, !ground.redis_before_7);
    Grant {
        engine: EngineKind::Redis,
        statement: format!("ACL SETUSER {role} on >PASSWORD {rules}"),
        why: "to read and write the configuration and to see other runs; no key may be touched"
            .to_owned(),
        need: Need::Always,
    }
}

/// The statement that lets a role write these settings.
pub(super) fn alter_system(settings: &[SettingName], role: &str) -> String {
    let names: Vec<String> = settings.iter().map(setting_name).collect();
    format!(
        "GRANT ALTER SYSTEM ON PARAMETER {} TO {}",
        names.join(", "),
        identifier(role)
    )
}

/// The one statement that gives a right.
pub(super) fn statement(right: Right, role: &str, before_7: bool) -> String {
    let who = identifier(role);
    let execute = |function: &str| format!("GRANT EXECUTE ON FUNCTION {function} TO {who}");
    match right {
        Right::Reload => execute("pg_reload_conf()"),
        Right::AllSettings => format!("GRANT pg_read_all_settings TO {who}"),
        Right::FileSettings => format!("GRANT SELECT ON pg_file_settings TO {who}"),
        Right::FileSettingsFunction => execute("pg_show_all_file_settings()"),
        Right::HistorySchema => format!("CREATE SCHEMA IF NOT EXISTS dbtune AUTHORIZATION {who}"),
        Right::HistoryUse => format!("GRANT USAGE ON SCHEMA dbtune TO {who}"),
        Right::HistoryTable => format!("GRANT CREATE ON SCHEMA dbtune TO {who}"),
        Right::HistoryRows => format!("GRANT SELECT, INSERT, UPDATE ON dbtune.run TO {who}"),
        Right::AllStatistics => format!("GRANT pg_read_all_stats TO {who}"),
        Right::ServerFiles => format!("GRANT pg_read_server_files TO {who}"),
        Right::ReadFile => execute("pg_read_file(text, bigint, bigint, boolean)"),
        Right::StatFile => execute("pg_stat_file(text, boolean)"),
        Right::ListFolder => execute("pg_ls_dir(text)"),
        Right::BuildConfig => execute("pg_config()"),
        Right::Info
        | Right::ConfigGet
        | Right::ConfigSet
        | Right::ConfigRewrite
        | Right::ClientSetName
        | Right::ClientId
        | Right::ClientList
        | Right::AclWhoAmI
        | Right::AclDryRun => format!("ACL SETUSER {role} {}", Right::rules([right], !before_7)),
    }
}

/// What a right is for: what comes after "may not".
pub(super) fn deed(right: Right) -> &'static str {
    match right {
        Right::Reload => "reload the configuration",
        Right::AllSettings => "see every setting and in which file it stands",
        Right::FileSettings => "see what the configuration files say (the view pg_file_settings)",
        Right::FileSettingsFunction => {
            "see what the configuration files say (the function beneath pg_file_settings)"
        }
        Right::HistorySchema => "keep the shared history (there is no schema dbtune)",
        Right::HistoryUse => "use the schema dbtune, which holds the shared history",
        Right::HistoryTable => "make the table dbtune.run in the schema dbtune",
        Right::HistoryRows => "read and write the shared history in dbtune.run",
        Right::AllStatistics => "see the sessions, standbys and primary of others",
        Right::ServerFiles => "look at files of the server's machine",
        Right::ReadFile => "read how much memory the server's machine has",
        Right::StatFile => "see whether a file or folder is there that a setting names",
        Right::ListFolder => "see which libraries there are",
        Right::BuildConfig => "see where the libraries lie",
        Right::Info => "send INFO",
        Right::ConfigGet => "send CONFIG GET",
        Right::ConfigSet => "send CONFIG SET",
        Right::ConfigRewrite => "send CONFIG REWRITE",
        Right::ClientSetName => "send CLIENT SETNAME, so that no other run sees the lock",
        Right::ClientId => "send CLIENT ID, so that it cannot see another run's lock",
        Right::ClientList => "send CLIENT LIST, so that it cannot see another run's lock",
        Right::AclWhoAmI => "send ACL WHOAMI",
        Right::AclDryRun => "send ACL DRYRUN, which tells what it may do without doing it",
    }
}

/// The statement that lets a user of Redis send a command.
pub(super) fn redis_rule(user: &str, command: &str) -> String {
    format!("ACL SETUSER {user} +{command}")
}

/// The command that a Redis has refused to let a user send, by what it said: `NOPERM this user has no
/// permissions to run the 'info' command`.
pub(super) fn denied_command(said: &str) -> Option<String> {
    let (_, rest) = said.split_once("NOPERM")?;
    let (_, rest) = rest.split_once("run the '")?;
    let (command, _) = rest.split_once('\'')?;
    Some(command.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_roles_and_of_settings_are_quoted() {
        let names = ["work_mem", "TimeZone", "auto_explain.log_level"].map(SettingName::from);
        assert_eq!(
            alter_system(&names, "o\"neil"),
            "GRANT ALTER SYSTEM ON PARAMETER work_mem, \"TimeZone\", \
             \"auto_explain\".\"log_level\" TO \"o\"\"neil\""
        );
    }

    #[test]
    fn who_comes_to_a_history_that_is_there_gets_grants_in_it() {
        let statements = |history| {
            let grants = of_history("b", history);
            let text = |grant: Grant| (grant.statement, grant.need);
            grants.into_iter().map(text).collect::<Vec<_>>()
        };
        let usage = "GRANT USAGE ON SCHEMA dbtune TO \"b\"".to_owned();
        let rows = "GRANT SELECT, INSERT, UPDATE ON dbtune.run TO \"b\"".to_owned();
        let table = "GRANT CREATE ON SCHEMA dbtune TO \"b\"".to_owned();
        let schema = "CREATE SCHEMA IF NOT EXISTS dbtune AUTHORIZATION \"b\"".to_owned();
        assert_eq!(
            statements(Some(KeptHistory::Table)),
            [(usage.clone(), Need::Always), (rows.clone(), Need::Always)]
        );
        assert_eq!(
            statements(Some(KeptHistory::Schema)),
            [(usage.clone(), Need::Always), (table, Need::Always)]
        );
        assert_eq!(
            statements(Some(KeptHistory::Nothing)),
            [(schema.clone(), Need::Always)]
        );
        assert_eq!(
            statements(None),
            [
                (schema, Need::Always),
                (usage, Need::WhereHistoryIsKept),
                (rows, Need::WhereHistoryIsKept)
            ]
        );
    }

    #[test]
    fn before_redis_7_whole_commands_are_granted_and_none_of_them_twice() {
        let ground = Ground {
            has_postgresql: false,
            postgresql_before_15: false,
            redis_before_7: true,
            redis_rewrites: true,
            history: None,
        };
        assert_eq!(
            of_redis("tuner", ground).statement,
            "ACL SETUSER tuner on >PASSWORD +info +config +client"
        );
    }

    #[test]
    fn a_redis_that_writes_no_file_needs_no_right_to_it() {
        let ground = Ground {
            has_postgresql: false,
            postgresql_before_15: false,
            redis_before_7: false,
            redis_rewrites: false,
            history: None,
        };
        let statement = of_redis("tuner", ground).statement;
        assert!(statement.contains("+config|set") && !statement.contains("rewrite"));
    }

    #[test]
    fn the_command_that_was_denied_is_found_in_what_every_version_says() {
        for said in [
            "NOPERM this user has no permissions to run the 'info' command",
            "NOPERM this user has no permissions to run the 'info' command or its subcommand",
            "cannot connect: NOPERM User tuner has no permissions to run the 'info' command",
        ] {
            assert_eq!(denied_command(said).as_deref(), Some("info"), "{said}");
        }
        assert_eq!(denied_command("connection refused"), None);
    }
}
