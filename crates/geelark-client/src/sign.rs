//! The headers that say who asks: GeeLark's two ways to authenticate.

use std::fmt;
use std::fmt::Write as _;

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::credentials::Credentials;

pub(super) const TRACE_ID: HeaderName = HeaderName::from_static("traceid");
pub(super) const APP_ID: HeaderName = HeaderName::from_static("appid");
pub(super) const TS: HeaderName = HeaderName::from_static("ts");
pub(super) const NONCE: HeaderName = HeaderName::from_static("nonce");
pub(super) const SIGN: HeaderName = HeaderName::from_static("sign");

/// How much of the trace id is the nonce.
const NONCE_LENGTH: usize = 6;

/// Signs the calls of one account.
///
/// A credential that cannot stand in a header (it has a line break, say) is left out: GeeLark then refuses the call, and
/// says so, which is the truth about such a credential.
pub(super) struct Signer(Credentials);

impl Signer {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self(credentials)
    }

    /// The headers of the call `trace_id`, made `unix_millis` after the epoch.
    pub(super) fn headers(&self, trace_id: Uuid, unix_millis: u128) -> HeaderMap {
        let trace_id = trace_id.to_string();
        let mut headers = HeaderMap::with_capacity(8);
        match &self.0 {
            Credentials::Token(token) => {
                insert_secret(&mut headers, AUTHORIZATION, format!("Bearer {}", token.expose()));
            }
            Credentials::Key { app_id, api_key } => {
                let ts = unix_millis.to_string();
                let nonce = &trace_id[..NONCE_LENGTH];
                let sign = signature([app_id, &trace_id, &ts, nonce, api_key.expose()]);
                insert_secret(&mut headers, APP_ID, app_id.clone());
                insert(&mut headers, NONCE, nonce.to_owned());
                insert(&mut headers, TS, ts);
                insert_secret(&mut headers, SIGN, sign);
            }
        }
        insert(&mut headers, TRACE_ID, trace_id);
        headers
    }
}

/// Upper-case hex SHA-256 of the parts, with nothing between them.
pub(super) fn signature(parts: [&str; 5]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02X}"); // a String takes whatever is written
        hex
    })
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// Sensitive values are shown by no `Debug`, and kept out of HTTP/2's header compression tables.
fn insert_secret(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(mut value) = HeaderValue::try_from(value) {
        value.set_sensitive(true);
        headers.insert(name, value);
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "db6094ab-3797-4186-84d5-b0b58eebad56";

    fn headers(credentials: Credentials) -> HeaderMap {
        Signer::new(credentials).headers(TRACE.parse().unwrap(), 1_716_972_892_166)
    }

    fn published_key() -> Credentials {
        Credentials::Key {
            app_id: "eH6gQR4oHr3FsZpI36La01IW".to_owned(),
            api_key: "YjmFIUuq0oJgSDJ42fxLEb6R1qjjqf".to_owned().into(),
        }
    }

    #[test]
    fn the_published_vector_is_signed_as_published() {
        let headers = headers(published_key());
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
    fn a_token_is_a_bearer_beside_the_trace_id() {
        let headers = headers(Credentials::Token("tok-1".to_owned().into()));
        assert_eq!(headers["authorization"], "Bearer tok-1");
        assert_eq!(headers["traceid"], TRACE);
        assert_eq!(headers.len(), 2);
    }

    #[test]
    fn debug_output_shows_no_credential() {
        let token = Credentials::Token("tok-1".to_owned().into());
        for (credentials, secret) in [(token, "tok-1"), (published_key(), "6280C080")] {
            let signer = Signer::new(credentials.clone());
            let shown = format!("{signer:?} {:?}", headers(credentials));
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn a_credential_no_header_can_carry_is_left_out() {
        let headers = headers(Credentials::Token("two\nlines".to_owned().into()));
        assert!(!headers.contains_key("authorization"));
        assert!(headers.contains_key("traceid"));
    }
}
