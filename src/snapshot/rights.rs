//! What the role or user that dbtune is connected as may do.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::setting::SettingName;

use super::Answer;

/// What was found out about the rights at hand, besides what a snapshot needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Examination {
    /// Each right that dbtune makes use of: whether it is there. [`Answer::No`] and
    /// [`Answer::Unknown`] say why in the server's words, or say nothing.
    pub rights: BTreeMap<Right, Answer>,
    /// Of the settings that were asked about, those that the role may not `ALTER SYSTEM`. Empty for
    /// Redis.
    pub not_alterable: BTreeSet<SettingName>,
    /// Whether this connection is encrypted, where the server tells.
    pub encrypted: Option<bool>,
    /// Whether the server can write `postgresql.auto.conf`, as far as the modes of the file and its
    /// folder tell. Unknown where they are not on this host, and for Redis.
    pub auto_conf: Answer,
}

/// One right that dbtune makes use of. Each stands for one statement that grants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// PostgreSQL: `pg_reload_conf()`.
    Reload,
    /// PostgreSQL: every setting, and in which file it stands (`pg_read_all_settings`).
    AllSettings,
    /// PostgreSQL: the view `pg_file_settings`.
    FileSettings,
    /// PostgreSQL: the function beneath that view.
    FileSettingsFunction,
    /// PostgreSQL: the schema `dbtune` is there, or may be made.
    HistorySchema,
    /// PostgreSQL: what is in the schema `dbtune` may be used.
    HistoryUse,
    /// PostgreSQL: the table `dbtune.run` is there, or may be made.
    HistoryTable,
    /// PostgreSQL: rows of `dbtune.run` may be read and written.
    HistoryRows,
    /// PostgreSQL: sessions, standbys and primary of others (`pg_read_all_stats`).
    AllStatistics,
    /// PostgreSQL: files of the server's machine at all (`pg_read_server_files`).
    ServerFiles,
    /// PostgreSQL: `pg_read_file`, for the memory of the server's machine.
    ReadFile,
    /// PostgreSQL: `pg_stat_file`, for files and folders that a setting names.
    StatFile,
    /// PostgreSQL: `pg_ls_dir`, for libraries.
    ListFolder,
    /// PostgreSQL: `pg_config()`, for where libraries lie.
    BuildConfig,
    /// Redis: `INFO`. Without it nobody gets in.
    Info,
    /// Redis: `CONFIG GET`.
    ConfigGet,
    /// Redis: `CONFIG SET`.
    ConfigSet,
    /// Redis: `CONFIG REWRITE`.
    ConfigRewrite,
    /// Redis: `CLIENT SETNAME`, for the lock.
    ClientSetName,
    /// Redis: `CLIENT ID`, for the lock.
    ClientId,
    /// Redis: `CLIENT LIST`, for the lock.
    ClientList,
    /// Redis: `ACL WHOAMI`.
    AclWhoAmI,
    /// Redis: `ACL DRYRUN`, to know of all these without trying them.
    AclDryRun,
}

impl Right {
    /// The rights on a Redis, in the order in which they are granted.
    pub const OF_REDIS: [Self; 9] = [
        Self::Info,
        Self::ConfigGet,
        Self::ConfigSet,
        Self::ConfigRewrite,
        Self::ClientSetName,
        Self::ClientId,
        Self::ClientList,
        Self::AclWhoAmI,
        Self::AclDryRun,
    ];

    /// The command of Redis that the right is to, as a rule of its access control list names it:
    /// `config|set`. `None` for a right on PostgreSQL.
    pub fn command(self) -> Option<&'static str> {
        match self {
            Self::Info => Some("info"),
            Self::ConfigGet => Some("config|get"),
            Self::ConfigSet => Some("config|set"),
            Self::ConfigRewrite => Some("config|rewrite"),
            Self::ClientSetName => Some("client|setname"),
            Self::ClientId => Some("client|id"),
            Self::ClientList => Some("client|list"),
            Self::AclWhoAmI => Some("acl|whoami"),
            Self::AclDryRun => Some("acl|dryrun"),
            Self::Reload
            | Self::AllSettings
            | Self::FileSettings
            | Self::FileSettingsFunction
            | Self::HistorySchema
            | Self::HistoryUse
            | Self::HistoryTable
            | Self::HistoryRows
            | Self::AllStatistics
            | Self::ServerFiles
            | Self::ReadFile
            | Self::StatFile
            | Self::ListFolder
            | Self::BuildConfig => None,
        }
    }

    /// The rules of an access control list that allow these commands, each once.
    pub fn rules(rights: impl IntoIterator<Item = Self>, by_subcommand: bool) -> String {
        let mut rules: Vec<String> = Vec::new();
        for right in rights {
            let rule = right.rule(by_subcommand);
            if !rules.contains(&rule) {
                rules.push(rule);
            }
        }
        rules.join(" ")
    }

    /// Before version 7 whole commands are allowed, except where that would give far more.
    fn rule(self, by_subcommand: bool) -> String {
        let command = self.command().unwrap_or_default();
        let whole = command.split('|').next().unwrap_or_default();
        let is_whole = !by_subcommand && whole != "acl";
        format!("+{}", if is_whole { whole } else { command })
    }
}
