//! Which webhooks are accepted.

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
