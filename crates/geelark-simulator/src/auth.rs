//! GeeLark's two ways to authenticate a call, verified as its documentation describes them.

use std::collections::{HashSet, VecDeque};

use axum::http::HeaderMap;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::envelope::{Refusal, header};
use crate::options::Options;

/// How far `ts` may be from the simulator's clock, either way.
const MAX_SKEW_MILLIS: u64 = 5 * 60 * 1000;

/// How many trace ids are remembered; at the documented limit that is more than two and a half hours of calls.
const REMEMBERED: usize = 65_536;

/// Checks credentials, and remembers the trace ids that were used.
#[derive(Default)]
pub(crate) struct Authenticator {
    used: HashSet<Uuid>,
    oldest_first: VecDeque<Uuid>,
}

impl Authenticator {
    /// Authenticates a call, once per trace id. Only an authenticated call uses up its trace id. `now` is the wall
    /// clock in milliseconds since the Unix epoch.
    pub(crate) fn authenticate(&mut self, options: &Options, headers: &HeaderMap, now: i64) -> Result<(), Refusal> {
        let trace_id = header(headers, "traceId");
        if trace_id.is_empty() {
            return Err(Refusal::new(40002, "traceId is empty"));
        }
        let id = Uuid::try_parse(trace_id).ok().filter(|id| {
            // Only the hyphenated spelling is accepted, because the signature covers the text.
            id.get_version_num() == 4 && trace_id.len() == 36
        });
        let id = id.ok_or(Refusal::new(40003, "traceId is not a UUID v4"))?;
        if headers.contains_key("sign") || headers.contains_key("appId") {
            check_signature(options, headers, trace_id, now)?;
        } else {
            check_token(options, headers)?;
        }
        self.remember(id)
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

fn check_token(options: &Options, headers: &HeaderMap) -> Result<(), Refusal> {
    let token = header(headers, "Authorization")
        .strip_prefix("Bearer ")
        .unwrap_or_default();
    if equal(token, &options.token) {
        Ok(())
    } else {
        Err(Refusal::new(40003, "token is invalid"))
    }
}

fn check_signature(options: &Options, headers: &HeaderMap, trace_id: &str, now: i64) -> Result<(), Refusal> {
    let [app_id, ts, nonce, sign] = ["appId", "ts", "nonce", "sign"].map(|name| header(headers, name));
    let skew = ts.parse::<i64>().ok().map(|ts| ts.abs_diff(now));
    if skew.is_some_and(|skew| skew > MAX_SKEW_MILLIS) {
        return Err(Refusal::new(40003, "ts is more than five minutes off"));
    }
    let expected = signature(&options.app_id, trace_id, ts, nonce, &options.api_key);
    let well_formed = skew.is_some() && trace_id.get(..6) == Some(nonce);
    if well_formed && equal(app_id, &options.app_id) && equal(sign, &expected) {
        Ok(())
    } else {
        Err(Refusal::new(40003, "signature verification failed"))
    }
}

fn equal(given: &str, expected: &str) -> bool {
    given.as_bytes().ct_eq(expected.as_bytes()).into()
}

/// The SHA-256 of the parts with nothing between them, in upper-case hexadecimal digits.
pub(crate) fn signature(app_id: &str, trace_id: &str, ts: &str, nonce: &str, api_key: &str) -> String {
    Sha256::digest([app_id, trace_id, ts, nonce, api_key].concat())
        .iter()
        .fold(String::with_capacity(64), |hex, byte| hex + &format!("{byte:02X}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "db6094ab-3797-4186-84d5-b0b58eebad56";
    const TS: i64 = 1_716_972_892_166;
    const SIGN: &str = "6280C080AF7C3CCE168F15C913E3444A00A618CB0E16038EED9811D6E3366BDD";

    fn authenticate(headers: &HeaderMap, unix_millis: i64) -> Result<(), Refusal> {
        Authenticator::default().authenticate(&options(), headers, unix_millis)
    }

    fn options() -> Options {
        Options {
            app_id: "eH6gQR4oHr3FsZpI36La01IW".to_owned(),
            api_key: "YjmFIUuq0oJgSDJ42fxLEb6R1qjjqf".to_owned(),
            ..Options::default()
        }
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
        assert_eq!(authenticate(&published(), TS), Ok(()));
    }

    #[test]
    fn a_clock_may_be_five_minutes_off_either_way_and_no_more() {
        let skew = 5 * 60 * 1000;
        for unix_millis in [TS + skew, TS - skew] {
            assert_eq!(authenticate(&published(), unix_millis), Ok(()));
        }
        for unix_millis in [TS + skew + 1, TS - skew - 1] {
            let refusal = authenticate(&published(), unix_millis).unwrap_err();
            assert_eq!((refusal.code, refusal.msg), (40003, "ts is more than five minutes off"));
        }
    }

    #[test]
    fn every_part_of_the_signature_counts() {
        let wrong = [
            ("appid", "other-app"),
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
            let refusal = authenticate(&headers, TS).unwrap_err();
            assert_eq!(refusal.code, 40003, "{name}: {value}");
        }
    }

    #[test]
    fn a_token_needs_a_fresh_trace_id() {
        let call = |trace: &str, authorization: &str| headers(&[("traceid", trace), ("authorization", authorization)]);
        let (options, mut authenticator) = (options(), Authenticator::default());
        let mut code = |headers: &HeaderMap| {
            let result = authenticator.authenticate(&options, headers, TS);
            result.map_err(|refusal| refusal.code)
        };
        assert_eq!(code(&call(TRACE, "Bearer wrong")), Err(40003));
        assert_eq!(code(&call(TRACE, "demo-token")), Err(40003));
        assert_eq!(
            code(&call(TRACE, "Bearer demo-token")),
            Ok(()),
            "a refused call does not use up its traceId"
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
    fn only_the_latest_trace_ids_are_remembered() {
        let mut authenticator = Authenticator::default();
        let first = Uuid::new_v4();
        authenticator.remember(first).unwrap();
        for _ in 0..REMEMBERED {
            authenticator.remember(Uuid::new_v4()).unwrap();
        }
        assert_eq!(
            (authenticator.used.len(), authenticator.oldest_first.len()),
            (REMEMBERED, REMEMBERED)
        );
        assert_eq!(authenticator.remember(first), Ok(()), "it is no longer remembered");
    }
}
