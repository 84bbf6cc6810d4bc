//! The files that tell programs how to reach the servers of a sandbox.

use serde::Serialize;

use super::{Keeper, Postgresql, Redis, SandboxError};

/// The profile that `dbtune` is to use where none is named.
const PROFILE: &str = "medianest-production";

#[derive(Serialize)]
struct Targets<'a> {
    profile: &'static str,
    targets: [Target<'a>; 2],
}

#[derive(Serialize)]
struct Target<'a> {
    name: &'static str,
    engine: &'static str,
    url: &'a str,
    restart: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    persist: Option<&'static str>,
}

/// Writes the targets file, the password file of libpq, and one with the password of Redis.
pub(super) fn write(
    keeper: &Keeper,
    postgresql: &Postgresql,
    redis: &Redis,
) -> Result<(), SandboxError> {
    let (postgres_url, redis_url) = (postgresql.url(), redis.url());
    let targets = Targets {
        profile: PROFILE,
        targets: [
            Target {
                name: "postgresql",
                engine: "postgresql",
                url: postgres_url.expose(),
                restart: postgresql.restart_command(),
                persist: None,
            },
            Target {
                name: "redis",
                engine: "redis",
                url: redis_url.expose(),
                restart: redis.restart_command(),
                persist: Some("rewrite"),
            },
        ],
    };
    let yaml = serde_yaml::to_string(&targets)
        .map_err(std::io::Error::other)
        .map_err(SandboxError::file(
            "write",
            keeper.folder().join(super::TARGETS_FILE),
        ))?;
    keeper.own_file(super::TARGETS_FILE, &yaml)?;
    let line = format!(
        "127.0.0.1:{}:*:*:{}\n",
        postgresql.port(),
        postgresql.password()
    );
    keeper.own_file(super::PASSWORD_FILE, &line)?;
    keeper.own_file(
        super::REDIS_PASSWORD_FILE,
        &format!("{}\n", redis.password()),
    )?;
    Ok(())
}
