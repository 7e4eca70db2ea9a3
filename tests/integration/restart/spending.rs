//! Locks and budgets over restarts.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;

use super::{config, end, state};
use crate::support::{Exporter, FAST, Upstream, eventually};

/// Several rounds of [`FAST`]: long enough for calls that must not be made.
const A_WHILE: Duration = Duration::from_secs(3);

const ACCOUNT: [(&str, &str); 1] = [("account", "main")];
const LOCKED_UNTIL: &str = "geelark_api_locked_until_timestamp_seconds";

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_holds_over_restarts_with_zero_calls() {
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        let upstream = Upstream::start(&["--phones=150"]).await;
        let mut exporter = Exporter::start(&config(&upstream, FAST)).await;
        exporter.ready().await;
        upstream.faults(json!(["code:40014,count=1"])).await;
        let locked = exporter
            .until("a lock", |samples| samples.value(LOCKED_UNTIL, &ACCOUNT) > Some(0.0))
            .await
            .value(LOCKED_UNTIL, &ACCOUNT)
            .unwrap();
        // It is written as soon as it begins; not even that takes no time at all.
        eventually("the lock to be written", || async {
            state(&exporter).filter(|text| text.contains("\"locked_until\":1"))
        })
        .await;
        upstream.forget_calls().await;
        for _ in 0..2 {
            let (launch, _) = end(exporter, signal).await;
            exporter = launch.start().await;
            let at_once = exporter.samples().await.value(LOCKED_UNTIL, &ACCOUNT).unwrap();
            assert!((at_once - locked).abs() <= 1.0, "{at_once} instead of {locked}");
            tokio::time::sleep(A_WHILE).await;
        }
        assert_eq!(upstream.calls().await.total, 0, "after {signal}");
        assert!(
            exporter.output().contains("account blocked since before the restart"),
            "{}",
            exporter.output()
        );
        // Killed before the first regular write, nothing is known of the phones but what was known at the start.
        if signal == Signal::SIGTERM {
            assert_eq!(exporter.samples().await.of("phone_status").len(), 150);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_remembered_until_the_credentials_are_others() {
    let upstream = Upstream::start(&["--phones=2", "--token=rotated-token"]).await;
    let exporter = Exporter::start(&config(&upstream, FAST)).await;
    exporter.ready().await;
    upstream.forget_calls().await;
    let (launch, _) = end(exporter, Signal::SIGTERM).await;
    let exporter = launch.start().await;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(upstream.calls().await.total, 0, "the same token would be refused again");

    exporter.configure(&config(&upstream, FAST).replace("demo-token", "rotated-token"));
    let (launch, _) = end(exporter, Signal::SIGTERM).await;
    let exporter = launch.start().await;
    exporter
        .until("an answer", |samples| samples.of("phone_status").len() == 2)
        .await;
}

/// As without a state, only that the restarts cost less: see the module `budget`.
#[tokio::test(flavor = "multi_thread")]
async fn no_minute_has_more_calls_than_the_budget_over_restarts() {
    const BUDGET: usize = 60;
    let upstream = Upstream::start(&["--phones=1200", "--requests-per-minute=60"]).await;
    let account = format!("    poll: {{interval: 10s}}\n    budget: {{requests_per_minute: {BUDGET}}}");
    let mut exporter = Exporter::start(&config(&upstream, &account)).await;
    let calls = async |wanted: u64| {
        eventually("calls", || async {
            Some(upstream.calls().await).filter(|calls| calls.total >= wanted)
        })
        .await
    };
    let mut wanted = 0;
    for signal in [
        Signal::SIGTERM,
        Signal::SIGKILL,
        Signal::SIGTERM,
        Signal::SIGTERM,
        Signal::SIGKILL,
    ] {
        wanted += 13;
        calls(wanted).await;
        let (launch, _) = end(exporter, signal).await;
        exporter = launch.start().await;
    }
    let calls = calls(wanted + 13).await;
    assert_eq!(calls.refused, 0, "{calls:?}");
    assert!(
        calls.max_in_any_minute <= BUDGET,
        "{} calls in a minute",
        calls.max_in_any_minute
    );
    assert!(
        calls.max_in_any_minute >= BUDGET * 3 / 4,
        "{} calls in the busiest minute",
        calls.max_in_any_minute
    );
}
