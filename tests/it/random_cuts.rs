//! Connections cut after any byte of what either side sends, two hundred times: whatever was cut, the
//! history, the files and the running values agree, the exit code told the truth, and the same
//! command typed again does what it was asked for.
//!
//! Every connection goes through the proxy: the one that tunes, that of the history, and those that
//! only look whether the server lets anybody in. `DBTUNE_TEST_SEED` chooses other cuts.

use serde_json::Value;

use crate::shop::{Shop, State};
use crate::support::{Postgres, Proxy, Ran, Redis, Stream, Target as _, variable};

/// How many commands each test cuts off. Four tests make two hundred.
const CUTS: u32 = 50;

/// Numbers by `SplitMix64`: a seed gives the same numbers everywhere.
struct Random(u64);

impl Random {
    /// The numbers of one test. The seed is shown, with the test's output, when it fails.
    fn of_test(number: u64) -> Self {
        let seed: u64 = variable("DBTUNE_TEST_SEED").map_or(1, |seed| seed.parse().unwrap());
        println!("DBTUNE_TEST_SEED={seed}");
        Self(seed.wrapping_mul(1000).wrapping_add(number))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }
}

/// What one of the two commands does, and is named in the history.
#[derive(Debug, Clone, Copy)]
struct Way {
    command: &'static str,
    done: &'static str,
    /// How a run of it is told that failed and was put back.
    put_back: &'static str,
}

const APPLY: Way = Way {
    command: "apply --phase 1 --yes",
    done: "applied",
    put_back: "rolled_back",
};
const ROLLBACK: Way = Way {
    command: "rollback --yes",
    done: "rolled_back",
    put_back: "failed",
};

/// The shop, one of whose servers is behind a proxy; both states that it may be in; and how long the
/// messages of a command are that nothing cuts.
struct Cuts {
    shop: Shop,
    proxy: Proxy,
    original: State,
    applied: State,
    random: Random,
}

impl Cuts {
    fn new(proxy: impl Fn(&Postgres, &Redis) -> (Proxy, &'static str), number: u64) -> Self {
        let mut between = None;
        let shop = Shop::with(|postgres, redis| {
            let (proxy, engine) = proxy(postgres, redis);
            let server = [postgres.entry(), redis.entry()];
            let server = server.iter().find(|entry| entry.engine == engine).unwrap();
            let entry = proxy.entry_of(server);
            between = Some(proxy);
            vec![entry]
        });
        // Once to and fro, so that the history's table exists and Redis has written its file.
        shop.dbtune(APPLY.command).run().exits(0);
        let applied = shop.state();
        shop.dbtune(ROLLBACK.command).run().exits(0);
        let original = shop.state();
        let (proxy, random) = (between.unwrap(), Random::of_test(number));
        Self {
            shop,
            proxy,
            original,
            applied,
            random,
        }
    }

    fn run(&mut self) {
        let (original, applied) = (self.original.clone(), self.applied.clone());
        let mut lengths = [self.lengths_of(APPLY), self.lengths_of(ROLLBACK)];
        let mut cut = 0;
        while cut < CUTS {
            cut += u32::from(self.round(APPLY, [&original, &applied], &mut lengths[0]));
            cut += u32::from(self.round(ROLLBACK, [&applied, &original], &mut lengths[1]));
        }
    }

    /// Runs a command that nothing cuts and takes note of how long its messages are.
    fn lengths_of(&self, way: Way) -> [Vec<usize>; 2] {
        let streams = [Stream::Requests, Stream::Answers];
        let _before = streams.map(|stream| self.proxy.take_lengths(stream));
        self.shop.dbtune(way.command).run().exits(0);
        streams.map(|stream| self.proxy.take_lengths(stream))
    }

    /// Cuts one command off, looks at what came of it, and types it again. `false` when the command
    /// was over before the byte was sent.
    fn round(&mut self, way: Way, [from, to]: [&State; 2], lengths: &mut [Vec<usize>; 2]) -> bool {
        let stream = [Stream::Requests, Stream::Answers][self.random.below(3).min(1)];
        let lengths = &lengths[usize::from(stream == Stream::Answers)];
        let cuts = [1, 1, 2][self.random.below(3)];
        for cut in 0..cuts {
            // The second comes while what the first has broken is being mended.
            let among = [lengths.len(), lengths.len().min(30)][cut];
            let bytes = self.byte_of_any(&lengths[..among]);
            println!("{} cut after byte {bytes} of {stream:?}", way.command);
            self.proxy.cut_after_bytes(stream, bytes);
        }
        let line = format!("{} --format json", way.command);
        let ran = self.shop.dbtune(&line).run();
        let was_cut = self.proxy.cut_no_more() < cuts;
        self.agrees(&ran, way, [from, to]);
        if ran.code() != Some(0) {
            self.shop.dbtune(way.command).run().exits(0);
            assert_eq!(self.shop.state(), *to, "done again after {ran}");
        }
        was_cut
    }

    /// A byte of a message, where each message is as likely as any other: most bytes are those of the
    /// few long answers.
    fn byte_of_any(&mut self, lengths: &[usize]) -> usize {
        let message = self.random.below(lengths.len());
        let before: usize = lengths[..message].iter().sum();
        before + 1 + self.random.below(lengths[message])
    }

    /// The exit code, the history, the files and the running values say the same.
    fn agrees(&self, ran: &Ran, way: Way, [from, to]: [&State; 2]) {
        let state = self.shop.state();
        let document = ran.json();
        let left = document["not_put_back"].as_array().map_or(0, Vec::len);
        println!("ended with {:?}, {left} not put back", ran.code());
        let (shown, told) = match (ran.code(), left) {
            (Some(0), _) => (to, way.done),
            (Some(1), 0) => (from, way.put_back),
            (Some(1), _) => return self.is_told_as_failed(&document, ran),
            (Some(6), _) => (from, "refused"),
            (_, _) => panic!("{ran}"),
        };
        assert_eq!(state, *shown, "after {ran}");
        if let Some(entry) = self.entry_of(&document) {
            assert_eq!(entry["outcome"], told, "{entry:#} after {ran}");
        }
    }

    fn is_told_as_failed(&self, document: &Value, ran: &Ran) {
        let entry = self.entry_of(document).unwrap();
        assert_eq!(entry["outcome"], "failed", "after {ran}");
    }

    /// What the history says of the run that a document tells of; `None` where it began none.
    fn entry_of(&self, document: &Value) -> Option<Value> {
        let run = document["run"].as_str()?;
        let entries = self.shop.history();
        let entry = entries.iter().find(|entry| entry["run"] == run);
        Some(
            entry
                .unwrap_or_else(|| panic!("{run} is not in {entries:#?}"))
                .clone(),
        )
    }
}

fn of_postgresql(postgres: &Postgres, _: &Redis) -> (Proxy, &'static str) {
    (postgres.proxy(), "postgresql")
}

fn of_redis(_: &Postgres, redis: &Redis) -> (Proxy, &'static str) {
    (redis.proxy(), "redis")
}

#[test]
fn fifty_random_cuts_of_postgresql_leave_everything_in_agreement() {
    Cuts::new(of_postgresql, 1).run();
}

#[test]
fn fifty_more_random_cuts_of_postgresql_leave_everything_in_agreement() {
    Cuts::new(of_postgresql, 2).run();
}

#[test]
fn fifty_random_cuts_of_redis_leave_everything_in_agreement() {
    Cuts::new(of_redis, 3).run();
}

#[test]
fn fifty_more_random_cuts_of_redis_leave_everything_in_agreement() {
    Cuts::new(of_redis, 4).run();
}
