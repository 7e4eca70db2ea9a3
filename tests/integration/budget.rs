//! The budget: no minute has more calls than the budget allows, over restarts and reloads.
//!
//! This test takes over a minute of real time. The simulator counts the calls that arrive on its own clock, and a killed
//! process cannot keep a paused clock.

use nix::sys::signal::Signal;

use crate::support::{Exporter, Launch, Upstream, assert_no_secret};

/// The calls in any minute, for the configuration and for the simulator.
const BUDGET: usize = 60;

/// The calls before each end of a process.
const CALLS_PER_PROCESS: u64 = 15;

/// The calls after the last reload.
const LAST_CALLS: u64 = 12;

#[tokio::test(flavor = "multi_thread")]
async fn the_budget_holds_in_any_minute_over_restarts_and_reloads() {
    let upstream = Upstream::start(&["--phones=1200", &format!("--requests-per-minute={BUDGET}")]).await;
    let config = |interval: &str| {
        upstream.config(&format!(
            "    poll: {{interval: {interval}}}\n    budget: {{requests_per_minute: {BUDGET}}}"
        ))
    };
    let mut exporter = Exporter::start(&config("10s")).await;
    let mut wanted = 0;
    for signal in [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGKILL] {
        wanted += CALLS_PER_PROCESS;
        upstream.wait_for_calls(wanted).await;
        let dir = exporter.dir.clone();
        let output = exporter.end(signal).await;
        if signal == Signal::SIGTERM {
            assert_eq!(output.status.code(), Some(0));
        }
        exporter = Launch::again(dir).start().await;
    }
    // A reload that changes the account starts another round. It must not start another budget.
    for interval in ["11s", "10s"] {
        wanted += CALLS_PER_PROCESS / 2;
        upstream.wait_for_calls(wanted).await;
        exporter.configure(&config(interval));
        exporter.signal(Signal::SIGHUP);
    }
    let calls = upstream.wait_for_calls(wanted + LAST_CALLS).await;

    calls.assert_budget(BUDGET);
    let (first, last) = (&calls.each[0], &calls.each[calls.each.len() - 1]);
    assert!(last.at_ms - first.at_ms > 60_000, "the calls cover more than a minute");

    let samples = exporter.samples().await;
    let account = [("account", "main")];
    assert_eq!(samples.value("geelark_poll_interval_seconds", &account), Some(12.0));
    let budget = samples.value("geelark_api_budget_requests_per_minute", &account);
    assert_eq!(budget, Some(BUDGET as f64));
    let warning = "the budget is too small for the interval";
    let output = exporter.output();
    assert_no_secret(&output, "the output");
    assert_eq!(
        output.matches(warning).count(),
        3,
        "one warning for the last start and one for each reload: {output}"
    );
}
