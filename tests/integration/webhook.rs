//! Webhooks: a genuine one causes a call, and any other causes none.

use std::time::{Duration, Instant};

use geelark_simulator::PLANTED_PERSON;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::{Exporter, Launch, Samples, Upstream, assert_no_secret, eventually};

/// Rounds that are too rare to matter, and no calls for wallet and plan.
const RARE_ROUNDS: &str = "    poll: {interval: 60s}\n    billing: {enabled: false}\n    webhook: {enabled: true}";

/// The longest time from a webhook to the metrics.
const LIMIT: Duration = Duration::from_secs(2);

/// All results, with the number of webhooks that one test sends for each.
const RESULTS: [(&str, f64); 7] = [
    ("accepted", 1.0),
    ("ignored", 1.0),
    ("forged", 2.0),
    ("late", 2.0),
    ("replayed", 1.0),
    ("oversized", 1.0),
    ("unreadable", 1.0),
];

/// A fleet in which no status changes on its own, and an exporter that shows it.
async fn start(phones: usize) -> (Upstream, Exporter) {
    let upstream = idle_fleet(phones).await;
    let launch = Launch::configured(&upstream.config(RARE_ROUNDS)).arg("--log.level=debug");
    let exporter = launch.start().await;
    exporter.ready().await;
    upstream
        .webhook(&format!("{}/webhook/main", exporter.url), "token")
        .await;
    (upstream, exporter)
}

async fn idle_fleet(phones: usize) -> Upstream {
    let upstream = Upstream::start(&[&format!("--phones={phones}")]).await;
    for id in &upstream.ids {
        upstream.change(id, json!({"status": "shut_down"})).await;
    }
    upstream
}

fn status(samples: &Samples, id: &str) -> Option<f64> {
    samples.value("phone_status", &[("id", id)])
}

fn result(samples: &Samples, result: &str) -> Option<f64> {
    samples.value(
        "geelark_webhook_requests_total",
        &[("account", "main"), ("result", result)],
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_shows_a_started_phone_within_two_seconds() {
    let (upstream, exporter) = start(150).await;
    let mut best = Duration::MAX;
    // The machine may be busy with other tests. One start that is shown in time proves that no round was needed.
    for id in &upstream.ids[..5] {
        let changed = Instant::now();
        upstream.change(id, json!({"status": "started"})).await;
        exporter
            .until("the start", |samples| status(samples, id) == Some(0.0))
            .await;
        best = best.min(changed.elapsed());
    }
    assert!(best < LIMIT, "{best:?}");
    let samples = exporter.samples().await;
    assert_eq!(result(&samples, "accepted"), Some(5.0));

    let shown = format!("{}{}", exporter.text().await, exporter.output());
    for person in PLANTED_PERSON {
        assert!(!shown.contains(person), "{person} in {shown}");
    }
    assert_no_secret(&shown, "metrics and log");
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_show_a_stop_a_new_name_and_a_deletion() {
    let (upstream, exporter) = start(3).await;
    let [stops, renamed, deleted] = &upstream.ids[..] else {
        panic!("{:?}", upstream.ids)
    };
    upstream.change(stops, json!({"status": "started"})).await;
    exporter
        .until("the start", |samples| status(samples, stops) == Some(0.0))
        .await;
    upstream.change(stops, json!({"status": "shut_down"})).await;
    upstream.change(renamed, json!({"serialName": "another name"})).await;
    upstream.delete(deleted).await;
    exporter
        .until("all three changes", |samples| {
            status(samples, stops) == Some(2.0)
                && samples
                    .find(
                        "phone_status",
                        &[("id", renamed.as_str()), ("serial_name", "another name")],
                    )
                    .is_some()
                && samples.value("phone_not_found", &[("id", deleted)]) == Some(1.0)
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_is_not_genuine_is_refused_and_causes_no_call() {
    for auth in ["token", "key"] {
        let upstream = idle_fleet(2).await;
        let credentials = match auth {
            "token" => "token: demo-token",
            _ => "app_id: demo-app\n    api_key: demo-key",
        };
        let config = upstream.config(RARE_ROUNDS).replace("token: demo-token", credentials);
        let exporter = Exporter::start(&config).await;
        exporter.ready().await;
        upstream.webhook(&format!("{}/webhook/main", exporter.url), auth).await;
        upstream.forget_calls().await;

        let (first, second) = (&upstream.ids[0], &upstream.ids[1]);
        let about = |id: &str| json!({"type": 1, "id": id});
        let large = format!("{{\"type\": 1, \"id\": \"{second}\"{}}}", " ".repeat(64 * 1024));
        let send = async |webhook: Value| upstream.send_webhook(webhook).await;
        assert_eq!(send(json!({"payload": about(second), "forged": true})).await, 401);
        assert_eq!(send(json!({"payload": about(second), "late_seconds": 301})).await, 401);
        assert_eq!(send(json!({"payload": about(second), "late_seconds": -301})).await, 401);
        assert_eq!(send(json!({"payload": large})).await, 413);
        assert_eq!(send(json!({"payload": "nonsense"})).await, 400);
        assert_eq!(send(json!({"payload": {"type": 4, "id": second}})).await, 204);
        let trace_id = "db6094ab-3797-4186-84d5-b0b58eebad56";
        assert_eq!(send(json!({"payload": about(first), "trace_id": trace_id})).await, 204);
        assert_eq!(send(json!({"payload": about(second), "trace_id": trace_id})).await, 401);
        assert_eq!(exporter.post("/webhook/main").await.status(), 401);

        // Only the genuine webhook causes a call. An id of any other webhook would be in this call or in an earlier one.
        let calls = upstream.wait_for_calls(1).await;
        let sizes: Vec<usize> = calls.each.iter().map(|call| call.ids).collect();
        assert_eq!(sizes, [1], "{auth}");
        let samples = exporter.samples().await;
        for (name, count) in RESULTS {
            assert_eq!(result(&samples, name), Some(count), "{auth}: {name}");
        }
        assert_no_secret(
            &format!("{}{}", exporter.text().await, exporter.output()),
            "metrics and log",
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_turns_webhooks_on_and_off() {
    let upstream = idle_fleet(1).await;
    let off = upstream.config("");
    let exporter = Exporter::start(&off).await;
    let answer = async || exporter.post("/webhook/main").await.status().as_u16();
    assert_eq!(answer().await, 404);
    assert_eq!(exporter.samples().await.of("geelark_webhook_requests_total").len(), 0);
    for (config, status, series) in [(upstream.config(RARE_ROUNDS), 401, RESULTS.len()), (off, 404, 0)] {
        exporter.configure(&config);
        exporter.signal(Signal::SIGHUP);
        eventually("the reload", || async { (answer().await == status).then_some(()) }).await;
        exporter
            .until("its counters", |samples| {
                samples.of("geelark_webhook_requests_total").len() == series
            })
            .await;
    }
    assert_eq!(exporter.get("/webhook/main").await.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relayed_webhook_is_still_genuine() {
    let upstream = idle_fleet(2).await;
    let second = Exporter::start(&upstream.config(RARE_ROUNDS)).await;
    let relay = format!("webhook: {{enabled: true, relay_to: \"{}/webhook/main\"}}", second.url);
    let first = Exporter::start(&upstream.config(&RARE_ROUNDS.replace("webhook: {enabled: true}", &relay))).await;
    for exporter in [&first, &second] {
        exporter.ready().await;
    }
    upstream.webhook(&format!("{}/webhook/main", first.url), "token").await;
    let id = &upstream.ids[0];
    upstream.change(id, json!({"status": "started"})).await;
    for exporter in [&first, &second] {
        exporter
            .until("the start", |samples| status(samples, id) == Some(0.0))
            .await;
    }
    let samples = first.samples().await;
    for name in [
        "geelark_webhook_relay_failures_total",
        "geelark_webhook_relay_dropped_total",
    ] {
        assert_eq!(samples.value(name, &[("account", "main")]), Some(0.0), "{name}");
    }
}
