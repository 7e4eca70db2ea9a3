//! Who may come in: GeeLark's two ways to authenticate, verified as its documentation describes them.

use std::collections::{HashSet, VecDeque};
use std::fmt::Write as _;
use std::time::Duration;

use axum::http::HeaderMap;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::api::Refusal;
use super::options::Options;
use crate::clock::Moment;

/// How far `ts` may be from the stand-in's clock, either way.
const MAX_SKEW: Duration = Duration::from_mins(5);

/// How many trace ids are remembered; at the documented limit that is more than two and a half hours of calls.
const REMEMBERED: usize = 65_536;

/// Knows the account's credentials and the trace ids that were used.
pub(super) struct Authenticator {
    token: String,
    app_id: String,
    api_key: String,
    used: HashSet<Uuid>,
    oldest_first: VecDeque<Uuid>,
}

impl Authenticator {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            token: options.token.clone(),
            app_id: options.app_id.clone(),
            api_key: options.api_key.clone(),
            used: HashSet::new(),
            oldest_first: VecDeque::new(),
        }
    }

    /// Lets a call in, once per trace id. Only a call that proved who it is uses its trace id up.
    pub(super) fn admit(&mut self, headers: &HeaderMap, now: Moment) -> Result<(), Refusal> {
        let trace_id = header(headers, "traceId");
        if trace_id.is_empty() {
            return Err(Refusal::new(40002, "traceId is empty"));
        }
        let id = Uuid::try_parse(trace_id).ok().filter(|id| {
            // Only the hyphenated spelling is a traceId; the signature is over the text.
            id.get_version_num() == 4 && trace_id.len() == 36
        });
        let id = id.ok_or(Refusal::new(40003, "traceId is not a UUID v4"))?;
        if headers.contains_key("sign") || headers.contains_key("appId") {
            self.check_signature(headers, trace_id, now)?;
        } else {
            self.check_token(headers)?;
        }
        self.remember(id)
    }

    fn check_token(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let token = header(headers, "Authorization")
            .strip_prefix("Bearer ")
            .unwrap_or_default();
        if equal(token, &self.token) {
            Ok(())
        } else {
            Err(Refusal::new(40003, "token is invalid"))
        }
    }

    fn check_signature(&self, headers: &HeaderMap, trace_id: &str, now: Moment) -> Result<(), Refusal> {
        let [app_id, ts, nonce, sign] = ["appId", "ts", "nonce", "sign"].map(|name| header(headers, name));
        let skew = ts.parse::<u128>().ok().map(|ts| ts.abs_diff(now.unix_millis()));
        if skew.is_some_and(|skew| skew > MAX_SKEW.as_millis()) {
            return Err(Refusal::new(40003, "ts is more than five minutes off"));
        }
        let expected = signature(&self.app_id, trace_id, ts, nonce, &self.api_key);
        let well_formed = skew.is_some() && trace_id.get(..6) == Some(nonce);
        if well_formed && equal(app_id, &self.app_id) && equal(sign, &expected) {
            Ok(())
        } else {
            Err(Refusal::new(40003, "signature verification failed"))
        }
    }

    fn remember(&mut self, id: Uuid) -> Result<(), Refusal> {
        if !self.used.insert(id) {
            return Err(Refusal::new(40003, "traceId was used before"));
        }
        self.oldest_first.push_back(id);
        if self.oldest_first.len() > REMEMBERED
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.used.remove(&oldest);
        }
        Ok(())
    }
}

/// A header's text; empty where it is missing or not text.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn equal(given: &str, expected: &str) -> bool {
    given.as_bytes().ct_eq(expected.as_bytes()).into()
}

/// Upper-case hex SHA-256 of the parts with nothing between them.
pub(super) fn signature(app_id: &str, trace_id: &str, ts: &str, nonce: &str, api_key: &str) -> String {
    let mut hash = Sha256::new();
    for part in [app_id, trace_id, ts, nonce, api_key] {
        hash.update(part);
    }
    hash.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02X}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Instant, SystemTime, UNIX_EPOCH};

    use super::*;

    const TRACE: &str = "db6094ab-3797-4186-84d5-b0b58eebad56";
    const TS: u64 = 1_716_972_892_166;
    const SIGN: &str = "6280C080AF7C3CCE168F15C913E3444A00A618CB0E16038EED9811D6E3366BDD";

    fn doorkeeper() -> Authenticator {
        Authenticator::new(&Options {
            app_id: "eH6gQR4oHr3FsZpI36La01IW".to_owned(),
            api_key: "YjmFIUuq0oJgSDJ42fxLEb6R1qjjqf".to_owned(),
            ..Options::default()
        })
    }

    fn moment(wall: SystemTime) -> Moment {
        Moment {
            mono: Instant::now(),
            wall,
        }
    }

    fn at_ts() -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(TS)
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    fn published() -> HeaderMap {
        headers(&[
            ("appid", "eH6gQR4oHr3FsZpI36La01IW"),
            ("traceid", TRACE),
            ("ts", "1716972892166"),
            ("nonce", "db6094"),
            ("sign", SIGN),
        ])
    }

    #[test]
    fn the_published_vector_signs_as_published() {
        let signed = signature(
            "eH6gQR4oHr3FsZpI36La01IW",
            TRACE,
            "1716972892166",
            "db6094",
            "YjmFIUuq0oJgSDJ42fxLEb6R1qjjqf",
        );
        assert_eq!(signed, SIGN);
        assert_eq!(doorkeeper().admit(&published(), moment(at_ts())), Ok(()));
    }

    #[test]
    fn a_clock_may_be_five_minutes_off_either_way_and_no_more() {
        let second = Duration::from_secs(1);
        for wall in [at_ts() + MAX_SKEW, at_ts() - MAX_SKEW] {
            assert_eq!(doorkeeper().admit(&published(), moment(wall)), Ok(()));
        }
        for wall in [at_ts() + MAX_SKEW + second, at_ts() - MAX_SKEW - second] {
            let refusal = doorkeeper().admit(&published(), moment(wall)).unwrap_err();
            assert_eq!((refusal.code, refusal.msg), (40003, "ts is more than five minutes off"));
        }
    }

    #[test]
    fn every_part_of_the_signature_counts() {
        let wrong = [
            ("appid", "someone-else"),
            ("ts", "1716972892167"),
            ("ts", "yesterday"),
            ("nonce", "db6095"),
            (
                "sign",
                "6280c080af7c3cce168f15c913e3444a00a618cb0e16038eed9811d6e3366bdd",
            ),
            ("sign", ""),
            ("traceid", "db6094ab-3797-4186-84d5-b0b58eebad57"),
        ];
        for (name, value) in wrong {
            let mut headers = published();
            headers.insert(name, value.parse().unwrap());
            let refusal = doorkeeper().admit(&headers, moment(at_ts())).unwrap_err();
            assert_eq!(refusal.code, 40003, "{name}: {value}");
        }
    }

    #[test]
    fn a_token_needs_a_fresh_trace_id() {
        let call = |trace: &str, authorization: &str| headers(&[("traceid", trace), ("authorization", authorization)]);
        let mut door = doorkeeper();
        let mut code = |headers: &HeaderMap| door.admit(headers, moment(at_ts())).map_err(|refusal| refusal.code);
        assert_eq!(code(&call(TRACE, "Bearer wrong")), Err(40003));
        assert_eq!(code(&call(TRACE, "demo-token")), Err(40003));
        assert_eq!(
            code(&call(TRACE, "Bearer demo-token")),
            Ok(()),
            "a refused call does not use its traceId up"
        );
        assert_eq!(code(&call(TRACE, "Bearer demo-token")), Err(40003), "used before");
        assert_eq!(code(&call("", "Bearer demo-token")), Err(40002));
        assert_eq!(
            code(&call("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "Bearer demo-token")),
            Err(40003),
            "version 1"
        );
        assert_eq!(
            code(&call("db6094ab3797418684d5b0b58eebad56", "Bearer demo-token")),
            Err(40003),
            "no hyphens"
        );
        assert_eq!(
            code(&headers(&[("authorization", "Bearer demo-token")])),
            Err(40002),
            "none at all"
        );
    }

    #[test]
    fn the_memory_of_trace_ids_is_bounded() {
        let mut door = doorkeeper();
        let first = Uuid::new_v4();
        door.remember(first).unwrap();
        for _ in 0..REMEMBERED {
            door.remember(Uuid::new_v4()).unwrap();
        }
        assert_eq!((door.used.len(), door.oldest_first.len()), (REMEMBERED, REMEMBERED));
        assert_eq!(door.remember(first), Ok(()), "forgotten, so it may come again");
    }
}
