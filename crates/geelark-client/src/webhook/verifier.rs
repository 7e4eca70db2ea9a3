//! Verifies that a webhook comes from GeeLark.
//!
//! GeeLark signs webhooks as it wants requests signed, with a token or a key. Only a verified webhook uses up its trace id.
//! Nothing of an unverified one is kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::header::{AUTHORIZATION, HeaderMap, HeaderName};
use subtle::ConstantTimeEq;

use crate::clock::Timestamp;
use crate::credentials::{Credentials, sha256};
use crate::sign::{APP_ID, NONCE, SIGN, TRACE_ID, TS};

/// The largest difference between `ts` and our clock.
const MAX_SKEW: Duration = Duration::from_mins(5);

/// A webhook can be repeated from five minutes before its `ts` until five minutes after.
const REMEMBER: Duration = Duration::from_mins(10);

/// More than GeeLark sends in that time. Only the owner of the credentials can reach it.
const MAX_TRACE_IDS: usize = 65_536;

/// GeeLark's trace ids are UUIDs of 36 characters.
const MAX_TRACE_ID_BYTES: usize = 64;

/// The headers that authenticate a webhook.
pub const AUTHENTICATION: [HeaderName; 6] = [AUTHORIZATION, APP_ID, TRACE_ID, TS, NONCE, SIGN];

/// Why a webhook is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookRejection {
    /// The sender does not have the account's credentials.
    Forged,
    /// The webhook is genuine, but its `ts` is too far from our clock.
    Late,
    /// The webhook is genuine, but its trace id was used before.
    Replayed,
}

/// Verifies the webhooks of one account.
#[derive(Debug)]
pub struct WebhookVerifier {
    credentials: Credentials,
    /// When each trace id was used.
    used: Arc<Mutex<HashMap<Box<str>, Instant>>>,
}

impl WebhookVerifier {
    /// A verifier that shares the used trace ids of the verifier before a reload.
    pub fn new(credentials: Credentials, previous: Option<&Self>) -> Self {
        let used = previous.map(|previous| previous.used.clone()).unwrap_or_default();
        Self { credentials, used }
    }

    /// Whether a webhook with these headers, which arrives `now`, is genuine and new.
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
        // A webhook with a token may have no ts. Then only its trace id is checked.
        if headers.contains_key(TS) && !is_timely(headers, now) {
            return Err(WebhookRejection::Late);
        }
        // Each change is one operation, so a poisoned lock still guards a consistent map.
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        is_first_use(&mut used, trace_id, now.mono)
            .then_some(())
            .ok_or(WebhookRejection::Replayed)
    }
}

/// Whether `trace_id` was not used within [`REMEMBER`]. Old entries are removed before the map would grow.
fn is_first_use(used: &mut HashMap<Box<str>, Instant>, trace_id: &str, now: Instant) -> bool {
    let is_recent = |at: &mut Instant| now.saturating_duration_since(*at) <= REMEMBER;
    if used.get_mut(trace_id).is_some_and(is_recent) {
        return false;
    }
    if used.len() == used.capacity() {
        used.retain(|_, at| is_recent(at));
    }
    if used.len() >= MAX_TRACE_IDS {
        used.clear();
    }
    used.insert(trace_id.into(), now);
    true
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
    let expected = sha256([app_id, trace_id, ts, nonce, api_key]);
    // Both are compared in any case, so that timing does not tell which one is wrong.
    equal(given_app_id, app_id) & equal(&sign.to_ascii_lowercase(), &expected)
}

/// The signed parts have no separator, so a character could be moved from one part to the next. That is prevented because
/// only one spelling of a `ts` is accepted.
fn is_timely(headers: &HeaderMap, now: Timestamp) -> bool {
    text(headers, &TS).is_some_and(|text| {
        let ts = text.parse::<u64>().ok().filter(|ts| ts.to_string() == text);
        ts.is_some_and(|ts| Duration::from_millis(ts.abs_diff(now.millis().0)) <= MAX_SKEW)
    })
}

/// The value of a header that occurs once.
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
        WebhookVerifier::new(
            Credentials::Key {
                app_id: APP.to_owned(),
                api_key: KEY.to_owned().into(),
            },
            None,
        )
    }

    fn token() -> WebhookVerifier {
        WebhookVerifier::new(Credentials::Token("tok-1".to_owned().into()), None)
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
    fn the_published_example_is_admitted_once() {
        let verifier = key();
        let now = moment(at_ts());
        assert_eq!(verifier.admit(&published(), now), Ok(()));
        assert_eq!(verifier.admit(&published(), now), Err(Replayed));
        let after_reload = WebhookVerifier::new(verifier.credentials.clone(), Some(&verifier));
        assert_eq!(after_reload.admit(&published(), now), Err(Replayed));
    }

    #[test]
    fn a_request_that_differs_in_any_part_is_forged_and_uses_no_trace_id() {
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
    fn the_clock_may_be_wrong_by_five_minutes() {
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
        let sign = sha256([APP, trace_id, "1716972892166", "16094a", KEY]).to_uppercase();
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
    fn a_token_is_admitted_once_for_each_trace_id() {
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
    fn a_token_with_a_time_must_be_timely() {
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

    #[test]
    fn a_trace_id_is_remembered_for_ten_minutes() {
        let mut used = HashMap::new();
        let start = Instant::now();
        assert!(is_first_use(&mut used, "a", start));
        assert!(!is_first_use(&mut used, "a", start + REMEMBER));
        assert!(is_first_use(
            &mut used,
            "a",
            start + REMEMBER + Duration::from_millis(1)
        ));
    }

    #[test]
    fn remembered_trace_ids_are_bounded() {
        let mut used = HashMap::new();
        let start = Instant::now();
        for number in 0..=MAX_TRACE_IDS {
            assert!(is_first_use(&mut used, &number.to_string(), start));
            assert!(used.len() <= MAX_TRACE_IDS);
        }
        for number in 0..1000 {
            let now = start + REMEMBER * number;
            assert!(is_first_use(&mut used, &number.to_string(), now));
        }
        assert!(used.len() <= used.capacity() && used.len() < MAX_TRACE_IDS / 2);
    }
}
