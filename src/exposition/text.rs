//! Values in the text format, version 0.0.4.
//!
//! Prometheus 2.42 and promtool read every character inside a quoted label value, NUL, carriage return and U+2028
//! included, and names of a megabyte. So nothing is replaced or cut: three characters are escaped, the rest passes.

use memchr::memchr3;

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

    #[test]
    fn an_integer_has_a_sign_if_it_is_negative() {
        let mut out = Vec::new();
        integer(&mut out, i64::MIN);
        assert_eq!(out, b"-9223372036854775808");
    }

    #[test]
    fn backslash_quote_and_line_feed_are_escaped_and_nothing_else() {
        let mut out = Vec::new();
        escaped(&mut out, "\\\"\n\r\0\t}{,= \u{2028}ü");
        assert_eq!(String::from_utf8(out).unwrap(), "\\\\\\\"\\n\r\0\t}{,= \u{2028}ü");
    }
}
