//! The lines of a plan that show one setting each, in columns that are the same all over a phase.

use crate::plan::{Change, on_one_line};

use super::plan_words::{self as words, Mark};
use super::style::{Paint, Tone};
use super::table::{self, WIDTH, pad, width};

/// Where the name of a setting begins.
const INDENT: usize = 6;
/// Where what is told beneath a setting begins.
const BENEATH: usize = 8;
/// A value that is wider stands on a line of its own.
const WIDEST_VALUE: usize = 22;

/// The columns of a phase.
pub(super) struct Rows {
    name: usize,
    current: usize,
    desired: usize,
    effect: usize,
    /// Whether the target is named where a restart is needed.
    names_target: bool,
    /// Whether the source fits behind.
    has_source: bool,
    paint: Paint,
}

/// Whether the target of a restart is named, and whether the source stands behind: the best first.
const LAYOUTS: [(bool, bool); 4] = [(true, true), (false, true), (true, false), (false, false)];

impl Rows {
    /// Chooses the columns: as much as still fits.
    pub(super) fn measure(changes: &[Change], paint: Paint) -> Self {
        let shown: Vec<&Change> = changes.iter().filter(|change| is_row(change)).collect();
        let in_columns = shown.iter().filter(|change| !is_wide(change));
        let (mut current, mut desired) = (0, 0);
        for change in in_columns {
            current = current.max(width(&words::current(change)));
            desired = desired.max(width(&words::value(&change.desired)));
        }
        let mut rows = Self {
            name: widest(&shown, |change| change.setting.to_string()),
            current,
            desired,
            effect: 0,
            names_target: true,
            has_source: true,
            paint,
        };
        for (names_target, has_source) in LAYOUTS {
            (rows.names_target, rows.has_source) = (names_target, has_source);
            rows.effect = widest(&shown, |change| rows.effect(change));
            if shown.iter().all(|change| rows.fits(change)) {
                break;
            }
        }
        rows
    }

    /// The lines of one setting.
    pub(super) fn of(&self, change: &Change) -> Vec<String> {
        let mut lines = vec![self.head(change)];
        if is_wide(change) {
            lines.push(format!("        now   {}", words::current(change)));
            lines.push(format!("        then  {}", words::value(&change.desired)));
        }
        let mut beneath: Vec<String> = Vec::new();
        if !self.has_source {
            beneath.extend(words::set_in(change));
        }
        beneath.extend(words::configured(change));
        beneath.extend(words::changed_since(change));
        beneath.extend(change.note.iter().map(|note| on_one_line(note)));
        beneath.extend(change.because.iter().map(|because| on_one_line(because)));
        let indent = " ".repeat(BENEATH);
        for text in beneath {
            let told = table::paragraph(&indent, &text, BENEATH);
            lines.extend(told.iter().map(|line| self.paint.paint(Tone::Quiet, line)));
        }
        lines
    }

    fn head(&self, change: &Change) -> String {
        let mark = Mark::of(change);
        let symbol = self.paint.paint(mark.tone(), mark.symbol());
        let name = pad(change.setting.as_str(), self.name);
        let rest = match mark {
            Mark::Unchanged => words::current(change),
            Mark::New | Mark::Update | Mark::Reset | Mark::Waits | Mark::Blocked => {
                format!("{}{}", self.values(change), self.tail(change))
            }
        };
        format!("    {symbol} {name}  {rest}").trim_end().to_owned()
    }

    fn values(&self, change: &Change) -> String {
        if is_wide(change) {
            return String::new();
        }
        let current = pad(&words::current(change), self.current);
        let desired = pad(&words::value(&change.desired), self.desired);
        format!("{current} → {desired}  ")
    }

    fn tail(&self, change: &Change) -> String {
        let effect = self.effect(change);
        if !self.has_source {
            return effect;
        }
        let source = self
            .paint
            .paint(Tone::Quiet, &words::source(change.source.as_ref()));
        format!("{}  {source}", pad(&effect, self.effect))
    }

    fn effect(&self, change: &Change) -> String {
        let effect = words::effect(change);
        if self.names_target && effect == "after restart" {
            return format!("{effect} of {}", change.target);
        }
        effect.to_owned()
    }

    fn fits(&self, change: &Change) -> bool {
        let values = width(&self.values(change));
        let tail = if self.has_source {
            self.effect + 2 + width(&words::source(change.source.as_ref()))
        } else {
            self.effect
        };
        INDENT + self.name + 2 + values + tail <= WIDTH
    }
}

/// Whether the setting has a line of its own.
fn is_row(change: &Change) -> bool {
    Mark::of(change) != Mark::Unchanged || change.note.is_some()
}

fn is_wide(change: &Change) -> bool {
    let current = words::current(change);
    width(&current).max(width(&words::value(&change.desired))) > WIDEST_VALUE
}

fn widest(changes: &[&Change], text: impl Fn(&Change) -> String) -> usize {
    let widths = changes.iter().map(|change| width(&text(change)));
    widths.max().unwrap_or(0)
}
