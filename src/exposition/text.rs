//! Lines of the text format, version 0.0.4.
//!
//! Prometheus 2.42 and promtool read every character inside a quoted label value, NUL, carriage return and U+2028
//! included, and names of a megabyte. So nothing is replaced or cut: three characters are escaped, the rest passes.

use memchr::memchr3;

/// Appends `name{label="value",…} value`, ended by a line feed.
pub(super) fn sample<'a>(
    out: &mut Vec<u8>,
    name: &str,
    labels: impl IntoIterator<Item = (&'static str, &'a str)>,
    value: i64,
) {
    out.extend_from_slice(name.as_bytes());
    let mut before = b'{';
    for (label, value) in labels {
        out.push(before);
        out.extend_from_slice(label.as_bytes());
        out.extend_from_slice(b"=\"");
        escaped(out, value);
        out.push(b'"');
        before = b',';
    }
    if before == b',' {
        out.push(b'}');
    }
    out.push(b' ');
    integer(out, value);
    out.push(b'\n');
}

/// Appends a number.
pub(super) fn integer(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends a label value: backslash, quote and line feed are escaped.
pub(super) fn escaped(out: &mut Vec<u8>, value: &str) {
    let mut rest = value.as_bytes();
    while let Some(at) = memchr3(b'\\', b'"', b'\n', rest) {
        out.extend_from_slice(&rest[..at]);
        out.push(b'\\');
        out.push(if rest[at] == b'\n' { b'n' } else { rest[at] });
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(labels: &[(&'static str, &str)], value: i64) -> String {
        let mut out = Vec::new();
        sample(&mut out, "m", labels.iter().copied(), value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_sample_without_labels_has_no_braces() {
        assert_eq!(line(&[], -7), "m -7\n");
    }

    #[test]
    fn labels_are_separated_by_commas() {
        assert_eq!(
            line(&[("a", "1"), ("b", "")], i64::MIN),
            "m{a=\"1\",b=\"\"} -9223372036854775808\n"
        );
    }

    #[test]
    fn backslash_quote_and_line_feed_are_escaped_and_nothing_else() {
        assert_eq!(
            line(&[("n", "\\\"\n\r\0\t}{,= \u{2028}ü")], 1),
            "m{n=\"\\\\\\\"\\n\r\0\t}{,= \u{2028}ü\"} 1\n"
        );
    }
}
