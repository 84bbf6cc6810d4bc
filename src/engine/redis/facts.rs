//! What `INFO` tells of memory, keys, clients and replication.

use super::info::Info;
use crate::snapshot::{Facts, Follower, Manager, Memory, RedisFacts};

/// What is in use however few keys there are, in the fields of `INFO memory`.
const FIXED: [&str; 5] = [
    "used_memory_startup",
    "mem_clients_normal",
    "mem_clients_slaves",
    "mem_replication_backlog",
    "mem_aof_buffer",
];

/// Reads the sections `server`, `clients`, `memory`, `persistence`, `replication` and `keyspace`.
pub(super) fn read(info: &Info<'_>) -> Facts {
    let number = |name: &str| info.field(name)?.parse::<u64>().ok();
    let (keys, expiring_keys) = keys(info);
    let memory = number("total_system_memory").map(|bytes| Memory {
        bytes,
        from: "INFO memory".to_owned(),
        is_own_limit: false,
        is_stated: false,
    });
    Facts {
        memory,
        connections: number("connected_clients").and_then(|count| u32::try_from(count).ok()),
        managed_by: manager(info),
        redis: Some(RedisFacts {
            used_memory: number("used_memory").unwrap_or_default(),
            fixed_memory: FIXED.iter().filter_map(|name| number(name)).sum(),
            uncounted_memory: number("mem_not_counted_for_evict").unwrap_or_default(),
            save_failed: info.field("rdb_last_bgsave_status") == Some("err"),
            keys,
            expiring_keys,
            replicas: replicas(info),
            replication_id: info.field("master_replid").map(str::to_owned),
            upstream: upstream(info),
            link_is_up: info
                .field("master_link_status")
                .map(|status| status == "up"),
            rewrite: None,
            lacks_rewrite: None,
            unknown_rewrite: None,
            lacks_lock: None,
        }),
        ..Facts::default()
    }
}

/// The service that says in `INFO server` that it runs this server. Source: `os:Amazon ElastiCache`; not seen on a server of ours.
pub(super) fn manager(info: &Info<'_>) -> Option<Manager> {
    let system = info.field("os").unwrap_or_default();
    let is_amazon = ["ElastiCache", "MemoryDB"]
        .iter()
        .any(|name| system.contains(name));
    is_amazon.then_some(Manager::ElastiCache)
}

/// Keys of all databases, and how many of them expire: `db0:keys=12,expires=3,avg_ttl=0`.
fn keys(info: &Info<'_>) -> (u64, u64) {
    let databases = info.fields().filter(|(name, _)| {
        let number = name.strip_prefix("db");
        number.is_some_and(|number| number.parse::<u32>().is_ok())
    });
    databases.fold((0, 0), |(keys, expiring), (_, line)| {
        let count = |name| part(line, name).and_then(|count| count.parse::<u64>().ok());
        (
            keys + count("keys").unwrap_or_default(),
            expiring + count("expires").unwrap_or_default(),
        )
    })
}

/// The replicas: `slave0:ip=10.0.0.7,port=6379,state=online,offset=1,lag=0`.
fn replicas(info: &Info<'_>) -> Vec<Follower> {
    let lines = info.fields().filter(|(name, _)| {
        let number = name.strip_prefix("slave");
        number.is_some_and(|number| number.parse::<u32>().is_ok())
    });
    lines
        .filter_map(|(_, line)| {
            let address = part(line, "ip")?;
            Some(Follower {
                name: format!("{address}:{}", part(line, "port")?),
                address: Some(address.to_owned()),
                state: part(line, "state").unwrap_or_default().to_owned(),
            })
        })
        .collect()
}

fn upstream(info: &Info<'_>) -> Option<String> {
    let host = info.field("master_host")?;
    Some(format!("{host}:{}", info.field("master_port")?))
}

/// One part of a line `name=value,name=value`.
fn part<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.split(',')
        .filter_map(|part| part.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_keys_and_clients_are_read() {
        let facts = read(&Info::read(
            "used_memory:1048576\r\ntotal_system_memory:2147483648\r\nconnected_clients:7\r\n\
             db0:keys=12,expires=3,avg_ttl=0\r\ndb5:keys=8,expires=0,avg_ttl=0\r\n",
        ));
        let redis = facts.redis.unwrap();
        assert_eq!((redis.keys, redis.expiring_keys), (20, 3));
        assert_eq!(redis.used_memory, 1 << 20);
        assert_eq!(facts.memory.unwrap().bytes, 2 << 30);
        assert_eq!(facts.connections, Some(7));
    }

    #[test]
    fn elasticache_is_known_by_its_operating_system() {
        let of = |text| read(&Info::read(text)).managed_by;
        assert_eq!(of("os:Amazon ElastiCache\r\n"), Some(Manager::ElastiCache));
        assert_eq!(of("os:Linux 6.1.0-18-amd64 x86_64\r\n"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn a_master_names_its_replicas_and_a_replica_its_master() {
        let master = read(&Info::read(
            "role:master\nslave0:ip=10.0.0.7,port=6379,state=online,offset=1,lag=0\n",
        ));
        let [replica] = master.redis.unwrap().replicas.try_into().unwrap();
        assert_eq!(replica.name, "10.0.0.7:6379");
        assert_eq!(replica.state, "online");
        let replica = read(&Info::read(
            "role:slave\nmaster_host:10.0.0.1\nmaster_port:6380\nmaster_link_status:down\n",
        ));
        let replica = replica.redis.unwrap();
        assert_eq!(replica.upstream.as_deref(), Some("10.0.0.1:6380"));
        assert_eq!(replica.link_is_up, Some(false));
    }
}
