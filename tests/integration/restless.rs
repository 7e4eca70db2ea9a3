//! Phones that are starting are watched closely: nobody waits a round to learn that one has come up.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Exporter, Upstream};

/// The transient interval of 15 s and the second in which the poller looks around, which is real time: the test is about it.
const SOON: Duration = Duration::from_secs(16);

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_was_starting_is_seen_started_within_16_seconds_though_rounds_are_10_minutes_apart() {
    let upstream = Upstream::start(&["--phones=150"]).await;
    let phone = &upstream.ids[120];
    upstream.change(phone, json!({"status": 1})).await;
    let config = upstream.config("    poll: {interval: 10m, timeout: 2s}\n    budget: {requests_per_minute: 200}");
    let exporter = Exporter::start(&config).await;
    exporter.ready().await;
    let status = |samples: &crate::support::Samples| samples.value("phone_status", &[("id", phone)]);
    assert_eq!(status(&exporter.samples().await), Some(1.0));

    upstream.change(phone, json!({"status": 0})).await;
    let started = Instant::now();
    exporter
        .until("the phone to be seen started", |samples| status(samples) == Some(0.0))
        .await;
    let took = started.elapsed();
    assert!(took <= SOON, "{took:?}");
    let sizes: Vec<usize> = upstream.calls().await.each.iter().map(|call| call.ids).collect();
    assert!(
        sizes[2..].iter().all(|size| *size < 100),
        "only those that may change were asked about: {sizes:?}"
    );
}
