//! Removes credentials from responses. A careless gateway may repeat what was sent to it. What is not in the response
//! cannot get into a log, a label or a page.

use bytes::Bytes;
use http::HeaderMap;
use memchr::memmem;

/// Replaces the sensitive values of `headers` in `body`; of `Bearer TOKEN`, the token. A body without them is not copied.
pub(super) fn redact(body: Bytes, headers: &HeaderMap) -> Bytes {
    let sensitive = headers.values().filter(|value| value.is_sensitive());
    let secrets = sensitive.map(|value| value.as_bytes().strip_prefix(b"Bearer ").unwrap_or(value.as_bytes()));
    secrets.filter(|secret| !secret.is_empty()).fold(body, |body, secret| {
        let (mut redacted, mut rest) = (Vec::new(), 0);
        for start in memmem::find_iter(&body, secret) {
            redacted.extend_from_slice(&body[rest..start]);
            redacted.extend_from_slice(b"[redacted]");
            rest = start + secret.len();
        }
        if rest == 0 {
            return body;
        }
        redacted.extend_from_slice(&body[rest..]);
        redacted.into()
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(values: &[(&'static str, &'static str, bool)]) -> HeaderMap {
        let headers = values.iter().map(|(name, value, sensitive)| {
            let mut value = HeaderValue::from_static(value);
            value.set_sensitive(*sensitive);
            (http::HeaderName::from_static(name), value)
        });
        headers.collect()
    }

    #[test]
    fn every_copy_of_a_credential_is_replaced_and_nothing_else() {
        let headers = headers(&[
            ("authorization", "Bearer tok-1", true),
            ("sign", "ABC", true),
            ("traceid", "trace", false),
        ]);
        let redacted = redact("tok-1 trace ABC tok-1tok-1 Bearer".into(), &headers);
        assert_eq!(redacted, "[redacted] trace [redacted] [redacted][redacted] Bearer");
    }

    #[test]
    fn a_body_without_credentials_is_not_copied() {
        let body = Bytes::from_static(b"{\"code\": 0}");
        let headers = headers(&[("sign", "ABC", true), ("appid", "", true)]);
        let kept = redact(body.clone(), &headers);
        assert_eq!(kept.as_ptr(), body.as_ptr());
    }
}
