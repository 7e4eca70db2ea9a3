//! The encoding that a client accepts: `Accept-Encoding` of RFC 9110, section 12.5.3.

use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

/// Whether the response should be compressed.
///
/// Gzip must be accepted, and must not have a lower weight than an identity that is named. A client that accepts neither
/// gets identity, because an unexpected encoding is better than no response.
pub(super) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let (mut gzip, mut identity, mut any) = (None, None, None);
    let values = headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok());
    for coding in values.flat_map(|value| value.split(',')) {
        let coding = coding.to_ascii_lowercase();
        let (name, weight) = coding.split_once(';').unwrap_or((&coding, "q=1"));
        match name.trim() {
            "gzip" | "x-gzip" => gzip = Some(quality(weight)),
            "identity" => identity = Some(quality(weight)),
            "*" => any = Some(quality(weight)),
            _ => {}
        }
    }
    let gzip = gzip.or(any).unwrap_or(0.0);
    gzip > 0.0 && gzip >= identity.unwrap_or(0.0)
}

/// The number behind `q=`. An invalid one counts as 0, because every client understands plain text.
fn quality(weight: &str) -> f32 {
    let digits = weight
        .trim()
        .strip_prefix("q=")
        .filter(|digits| digits.len() <= "0.123".len());
    let quality = digits.and_then(|digits| digits.parse().ok());
    quality.filter(|quality| (0.0..=1.0).contains(quality)).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn encodings_are_negotiated_as_the_standard_says() {
        for (lines, gzip) in [
            (&[][..], false),
            (&[""], false),
            (&["gzip"], true),
            (&["GZip"], true),
            (&["x-gzip"], true),
            (&["gzip, deflate, br"], true),
            (&["deflate, br"], false),
            (&["gzip;q=0"], false),
            (&["gzip; q=0.000"], false),
            (&["gzip;q=0.001"], true),
            (&["gzip ; Q=0.5"], true),
            (&["gzip;q=0, *"], false),
            (&["*"], true),
            (&["*;q=0"], false),
            (&["*;q=0, gzip"], true),
            (&["identity"], false),
            (&["identity, gzip;q=0.5"], false),
            (&["identity;q=0.5, gzip;q=0.5"], true),
            (&["identity;q=0.5, gzip"], true),
            (&["identity;q=0"], false),
            (&["identity;q=0, *"], true),
            (&["gzip;q=2"], false),
            (&["gzip;q=1.5"], false),
            (&["gzip;q=abc"], false),
            (&["gzip;q=0.1234"], false),
            (&["gzip;q"], false),
            (&["gzipped"], false),
            (&["deflate", "gzip"], true),
            (&["gzip;q=1.000"], true),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(ACCEPT_ENCODING, HeaderValue::from_static(line));
            }
            assert_eq!(accepts_gzip(&headers), gzip, "{lines:?}");
        }
    }
}
