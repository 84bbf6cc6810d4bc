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
    fn a_host_stands_before_the_port_and_has_no_brackets() {
        assert_eq!(host("db.internal:5432"), "db.internal");
        assert_eq!(host("[fd00::1]:5432"), "fd00::1");
        assert_eq!(host("/run/redis.sock"), "/run/redis.sock");
    }
}
