//! GeeLark's two ways to authenticate a call, verified as its documentation describes them.

use axum::http::HeaderMap;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::envelope::{Refusal, header};
use crate::options::Options;
use crate::state::ServerState;

/// How far `ts` may be from the simulator's clock, either way.
const MAX_SKEW_MILLIS: u64 = 5 * 60 * 1000;

/// How many trace ids are remembered at least. At the documented limit that is more than two and a half hours of calls.
const REMEMBERED: usize = 65_536;

/// Authenticates a call, once per trace id. Only an authenticated call uses up its trace id. `now` is the wall clock in
/// milliseconds since the Unix epoch.
pub(crate) fn authenticate(state: &mut ServerState, headers: &HeaderMap, now: i64) -> Result<(), Refusal> {
    let trace_id = header(headers, "traceId");
    if trace_id.is_empty() {
        return Err(Refusal::new(40002, "traceId is empty"));
    }
    // Only the hyphenated spelling is accepted, because the signature covers the text.
    let id = Uuid::try_parse(trace_id).ok();
    let id = id.filter(|id| id.get_version_num() == 4 && trace_id.len() == 36);
    let id = id.ok_or(Refusal::new(40003, "traceId is not a UUID v4"))?;
    if headers.contains_key("sign") || headers.contains_key("appId") {
        check_signature(&state.options, headers, trace_id, now)?;
    } else if header(headers, "Authorization") != format!("Bearer {}", state.options.token) {
        return Err(Refusal::new(40003, "token is invalid"));
    }
    if !state.used_trace_ids.insert(id) {
        return Err(Refusal::new(40003, "traceId was used before"));
    }
    if state.used_trace_ids.len() > 2 * REMEMBERED {
        state.used_trace_ids.drain(..REMEMBERED);
    }
    Ok(())
}

fn check_signature(options: &Options, headers: &HeaderMap, trace_id: &str, now: i64) -> Result<(), Refusal> {
    let [app_id, ts, nonce, sign] = ["appId", "ts", "nonce", "sign"].map(|name| header(headers, name));
    let skew = ts.parse::<i64>().ok().map(|ts| ts.abs_diff(now));
    if skew.is_some_and(|skew| skew > MAX_SKEW_MILLIS) {
        return Err(Refusal::new(40003, "ts is more than five minutes off"));
    }
    let expected = signature(&options.app_id, trace_id, ts, nonce, &options.api_key);
    let is_well_formed = skew.is_some() && trace_id.starts_with(nonce) && nonce.len() == 6;
    let is_valid = is_well_formed && app_id == options.app_id && sign == expected;
    is_valid
        .then_some(())
        .ok_or(Refusal::new(40003, "signature verification failed"))
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
    use crate::state::Simulator;

    const TRACE: &str = "db6094ab-3797-4186-84d5-b0b58eebad56";
    const TS: i64 = 1_716_972_892_166;
    const SIGN: &str = "6280C080AF7C3CCE168F15C913E3444A00A618CB0E16038EED9811D6E3366BDD";

    /// Authenticates the first call.
    fn first_call(headers: &HeaderMap, now: i64) -> Result<(), Refusal> {
        authenticate(&mut simulator().lock(), headers, now)
    }

    fn simulator() -> Simulator {
        Simulator::new(Options {
            app_id: "eH6gQR4oHr3FsZpI36La01IW".to_owned(),
            api_key: "YjmFIUuq0oJgSDJ42fxLEb6R1qjjqf".to_owned(),
            ..Options::default()
        })
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
        assert_eq!(first_call(&published(), TS), Ok(()));
    }

    #[test]
    fn a_clock_may_be_five_minutes_off_either_way_and_no_more() {
        let skew = 5 * 60 * 1000;
        for unix_millis in [TS + skew, TS - skew] {
            assert_eq!(first_call(&published(), unix_millis), Ok(()));
        }
        for unix_millis in [TS + skew + 1, TS - skew - 1] {
            let refusal = first_call(&published(), unix_millis).unwrap_err();
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
            let refusal = first_call(&headers, TS).unwrap_err();
            assert_eq!(refusal.code, 40003, "{name}: {value}");
        }
    }

    #[test]
    fn a_token_needs_a_fresh_trace_id() {
        let call = |trace: &str, authorization: &str| headers(&[("traceid", trace), ("authorization", authorization)]);
        let simulator = simulator();
        let code = |headers: &HeaderMap| {
            let result = authenticate(&mut simulator.lock(), headers, TS);
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
    fn old_trace_ids_are_forgotten() {
        let first = Uuid::new_v4();
        let simulator = simulator();
        simulator.lock().used_trace_ids.insert(first);
        let others = (1..2 * REMEMBERED).map(|_| Uuid::new_v4());
        simulator.lock().used_trace_ids.extend(others);
        let call = |trace_id: Uuid| {
            let trace_id = trace_id.to_string();
            let headers = headers(&[("traceid", &trace_id), ("authorization", "Bearer demo-token")]);
            authenticate(&mut simulator.lock(), &headers, TS)
        };
        assert_eq!(call(first).unwrap_err().msg, "traceId was used before");
        call(Uuid::new_v4()).unwrap();
        assert_eq!(call(first), Ok(()), "it is no longer remembered");
    }
}
