//! The process of the server, where it runs on this machine.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::info::Info;

/// By how many seconds two tellings of one process' age may differ.
const SAME_AGE: u64 = 3;

/// How many of the ticks in `/proc/PID/stat` make a second: the same on every Linux.
const TICKS: u64 = 100;

/// `CAP_DAC_OVERRIDE`, by which the modes of files do not count.
const DAC_OVERRIDE: u64 = 1 << 1;

/// What a process may do with files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Process {
    /// Where its `/` is, as seen from here.
    pub(super) root: PathBuf,
    /// The user that it acts as.
    pub(super) uid: u32,
    groups: Vec<u32>,
    ignores_modes: bool,
    /// The bits that it takes from the mode of a new file.
    pub(super) umask: u32,
    /// The lines of `/proc/PID/mountinfo`.
    mounts: String,
}

/// To read a file: a bit of its mode.
pub(super) const READ: u32 = 4;
/// To make and replace files in a folder: a bit of its mode.
pub(super) const WRITE: u32 = 2;
/// To reach what is in a folder: a bit of its mode.
pub(super) const SEARCH: u32 = 1;

impl Process {
    /// The process that `INFO` names, where it is proved to be on this machine: one of that number, of
    /// that name and of that age. In a container or behind a tunnel the number is another's.
    pub(super) fn of(info: &Info<'_>) -> Option<Self> {
        let folder = PathBuf::from(format!("/proc/{}", info.field("process_id")?));
        let status = fs::read_to_string(folder.join("status")).ok()?;
        let age: u64 = info.field("uptime_in_seconds")?.parse().ok()?;
        if !is_named(&status, info) || age_of(&folder)?.abs_diff(age) > SAME_AGE {
            return None;
        }
        let mounts = fs::read_to_string(folder.join("mountinfo")).unwrap_or_default();
        Self::read(&status, mounts, root(&folder))
    }

    fn read(status: &str, mounts: String, root: PathBuf) -> Option<Self> {
        let octal = |text: &str| u32::from_str_radix(text, 8).ok();
        let capabilities =
            line(status, "CapEff").and_then(|text| u64::from_str_radix(text, 16).ok());
        let effective = |name| line(status, name)?.split_whitespace().nth(1)?.parse().ok();
        let others = line(status, "Groups").unwrap_or_default();
        let others = others.split_whitespace().filter_map(|id| id.parse().ok());
        Some(Self {
            root,
            uid: effective("Uid")?,
            groups: others.chain(effective("Gid")).collect(),
            ignores_modes: capabilities.is_some_and(|bits| bits & DAC_OVERRIDE != 0),
            umask: line(status, "Umask").and_then(octal).unwrap_or_default(),
            mounts,
        })
    }

    /// A path of the process as it is reached from here.
    pub(super) fn path(&self, path: &Path) -> PathBuf {
        let below = path.strip_prefix("/").unwrap_or(path);
        self.root.join(below)
    }

    /// Whether the mode of a file lets the process do that. Access lists are not looked at.
    pub(super) fn may(&self, bit: u32, file: &Metadata) -> bool {
        let shift = if file.uid() == self.uid {
            6
        } else if self.groups.contains(&file.gid()) {
            3
        } else {
            0
        };
        self.ignores_modes || (file.mode() >> shift) & bit != 0
    }

    /// Whether a folder lets the process replace a file of another user.
    pub(super) fn may_replace(&self, file: &Metadata, folder: &Metadata) -> bool {
        const STICKY: u32 = 0o1000;
        let is_own = [file.uid(), folder.uid()].contains(&self.uid);
        folder.mode() & STICKY == 0 || is_own || self.ignores_modes
    }

    /// Whether something is mounted at this very path.
    pub(super) fn is_mount_point(&self, path: &Path) -> bool {
        self.mount_points()
            .any(|(point, _)| Path::new(&point) == path)
    }

    /// Whether this path lies on a file system that cannot be written to.
    pub(super) fn is_read_only(&self, path: &Path) -> bool {
        let above = self
            .mount_points()
            .filter(|(point, _)| path.starts_with(point));
        let nearest = above.max_by_key(|(point, _)| point.len());
        nearest.is_some_and(|(_, read_only)| read_only)
    }

    /// Where something is mounted, and whether it is read-only.
    fn mount_points(&self) -> impl Iterator<Item = (String, bool)> {
        self.mounts.lines().filter_map(|line| {
            let mut fields = line.split(' ');
            let point = fields.nth(4)?.replace("\\040", " ");
            let is_read_only = |options: &str| options.split(',').any(|option| option == "ro");
            let read_only =
                is_read_only(fields.next()?) || fields.next_back().is_some_and(is_read_only);
            Some((point, read_only))
        })
    }
}

/// Another root than ours is only reached through the process, and only by who may trace it.
fn root(folder: &Path) -> PathBuf {
    let own = folder.join("root");
    if fs::metadata(own.join(".")).is_ok() {
        own
    } else {
        PathBuf::from("/")
    }
}

/// The kernel keeps the first 15 letters of a name.
fn is_named(status: &str, info: &Info<'_>) -> bool {
    let name = line(status, "Name").unwrap_or_default();
    let program = info.field("executable").map(Path::new);
    let program = program.and_then(|path| path.file_name()?.to_str());
    let is_kin = ["redis", "valkey"].iter().any(|kin| name.contains(kin));
    is_kin || (!name.is_empty() && program.is_some_and(|program| program.starts_with(name)))
}

/// How many seconds ago it was started.
fn age_of(folder: &Path) -> Option<u64> {
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let started: u64 = after_name.split_whitespace().nth(19)?.parse().ok()?;
    let uptime = fs::read_to_string("/proc/uptime").ok()?;
    let uptime: u64 = uptime.split('.').next()?.parse().ok()?;
    uptime.checked_sub(started.checked_div(TICKS)?)
}

fn line<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = status.lines().filter_map(|line| line.split_once(':'));
    lines
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Name:\tredis-server\nUmask:\t0027\nUid:\t1\t113\t1\t1\nGid:\t1\t120\t1\t1\n\
        Groups:\t4 24\nCapEff:\t0000000000000000\n";
    const MOUNTS: &str = "1 0 0:1 / / rw - overlay overlay rw\n\
        2 1 0:2 / /etc/redis ro,nosuid - ext4 /dev/a rw\n\
        3 1 0:3 / /data\\040here rw shared:1 - ext4 /dev/b ro\n\
        4 1 0:4 /x /etc/redis/redis.conf rw - ext4 /dev/c rw\n";

    fn process() -> Process {
        Process::read(STATUS, MOUNTS.to_owned(), PathBuf::from("/")).unwrap()
    }

    #[test]
    fn the_effective_user_and_all_groups_are_read() {
        let process = process();
        assert_eq!((process.uid, process.umask), (113, 0o27));
        assert_eq!(process.groups, [4, 24, 120]);
        assert!(!process.ignores_modes);
    }

    #[test]
    fn a_path_is_on_the_nearest_mount_above_it() {
        let process = process();
        let is_read_only = |path: &str| process.is_read_only(Path::new(path));
        assert!(is_read_only("/etc/redis") && is_read_only("/data here/x"));
        assert!(!is_read_only("/etc") && !is_read_only("/etc/redis/redis.conf"));
        assert!(process.is_mount_point(Path::new("/etc/redis/redis.conf")));
        assert!(!process.is_mount_point(Path::new("/etc/redis/other.conf")));
    }

    #[test]
    fn another_process_of_that_number_is_not_the_server() {
        let own = std::process::id();
        let text =
            format!("process_id:{own}\nuptime_in_seconds:0\nexecutable:/usr/bin/redis-server\n");
        assert_eq!(Process::of(&Info::read(&text)), None);
        assert_eq!(Process::of(&Info::read("process_id:1\n")), None);
    }
}
