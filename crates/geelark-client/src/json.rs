//! JSON that may differ from GeeLark's documentation: a field may be missing, null or of another type, a number may be a
//! string, an id may be a number, and a text may contain invalid Unicode. A bad value affects no other value.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::from_utf8;

use serde::Deserialize;
use serde::de::{Deserializer as _, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Error, error::Category};

/// A value as it is written; `None` if it is missing or null.
pub(super) type Field<'a> = Option<&'a RawValue>;

/// The entries of a list as they are written; `None` if it is missing or null.
pub(super) type List<'a> = Option<Vec<&'a RawValue>>;

/// GeeLark's ids have 18 digits. A much longer text is no id, and it would be kept in memory.
const MAX_ID_BYTES: usize = 64;

/// Reads the fields `names` of the object `json`, each as a [`Field`] or each as a [`List`]. A repeated field is an error.
///
/// An empty list counts as an empty object, because some languages write it so.
pub(super) fn fields<'a, V: Deserialize<'a>, const N: usize>(
    json: &'a str,
    names: [&str; N],
) -> Result<[Option<V>; N], Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let fields = deserializer.deserialize_struct("", &[], Names(names, PhantomData))?;
    deserializer.end()?;
    Ok(fields)
}

/// Reads the fields `names` of a document. The error says what is wrong with it, and quotes nothing of it.
pub(super) fn document<'a, const N: usize>(body: &'a [u8], names: [&str; N]) -> Result<[Field<'a>; N], String> {
    let text = from_utf8(body).map_err(|error| format!("is not UTF-8 (from byte {})", error.valid_up_to()))?;
    fields(text, names).map_err(|error| problem(&error))
}

/// Reads the fields `names` of a value inside a document. They are all `None` if the value is not an object.
pub(super) fn nested<'a, const N: usize>(value: Field<'a>, names: [&str; N]) -> [Field<'a>; N] {
    let fields = value.and_then(|value| fields(value.get(), names).ok());
    fields.unwrap_or([None; N])
}

struct Names<'n, V, const N: usize>([&'n str; N], PhantomData<V>);

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de, V: Deserialize<'de>, const N: usize> Visitor<'de> for Names<'_, V, N> {
    type Value = [Option<V>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut fields = [const { None }; N];
        while let Some(Name(name)) = object.next_key()? {
            match self.0.iter().position(|wanted| name == *wanted) {
                None => drop(object.next_value::<IgnoredAny>()?),
                Some(at) if fields[at].is_some() => return Err(A::Error::custom("a repeated field")),
                Some(at) => fields[at] = object.next_value()?,
            }
        }
        Ok(fields)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        match list.next_element::<IgnoredAny>()? {
            None => Ok([const { None }; N]),
            Some(_) => Err(A::Error::custom("a list")),
        }
    }
}

/// Reads a list inside a document; `None` if the value is not a list.
pub(super) fn list(value: Field<'_>) -> List<'_> {
    serde_json::from_str(value?.get()).ok()
}

/// Reads each entry of a list. Entries for which `read` returns `None` are skipped.
pub(super) fn entries<'a, T>(list: List<'a>, mut read: impl FnMut(Field<'a>) -> Option<T>) -> Vec<T> {
    let entries = list.unwrap_or_default().into_iter();
    entries.filter_map(|entry| read(Some(entry))).collect()
}

/// What is wrong with a document, and where.
pub(super) fn problem(error: &Error) -> String {
    let problem = match error.classify() {
        Category::Eof => "ends too early",
        Category::Data => "is JSON of another shape",
        Category::Syntax | Category::Io => "is not JSON",
    };
    format!("{problem} (line {}, column {})", error.line(), error.column())
}

/// A string, or a number as it is written: an id of twenty digits keeps them all. `None` for anything else.
pub(super) fn text(value: Field<'_>) -> Option<Cow<'_, str>> {
    let written = value?.get();
    match written.as_bytes().first()? {
        b'"' => string(written),
        b'-' | b'0'..=b'9' => Some(Cow::Borrowed(written)),
        _ => None,
    }
}

/// A text that can be an id: 1 to [`MAX_ID_BYTES`] bytes long.
pub(super) fn id(value: Field<'_>) -> Option<Cow<'_, str>> {
    text(value).filter(|id| (1..=MAX_ID_BYTES).contains(&id.len()))
}

/// A whole number, bare or in a string. `None` for anything else.
pub(super) fn integer(value: Field<'_>) -> Option<i64> {
    let written = text(value)?;
    let written = written.trim();
    written.strip_suffix(".0").unwrap_or(written).parse().ok()
}

/// A finite number, bare or in a string. `None` for anything else.
pub(super) fn number(value: Field<'_>) -> Option<f64> {
    let number: f64 = text(value)?.trim().parse().ok()?;
    number.is_finite().then_some(number)
}

/// Names may end in the middle of an emoji, which leaves a lone surrogate. `serde_json` returns it as bytes, and invalid
/// bytes are replaced.
fn string(written: &str) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Bytes<'a>(#[serde(borrow)] Cow<'a, [u8]>);

    // Most strings have no escapes, so their content is what is written.
    let content = written.strip_prefix('"')?.strip_suffix('"')?;
    if !content.contains('\\') {
        return Some(Cow::Borrowed(content));
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
    fn fields_are_found_by_name_and_a_repeated_one_is_an_error() {
        let [a, b, c] = fields(r#" {"x": [1], "\u0061": 1, "b": null} "#, ["a", "b", "c"]).unwrap();
        assert_eq!(
            (a.map(RawValue::get), b.is_none(), c.is_none()),
            (Some("1"), true, true)
        );
        assert!(fields::<&RawValue, 1>(" [ ] ", ["a"]).unwrap()[0].is_none());
        for json in [
            "[1]",
            r#"{"a": 0, "a": 1}"#,
            r#"{"a": 1} 2"#,
            "7",
            "null",
            r#""a""#,
            "{",
            "",
        ] {
            assert!(fields::<&RawValue, 1>(json, ["a"]).is_err(), "{json}");
        }
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
            assert_eq!(text(Some(&raw(json))).as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn half_an_emoji_is_replaced_and_the_rest_kept() {
        let name = raw(r#""farm \ud83d 7""#);
        let name = text(Some(&name)).unwrap();
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
            assert_eq!(integer(Some(&raw(json))), expected, "{json}");
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
            assert_eq!(number(Some(&raw(json))), expected, "{json}");
        }
    }
}
