//! Single JSON values, read the way they may come: numbers as strings, ids as numbers, text that is not quite Unicode.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A string, or a number as it is written: an id of twenty digits keeps them all. `None` for anything else.
pub(super) fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    let written = value.get();
    match written.as_bytes().first()? {
        b'"' => string(written),
        b'-' | b'0'..=b'9' => Some(Cow::Borrowed(written)),
        _ => None,
    }
}

/// A whole number, bare or in a string. `None` for anything else.
pub(super) fn integer(value: &RawValue) -> Option<i64> {
    let written = text(value)?;
    let written = written.trim();
    written.strip_suffix(".0").unwrap_or(written).parse().ok()
}

/// A number with or without a fraction, bare or in a string. `None` for anything else, the infinite and the undefined included.
pub(super) fn number(value: &RawValue) -> Option<f64> {
    text(value)?
        .trim()
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
}

/// Names are typed by people and cut by programs: half of an emoji is a lone surrogate, which is no text. `serde_json`
/// hands it out when asked for bytes, and what is no text in them is replaced.
fn string(written: &str) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Bytes<'a>(#[serde(borrow)] Cow<'a, [u8]>);

    // Without an escape the string is its own content, as most are.
    if let Some(plain) = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))
        && !plain.contains('\\')
    {
        return Some(Cow::Borrowed(plain));
    }
    let Bytes(bytes) = serde_json::from_str(written).ok()?;
    Some(Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn text_is_a_string_or_a_number_as_written() {
        let table = [
            (r#""a""#, Some("a")),
            (r#""""#, Some("")),
            (r#""手机 \"1\"\n\\ \u4e2d \ud83d\ude00""#, Some("手机 \"1\"\n\\ 中 😀")),
            ("588732926036803641", Some("588732926036803641")),
            ("123456789012345678901234567890", Some("123456789012345678901234567890")),
            ("null", None),
            ("true", None),
            ("[]", None),
            ("{}", None),
        ];
        for (json, expected) in table {
            assert_eq!(text(&raw(json)).as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn half_an_emoji_is_replaced_and_the_rest_kept() {
        let name = raw(r#""farm \ud83d 7""#);
        let name = text(&name).unwrap();
        assert!(name.starts_with("farm \u{fffd}") && name.ends_with(" 7"), "{name}");
    }

    #[test]
    fn an_integer_may_be_a_string() {
        let table = [
            ("0", Some(0)),
            ("\"3\"", Some(3)),
            ("\" 2 \"", Some(2)),
            ("-7", Some(-7)),
            ("2.0", Some(2)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("2.5", None),
            ("\"\"", None),
            ("\"on\"", None),
            ("null", None),
            ("[0]", None),
        ];
        for (json, expected) in table {
            assert_eq!(integer(&raw(json)), expected, "{json}");
        }
    }
    #[test]
    fn a_number_may_have_a_fraction_and_must_be_one() {
        let table = [
            ("12.5", Some(12.5)),
            ("\"-0.25\"", Some(-0.25)),
            ("1e3", Some(1000.0)),
            ("7", Some(7.0)),
            ("\"NaN\"", None),
            ("\"inf\"", None),
            ("1e999", None),
            ("\"12,5\"", None),
            ("null", None),
            ("{}", None),
        ];
        for (json, expected) in table {
            assert_eq!(number(&raw(json)), expected, "{json}");
        }
    }
}
