//! Numbers as the C library reads them, which is how PostgreSQL reads them.

/// A number at the beginning of a text, and what follows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Lexed<'a> {
    /// The number.
    pub(super) value: f64,
    /// What follows it.
    pub(super) rest: &'a str,
}

/// Reads what an integer setting may begin with: a whole number (decimal, octal with a leading 0,
/// hexadecimal with 0x), or a fraction or a power of ten where one follows.
pub(super) fn lex_integer(text: &str) -> Option<Lexed<'_>> {
    let whole = lex_whole(text);
    match &whole {
        Some(Whole::Fits(lexed)) if !lexed.rest.starts_with(['.', 'e', 'E']) => Some(*lexed),
        None if !fraction_begins(text) => None,
        _ => lex_real(text),
    }
}

/// Whether a text without a whole number at its front begins with a decimal point.
fn fraction_begins(text: &str) -> bool {
    text.starts_with(['.', 'e', 'E'])
}

/// A whole number as `strtol` with base 0 finds it.
enum Whole<'a> {
    /// It fits in 64 bits.
    Fits(Lexed<'a>),
    /// It does not.
    TooLong,
}

fn lex_whole(text: &str) -> Option<Whole<'_>> {
    let (negative, body) = sign(skip_space(text));
    let (radix, body) = radix(body);
    let length = body.chars().take_while(|c| c.is_digit(radix)).count();
    let (digits, rest) = body.split_at_checked(length)?;
    if digits.is_empty() {
        return None;
    }
    let Ok(magnitude) = u64::from_str_radix(digits, radix) else {
        return Some(Whole::TooLong);
    };
    if magnitude > i64::MAX.unsigned_abs() {
        return Some(Whole::TooLong);
    }
    let value = to_f64(magnitude);
    Some(Whole::Fits(Lexed {
        value: if negative { -value } else { value },
        rest,
    }))
}

/// The base that a number is written in, and the text behind its mark. The 0 of an octal number is
/// one of its digits.
fn radix(text: &str) -> (u32, &str) {
    let hexadecimal =
        strip_hex(text).filter(|rest| rest.starts_with(|c: char| c.is_ascii_hexdigit()));
    match hexadecimal {
        Some(rest) => (16, rest),
        None if text.starts_with('0') => (8, text),
        None => (10, text),
    }
}

/// Reads a number with a fraction and an exponent, as `strtod` does.
pub(super) fn lex_real(text: &str) -> Option<Lexed<'_>> {
    let (negative, body) = sign(skip_space(text));
    let lexed = lex_infinity(body)
        .or_else(|| lex_hex_real(body))
        .or_else(|| lex_decimal(body))?;
    Some(Lexed {
        value: if negative { -lexed.value } else { lexed.value },
        rest: lexed.rest,
    })
}

fn lex_infinity(text: &str) -> Option<Lexed<'_>> {
    let rest = strip_caseless(text, "infinity").or_else(|| strip_caseless(text, "inf"))?;
    Some(Lexed {
        value: f64::INFINITY,
        rest,
    })
}

fn lex_decimal(text: &str) -> Option<Lexed<'_>> {
    let (mantissa, _) = take_mantissa(text, char::is_ascii_digit)?;
    let after = text.get(mantissa.len()..)?;
    let exponent = exponent_length(after, ['e', 'E']);
    let (number, rest) = text.split_at_checked(mantissa.len() + exponent)?;
    let value: f64 = number.parse().ok()?;
    let is_zero = !mantissa.contains(|c: char| c.is_ascii_digit() && c != '0');
    in_range(value, is_zero).then_some(Lexed { value, rest })
}

fn lex_hex_real(text: &str) -> Option<Lexed<'_>> {
    let body = strip_hex(text)?;
    let (mantissa, fraction_digits) = take_mantissa(body, char::is_ascii_hexdigit)?;
    let after = body.get(mantissa.len()..)?;
    let (exponent, rest) = after.split_at_checked(exponent_length(after, ['p', 'P']))?;
    let power: i32 = exponent
        .get(1..)
        .map_or(Some(0), |digits| digits.parse().ok())?;
    let digits = mantissa.chars().filter_map(|c| c.to_digit(16));
    let whole = digits.fold(0.0, |sum, digit| sum * 16.0 + f64::from(digit));
    let value = whole * 2_f64.powi(power.checked_sub(fraction_digits.checked_mul(4)?)?);
    in_range(value, whole <= 0.0).then_some(Lexed { value, rest })
}

/// Whether `strtod` would not report that the number is too large or too small for it.
fn in_range(value: f64, is_zero: bool) -> bool {
    is_zero || (value.is_finite() && value.is_normal())
}

/// Digits with at most one point among them, at least one digit; and how many digits follow the point.
fn take_mantissa(text: &str, is_digit: fn(&char) -> bool) -> Option<(&str, i32)> {
    let whole = text.chars().take_while(is_digit).count();
    let after = text.get(whole..)?;
    let fraction = after
        .strip_prefix('.')
        .map_or(0, |digits| digits.chars().take_while(is_digit).count());
    if whole + fraction == 0 {
        return None;
    }
    let point = usize::from(after.starts_with('.'));
    let mantissa = text.get(..whole + point + fraction)?;
    Some((mantissa, i32::try_from(fraction).ok()?))
}

/// How many bytes an exponent takes: its letter, a sign, and digits; 0 where there is none.
fn exponent_length(text: &str, letters: [char; 2]) -> usize {
    let Some(body) = text.strip_prefix(letters) else {
        return 0;
    };
    let unsigned = body.strip_prefix(['+', '-']).unwrap_or(body);
    let digits = unsigned.chars().take_while(char::is_ascii_digit).count();
    if digits == 0 {
        0
    } else {
        1 + body.len() - unsigned.len() + digits
    }
}

fn strip_hex(text: &str) -> Option<&str> {
    text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))
}

fn strip_caseless<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (front, rest) = text.split_at_checked(word.len())?;
    front.eq_ignore_ascii_case(word).then_some(rest)
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Skips what C counts as white space.
pub(super) fn skip_space(text: &str) -> &str {
    text.trim_start_matches(is_space)
}

/// What C counts as white space.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r')
}

/// The nearest number with a fraction.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "the rounding is what C does"
)]
pub(super) fn to_f64(number: u64) -> f64 {
    number as f64
}

/// A whole number of 32 bits, half a step rounded to the even one; `None` when it does not fit.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "it is whole and was found to fit"
)]
pub(super) fn to_int(number: f64) -> Option<i64> {
    let whole = number.round_ties_even();
    let fits = (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&whole);
    fits.then_some(whole as i64)
}

/// A number as PostgreSQL shows it: six significant digits.
pub(crate) fn shown(number: f64) -> String {
    let scientific = format!("{number:.5e}");
    let rounded: f64 = scientific.parse().unwrap_or(number);
    let exponent: i32 = scientific
        .split_once('e')
        .and_then(|(_, exponent)| exponent.parse().ok())
        .unwrap_or(0);
    if rounded.is_finite() && !(-4..6).contains(&exponent) && rounded.abs() > 0.0 {
        let text = format!("{rounded:e}");
        return if exponent > 0 {
            text.replace('e', "e+")
        } else {
            text
        };
    }
    format!("{rounded}")
}

/// A number at the six significant digits that PostgreSQL shows.
pub(super) fn six_digits(number: f64) -> f64 {
    format!("{number:.5e}").parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Option<(f64, &str)> {
        lex_integer(text).map(|lexed| (lexed.value, lexed.rest))
    }

    fn real(text: &str) -> Option<(f64, &str)> {
        lex_real(text).map(|lexed| (lexed.value, lexed.rest))
    }

    #[test]
    fn a_whole_number_may_be_decimal_octal_or_hexadecimal() {
        assert_eq!(whole(" +384MB"), Some((384.0, "MB")));
        assert_eq!(whole("010"), Some((8.0, "")));
        assert_eq!(whole("08"), Some((0.0, "8")));
        assert_eq!(whole("-0xFf kB"), Some((-255.0, " kB")));
        assert_eq!(whole("0xz"), Some((0.0, "xz")));
    }

    #[test]
    fn a_whole_number_may_have_a_fraction_or_an_exponent() {
        assert_eq!(whole(".375GB"), Some((0.375, "GB")));
        assert_eq!(whole("010.5"), Some((10.5, "")));
        assert_eq!(whole("1.5e3MB"), Some((1500.0, "MB")));
        assert_eq!(whole("1e"), Some((1.0, "e")));
        assert_eq!(whole("99999999999999999999"), Some((1e20, "")));
        assert_eq!(whole("inf"), None);
        assert_eq!(whole(""), None);
        assert_eq!(whole("."), None);
    }

    #[test]
    fn a_real_may_be_hexadecimal_but_not_too_small() {
        assert_eq!(real("0x1p-3"), Some((0.125, "")));
        assert_eq!(real("0x.8"), Some((0.5, "")));
        assert_eq!(real("1e-310"), None);
        assert_eq!(real("1e400"), None);
        assert_eq!(real("0e-400"), Some((0.0, "")));
        assert_eq!(real("-Infinity!"), Some((f64::NEG_INFINITY, "!")));
    }

    #[test]
    fn a_real_is_shown_with_six_digits() {
        assert_eq!(shown(1.000_000_1), "1");
        assert_eq!(shown(1.123_456_789), "1.12346");
        assert_eq!(shown(f64::MAX), "1.79769e+308");
        assert_eq!(shown(0.00001), "1e-5");
        assert_eq!(shown(123_456_789.0), "1.23457e+8");
    }
}
