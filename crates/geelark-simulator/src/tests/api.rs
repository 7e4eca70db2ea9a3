use std::fmt::Write as _;

use serde_json::json;
use sha2::{Digest, Sha256};

use super::*;
use crate::state::unix_millis;

fn code_of(answer: &Value) -> i64 {
    answer["code"].as_i64().unwrap()
}

#[tokio::test]
async fn every_id_is_answered_once_found_or_not() {
    let simulator = simulator(Options {
        missing: 3,
        ..options(20)
    });
    let answer = call(&simulator, STATUS, json!({ "ids": simulator.ids() })).await;
    assert_eq!((&answer["code"], &answer["msg"]), (&json!(0), &json!("success")));
    let data = &answer["data"];
    let amounts = ["totalAmount", "successAmount", "failAmount"].map(|key| data[key].as_u64().unwrap());
    assert_eq!(amounts, [23, 20, 3]);
    let found = data["successDetails"].as_array().unwrap();
    let failed = data["failDetails"].as_array().unwrap();
    assert_eq!((found.len(), failed.len()), (20, 3));
    assert!(
        failed
            .iter()
            .all(|fail| fail["code"] == 42001 && fail["msg"] == "env not found")
    );
    let mut answered: Vec<&str> = found
        .iter()
        .chain(failed)
        .map(|entry| entry["id"].as_str().unwrap())
        .collect();
    let mut requested = simulator.ids();
    requested.sort();
    answered.sort_unstable();
    assert_eq!(answered, requested);
}

#[tokio::test]
async fn an_answer_repeats_the_trace_id() {
    let simulator = simulator(options(1));
    let request = request(WALLET, "{}".to_owned());
    let sent = request.headers()["traceId"].to_str().unwrap().to_owned();
    let (_, body) = send(&simulator, request).await;
    assert_eq!(
        serde_json::from_slice::<Value>(&body).unwrap()["traceId"],
        sent.as_str()
    );
}

#[tokio::test]
async fn a_signed_call_is_authenticated() {
    let simulator = simulator(options(1));
    let trace = Uuid::new_v4().to_string();
    let nonce = &trace[..6];
    let ts = unix_millis();
    let mut sign = String::new();
    for byte in Sha256::digest(format!("demo-app{trace}{ts}{nonce}demo-key")) {
        write!(sign, "{byte:02X}").unwrap();
    }
    let signed = |sign: &str| {
        Request::post(WALLET)
            .header("appId", "demo-app")
            .header("traceId", &trace)
            .header("ts", ts.to_string())
            .header("nonce", nonce)
            .header("sign", sign)
            .header("Content-Type", "application/json")
            .body(Body::from("{}"))
            .unwrap()
    };
    for (sign, code) in [("0000", 40003), (sign.as_str(), 0), (sign.as_str(), 40003)] {
        let (_, body) = send(&simulator, signed(sign)).await;
        assert_eq!(code_of(&serde_json::from_slice(&body).unwrap()), code);
    }
}

#[tokio::test]
async fn invalid_requests_have_the_documented_codes() {
    let simulator = simulator(options(1));
    let ids = |count: usize| json!({"ids": (0..count).map(|id| id.to_string()).collect::<Vec<_>>()}).to_string();
    let long = json!({"ids": ["1", "x".repeat(65)]}).to_string();
    for (path, body, code) in [
        (STATUS, "{\"ids\": [".to_owned(), 40001),
        (STATUS, String::new(), 40001),
        (STATUS, "{}".to_owned(), 40004),
        (STATUS, r#"{"ids": [588]}"#.to_owned(), 40004),
        (STATUS, ids(0), 40004),
        (STATUS, ids(100), 0),
        (STATUS, ids(101), 40004),
        (STATUS, r#"{"ids": ["1", ""]}"#.to_owned(), 40004),
        (STATUS, r#"{"ids": ["1", " "]}"#.to_owned(), 40004),
        (STATUS, r#"{"ids": ["1", "2;3"]}"#.to_owned(), 40004),
        (STATUS, long, 40004),
        (STATUS, r#"{"ids": ["Ab-9_"]}"#.to_owned(), 0),
        (LIST, r#"{"page": 0, "pageSize": 10}"#.to_owned(), 40008),
        (LIST, r#"{"page": 1, "pageSize": 101}"#.to_owned(), 40008),
        (LIST, "{}".to_owned(), 40008),
        (LIST, ids(101), 40004),
        (
            LIST,
            r#"{"page": 1, "pageSize": 10, "openStatus": 2}"#.to_owned(),
            40004,
        ),
    ] {
        let (status, answer) = send(&simulator, request(path, body.clone())).await;
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!((status.as_u16(), code_of(&answer)), (200, code), "{path} {body}");
        assert_eq!(answer.get("data").is_some(), code == 0, "data only with success");
    }
}

#[tokio::test]
async fn other_methods_and_paths_are_refused_by_status() {
    let simulator = simulator(options(1));
    let (status, _) = send(&simulator, Request::get(STATUS).body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    let (status, body) = send(&simulator, request("/open/v1/phone/reboot", "{}".to_owned())).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(code_of(&serde_json::from_slice(&body).unwrap()), 40005);
}

#[tokio::test(start_paused = true)]
async fn the_account_endpoints_answer_and_have_their_own_limits() {
    let simulator = simulator(options(50));
    let wallet = call(&simulator, WALLET, json!({})).await;
    assert_eq!(
        wallet["data"],
        json!({"balance": 1000.0, "giftMoney": 12.5, "availableTimeAddOn": 6000})
    );
    let plan = call(&simulator, PLAN, json!({})).await["data"].take();
    assert_eq!(
        (&plan["plan"], &plan["profiles"], &plan["availableProfiles"]),
        (&json!(1), &json!(1000), &json!(950))
    );
    let left = plan["expirationTime"].as_i64().unwrap() - unix_millis() / 1000;
    assert!((20 * 86_400 - 60..=20 * 86_400).contains(&left), "{left}");
    assert_eq!(code_of(&call(&simulator, PLAN, json!({})).await), 40007);
    tokio::time::advance(Duration::from_mins(1)).await;
    assert_eq!(code_of(&call(&simulator, PLAN, json!({})).await), 0);
}

#[tokio::test(start_paused = true)]
async fn calls_beyond_the_minute_are_refused_and_logged() {
    let simulator = simulator(options(1));
    for _ in 0..200 {
        assert_eq!(
            code_of(&call(&simulator, STATUS, json!({ "ids": simulator.ids() })).await),
            0
        );
    }
    assert_eq!(
        code_of(&call(&simulator, STATUS, json!({ "ids": simulator.ids() })).await),
        40007
    );
    tokio::time::advance(Duration::from_mins(1)).await;
    assert_eq!(
        code_of(&call(&simulator, STATUS, json!({ "ids": simulator.ids() })).await),
        0
    );
    let (_, log) = control(&simulator, Method::GET, "calls", "").await;
    assert_eq!(
        (&log["total"], &log["refused"], &log["max_in_any_minute"]),
        (&json!(202), &json!(1), &json!(201))
    );
    assert_eq!(log["by_code"], json!({"0": 201, "40007": 1}));
    let last = &log["calls"][201];
    assert_eq!(
        *last,
        json!({"at_ms": 60_000, "endpoint": "status", "ids": 1, "code": 0, "http_status": 200})
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_is_concurrent_until_it_is_answered_or_cancelled() {
    let mut options = with_faults(1, &["latency:10s,endpoint=status"]);
    options.max_concurrent = Some(1);
    let simulator = simulator(options);
    let ids = json!({ "ids": simulator.ids() });
    let slow = call(&simulator, STATUS, ids.clone());
    let fast = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        code_of(&call(&simulator, WALLET, json!({})).await)
    };
    let (slow, fast) = tokio::join!(slow, fast);
    assert_eq!((code_of(&slow), fast), (0, 47002));
    let cancelled = tokio::time::timeout(Duration::from_secs(1), call(&simulator, STATUS, ids)).await;
    assert!(cancelled.is_err());
    assert_eq!(code_of(&call(&simulator, WALLET, json!({})).await), 0);
}

#[test]
fn the_example_configuration_is_complete() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _guard = runtime.enter();
    let simulator = simulator(Options {
        missing: 1,
        token: "a\"b".to_owned(),
        requests_per_minute: 77,
        ..options(1)
    });
    let ids = simulator.ids();
    let expected = format!(
        r#"accounts:
  - name: main
    base_url: "http://127.0.0.1:9"
    token: "a\"b"
    poll: {{interval: 15s}}
    budget: {{requests_per_minute: 77}}
    phones:
      ids:
        - "{}"
        - "{}"
"#,
        ids[0], ids[1]
    );
    assert_eq!(simulator.example_config("main", "http://127.0.0.1:9", "15s"), expected);
}

/// A call finds its phones by id, without reading the whole fleet.
#[tokio::test]
async fn a_large_fleet_answers_in_batches() {
    let simulator = simulator(options(20_000));
    for batch in simulator.ids().chunks(100) {
        let answer = call(&simulator, STATUS, json!({ "ids": batch })).await;
        assert_eq!(answer["data"]["successAmount"], 100);
    }
}
