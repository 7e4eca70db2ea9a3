//! Is it GeeLark that calls?
//!
//! GeeLark signs its calls as it wants ours signed, so the same two ways are verified. Always true: only a call that proved
//! who it is uses up its trace id, and nothing that a stranger sends is kept.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderMap, HeaderName};
use subtle::ConstantTimeEq;

use super::trace_id_cache::TraceIdCache;
use crate::clock::Timestamp;
use crate::credentials::Credentials;
use crate::sign::{APP_ID, NONCE, SIGN, TRACE_ID, TS, signature};

/// How far `ts` may be from our clock, either way.
const MAX_SKEW: Duration = Duration::from_mins(5);

/// A call can be repeated from five minutes before its `ts` to five minutes after.
const REMEMBER: Duration = Duration::from_mins(10);

/// GeeLark's are UUIDs of 36 characters.
const MAX_TRACE_ID_BYTES: usize = 64;

/// Every header that says who calls.
pub const AUTHENTICATION: [HeaderName; 6] = [AUTHORIZATION, APP_ID, TRACE_ID, TS, NONCE, SIGN];

/// Why a call is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookRejection {
    /// Whoever calls does not have the account's credential.
    Forged,
    /// It is genuine, yet its `ts` is too far from our clock.
    Late,
    /// It is genuine, yet it came before.
    Replayed,
}

/// Verifies the calls of one account.
pub struct WebhookVerifier {
    credentials: Credentials,
    used: Arc<Mutex<TraceIdCache>>,
}

impl WebhookVerifier {
    /// A verifier that has seen no call.
    pub fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            used: Arc::default(),
        }
    }

    /// The same account's verifier after a reload: what was used stays used.
    #[must_use]
    pub fn successor(&self, credentials: Credentials) -> Self {
        Self {
            credentials,
            used: self.used.clone(),
        }
    }

    /// Whether a call with these headers, which arrives `now`, is GeeLark's and new.
    pub fn admit(&self, headers: &HeaderMap, now: Timestamp) -> Result<(), WebhookRejection> {
        let trace_id = text(headers, &TRACE_ID)
            .filter(|id| (1..=MAX_TRACE_ID_BYTES).contains(&id.len()))
            .ok_or(WebhookRejection::Forged)?;
        let is_genuine = match &self.credentials {
            Credentials::Token(token) => is_bearer(headers, token.expose()),
            Credentials::Key { app_id, api_key } => is_signed(headers, trace_id, app_id, api_key.expose()),
        };
        if !is_genuine {
            return Err(WebhookRejection::Forged);
        }
        // Without a signature there need be no ts: then the trace id has to do.
        if headers.contains_key(TS) && !is_timely(headers, now) {
            return Err(WebhookRejection::Late);
        }
        // Every change is complete between two calls of it; a poisoned memory still is one.
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.is_first_use(trace_id, now.mono, REMEMBER) {
            Ok(())
        } else {
            Err(WebhookRejection::Replayed)
        }
    }
}

impl fmt::Debug for WebhookVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookVerifier")
    }
}

fn is_bearer(headers: &HeaderMap, token: &str) -> bool {
    text(headers, &AUTHORIZATION)
        .and_then(|value| value.strip_prefix("Bearer "))
        .is_some_and(|given| equal(given, token))
}

fn is_signed(headers: &HeaderMap, trace_id: &str, app_id: &str, api_key: &str) -> bool {
    let [given_app_id, ts, nonce, sign] = [APP_ID, TS, NONCE, SIGN].map(|name| text(headers, &name));
    let (Some(given_app_id), Some(ts), Some(nonce), Some(sign)) = (given_app_id, ts, nonce, sign) else {
        return false;
    };
    let expected = signature([app_id, trace_id, ts, nonce, api_key]);
    // Both are compared, whatever comes of the first.
    equal(given_app_id, app_id) & equal(&sign.to_ascii_uppercase(), &expected)
}

/// The parts of a signature have nothing between them, so a character could be moved from one to the next. A `ts` of which only
/// one spelling counts leaves no room for that.
fn is_timely(headers: &HeaderMap, now: Timestamp) -> bool {
    text(headers, &TS).is_some_and(|text| {
        text.parse::<u128>()
            .is_ok_and(|ts| ts.to_string() == text && ts.abs_diff(now.unix_millis()) <= MAX_SKEW.as_millis())
    })
}

/// A header that is there once, as text.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn equal(given: &str, expected: &str) -> bool {
    given.as_bytes().ct_eq(expected.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use std::time::{Instant, SystemTime, UNIX_EPOCH};

    use super::WebhookRejection::{Forged, Late, Replayed};
    use super::*;

    const APP: &str = "eH6gQR4oHr3FsZpI36La01IW";
    const KEY: &str = "YjmFIUuq0oJgSDJ42fxLEb6R1qjjqf";
    const TRACE: &str = "db6094ab-3797-4186-84d5-b0b58eebad56";
    const TS_MILLIS: u64 = 1_716_972_892_166;
    const PUBLISHED_SIGN: &str = "6280C080AF7C3CCE168F15C913E3444A00A618CB0E16038EED9811D6E3366BDD";

    fn key() -> WebhookVerifier {
        WebhookVerifier::new(Credentials::Key {
            app_id: APP.to_owned(),
            api_key: KEY.to_owned().into(),
        })
    }

    fn token() -> WebhookVerifier {
        WebhookVerifier::new(Credentials::Token("tok-1".to_owned().into()))
    }

    fn moment(wall: SystemTime) -> Timestamp {
        Timestamp {
            mono: Instant::now(),
            wall,
        }
    }

    fn at_ts() -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(TS_MILLIS)
    }

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
            .collect()
    }

    fn published() -> HeaderMap {
        headers(&[
            ("appId", APP),
            ("traceId", TRACE),
            ("ts", "1716972892166"),
            ("nonce", "db6094"),
            ("sign", PUBLISHED_SIGN),
        ])
    }

    fn bearer(token: &str, trace_id: &str) -> HeaderMap {
        headers(&[("Authorization", &format!("Bearer {token}")), ("traceId", trace_id)])
    }

    #[test]
    fn the_published_vector_is_genuine_once() {
        let verifier = key();
        let now = moment(at_ts());
        assert_eq!(verifier.admit(&published(), now), Ok(()));
        assert_eq!(verifier.admit(&published(), now), Err(Replayed));
        assert_eq!(
            verifier
                .successor(verifier.credentials.clone())
                .admit(&published(), now),
            Err(Replayed)
        );
    }

    #[test]
    fn any_part_that_differs_is_forged_and_uses_nothing_up() {
        let verifier = key();
        let now = moment(at_ts());
        for (name, value) in [
            ("appId", "another"),
            ("traceId", "db6094ab-3797-4186-84d5-b0b58eebad57"),
            ("ts", "1716972892167"),
            ("nonce", "db6095"),
            (
                "sign",
                "0000000000000000000000000000000000000000000000000000000000000000",
            ),
            ("sign", ""),
        ] {
            let mut headers = published();
            headers.insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
            assert_eq!(verifier.admit(&headers, now), Err(Forged), "{name}: {value}");
        }
        for name in [APP_ID, TRACE_ID, TS, NONCE, SIGN] {
            let mut headers = published();
            headers.remove(&name);
            assert_eq!(verifier.admit(&headers, now), Err(Forged), "no {name}");
            let mut headers = published();
            headers.append(&name, "x".parse().unwrap());
            assert_eq!(verifier.admit(&headers, now), Err(Forged), "two of {name}");
        }
        assert_eq!(verifier.admit(&bearer(KEY, TRACE), now), Err(Forged));
        assert_eq!(verifier.admit(&published(), now), Ok(()));
    }

    #[test]
    fn a_clock_may_be_five_minutes_off_either_way_and_no_more() {
        let millisecond = Duration::from_millis(1);
        for wall in [at_ts() + MAX_SKEW, at_ts() - MAX_SKEW] {
            assert_eq!(key().admit(&published(), moment(wall)), Ok(()));
        }
        for wall in [at_ts() + MAX_SKEW + millisecond, at_ts() - MAX_SKEW - millisecond] {
            assert_eq!(key().admit(&published(), moment(wall)), Err(Late));
        }
    }

    #[test]
    fn no_character_can_be_moved_between_the_parts_of_a_signature() {
        let verifier = key();
        let now = moment(at_ts());
        let trace_id = "db6094ab-3797-4186-84d5-b0b58eebad50";
        let sign = signature([APP, trace_id, "1716972892166", "16094a", KEY]);
        let admit = |trace_id: &str, ts: &str, nonce: &str| {
            let headers = headers(&[
                ("appId", APP),
                ("traceId", trace_id),
                ("ts", ts),
                ("nonce", nonce),
                ("sign", &sign),
            ]);
            verifier.admit(&headers, now)
        };
        assert_eq!(admit(trace_id, "1716972892166", "16094a"), Ok(()));
        for (trace_id, ts, nonce) in [
            ("db6094ab-3797-4186-84d5-b0b58eebad5", "01716972892166", "16094a"),
            ("db6094ab-3797-4186-84d5-b0b58eebad", "501716972892166", "16094a"),
            ("db6094ab-3797-4186-84d5-b0b58eebad501", "716972892166", "16094a"),
            (trace_id, "17169728921661", "6094a"),
            (trace_id, "171697289216", "616094a"),
        ] {
            assert_eq!(admit(trace_id, ts, nonce), Err(Late), "{trace_id} {ts} {nonce}");
        }
    }

    #[test]
    fn a_token_is_genuine_once_for_each_trace_id() {
        let verifier = token();
        let now = moment(at_ts());
        assert_eq!(verifier.admit(&bearer("tok-1", "a"), now), Ok(()));
        assert_eq!(verifier.admit(&bearer("tok-1", "a"), now), Err(Replayed));
        assert_eq!(verifier.admit(&bearer("tok-1", "b"), now), Ok(()));
        for headers in [
            bearer("tok-2", "c"),
            bearer("", "c"),
            bearer("tok-1", ""),
            bearer("tok-1", &"c".repeat(65)),
            headers(&[("Authorization", "tok-1"), ("traceId", "c")]),
            headers(&[("Authorization", "Bearer tok-1")]),
            headers(&[("traceId", "c")]),
            published(),
        ] {
            assert_eq!(verifier.admit(&headers, now), Err(Forged), "{headers:?}");
        }
    }

    #[test]
    fn a_token_that_comes_with_a_time_must_come_in_time() {
        let with_ts = |ts: &str| {
            let mut headers = bearer("tok-1", "a");
            headers.insert(TS, ts.parse().unwrap());
            token().admit(&headers, moment(at_ts()))
        };
        assert_eq!(with_ts("1716972892166"), Ok(()));
        for ts in ["1716972092166", "soon", "", "-1"] {
            assert_eq!(with_ts(ts), Err(Late), "{ts}");
        }
    }
}
