//! The promise that protects the account: never more calls in any minute than the budget has, whatever happens to the
//! process.
//!
//! A minute is only proved in real time: the simulator counts on its own clock what really arrived, and a process that
//! is killed takes its paused clock with it. So this test takes over a minute, and runs beside the others.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::{Calls, Exporter, Launch, Upstream, assert_no_secret, eventually};

/// So many calls may be made in any minute, by the configuration and by the simulator.
const BUDGET: usize = 60;

/// Before every end of a process, so many calls more have been made.
const CALLS_EACH: u64 = 15;

const LAST_CALLS: u64 = 12;

#[tokio::test(flavor = "multi_thread")]
async fn no_minute_has_more_calls_than_the_budget_through_restarts_and_reloads() {
    let upstream = Upstream::start(&["--phones=1200", "--requests-per-minute=60"]).await;
    let config = |interval: &str| {
        upstream.config(&format!(
            "    poll: {{interval: {interval}}}\n    budget: {{requests_per_minute: {BUDGET}}}"
        ))
    };
    let mut exporter = Exporter::start(&config("10s")).await;
    let mut wanted = 0;
    for signal in [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGKILL] {
        wanted += CALLS_EACH;
        calls(&upstream, wanted).await;
        let dir = exporter.dir.clone();
        let output = exporter.end(signal).await;
        if signal == Signal::SIGTERM {
            assert_eq!(output.status.code(), Some(0));
        }
        exporter = Launch::again(dir).start().await;
    }
    // A reload that changes the account begins another round, and must not begin another budget.
    for interval in ["11s", "10s"] {
        wanted += CALLS_EACH / 2;
        calls(&upstream, wanted).await;
        exporter.configure(&config(interval));
        exporter.signal(Signal::SIGHUP);
    }
    let calls = calls(&upstream, wanted + LAST_CALLS).await;

    assert_eq!(calls.refused, 0, "{calls:?}");
    assert!(
        calls.max_in_any_minute <= BUDGET,
        "{} calls in a minute",
        calls.max_in_any_minute
    );
    // What would keep to every budget is to make no calls; three restarts cost a few seconds each and no more.
    assert!(
        calls.max_in_any_minute >= BUDGET * 3 / 4,
        "{} calls in the busiest minute",
        calls.max_in_any_minute
    );
    let (first, last) = (&calls.each[0], &calls.each[calls.each.len() - 1]);
    assert!(
        last.at_ms - first.at_ms > 60_000,
        "it took longer than the minute that is looked at"
    );

    let samples = exporter.samples().await;
    let account = [("account", "main")];
    assert_eq!(samples.value("geelark_poll_interval_seconds", &account), Some(12.0));
    let budget = samples.value("geelark_api_budget_requests_per_minute", &account);
    assert_eq!(budget, Some(60.0));
    let warning = "the budget is too small for the interval";
    let output = exporter.output();
    assert_no_secret(&output, "the output");
    assert_eq!(
        output.matches(warning).count(),
        3,
        "once a start and once a reload: {output}"
    );
}

/// Waits until the simulator has seen so many calls. One a second comes, so patience is renewed with each.
async fn calls(upstream: &Upstream, wanted: u64) -> Calls {
    let mut seen = upstream.calls().await;
    while seen.total < wanted {
        let before = seen.total;
        seen = eventually("the next call", || async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let calls = upstream.calls().await;
            (calls.total > before).then_some(calls)
        })
        .await;
    }
    seen
}
