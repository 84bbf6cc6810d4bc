//! The machine that a server runs on, who manages it, and how it would be restarted.

use super::{Check, Examined, Finding, Read, Verdict};
use crate::setting::EngineKind;
use crate::snapshot::Manager;

pub(super) fn restart_command(examined: &Examined) -> Finding {
    let name = &examined.target.name;
    let finding = |verdict, message| Finding::new(name, Check::RestartCommand, verdict, message);
    let Some(command) = &examined.target.restart else {
        return finding(
            Verdict::Ok,
            "none is stated, so that dbtune never restarts it: what needs a restart waits for yours"
                .to_owned(),
        );
    };
    if examined.restart_can_run {
        return finding(
            Verdict::Ok,
            format!("with --restart: {}", command.join(" ")),
        );
    }
    let program = command.first().map_or("", String::as_str);
    finding(
        Verdict::Problem,
        format!("there is no program {program} here that could be run"),
    )
    .remedy(format!(
        "correct `restart:` of {name} in the targets file, or run dbtune where {program} is"
    ))
}

pub(super) fn managed(read: &Read) -> Option<Finding> {
    let manager = read.snapshot.facts.managed_by?;
    let message = format!("its configuration is managed by {}", title(manager));
    Some(
        Finding::new(read.target(), Check::Managed, Verdict::Problem, message)
            .remedy(format!("change the settings {}", where_to(manager))),
    )
}

fn title(manager: Manager) -> &'static str {
    match manager {
        Manager::Rds => "Amazon RDS or Aurora",
        Manager::CloudSql => "Google Cloud SQL",
        Manager::Azure => "Azure Database for PostgreSQL",
        Manager::Patroni => "Patroni",
        Manager::CloudNativePg => "CloudNativePG",
        Manager::ElastiCache => "Amazon ElastiCache or MemoryDB",
        Manager::RedisService => "a service that keeps CONFIG to itself",
    }
}

fn where_to(manager: Manager) -> &'static str {
    match manager {
        Manager::Rds | Manager::ElastiCache => "in its parameter group",
        Manager::CloudSql => "by its database flags",
        Manager::Azure => "by its server parameters",
        Manager::Patroni => "by `patronictl edit-config`",
        Manager::CloudNativePg => "in `spec.postgresql.parameters` of its Cluster",
        Manager::RedisService => "where the service is managed",
    }
}

pub(super) fn memory(read: &Read) -> Finding {
    let finding = |verdict, message| Finding::new(read.target(), Check::Memory, verdict, message);
    if let Some(memory) = &read.snapshot.facts.memory {
        let whose = match read.snapshot.engine {
            EngineKind::Postgresql if memory.is_own_limit => "may use",
            EngineKind::Postgresql | EngineKind::Redis => "is on a machine with",
        };
        let message = format!("it {whose} {} MB, says {}", memory.bytes >> 20, memory.from);
        return finding(Verdict::Ok, message);
    }
    let message = "how much memory its machine has is not known, so that what does not fit into it \
                   is not seen";
    finding(Verdict::Warning, message.to_owned())
        .remedy("state `memory:` for the target in the targets file")
}
