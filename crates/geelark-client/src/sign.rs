//! The headers that authenticate a request.

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

use crate::clock::UnixMillis;
use crate::credentials::{Credentials, sha256};

pub(super) const TRACE_ID: HeaderName = HeaderName::from_static("traceid");
pub(super) const APP_ID: HeaderName = HeaderName::from_static("appid");
pub(super) const TS: HeaderName = HeaderName::from_static("ts");
pub(super) const NONCE: HeaderName = HeaderName::from_static("nonce");
pub(super) const SIGN: HeaderName = HeaderName::from_static("sign");

/// The nonce is the beginning of the trace id, of this length.
const NONCE_LENGTH: usize = 6;

/// The headers of the call `trace_id` at `now`.
///
/// Credentials that a header cannot contain, for instance with a line break, are left out. GeeLark then refuses the call.
pub(super) fn sign(credentials: &Credentials, trace_id: Uuid, now: UnixMillis) -> HeaderMap {
    let trace_id = trace_id.to_string();
    let mut headers = HeaderMap::new();
    // Sensitive values are neither in `Debug` output nor in the compression tables of HTTP/2.
    let mut insert = |name, value: String, is_sensitive| {
        if let Ok(mut value) = HeaderValue::try_from(value) {
            value.set_sensitive(is_sensitive);
            headers.insert(name, value);
        }
    };
    match credentials {
        Credentials::Token(token) => insert(AUTHORIZATION, format!("Bearer {}", token.expose()), true),
        Credentials::Key { app_id, api_key } => {
            let (ts, nonce) = (now.0.to_string(), &trace_id[..NONCE_LENGTH]);
            let hash = sha256([app_id, &trace_id, &ts, nonce, api_key.expose()]);
            insert(SIGN, hash.to_uppercase(), true);
            insert(APP_ID, app_id.clone(), true);
            insert(NONCE, nonce.to_owned(), false);
            insert(TS, ts, false);
        }
    }
    insert(TRACE_ID, trace_id, false);
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "db6094ab-3797-4186-84d5-b0b58eebad56";

    fn headers(credentials: &Credentials) -> HeaderMap {
        sign(credentials, TRACE.parse().unwrap(), UnixMillis(1_716_972_892_166))
    }

    fn published_key() -> Credentials {
        Credentials::Key {
            app_id: "eH6gQR4oHr3FsZpI36La01IW".to_owned(),
            api_key: "YjmFIUuq0oJgSDJ42fxLEb6R1qjjqf".to_owned().into(),
        }
    }

    #[test]
    fn the_published_example_has_the_published_signature() {
        let headers = headers(&published_key());
        let expected = [
            ("appId", "eH6gQR4oHr3FsZpI36La01IW"),
            ("traceId", TRACE),
            ("ts", "1716972892166"),
            ("nonce", "db6094"),
            (
                "sign",
                "6280C080AF7C3CCE168F15C913E3444A00A618CB0E16038EED9811D6E3366BDD",
            ),
        ];
        for (name, value) in expected {
            assert_eq!(headers[name], value, "{name}");
        }
        assert_eq!(headers.len(), expected.len());
    }

    #[test]
    fn a_token_is_sent_as_bearer_with_the_trace_id() {
        let headers = headers(&Credentials::Token("tok-1".to_owned().into()));
        assert_eq!(headers["authorization"], "Bearer tok-1");
        assert_eq!(headers["traceid"], TRACE);
        assert_eq!(headers.len(), 2);
    }

    #[test]
    fn debug_output_shows_no_credential() {
        let token = Credentials::Token("tok-1".to_owned().into());
        for (credentials, secret) in [(token, "tok-1"), (published_key(), "6280C080")] {
            let shown = format!("{:?}", headers(&credentials));
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn credentials_that_no_header_can_contain_are_left_out() {
        let headers = headers(&Credentials::Token("two\nlines".to_owned().into()));
        assert!(!headers.contains_key("authorization"));
        assert!(headers.contains_key("traceid"));
    }
}
