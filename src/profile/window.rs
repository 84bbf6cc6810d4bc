//! When a phase may be applied: `Sun 02:00-05:00 UTC`.

use time::{Duration, OffsetDateTime, Time, UtcOffset, Weekday};

use super::{Mistake, Place, Window};

const FORMS: &str = "write days, times and offset: `Sun 02:00-05:00 UTC`, \
                     `Sat,Sun 22:00-02:00 +02:00`, `Mon-Fri 01:00-03:00 UTC` or \
                     `daily 02:00-04:00 UTC`";

const WEEK: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

impl Window {
    /// Reads a window.
    pub(super) fn parse(text: &str, at: &Place) -> Result<Self, Mistake> {
        Self::understand(text)
            .map_err(|why| Mistake::new(at, format!("`{text}` is not a window: {why}")).help(FORMS))
    }

    fn understand(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [days, times, offset] = words.as_slice() else {
            return Err("it has three parts".to_owned());
        };
        let (from, until) = times
            .split_once('-')
            .ok_or_else(|| format!("`{times}` is not two times"))?;
        Ok(Self {
            text: text.to_owned(),
            days: parse_days(days)?,
            from: parse_time(from, false)?,
            until: parse_time(until, true)?,
            offset: parse_offset(offset)?,
        })
    }

    /// When it opens next, after `now`; also when it is open now. `None` only at the end of the
    /// calendar, or for a window without days.
    pub fn next_opening(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let local = now.to_offset(self.offset);
        let today = local.replace_time(self.from);
        // A week from today comes up where it opened earlier today and on no other day.
        (0..=7)
            .filter_map(|days| today.checked_add(Duration::days(days)))
            .find(|opening| *opening > now && self.days.contains(&opening.weekday()))
    }
}

fn parse_days(text: &str) -> Result<Vec<Weekday>, String> {
    if text.eq_ignore_ascii_case("daily") {
        return Ok(WEEK.map(|(_, day)| day).to_vec());
    }
    let mut days = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (mut day, last) = (parse_day(first)?, parse_day(last)?);
        days.push(day);
        while day != last {
            day = day.next();
            days.push(day);
        }
    }
    days.sort_by_key(|day| day.number_from_monday());
    days.dedup();
    Ok(days)
}

fn parse_day(text: &str) -> Result<Weekday, String> {
    let known = WEEK
        .iter()
        .find(|(name, _)| text.eq_ignore_ascii_case(name));
    known
        .map(|(_, day)| *day)
        .ok_or_else(|| format!("`{text}` is not a day"))
}

/// `24:00` ends a day, and so is the `00:00` of the next one.
fn parse_time(text: &str, ends: bool) -> Result<Time, String> {
    let wrong = || format!("`{text}` is not a time");
    if ends && text == "24:00" {
        return Ok(Time::MIDNIGHT);
    }
    let (hour, minute) = two_numbers(text).ok_or_else(wrong)?;
    Time::from_hms(hour, minute, 0).map_err(|_out_of_range| wrong())
}

fn parse_offset(text: &str) -> Result<UtcOffset, String> {
    let wrong = || format!("`{text}` is neither `UTC` nor an offset such as `+02:00`");
    if text.eq_ignore_ascii_case("UTC") || text == "Z" {
        return Ok(UtcOffset::UTC);
    }
    let (sign, rest) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(rest), _) => (1, rest),
        (None, Some(rest)) => (-1, rest),
        (None, None) => return Err(wrong()),
    };
    let (hours, minutes) = two_numbers(rest)
        .filter(|(hours, _)| *hours <= 15)
        .ok_or_else(wrong)?;
    let (hours, minutes) = (i8::try_from(hours), i8::try_from(minutes));
    let (Ok(hours), Ok(minutes)) = (hours, minutes) else {
        return Err(wrong());
    };
    UtcOffset::from_hms(sign * hours, sign * minutes, 0).map_err(|_out_of_range| wrong())
}

/// `02:30`: two digits, a colon, two digits.
fn two_numbers(text: &str) -> Option<(u8, u8)> {
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    let (first, second) = text.split_once(':')?;
    let both = digits(first) && digits(second);
    both.then(|| Some((first.parse().ok()?, second.parse().ok()?)))
        .flatten()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::profile::yaml::Source;

    fn window(text: &str) -> Window {
        Window::parse(text, &Source::new("p.yaml", "").start()).unwrap()
    }

    #[test]
    fn a_window_is_open_from_its_first_minute_to_before_its_last() {
        // 2026-11-22 is a Sunday.
        let sunday = window("Sun 02:00-05:00 UTC");
        assert!(!sunday.is_open(datetime!(2026-11-22 01:59:59 UTC)));
        assert!(sunday.is_open(datetime!(2026-11-22 02:00 UTC)));
        assert!(sunday.is_open(datetime!(2026-11-22 04:59:59 UTC)));
        assert!(!sunday.is_open(datetime!(2026-11-22 05:00 UTC)));
        assert!(!sunday.is_open(datetime!(2026-11-23 03:00 UTC)));
    }

    #[test]
    fn a_window_over_midnight_belongs_to_the_day_on_which_it_opens() {
        let weekend = window("Sat,Sun 22:00-02:00 +02:00");
        assert!(weekend.is_open(datetime!(2026-11-21 22:30 +02:00)));
        assert!(
            weekend.is_open(datetime!(2026-11-23 01:59 +02:00)),
            "opened on Sunday"
        );
        assert!(
            !weekend.is_open(datetime!(2026-11-21 01:00 +02:00)),
            "Friday has none"
        );
        assert!(!weekend.is_open(datetime!(2026-11-23 02:00 +02:00)));
        assert!(!weekend.is_open(datetime!(2026-11-23 22:30 +02:00)));
    }

    #[test]
    fn the_offset_decides_the_day() {
        let weekend = window("Sat,Sun 22:00-02:00 +02:00");
        assert!(weekend.is_open(datetime!(2026-11-21 20:30 UTC)));
        assert!(
            !weekend.is_open(datetime!(2026-11-21 22:30 -02:00)),
            "02:30 at +02:00"
        );
    }

    #[test]
    fn days_may_be_a_range_a_list_or_all() {
        use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
        let days = |text: &str| window(&format!("{text} 01:00-03:00 UTC")).days;
        assert_eq!(
            days("Mon-Fri"),
            [Monday, Tuesday, Wednesday, Thursday, Friday]
        );
        assert_eq!(days("Sat-Mon"), [Monday, Saturday, Sunday]);
        assert_eq!(days("sun,MON,Sun"), [Monday, Sunday]);
        assert_eq!(days("daily").len(), 7);
    }

    #[test]
    fn midnight_ends_a_day() {
        let evening = window("Sun 22:00-24:00 UTC");
        assert!(evening.is_open(datetime!(2026-11-22 23:59 UTC)));
        assert!(!evening.is_open(datetime!(2026-11-23 00:00 UTC)));
        assert!(window("daily 00:00-24:00 UTC").is_open(datetime!(2026-11-23 12:00 UTC)));
    }

    #[test]
    fn the_next_opening_is_after_now() {
        let sunday = window("Sun 02:00-05:00 UTC");
        let next = |now| sunday.next_opening(now).unwrap();
        assert_eq!(
            next(datetime!(2026-11-20 12:00 UTC)),
            datetime!(2026-11-22 02:00 UTC)
        );
        assert_eq!(
            next(datetime!(2026-11-22 01:59 UTC)),
            datetime!(2026-11-22 02:00 UTC)
        );
        assert_eq!(
            next(datetime!(2026-11-22 02:00 UTC)),
            datetime!(2026-11-29 02:00 UTC)
        );
        assert_eq!(
            next(datetime!(2026-11-22 03:00 UTC)),
            datetime!(2026-11-29 02:00 UTC)
        );
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for text in [
            "Sun 02:00-05:00",
            "02:00-05:00 UTC",
            "Sunday 02:00-05:00 UTC",
            "Sun 2:00-5:00 UTC",
            "Sun 02:00-25:00 UTC",
            "Sun 24:00-02:00 UTC",
            "Sun 02:60-05:00 UTC",
            "Sun 02:00 UTC",
            "Sun 02:00-05:00 CET",
            "Sun 02:00-05:00 +2",
            "Sun 02:00-05:00 +25:00",
            "Sun, 02:00-05:00 UTC",
            "",
        ] {
            let parsed = Window::parse(text, &Source::new("p.yaml", "").start());
            assert!(parsed.is_err(), "{text}");
        }
    }
}
