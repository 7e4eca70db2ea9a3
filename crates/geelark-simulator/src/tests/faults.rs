use serde_json::json;

use super::*;

/// A status call under one fault.
async fn under(fault: &str) -> Value {
    let simulator = simulator(Options {
        missing: 2,
        ..with_faults(40, &[fault])
    });
    call(&simulator, STATUS, json!({ "ids": simulator.ids() })).await
}

fn lengths(answer: &Value) -> [usize; 2] {
    ["successDetails", "failDetails"].map(|list| answer["data"][list].as_array().unwrap().len())
}

#[tokio::test]
async fn codes_come_alone_or_with_the_data() {
    let alone = under("code:40016").await;
    assert_eq!((&alone["code"], alone.get("data")), (&json!(40016), None));
    let with_data = under("code-with-data:40006").await;
    assert_eq!(with_data["code"], 40006);
    assert_eq!(lengths(&with_data), [40, 2]);
}

#[tokio::test]
async fn data_and_lists_can_be_null_or_missing() {
    let null = under("data-null").await;
    assert_eq!((&null["code"], null.get("data")), (&json!(0), Some(&Value::Null)));
    let lists = under("null-lists").await;
    assert_eq!(lists["data"].get("successDetails"), Some(&Value::Null));
    assert_eq!(lists["data"].get("failDetails"), Some(&Value::Null));
    let missing = under("missing-lists").await;
    assert_eq!(
        (
            missing["data"].get("successDetails"),
            missing["data"].get("failDetails")
        ),
        (None, None)
    );
    assert_eq!(missing["data"]["totalAmount"], 42);
}

#[tokio::test]
async fn lists_can_be_untrue() {
    let counts = under("counts").await;
    assert_eq!(lengths(&counts), [40, 2]);
    assert_eq!(
        (&counts["data"]["totalAmount"], &counts["data"]["failAmount"]),
        (&json!(49), &json!(9))
    );
    let repeated = under("repeat").await;
    assert_eq!(lengths(&repeated), [80, 4]);
    let (first, again) = (
        &repeated["data"]["successDetails"][0],
        &repeated["data"]["successDetails"][40],
    );
    assert_eq!(first["id"], again["id"]);
    assert_ne!(first["status"], again["status"]);
    assert_ne!(first["serialName"], again["serialName"]);
    assert_eq!(lengths(&under("omit").await), [20, 1]);
    let unrequested = under("strangers").await;
    assert_eq!(lengths(&unrequested), [41, 2]);
    assert_eq!(unrequested["data"]["successDetails"][40]["id"], "999999999999999999");
}

#[tokio::test]
async fn types_can_be_wrong() {
    let strings = under("strings").await;
    assert_eq!(strings["code"], "0");
    assert_eq!(strings["data"]["failDetails"][0]["code"], "42001");
    assert!(strings["data"]["successDetails"][0]["status"].is_string());
    let wrong = under("wrong-type").await;
    assert_eq!(wrong["code"], 0);
    assert!(wrong["data"]["successDetails"][0]["status"].is_object());
}

#[tokio::test]
async fn expired_phones_can_be_failures() {
    let answer = under("expired-fails").await;
    let failed = answer["data"]["failDetails"].as_array().unwrap();
    let expired: Vec<_> = failed.iter().filter(|fail| fail["code"] == 43004).collect();
    assert_eq!((lengths(&answer), expired.len()), ([39, 3], 1));
    assert_eq!(
        (&answer["data"]["successAmount"], &answer["data"]["failAmount"]),
        (&json!(39), &json!(3))
    );
    assert!(
        answer["data"]["successDetails"]
            .as_array()
            .unwrap()
            .iter()
            .all(|found| found["status"] != 3)
    );
}

#[tokio::test]
async fn a_gateway_answers_instead_of_geelark() {
    let server = Server::new(with_faults(1, &["http:429,retry-after=30,count=1", "http:503"])).await;
    let first = server.status_call().send().await.unwrap();
    assert_eq!(
        (first.status().as_u16(), &first.headers()["retry-after"]),
        (429, &"30".parse().unwrap())
    );
    let second = server.status_call().send().await.unwrap();
    assert_eq!(
        (second.status().as_u16(), second.headers().get("retry-after")),
        (503, None)
    );
    assert!(second.text().await.unwrap().starts_with("<html>"));
}

#[tokio::test(start_paused = true)]
async fn latencies_add_up() {
    let simulator = simulator(with_faults(1, &["latency:2s", "latency:500ms"]));
    let before = tokio::time::Instant::now();
    let answer = call(&simulator, WALLET, json!({})).await;
    assert_eq!((&answer["code"], before.elapsed().as_millis()), (&json!(0), 2_500));
}

#[tokio::test(start_paused = true)]
async fn a_dripping_body_sends_a_byte_at_a_time() {
    let simulator = simulator(with_faults(1, &["drip:1s"]));
    let before = tokio::time::Instant::now();
    let (_, body) = send(&simulator, request(WALLET, "{}".to_owned())).await;
    assert_eq!(before.elapsed().as_secs(), body.len() as u64);
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["code"], 0);
}

#[tokio::test]
async fn a_fault_affects_its_endpoint_its_id_and_its_count_only() {
    let simulator = simulator(options(3));
    let ids = simulator.ids();
    let fault = format!(r#"["code:50000,endpoint=status,id={},count=2"]"#, ids[1]);
    assert_eq!(control(&simulator, Method::PUT, "faults", &fault).await.0, 204);
    let mut codes = Vec::new();
    for requested in [&ids[..1], &ids[2..], &ids[1..2], &ids[..], &ids[..]] {
        codes.push(call(&simulator, STATUS, json!({ "ids": requested })).await["code"].take());
        let listed = call(&simulator, LIST, json!({ "ids": requested })).await;
        assert_eq!(listed["code"], 0);
    }
    assert_eq!(json!(codes), json!([0, 0, 50000, 50000, 0]));
    let (_, shown) = control(&simulator, Method::GET, "faults", "").await;
    let spec = format!("code:50000,endpoint=status,id={},count=2", ids[1]);
    assert_eq!(shown, json!({"faults": [{"fault": spec, "struck": 2}]}));
}

#[tokio::test]
async fn a_probability_affects_its_share_of_calls_the_same_way_each_time() {
    let struck = async || {
        let simulator = simulator(with_faults(1, &["code:50000,probability=0.3"]));
        let mut struck = Vec::new();
        for _ in 0..100 {
            let answer = call(&simulator, STATUS, json!({ "ids": simulator.ids() })).await;
            struck.push(answer["code"] == 50000);
        }
        struck
    };
    let first = struck().await;
    assert!((15..45).contains(&first.iter().filter(|struck| **struck).count()));
    assert_eq!(first, struck().await);
}

#[tokio::test]
async fn a_call_under_a_fault_counts_against_the_limits() {
    let mut options = with_faults(1, &["http:503"]);
    options.requests_per_minute = 1;
    let simulator = simulator(options);
    assert_eq!(
        send(&simulator, request(WALLET, "{}".to_owned())).await.0,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(call(&simulator, WALLET, json!({})).await["code"], 40007);
}
