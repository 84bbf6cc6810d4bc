//! Spellings to ask a Redis about, right and wrong.

use dbtune::setting::Domain;
use dbtune::setting::redis::Kind;

const TEXTS: &str = "|a|A b|1mb|yes";
const SWITCHES: &str = "yes|NO|Yes|true|1|on|off||y| yes|disabled";
const NUMBERS: &str = "0|1|7|99|100|500|501|1000|-1|-2|65535|65536|2147483647|2147483648|+1|01|-0|1e2|5m|300s|\
    1_000|| 1|1 |0x10|1.0|9223372036854775808|9223372036854775807";
const AMOUNTS: &str = "0|1|100|16383|16384|16385|1k|1kb|1K|1KB|20mb|20m|20MB|20Mb|3g|3gb|3072mb|2000000b|01mb|\
    20971520|20000000||mb|1.5gb|1tb|20 mb|20MiB|0x100000|5%|-1|+1|1_000| 1|1 ";
const WORDS: &str = "no|yes|YES|relative|absolute||notice|NOTICE|allkeys-lru|ALLKEYS-LRU|allkeys_lru|alkeys-lru|\
    everysec|always|disabled|swapdb|ip|clients| no|on";
const WORD_SETS: &str =
    "default|save|NOW save|save now|default now|force force||save  now|stop|nowait";
const EVENTS: &str = "|KEA|AKE|K|Kg|gK|g$lshzxet|g$lshzxetd|Eg$lshzxetdK|Em|A|AA|q|K E|kea";
const SAVE_POINTS: &str =
    "|900 1|900 1 300 10|300 10 900 1|900 01|+900 1|900  1|900|0 1|900 -1|900 x";
const BUFFER_LIMITS: &str = "pubsub 32mb 8mb 60|PUBSUB 33554432 8388608 60|pubsub 32m 8mb 60|\
    replica 256mb 64mb 60|slave 0 0 0|pubsub 1mb 0 0 replica 2mb 0 0|pubsub  0 0 0|pubsub 0 0|master 0 0 0|\
    pubsub 0 0 1s|pubsub 0 0 -1|pubsub 1.5mb 0 0|";
const PERCENTILES: &str = "50 99 99.9|50 99.0 99.90|99 50|1e1||0|100|101|-1|50  99|50,99|x| 50";
const OOM_SCORES: &str = "0 200 800|00 200 0800|+0 200 800|100 200 300|0 200|0 200 800 900|0  200 800|x 1 2|\
    -2001 0 0|2001 0 0";

/// Spellings for a kind of setting.
pub(crate) fn spellings(domain: &Domain) -> Vec<&'static str> {
    let Domain::Redis(kind) = domain else {
        return TEXTS.split('|').collect();
    };
    let texts = match kind {
        Kind::YesNo => SWITCHES,
        Kind::Integer { .. } => NUMBERS,
        Kind::Memory(_) | Kind::MemoryOrPercent => AMOUNTS,
        Kind::Word(_) => WORDS,
        Kind::Words(_) => WORD_SETS,
        Kind::KeyspaceEvents => EVENTS,
        Kind::SavePoints => SAVE_POINTS,
        Kind::BufferLimits => BUFFER_LIMITS,
        Kind::Percentiles => PERCENTILES,
        Kind::OomScores => OOM_SCORES,
        // To try these would cost the test its server, or they cannot be changed.
        Kind::Addresses | Kind::Octal => return Vec::new(),
    };
    texts.split('|').collect()
}
