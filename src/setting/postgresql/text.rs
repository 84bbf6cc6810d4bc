//! Texts that the server rewrites: dates, time zones, encodings, paths, names.

use super::list::{Splitting, split};
use super::number::lex_real;
use crate::setting::error::nearest;
use crate::setting::value::Caseless;
use crate::setting::{ParseValueError, Value};

/// The encodings that a client may use, each followed by its other names. Letters and digits are all
/// that counts in a name.
const ENCODINGS: &str = "\
BIG5 win950 windows950; EUC_CN; EUC_JIS_2004; EUC_JP; EUC_KR; EUC_TW; GB18030; \
GBK win936 windows936; ISO_8859_5; ISO_8859_6; ISO_8859_7; ISO_8859_8; JOHAB; KOI8R koi8; KOI8U; \
LATIN1 iso88591; LATIN2 iso88592; LATIN3 iso88593; LATIN4 iso88594; LATIN5 iso88599; \
LATIN6 iso885910; LATIN7 iso885913; LATIN8 iso885914; LATIN9 iso885915; LATIN10 iso885916; \
MULE_INTERNAL; SHIFT_JIS_2004; SJIS mskanji shiftjis win932 windows932; SQL_ASCII; \
UHC win949 windows949; UTF8 unicode; WIN1250 windows1250; WIN1251 win windows1251; \
WIN1252 windows1252; WIN1253 windows1253; WIN1254 windows1254; WIN1255 windows1255; \
WIN1256 windows1256; WIN1257 windows1257; WIN1258 abc tcvn tcvn5712 vscii windows1258; \
WIN866 alt windows866; WIN874 windows874";

/// Reads an encoding by any of its names.
pub(super) fn parse_encoding(text: &str) -> Result<Value, ParseValueError> {
    let wanted = letters(text);
    let names = || {
        ENCODINGS
            .split(';')
            .filter_map(|entry| entry.split_whitespace().next())
    };
    let mut entries = ENCODINGS.split(';');
    let found = entries.find(|entry| entry.split_whitespace().any(|name| letters(name) == wanted));
    match found.and_then(|entry| entry.split_whitespace().next()) {
        Some(name) if !wanted.is_empty() => Ok(Value::Word(name.to_owned())),
        _ => Err(ParseValueError::new(format!("{text} is not an encoding"))
            .suggesting(nearest(text, names()).map(str::to_owned))),
    }
}

fn letters(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Reads a `DateStyle`: how dates are written, how they are read, or both.
pub(super) fn parse_date_style(text: &str) -> Result<Value, ParseValueError> {
    let words = split(text, Splitting::Identifiers)
        .ok_or_else(|| ParseValueError::new(format!("{text} is not a list of words")))?;
    let (mut style, mut order) = (None, None);
    let mut order_of_style = None;
    for word in &words {
        match date_word(word) {
            Some(DateWord::Style(new)) => {
                settle(&mut style, new, text)?;
                order_of_style = (new == "German").then_some("DMY");
            }
            Some(DateWord::Order(new)) => settle(&mut order, new, text)?,
            Some(DateWord::Default) => {}
            None => return Err(unknown_date_word(word, words.len())),
        }
    }
    let order = order.or(order_of_style);
    Ok(Value::DateStyle {
        style: style.map(str::to_owned),
        order: order.map(str::to_owned),
    })
}

enum DateWord {
    Style(&'static str),
    Order(&'static str),
    Default,
}

fn date_word(word: &str) -> Option<DateWord> {
    let word = word.to_ascii_lowercase();
    Some(match word.as_str() {
        "iso" => DateWord::Style("ISO"),
        "sql" => DateWord::Style("SQL"),
        "german" => DateWord::Style("German"),
        "ymd" => DateWord::Order("YMD"),
        "dmy" => DateWord::Order("DMY"),
        "mdy" | "us" => DateWord::Order("MDY"),
        "default" => DateWord::Default,
        _ if word.starts_with("postgres") => DateWord::Style("Postgres"),
        _ if word.starts_with("euro") => DateWord::Order("DMY"),
        _ if word.starts_with("noneuro") => DateWord::Order("MDY"),
        _ => return None,
    })
}

fn settle<'a>(slot: &mut Option<&'a str>, new: &'a str, text: &str) -> Result<(), ParseValueError> {
    match slot.replace(new) {
        Some(old) if old != new => Err(ParseValueError::new(format!(
            "{text} asks for both {old} and {new}"
        ))),
        _ => Ok(()),
    }
}

fn unknown_date_word(word: &str, words: usize) -> ParseValueError {
    let known = ["ISO", "SQL", "Postgres", "German", "MDY", "DMY", "YMD"];
    ParseValueError::new(format!("{word} is not one of {}", known.join(", "))).suggesting(
        nearest(word, known)
            .filter(|_| words == 1)
            .map(str::to_owned),
    )
}

/// Reads a time zone: a name in any case, or hours east of Greenwich.
pub(super) fn time_zone(text: &str) -> Value {
    let hours = lex_real(text).filter(|lexed| lexed.rest.is_empty() && lexed.value.is_finite());
    Value::Name(Caseless::new(
        hours.map_or_else(|| text.to_owned(), |lexed| offset(lexed.value)),
    ))
}

/// Hours east of Greenwich as the server shows them: `<+03>-03`.
fn offset(hours: f64) -> String {
    let (sign, opposite) = if hours < 0.0 { ('-', '+') } else { ('+', '-') };
    let seconds = super::number::to_int((hours.abs() * 3600.0).trunc()).unwrap_or(0);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut clock = format!("{hour:02}");
    if minute != 0 || second != 0 {
        clock = format!("{clock}:{minute:02}");
    }
    if second != 0 {
        clock = format!("{clock}:{second:02}");
    }
    format!("<{sign}{clock}>{opposite}{clock}")
}

/// A path as the server keeps it: no doubled, trailing or meaningless parts.
pub(super) fn path(text: &str) -> Value {
    let root = if text.starts_with('/') { "/" } else { "" };
    let parts: Vec<&str> = text
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    let path = format!("{root}{}", parts.join("/"));
    Value::Text(if path.is_empty() && !text.is_empty() {
        ".".to_owned()
    } else {
        path
    })
}

/// A list of standbys: spaces between its parts do not count.
pub(super) fn standby_names(text: &str) -> Value {
    let mut spaced = String::new();
    let mut quoted = false;
    for c in text.chars() {
        quoted ^= c == '"';
        if !quoted && matches!(c, ',' | '(' | ')') {
            spaced.extend([' ', c, ' ']);
        } else {
            spaced.push(c);
        }
    }
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let tidied = words
        .join(" ")
        .replace(" ,", ",")
        .replace("( ", "(")
        .replace(" )", ")");
    Value::Text(tidied)
}

/// How many bytes of a name the server keeps (`NAMEDATALEN` - 1).
const NAME_LENGTH: usize = 63;

/// A name that the server keeps in ASCII: what is too long is cut off at a whole character, and other
/// bytes become `\xNN`, before PostgreSQL 16 `?`.
pub(super) fn ascii_name(text: &str, escapes: bool) -> Value {
    // What the server shows was cut before its bytes were written out.
    let is_shown = text.is_ascii() && text.contains("\\x");
    let limit = if is_shown { usize::MAX } else { NAME_LENGTH };
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut kept = String::new();
    for byte in text.bytes().take(end) {
        match char::from(byte) {
            c if matches!(c, ' '..='~') => kept.push(c),
            _ if escapes => kept.push_str(&format_byte(byte)),
            _ => kept.push('?'),
        }
    }
    Value::Text(kept)
}

fn format_byte(byte: u8) -> String {
    format!("\\x{byte:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_has_many_names() {
        let utf8 = parse_encoding("UTF8").unwrap();
        assert_eq!(parse_encoding("utf-8").unwrap(), utf8);
        assert_eq!(parse_encoding("Unicode").unwrap(), utf8);
        assert_ne!(parse_encoding("latin-1").unwrap(), utf8);
        assert_eq!(
            parse_encoding("utf9").unwrap_err().suggestion.as_deref(),
            Some("UTF8")
        );
    }

    #[test]
    fn a_date_style_may_be_given_in_part() {
        let live = parse_date_style("ISO, DMY").unwrap();
        assert_eq!(parse_date_style("dmy,iso").unwrap(), live);
        assert!(parse_date_style("iso").unwrap().is_met_by(&live));
        assert!(parse_date_style("european").unwrap().is_met_by(&live));
        assert!(!parse_date_style("us").unwrap().is_met_by(&live));
        assert!(!parse_date_style("german").unwrap().is_met_by(&live));
        assert!(parse_date_style("iso, sql").is_err());
        assert_eq!(
            parse_date_style("isso").unwrap_err().suggestion.as_deref(),
            Some("ISO")
        );
    }

    #[test]
    fn a_time_zone_may_be_hours() {
        assert_eq!(time_zone("utc"), time_zone("UTC"));
        assert_eq!(time_zone("3"), time_zone("<+03>-03"));
        assert_eq!(time_zone("-3.5"), time_zone("<-03:30>+03:30"));
        assert_ne!(time_zone("UTC"), time_zone("Europe/Berlin"));
    }

    #[test]
    fn spaces_between_standbys_and_slashes_in_paths_do_not_count() {
        assert_eq!(
            standby_names("FIRST 1 (a,b)"),
            standby_names("FIRST  1 ( a , b )")
        );
        assert_ne!(standby_names("a,b"), standby_names("b,a"));
        assert_eq!(path("/var//log/./pg/"), path("/var/log/pg"));
        assert_ne!(path("/log"), path("log"));
    }
}
