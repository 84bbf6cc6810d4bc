//! Spellings to ask a server about: always the same ones for one setting.

use super::postgresql::Row;

/// A sequence of numbers that looks random and depends on a name alone.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn seeded(name: &str) -> Self {
        let hash = |seed: u64, byte: u8| (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self(name.bytes().fold(0xcbf2_9ce4_8422_2325, hash))
    }

    fn roll(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// A number from 0 to `sides` - 1.
    pub(crate) fn below(&mut self, sides: u64) -> u64 {
        self.roll() % sides.max(1)
    }

    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let at = self.below(choices.len().try_into().unwrap());
        &choices[usize::try_from(at).unwrap()]
    }

    /// Some of them, in their order.
    pub(crate) fn some_of(&mut self, all: Vec<String>, count: usize) -> Vec<String> {
        let surplus = all.len().saturating_sub(count);
        let mut kept = all;
        for _ in 0..surplus {
            let at = usize::try_from(self.below(kept.len().try_into().unwrap())).unwrap();
            kept.remove(at);
        }
        kept
    }
}

const JUNK: [&str; 30] = [
    "",
    " ",
    "abc",
    "1_000",
    "0b11",
    "inf",
    "-inf",
    "nan",
    "1e400",
    "1e-400",
    "1e-310",
    "0x",
    "0xg",
    "1e",
    "1e+",
    ".",
    ".5",
    "-.5",
    " .5",
    "5.",
    "1 2",
    "1,000",
    "08",
    "08.5",
    "0x1p3",
    "0x1.8",
    "--1",
    "+-1",
    "99999999999999999999",
    "\u{a0}1",
];
const MEMORY: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
const TIME: [&str; 6] = ["us", "ms", "s", "min", "h", "d"];
const WRONG_UNITS: [&str; 22] = [
    "mb", "Mb", "M", "KB", "MiB", "PB", "m", "sec", "MIN", "S", "Ms", "hours", "kBB", "kB kB", "k",
    "g", "bytes", "day", "usec", "minutes", "µs", "x",
];
const BOOLS: [&str; 24] = [
    "on", "off", "ON", "oFf", "o", "of", "onn", "t", "tr", "TRUE", "truee", "f", "fals", "y", "Ye",
    "n", "NO", "1", "0", "2", "", " on", "on ", "enabled",
];
const ENUM_WORDS: [&str; 40] = [
    "true",
    "false",
    "yes",
    "no",
    "1",
    "0",
    "t",
    "y",
    "on",
    "off",
    "On",
    "debug",
    "DEBUG",
    "info",
    "fatal",
    "panic",
    "log",
    "archive",
    "hot_standby",
    "always",
    "try",
    "auto",
    "none",
    "all",
    "default",
    "pglz",
    "lz4",
    "zstd",
    "md5",
    "plain",
    "regress",
    "partition",
    "sync",
    "",
    " on",
    "minimal ",
    "read_committed",
    "enabled",
    "disabled",
    "replica",
];

/// Spellings for one setting, right and wrong.
pub(crate) fn spellings(row: &Row, dice: &mut Dice) -> Vec<String> {
    match row.vartype.as_str() {
        "bool" => BOOLS.map(str::to_owned).to_vec(),
        "enum" => enum_spellings(row),
        "integer" | "real" => numbers(row, dice),
        _ => Vec::new(),
    }
}

fn enum_spellings(row: &Row) -> Vec<String> {
    let words = row.enumvals.iter().flatten();
    let cased = words.flat_map(|word| {
        [
            word.clone(),
            word.to_uppercase(),
            format!("{word}x"),
            format!(" {word}"),
        ]
    });
    cased.chain(ENUM_WORDS.map(str::to_owned)).collect()
}

fn numbers(row: &Row, dice: &mut Dice) -> Vec<String> {
    let mut spellings: Vec<String> = row.boot_val.iter().cloned().collect();
    spellings.extend(bounds(row));
    let mut plain = vec![-1, 0, 1, 2, 7, 8, 9, 10, 64, 100, 1000, 12345];
    plain.extend((0..4).map(|_| inside(row, dice)));
    for number in plain {
        spellings.push(number.to_string());
        spellings.push(dressed(number, dice));
    }
    let units: &[&str] = match row.unit.as_deref() {
        Some(unit) if unit.ends_with('B') => &MEMORY,
        Some(_) => &TIME,
        None => &[],
    };
    for unit in units {
        for _ in 0..3 {
            let amount = amount(row, unit, dice);
            let space = dice.pick(&["", "", " ", "  "]);
            spellings.push(format!(
                "{amount}{space}{unit}{}",
                dice.pick(&["", "", " "])
            ));
        }
    }
    for _ in 0..5 {
        spellings.push(format!("{}{}", dice.below(500), dice.pick(&WRONG_UNITS)));
        spellings.push((*dice.pick(&JUNK)).to_owned());
    }
    spellings
}

/// The bounds, and what lies just outside of them and within.
fn bounds(row: &Row) -> Vec<String> {
    let bounds = [&row.min_val, &row.max_val].into_iter().flatten();
    let whole = |bound: &String| bound.parse::<i64>().ok();
    bounds
        .flat_map(|bound| match whole(bound) {
            Some(number) => [-1, 0, 1]
                .map(|step| (number + step).to_string())
                .into_iter()
                .chain(halves(number))
                .collect(),
            None => vec![bound.clone(), format!("{bound}1"), format!("-{bound}")],
        })
        .collect()
}

/// Numbers that are rounded to a bound or past it.
fn halves(number: i64) -> Vec<String> {
    vec![
        format!("{number}.5"),
        format!("{number}.49"),
        format!("{}.5", number - 1),
    ]
}

/// A number within the range, where that is small often enough.
fn inside(row: &Row, dice: &mut Dice) -> i64 {
    let bound = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<f64>().ok());
    let least = bound(&row.min_val)
        .unwrap_or(0.0)
        .clamp(-1e9, 1e9)
        .to_string();
    let most = bound(&row.max_val)
        .unwrap_or(1e9)
        .clamp(-1e9, 1e9)
        .to_string();
    let least: i64 = least.split('.').next().unwrap().parse().unwrap();
    let most: i64 = most.split('.').next().unwrap().parse().unwrap();
    let span = u64::try_from((most - least).max(1)).unwrap();
    let sides = *dice.pick(&[span, span.min(1000), span.min(20)]);
    least + i64::try_from(dice.below(sides)).unwrap()
}

/// A number in another of its spellings.
fn dressed(number: i64, dice: &mut Dice) -> String {
    let (sign, size) = (if number < 0 { "-" } else { "" }, number.unsigned_abs());
    match dice.below(12) {
        0 => format!("{sign}0x{size:x}"),
        1 => format!("{sign}0X{size:X}"),
        2 => format!("{sign}0{size:o}"),
        3 => format!("{sign}{size}e0"),
        4 => format!("{sign}{size}E-1"),
        5 => format!("+{number}"),
        6 => format!("  {number} "),
        7 => format!("{number}.{}", dice.below(1000)),
        8 => format!("{number}.5"),
        9 => format!("{number}.50001"),
        10 => format!("\t{number}\n"),
        _ => format!("{number}."),
    }
}

/// An amount to write a unit behind: about as much as the setting takes, with a fraction at times.
fn amount(row: &Row, unit: &str, dice: &mut Dice) -> String {
    let base = sizes()
        .find(|(name, _)| row.unit.as_deref() == Some(*name))
        .map_or(8192.0, |(_, size)| size);
    let unit_size = sizes()
        .find(|(name, _)| *name == unit)
        .map_or(1.0, |(_, size)| size);
    let number: f64 = inside(row, dice).to_string().parse().unwrap();
    let fitting = number * base / unit_size;
    match dice.below(6) {
        0 => format!("{fitting:.0}"),
        1 => format!("{fitting:.1}"),
        2 => format!("{fitting:.4}"),
        3 => format!("{fitting:e}"),
        4 => format!("0x{:x}", dice.below(300)),
        _ => format!("{}.{}", dice.below(100), dice.below(100)),
    }
}

fn sizes() -> impl Iterator<Item = (&'static str, f64)> {
    let kilo = 1024.0_f64;
    [
        ("B", 1.0),
        ("kB", kilo),
        ("8kB", 8.0 * kilo),
        ("MB", kilo.powi(2)),
        ("GB", kilo.powi(3)),
        ("TB", kilo.powi(4)),
        ("us", 1.0),
        ("ms", 1e3),
        ("s", 1e6),
        ("min", 6e7),
        ("h", 3.6e9),
        ("d", 8.64e10),
    ]
    .into_iter()
}
