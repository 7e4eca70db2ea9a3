//! Answers that repeat what was sent to them, as careless gateways do, are relieved of the credentials in it before
//! anybody reads them: what is not in the answer cannot get into a log, a label or a page.

use std::fmt;

use bytes::Bytes;
use http::HeaderMap;
use memchr::memmem;

const INSTEAD: &[u8] = b"[redacted]";

/// The credentials that a call's headers carry.
pub(super) struct Sent(Vec<Vec<u8>>);

impl Sent {
    /// The values that the signer marked as sensitive; of `Bearer TOKEN`, the token.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let secrets = headers.values().filter(|value| value.is_sensitive());
        let bare = |value: &[u8]| value.strip_prefix(b"Bearer ").unwrap_or(value).to_vec();
        let secrets = secrets.map(|value| bare(value.as_bytes()));
        Self(secrets.filter(|secret| !secret.is_empty()).collect())
    }

    /// The body without them. One that has none, as every answer of GeeLark's, is not copied.
    pub(super) fn redact(&self, body: Bytes) -> Bytes {
        self.0.iter().fold(body, |body, secret| {
            let mut places = memmem::find_iter(&body, secret).peekable();
            if places.peek().is_none() {
                return body;
            }
            let (mut blotted, mut rest) = (Vec::with_capacity(body.len()), 0);
            for place in places {
                blotted.extend_from_slice(&body[rest..place]);
                blotted.extend_from_slice(INSTEAD);
                rest = place + secret.len();
            }
            blotted.extend_from_slice(&body[rest..]);
            blotted.into()
        })
    }
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sent")
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn sent(values: &[(&'static str, &'static str, bool)]) -> Sent {
        let headers = values.iter().map(|(name, value, sensitive)| {
            let mut value = HeaderValue::from_static(value);
            value.set_sensitive(*sensitive);
            (http::HeaderName::from_static(name), value)
        });
        Sent::of(&headers.collect())
    }

    #[test]
    fn every_repetition_of_a_credential_is_blotted_out_and_nothing_else() {
        let sent = sent(&[
            ("authorization", "Bearer tok-1", true),
            ("sign", "ABC", true),
            ("traceid", "trace", false),
        ]);
        let blotted = sent.redact("tok-1 trace ABC tok-1tok-1 Bearer".into());
        assert_eq!(blotted, "[redacted] trace [redacted] [redacted][redacted] Bearer");
    }

    #[test]
    fn a_body_without_credentials_is_the_same_bytes() {
        let body = Bytes::from_static(b"{\"code\": 0}");
        let kept = sent(&[("sign", "ABC", true), ("appid", "", true)]).redact(body.clone());
        assert_eq!(kept.as_ptr(), body.as_ptr());
    }
}
