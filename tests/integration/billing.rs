//! Wallet and plan: their metrics, their call limits, and their failures.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;

use crate::support::{Exporter, FAST, Launch, Upstream, eventually, eventually_within, unix_now};

const ACCOUNT: [(&str, &str); 1] = [("account", "main")];

/// A process does not request the plan in its first minute of real time.
const PLAN_TIMEOUT: Duration = Duration::from_mins(2);

/// The times of the calls for the plan, in milliseconds since the simulator started.
async fn plan_calls(upstream: &Upstream) -> Vec<u64> {
    let calls = upstream.calls().await.each;
    let plans = calls.iter().filter(|call| call.endpoint == "plan");
    plans.map(|call| call.at_ms).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_is_requested_once_a_minute_over_restarts_and_reloads() {
    let upstream = Upstream::start(&["--phones=120"]).await;
    for id in &upstream.ids {
        upstream.change(id, json!({"status": "started"})).await;
    }
    for end in [Signal::SIGKILL, Signal::SIGTERM] {
        let exporter = Exporter::start(&upstream.config("")).await;
        exporter.ready().await;
        exporter.end(end).await;
    }
    let exporter = Exporter::start(&upstream.config("")).await;
    for minutes in 6..9 {
        exporter.configure(&upstream.config(&format!("    poll: {{stale_after: {minutes}m}}")));
        exporter.signal(Signal::SIGHUP);
        // A reload requests the wallet again.
        let wallets = || async {
            upstream
                .calls()
                .await
                .each
                .iter()
                .filter(|call| call.endpoint == "wallet")
                .count()
        };
        let seen = wallets().await;
        eventually("a call for the wallet", || async {
            (wallets().await > seen).then_some(())
        })
        .await;
    }
    let samples = eventually_within(PLAN_TIMEOUT, "the plan", || async {
        let samples = exporter.samples().await;
        samples
            .find("geelark_plan_parallels", &ACCOUNT)
            .is_some()
            .then_some(samples)
    })
    .await;
    let plans = plan_calls(&upstream).await;
    assert_eq!(plans.len(), 1, "{plans:?}");
    assert!(plans[0] > 60_000, "{plans:?}");
    assert_eq!(upstream.calls().await.refused, 0);

    let value = |name: &str| samples.value(name, &ACCOUNT);
    assert_eq!(value("geelark_plan_parallels"), Some(100.0));
    assert_eq!(value("geelark_plan_profiles"), Some(1000.0));
    assert_eq!(value("geelark_plan_profiles_available"), Some(880.0));
    assert_eq!(value("geelark_plan_monthly_fee"), Some(99.0));
    let days_left = (value("geelark_plan_expiration_timestamp_seconds").unwrap() - unix_now()) / 86_400.0;
    assert!((19.9..20.0).contains(&days_left), "{days_left}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wallet_is_shown_in_money_and_seconds() {
    let upstream = Upstream::start(&["--phones=1"]).await;
    let exporter = Exporter::start(&upstream.config("")).await;
    let samples = exporter
        .until("the wallet", |samples| {
            samples.find("geelark_wallet_balance", &ACCOUNT).is_some()
        })
        .await;
    let value = |name: &str| samples.value(name, &ACCOUNT);
    assert_eq!(value("geelark_wallet_balance"), Some(1000.0));
    assert_eq!(value("geelark_wallet_gift_balance"), Some(12.5));
    assert_eq!(value("geelark_wallet_time_addon_seconds"), Some(6000.0 * 60.0));
    assert_eq!(value("geelark_plan_parallels"), None, "before the plan is known");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_wallet_call_does_not_affect_rounds() {
    for fault in ["code:40007", "code:40015", "http:429", "hang"] {
        let upstream = Upstream::start(&["--phones=1", &format!("--fault={fault},endpoint=wallet")]).await;
        let config =
            upstream.config("    poll: {interval: 1s, timeout: 500ms}\n    budget: {requests_per_minute: 6000}");
        let exporter = Exporter::start(&config).await;
        let wallet = [("account", "main"), ("endpoint", "pay_wallet")];
        exporter
            .until("the wallet's failure", |samples| {
                samples.value("geelark_api_request_failures_total", &wallet) == Some(1.0)
            })
            .await;
        upstream.forget_calls().await;
        upstream.wait_for_calls(2).await;
        let samples = exporter.samples().await;
        assert_eq!(samples.value("geelark_up", &ACCOUNT), Some(1.0), "{fault}");
        assert_eq!(
            samples.value("geelark_api_locked_until_timestamp_seconds", &ACCOUNT),
            Some(0.0),
            "{fault}"
        );
        assert_eq!(samples.value("geelark_wallet_balance", &ACCOUNT), None, "{fault}");
        let warnings = exporter.output().matches("the wallet cannot be read").count();
        assert_eq!(warnings, 1, "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_can_disable_billing() {
    let upstream = Upstream::start(&["--phones=1"]).await;
    let exporter = Launch::configured(&upstream.config(FAST)).start().await;
    exporter
        .until("the wallet", |samples| {
            samples.find("geelark_wallet_balance", &ACCOUNT).is_some()
        })
        .await;
    exporter.configure(&upstream.config(&format!("{FAST}\n    billing: {{enabled: false}}")));
    exporter.signal(Signal::SIGHUP);
    exporter
        .until("the wallet's series to disappear", |samples| {
            samples.find("geelark_wallet_balance", &ACCOUNT).is_none()
        })
        .await;
}
