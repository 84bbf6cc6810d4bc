//! Whether a server is reached, how, and whether it is of a version that is known.

use super::grants;
use super::{Check, Examined, Finding, Read, Seen, Trouble, Verdict};
use crate::profile::Profile;
use crate::setting::EngineKind;
use crate::snapshot::{Snapshot, address};

/// The versions that dbtune is tested with, as one number each: from, and before.
const POSTGRESQL: (u32, u32) = (130_000, 190_000);
/// The oldest Redis.
const REDIS: u32 = 60_200;

pub(super) fn find(examined: &Examined, profile: Option<&Profile>) -> Vec<Finding> {
    let read = match &examined.seen {
        Seen::Nothing(trouble) | Seen::Rights(trouble, _) => {
            return vec![not_reached(examined, trouble)];
        }
        Seen::All(read) => read,
    };
    let mut findings = vec![connection(examined, read), version(&read.snapshot)];
    findings.extend(
        profile
            .map(|profile| unmet(&read.snapshot, profile))
            .unwrap_or_default(),
    );
    findings
}

fn not_reached(examined: &Examined, trouble: &Trouble) -> Finding {
    let message = format!(
        "{} (the URL is from {})",
        trouble.message, examined.target.from
    );
    let denied = grants::denied_command(&trouble.message)
        .map(|command| grants::redis_rule(&examined.user(), &command));
    Finding::new(
        &examined.target.name,
        Check::Connection,
        Verdict::Problem,
        message,
    )
    .maybe_remedy(denied.or_else(|| trouble.hint.clone()))
}

fn connection(examined: &Examined, read: &Read) -> Finding {
    let snapshot = &read.snapshot;
    let identity = &snapshot.identity;
    let way = way(examined, read);
    let message = format!(
        "{} {}, {}, at {} as {}, {}; the URL is from {}",
        snapshot.engine,
        identity.version,
        identity.role,
        snapshot.address,
        examined.user(),
        way.words(),
        examined.target.from,
    );
    let finding = |verdict| Finding::new(&snapshot.target, Check::Connection, verdict, message);
    match way {
        Way::Encrypted | Way::Local | Way::Unknown => finding(Verdict::Ok),
        Way::Open => finding(Verdict::Warning).remedy(match snapshot.engine {
            EngineKind::Postgresql => "add sslmode=verify-full to the URL",
            EngineKind::Redis => "write rediss:// in the URL",
        }),
    }
}

/// How what is said travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Encrypted,
    /// Within this machine.
    Local,
    /// Readable for whoever is on the way.
    Open,
    Unknown,
}

impl Way {
    fn words(self) -> &'static str {
        match self {
            Self::Encrypted => "encrypted",
            Self::Local => "within this machine",
            Self::Open => "not encrypted",
            Self::Unknown => "encrypted or not is not known",
        }
    }
}

fn way(examined: &Examined, read: &Read) -> Way {
    let url = examined.target.url.expose();
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_encrypted = match read.snapshot.engine {
        EngineKind::Postgresql => read.examination.as_ref().and_then(|seen| seen.encrypted),
        // Redis does not tell; a URL of that scheme is never used without.
        EngineKind::Redis => Some(["rediss", "valkeys"].contains(&scheme)),
    };
    match is_encrypted {
        Some(true) => Way::Encrypted,
        _ if address::is_local(&read.snapshot.address) => Way::Local,
        Some(false) => Way::Open,
        None => Way::Unknown,
    }
}

fn version(snapshot: &Snapshot) -> Finding {
    let identity = &snapshot.identity;
    let (from, before, known) = match snapshot.engine {
        EngineKind::Postgresql => (POSTGRESQL.0, Some(POSTGRESQL.1), "PostgreSQL 13 to 18"),
        EngineKind::Redis => (REDIS, None, "Redis 6.2 and newer, and Valkey"),
    };
    let number = identity.version_number;
    let finding =
        |verdict, message: String| Finding::new(&snapshot.target, Check::Version, verdict, message);
    if number < from {
        let message = format!(
            "version {} is too old: dbtune is for {known}",
            identity.version
        );
        return finding(Verdict::Problem, message).remedy("upgrade the server");
    }
    if before.is_some_and(|before| number >= before) {
        let message = format!(
            "version {} is newer than what dbtune was tested with",
            identity.version
        );
        return finding(Verdict::Warning, message).remedy("try the profile on a test server first");
    }
    finding(
        Verdict::Ok,
        format!("version {} is among {known}", identity.version),
    )
}

fn unmet(snapshot: &Snapshot, profile: &Profile) -> Vec<Finding> {
    let demands = profile.requires.iter().filter(|demand| {
        demand.engine == snapshot.engine && !demand.is_met(&snapshot.identity.version)
    });
    demands
        .map(|demand| {
            let message = format!(
                "{} requires {} {} ({}), and this is version {}",
                profile.name,
                demand.engine,
                demand.text,
                demand.at.short(),
                snapshot.identity.version
            );
            Finding::new(&snapshot.target, Check::Version, Verdict::Problem, message)
                .remedy("use a profile for this version, or leave the target out with --target")
        })
        .collect()
}
