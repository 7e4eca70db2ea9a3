//! Locks, back-offs and the budget over restarts.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;

use super::{config, end, state};
use crate::support::{Exporter, FAST, Upstream, eventually};

/// Several rounds of [`FAST`] in real time: long enough that a call which must not be made would be made.
const SEVERAL_ROUNDS: Duration = Duration::from_secs(3);

const ACCOUNT: [(&str, &str); 1] = [("account", "main")];
const LOCKED_UNTIL: &str = "geelark_api_locked_until_timestamp_seconds";

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_prevents_calls_over_restarts() {
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
        // The lock is saved as soon as it begins, in another task.
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
            tokio::time::sleep(SEVERAL_ROUNDS).await;
        }
        assert_eq!(upstream.calls().await.total, 0, "after {signal}");
        assert!(
            exporter.output().contains("account blocked since before the restart"),
            "{}",
            exporter.output()
        );
        // A process that is killed before its first regular write has saved no statuses.
        if signal == Signal::SIGTERM {
            assert_eq!(exporter.samples().await.of("phone_status").len(), 150);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_off_survives_a_restart_unless_the_credentials_change() {
    let upstream = Upstream::start(&["--phones=2", "--token=rotated-token"]).await;
    let exporter = Exporter::start(&config(&upstream, FAST)).await;
    exporter.ready().await;
    upstream.forget_calls().await;
    let (launch, _) = end(exporter, Signal::SIGTERM).await;
    let exporter = launch.start().await;
    tokio::time::sleep(SEVERAL_ROUNDS).await;
    assert_eq!(
        upstream.calls().await.total,
        0,
        "the back-off is kept for the same token"
    );

    exporter.configure(&config(&upstream, FAST).replace("demo-token", "rotated-token"));
    let (launch, _) = end(exporter, Signal::SIGTERM).await;
    let exporter = launch.start().await;
    exporter
        .until("an answer", |samples| samples.of("phone_status").len() == 2)
        .await;
}

/// The module `budget` has the same test without a state. This test takes over a minute of real time.
#[tokio::test(flavor = "multi_thread")]
async fn the_budget_holds_in_any_minute_over_restarts_with_state() {
    const BUDGET: usize = 60;
    const CALLS_PER_PROCESS: u64 = 13;
    let upstream = Upstream::start(&["--phones=1200", &format!("--requests-per-minute={BUDGET}")]).await;
    let account = format!("    poll: {{interval: 10s}}\n    budget: {{requests_per_minute: {BUDGET}}}");
    let mut exporter = Exporter::start(&config(&upstream, &account)).await;
    let mut wanted = 0;
    for signal in [
        Signal::SIGTERM,
        Signal::SIGKILL,
        Signal::SIGTERM,
        Signal::SIGTERM,
        Signal::SIGKILL,
    ] {
        wanted += CALLS_PER_PROCESS;
        upstream.wait_for_calls(wanted).await;
        let (launch, _) = end(exporter, signal).await;
        exporter = launch.start().await;
    }
    let calls = upstream.wait_for_calls(wanted + CALLS_PER_PROCESS).await;
    calls.assert_budget(BUDGET);
}
