//! A trial runs beside the server: memory that it did not get may be held by that very server.

use std::fs;

use super::trial_words::Verdict;
use crate::snapshot::Answer;

/// What a server says when it does not get its shared memory.
const NOT_MAPPED: &str = "could not map anonymous shared memory";

/// What Linux says of memory that is promised and not yet given.
#[derive(Debug, Default, Clone, Copy)]
struct Promises {
    /// All huge pages together, in bytes, free or not.
    huge_pages: u64,
    /// What may be promised at all, where the kernel keeps to it (`vm.overcommit_memory = 2`).
    commit_limit: Option<u64>,
}

/// The verdict, or that nothing is known where the running server holds what the trial lacked.
pub(super) fn weighed(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Told(Answer::No(words)) if words.contains(NOT_MAPPED) => {
            let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
            let mode = fs::read_to_string("/proc/sys/vm/overcommit_memory").unwrap_or_default();
            Verdict::Told(judged(words, Promises::read(&meminfo, mode.trim() == "2")))
        }
        Verdict::Told(_) | Verdict::PortTaken => verdict,
    }
}

impl Promises {
    fn read(meminfo: &str, is_strict: bool) -> Self {
        let number = |name: &str| -> Option<u64> {
            let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        let kilobytes = |name| number(name).and_then(|kilobytes| kilobytes.checked_mul(1024));
        let pages = number("HugePages_Total:").unwrap_or(0);
        let size = kilobytes("Hugepagesize:").unwrap_or(0);
        Self {
            huge_pages: pages.saturating_mul(size),
            commit_limit: kilobytes("CommitLimit:").filter(|_| is_strict),
        }
    }
}

fn judged(words: String, promises: Promises) -> Answer {
    let Some(needed) = needed(&words) else {
        return Answer::No(words);
    };
    let fits =
        needed <= promises.huge_pages || promises.commit_limit.is_some_and(|limit| needed <= limit);
    if fits {
        Answer::Unknown(format!(
            "the trial did not get {needed} bytes of shared memory beside the running server, \
             which may be what holds them"
        ))
    } else {
        Answer::No(words)
    }
}

/// The bytes in `(currently 109819510784 bytes)`.
fn needed(words: &str) -> Option<u64> {
    let (_, after) = words.split_once("(currently ")?;
    after.split_once(" bytes)")?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &str = "could not map anonymous shared memory: Cannot allocate memory; HINT: To \
                         reduce the request size (currently 150994944 bytes), reduce it.";

    fn judge(meminfo: &str, is_strict: bool) -> Answer {
        judged(WORDS.to_owned(), Promises::read(meminfo, is_strict))
    }

    #[test]
    fn what_the_machine_has_not_got_at_all_is_a_no() {
        let none = "HugePages_Total:       0\nHugepagesize:       2048 kB\nCommitLimit: 1 kB\n";
        assert_eq!(judge(none, false), Answer::No(WORDS.to_owned()));
        assert_eq!(judge(none, true), Answer::No(WORDS.to_owned()));
    }

    #[test]
    fn huge_pages_that_the_running_server_may_hold_prove_nothing() {
        let enough = "HugePages_Total:     100\nHugePages_Free: 0\nHugepagesize:       2048 kB\n";
        assert!(matches!(judge(enough, false), Answer::Unknown(_)));
    }

    #[test]
    fn a_kernel_that_keeps_to_its_promises_may_have_given_them_to_the_running_server() {
        let enough = "CommitLimit:     200000 kB\n";
        assert!(matches!(judge(enough, true), Answer::Unknown(_)));
        assert_eq!(judge(enough, false), Answer::No(WORDS.to_owned()));
    }
}
