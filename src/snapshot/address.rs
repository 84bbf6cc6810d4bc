//! What an address says of where a server is.

// Of `core`, which can do no I/O: only the notation of addresses is asked.
use core::net::IpAddr;

/// The host of an address `host:port`, without the brackets around one with colons; of a socket its path.
pub fn host(address: &str) -> &str {
    if address.starts_with('/') {
        return address;
    }
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Whether two addresses lead to the same door: they are spelt alike, or one of them says `localhost`
/// where the other has the number that this stands for. Two numbers are never the same one: a server
/// may listen at `127.0.0.1`, and another at the same port of `::1`.
pub fn is_same(one: &str, other: &str) -> bool {
    if one.starts_with('/') || other.starts_with('/') {
        return one == other;
    }
    let (here, there) = (host(one), host(other));
    let is_name_of = |name: &str, number: &str| {
        name.eq_ignore_ascii_case("localhost") && matches!(number, "127.0.0.1" | "::1")
    };
    let is_one_host =
        here.eq_ignore_ascii_case(there) || is_name_of(here, there) || is_name_of(there, here);
    is_one_host && port(one) == port(other)
}

fn port(address: &str) -> Option<&str> {
    address.rsplit_once(':').map(|(_, port)| port)
}

/// Whether an address leads to this machine: a socket, or a name or number of its loopback.
pub fn is_local(address: &str) -> bool {
    let host = host(address);
    let number = host.parse::<IpAddr>();
    host.starts_with('/')
        || host.eq_ignore_ascii_case("localhost")
        || number.is_ok_and(|number| number.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_and_the_loopback_addresses_are_this_machine() {
        for address in [
            "127.0.0.1:5432",
            "127.0.0.2:5432",
            "localhost:5432",
            "LOCALHOST:5432",
            "[::1]:5432",
            "/var/run/postgresql/.s.PGSQL.5432",
            "/run/redis.sock",
        ] {
            assert!(is_local(address), "{address}");
        }
        for address in ["db.internal:5432", "[fd00::1]:5432", "127.internal:5432"] {
            assert!(!is_local(address), "{address}");
        }
    }

    #[test]
    fn localhost_is_each_of_its_numbers_and_no_number_is_another() {
        for (one, other) in [
            ("localhost:6379", "127.0.0.1:6379"),
            ("[::1]:6379", "LocalHost:6379"),
            ("cache.internal:6379", "Cache.internal:6379"),
            ("/run/redis.sock", "/run/redis.sock"),
        ] {
            assert!(is_same(one, other) && is_same(other, one), "{one} {other}");
        }
        for (one, other) in [
            ("localhost:6379", "127.0.0.1:6380"),
            ("localhost:6379", "127.0.0.2:6379"),
            ("127.0.0.1:6379", "[::1]:6379"),
            ("127.0.0.1:6379", "10.0.0.1:6379"),
            ("/run/redis.sock", "/run/Redis.sock"),
            ("/run/redis.sock", "localhost:6379"),
        ] {
            assert!(
                !is_same(one, other) && !is_same(other, one),
                "{one} {other}"
            );
        }
    }

    #[test]
    fn a_host_stands_before_the_port_and_has_no_brackets() {
        assert_eq!(host("db.internal:5432"), "db.internal");
        assert_eq!(host("[fd00::1]:5432"), "fd00::1");
        assert_eq!(host("/run/redis.sock"), "/run/redis.sock");
    }
}
