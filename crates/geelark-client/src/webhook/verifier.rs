//! Verifies that a webhook comes from GeeLark.
//!
//! GeeLark signs webhooks as it wants requests signed, with a token or a key. Only a verified webhook uses up its trace id.
//! Nothing of an unverified one is kept.

#[cfg(test)]
mod tests;

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
