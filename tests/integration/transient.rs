//! Transient phones are requested between rounds.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Exporter, Upstream};

/// The transient interval of 15 s, and a second for the poller's timer. This is real time, because the test is about it.
const LIMIT: Duration = Duration::from_secs(16);

#[tokio::test(flavor = "multi_thread")]
async fn a_starting_phone_is_requested_again_within_16_seconds() {
    let upstream = Upstream::start(&["--phones=150"]).await;
    let phone = &upstream.ids[120];
    upstream.change(phone, json!({"status": 1})).await;
    let config = upstream.config("    poll: {interval: 10m, timeout: 2s}\n    budget: {requests_per_minute: 200}");
    let exporter = Exporter::start(&config).await;
    exporter.ready().await;
    let status = |samples: &crate::support::Samples| samples.value("phone_status", &[("id", phone)]);
    assert_eq!(status(&exporter.samples().await), Some(1.0));

    upstream.change(phone, json!({"status": 0})).await;
    let changed = Instant::now();
    exporter
        .until("the status started", |samples| status(samples) == Some(0.0))
        .await;
    let took = changed.elapsed();
    assert!(took <= LIMIT, "{took:?}");
    let sizes: Vec<usize> = upstream.calls().await.each.iter().map(|call| call.ids).collect();
    assert!(
        sizes[2..].iter().all(|size| *size < 100),
        "only transient phones were requested: {sizes:?}"
    );
}
