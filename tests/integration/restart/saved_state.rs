//! Statuses, timestamps and counters over a restart.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;

use super::{config, end};
use crate::support::{Exporter, Samples, Upstream, unix_now};

/// One round, and no second one during a test.
const ONE_ROUND: &str = "    poll: {interval: 1h, timeout: 2s}\n    budget: {requests_per_minute: 6000}";

/// Metrics whose series a restart must not change.
const LASTING: &[&str] = &[
    "phone_status",
    "phone_status_since_timestamp_seconds",
    "phone_not_found",
    "phone_not_found_total",
    "phone_info",
    "phone_expiration_timestamp_seconds",
    "phone_task_running",
    "geelark_phones",
    "geelark_up",
    "geelark_poll_last_success_timestamp_seconds",
    "geelark_discovery_last_success_timestamp_seconds",
    "geelark_discovery_phones",
    "geelark_wallet_balance",
];

fn assert_kept(before: &Samples, after: &Samples) {
    for name in LASTING {
        assert_eq!(before.of(name), after.of(name), "{name}");
    }
    for series in before.iter() {
        let is_there = after.of(&series.name).iter().any(|it| it.labels == series.labels);
        assert!(is_there, "{series:?} is missing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_shows_saved_statuses_before_the_first_response() {
    let upstream = Upstream::start(&["--phones=250", "--missing=3"]).await;
    upstream
        .change(&upstream.ids[0], json!({"serialName": "\"手机\"\n\\ 📱", "status": 7}))
        .await;
    let exporter = Exporter::start(&config(&upstream, ONE_ROUND)).await;
    exporter.ready().await;
    let before = exporter.samples().await;
    assert_eq!(before.of("phone_status").len(), 250);
    assert_eq!(
        before
            .of("phone_not_found_total")
            .iter()
            .map(|it| it.value)
            .sum::<f64>(),
        3.0
    );
    // Timestamps have whole seconds of real time. After this pause, a timestamp that started again would differ.
    tokio::time::sleep(Duration::from_millis(1100)).await;

    upstream.faults(json!(["hang"])).await;
    let (launch, _) = end(exporter, Signal::SIGTERM).await;
    let exporter = launch.start().await;
    let after = exporter.samples().await;
    assert_kept(&before, &after);
    assert_eq!(
        after.value("geelark_exporter_state_last_write_successful", &[]),
        Some(1.0)
    );
    let written = after.value("geelark_exporter_state_last_write_timestamp_seconds", &[]);
    assert!(unix_now() - written.unwrap() < 30.0, "{written:?}");
    assert!(exporter.output().contains("state loaded"), "{}", exporter.output());

    upstream.faults(json!([])).await;
    exporter.ready().await;
    let answered = exporter.samples().await;
    assert_eq!(
        before.of("phone_status_since_timestamp_seconds"),
        answered.of("phone_status_since_timestamp_seconds")
    );
    let not_found = answered.of("phone_not_found_total");
    assert!(
        not_found
            .iter()
            .all(|sample| sample.value == 2.0
                || !before.of("phone_not_found").iter().any(|it| it.labels == sample.labels)),
        "the counter continues"
    );
    assert_eq!(not_found.iter().map(|sample| sample.value).sum::<f64>(), 6.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_shows_discovered_phones_before_the_first_list() {
    let upstream = Upstream::start(&["--phones=250"]).await;
    let account = upstream.account("main", &[""; 0], &format!("      discovery: {{}}\n{ONE_ROUND}"));
    let exporter = Exporter::start(&format!("accounts:\n{account}state: {{path: state}}\n")).await;
    let known = |samples: &Samples| {
        let listed = samples.value("geelark_discovery_last_success_timestamp_seconds", &[]);
        samples.of("phone_status").len() == 250 && listed > Some(0.0) && samples.of("geelark_wallet_balance").len() == 1
    };
    exporter.until("everything", known).await;
    exporter.ready().await;
    let before = exporter.samples().await;
    let groups = before
        .of("phone_info")
        .into_iter()
        .filter(|info| info.labels.contains_key("group"));
    assert_eq!(groups.count(), 250);
    upstream.faults(json!(["hang"])).await;
    let (launch, _) = end(exporter, Signal::SIGTERM).await;
    let exporter = launch.start().await;
    assert_kept(&before, &exporter.samples().await);
    // The first list fails, and removes no phone.
    exporter
        .until("a failed list", |samples| {
            samples.value("geelark_discovery_failures_total", &[]) > Some(0.0)
        })
        .await;
    assert_eq!(exporter.samples().await.of("phone_status").len(), 250);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_status_is_not_shown_and_keeps_its_timestamp() {
    let upstream = Upstream::start(&["--phones=3"]).await;
    let account = "    poll: {interval: 1s, timeout: 1s, stale_after: 3s}\n    budget: {requests_per_minute: 6000}";
    let exporter = Exporter::start(&config(&upstream, account)).await;
    exporter.ready().await;
    let before = exporter.samples().await;
    let (launch, _) = end(exporter, Signal::SIGTERM).await;
    upstream.change(&upstream.ids[2], json!({"status": 9})).await;
    upstream.faults(json!(["hang"])).await;
    // Real time: `stale_after` is 3 s.
    tokio::time::sleep(Duration::from_millis(3500)).await;
    let exporter = launch.start().await;
    let stale = exporter.samples().await;
    assert_eq!(stale.of("phone_status"), vec![] as Vec<&_>);
    assert_eq!(stale.of("phone_info"), before.of("phone_info"), "names are kept");

    upstream.faults(json!([])).await;
    let after = exporter
        .until("statuses", |samples| samples.of("phone_status").len() == 3)
        .await;
    let since = |samples: &Samples, nth: usize| {
        let id = [("id", upstream.ids[nth].as_str())];
        samples.value("phone_status_since_timestamp_seconds", &id).unwrap()
    };
    assert_eq!(
        (since(&after, 0), since(&after, 1)),
        (since(&before, 0), since(&before, 1))
    );
    assert!(
        since(&after, 2) >= since(&before, 2) + 3.0,
        "another status has another timestamp"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn state_of_removed_accounts_and_phones_is_dropped() {
    let upstream = Upstream::start(&["--phones=4"]).await;
    let two = |first: &[String], second: &[String]| {
        let accounts = [
            upstream.account("main", first, ONE_ROUND),
            upstream.account("spare", second, ONE_ROUND),
        ];
        format!("accounts:\n{}state: {{path: state}}\n", accounts.concat())
    };
    let exporter = Exporter::start(&two(&upstream.ids[..2], &upstream.ids[2..])).await;
    exporter.ready().await;
    exporter.configure(&format!(
        "accounts:\n{}state: {{path: state}}\n",
        upstream.account("main", &upstream.ids[1..2], ONE_ROUND)
    ));
    upstream.faults(json!(["hang"])).await;
    let (launch, _) = end(exporter, Signal::SIGTERM).await;
    let exporter = launch.start().await;
    assert_eq!(exporter.samples().await.of("phone_status").len(), 1);
    assert!(!exporter.text().await.contains("spare"));
    exporter.configure(&two(&upstream.ids[..2], &upstream.ids[2..]));
    let (launch, _) = end(exporter, Signal::SIGTERM).await;
    let exporter = launch.start().await;
    assert_eq!(
        exporter.samples().await.of("phone_status").len(),
        1,
        "the state of removed phones is dropped"
    );
}
