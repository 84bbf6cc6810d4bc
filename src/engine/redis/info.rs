//! What `INFO` says.

use crate::setting::redis::Release;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The lines of an `INFO` answer.
pub(super) struct Info<'a>(&'a str);

impl<'a> Info<'a> {
    pub(super) fn read(text: &'a str) -> Self {
        Self(text)
    }

    /// Every field with its value.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let lines = self.0.lines().filter_map(|line| line.split_once(':'));
        lines.map(|(name, value)| (name, value.trim_end()))
    }

    /// The value of a field.
    pub(super) fn field(&self, name: &str) -> Option<&'a str> {
        self.fields()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// The value of a field that every server has.
    pub(super) fn required(&self, name: &str) -> Result<&'a str, String> {
        self.field(name)
            .ok_or_else(|| format!("INFO has no field {name}"))
    }

    /// `7.0.15` as 70015.
    pub(super) fn version_number(&self) -> Result<u32, String> {
        let text = self.required("redis_version")?;
        version_number(text).ok_or_else(|| format!("`{text}` is not a version"))
    }

    /// Which server it is. Valkey tells its own version besides the one of Redis that it matches.
    pub(super) fn release(&self) -> Result<Release, String> {
        let own = self.field("valkey_version");
        Ok(Release {
            valkey: own.is_some(),
            version_number: match own.and_then(version_number) {
                Some(number) => number,
                None => self.version_number()?,
            },
        })
    }

    /// When the server was started, in RFC 3339.
    ///
    /// `uptime_in_seconds` is counted from the same cached clock that `server_time_usec` shows, so
    /// the difference of their whole seconds is the same at every reading of one life of the server.
    pub(super) fn started_at(&self) -> Result<String, String> {
        let number = |name| -> Result<i64, String> {
            let text = self.required(name)?;
            text.parse()
                .map_err(|_unparsable| format!("`{text}` is not a number ({name})"))
        };
        let now = number("server_time_usec")?.div_euclid(1_000_000);
        OffsetDateTime::from_unix_timestamp(now - number("uptime_in_seconds")?)
            .ok()
            .and_then(|moment| moment.format(&Rfc3339).ok())
            .ok_or_else(|| "the server's clock is out of range".to_owned())
    }
}

fn version_number(text: &str) -> Option<u32> {
    let mut parts = text.split('.').map(str::parse::<u32>);
    let mut next = || parts.next().and_then(Result::ok);
    Some(next()? * 10_000 + next()? * 100 + next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_becomes_a_number_that_compares() {
        assert_eq!(version_number("7.0.15"), Some(70_015));
        assert_eq!(version_number("6.2.14"), Some(60_214));
        assert_eq!(version_number("255.255.255"), Some(2_575_755));
        assert_eq!(version_number("seven"), None);
    }

    #[test]
    fn valkey_is_known_by_its_own_version() {
        let release = |text| Info::read(text).release().unwrap();
        let valkey = release("redis_version:7.2.4\nserver_name:valkey\nvalkey_version:9.1.2\n");
        assert!(valkey.valkey);
        assert_eq!(valkey.version_number, 90_102);
        let redis = release("redis_version:6.2.14\n");
        assert!(!redis.valkey);
        assert_eq!(redis.version_number, 60_214);
    }

    #[test]
    fn the_start_is_the_same_at_every_moment_of_one_life() {
        let at = |micros: u64, uptime: u32| {
            let text = format!("server_time_usec:{micros}\r\nuptime_in_seconds:{uptime}\r\n");
            Info::read(&text).started_at().unwrap()
        };
        assert_eq!(at(1_795_477_036_000_000, 1), "2026-11-23T23:37:15Z");
        assert_eq!(at(1_795_477_036_999_999, 1), "2026-11-23T23:37:15Z");
        assert_eq!(at(1_795_477_037_000_000, 2), "2026-11-23T23:37:15Z");
    }

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let info = Info::read("# Server\r\nredis_version:7.0.15\r\nconfig_file:\r\n");
        assert_eq!(info.field("redis_version"), Some("7.0.15"));
        assert_eq!(info.field("config_file"), Some(""));
        assert_eq!(info.field("version"), None);
        assert!(info.required("run_id").unwrap_err().contains("run_id"));
    }
}
