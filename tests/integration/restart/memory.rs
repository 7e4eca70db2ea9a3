//! Statuses, timestamps and counters over a restart.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;

use super::{config, end};
use crate::support::{Exporter, Samples, Upstream, unix_now};

/// One round, and no other while a test looks.
const SLOW: &str = "    poll: {interval: 1h, timeout: 2s}\n    budget: {requests_per_minute: 6000}";

/// What is shown of phones, and of how the exporter is doing, that a restart must not change.
const LASTING: [&str; 13] = [
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

fn assert_goes_on(before: &Samples, after: &Samples) {
    for name in LASTING {
        assert_eq!(before.of(name), after.of(name), "{name}");
    }
    for series in before.iter() {
        let is_there = after.of(&series.name).iter().any(|it| it.labels == series.labels);
        assert!(is_there, "{series:?} is lost");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_there_at_once_and_before_the_first_answer() {
    let upstream = Upstream::start(&["--phones=250", "--missing=3"]).await;
    upstream
        .change(&upstream.ids[0], json!({"serialName": "\"手机\"\n\\ 📱", "status": 7}))
        .await;
    let exporter = Exporter::start(&config(&upstream, SLOW)).await;
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
    // So that a timestamp that began anew would be another.
    tokio::time::sleep(Duration::from_millis(1100)).await;

    upstream.faults(json!(["hang"])).await;
    let (launch, _) = end(exporter, Signal::SIGTERM).await;
    let exporter = launch.start().await;
    let after = exporter.samples().await;
    assert_goes_on(&before, &after);
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
        "the counter goes on"
    );
    assert_eq!(not_found.iter().map(|sample| sample.value).sum::<f64>(), 6.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_discovered_is_there_before_it_is_discovered_again() {
    let upstream = Upstream::start(&["--phones=250"]).await;
    let account = upstream.account("main", &[""; 0], &format!("      discovery: {{}}\n{SLOW}"));
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
    assert_goes_on(&before, &exporter.samples().await);
    // The first look fails, and takes nothing away.
    exporter
        .until("a failed look", |samples| {
            samples.value("geelark_discovery_failures_total", &[]) > Some(0.0)
        })
        .await;
    assert_eq!(exporter.samples().await.of("phone_status").len(), 250);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_old_is_not_shown_and_keeps_its_timestamp_if_the_next_answer_agrees() {
    let upstream = Upstream::start(&["--phones=3"]).await;
    let account = "    poll: {interval: 1s, timeout: 1s, stale_after: 3s}\n    budget: {requests_per_minute: 6000}";
    let exporter = Exporter::start(&config(&upstream, account)).await;
    exporter.ready().await;
    let before = exporter.samples().await;
    let (launch, _) = end(exporter, Signal::SIGTERM).await;
    upstream.change(&upstream.ids[2], json!({"status": 9})).await;
    upstream.faults(json!(["hang"])).await;
    tokio::time::sleep(Duration::from_millis(3500)).await;
    let exporter = launch.start().await;
    let stale = exporter.samples().await;
    assert_eq!(stale.of("phone_status"), vec![] as Vec<&_>);
    assert_eq!(stale.of("phone_info"), before.of("phone_info"), "names are known");

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
    assert!(since(&after, 2) >= since(&before, 2) + 3.0, "another status began");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_configured_no_longer_is_forgotten() {
    let upstream = Upstream::start(&["--phones=4"]).await;
    let two = |first: &[String], second: &[String]| {
        let accounts = [
            upstream.account("main", first, SLOW),
            upstream.account("spare", second, SLOW),
        ];
        format!("accounts:\n{}state: {{path: state}}\n", accounts.concat())
    };
    let exporter = Exporter::start(&two(&upstream.ids[..2], &upstream.ids[2..])).await;
    exporter.ready().await;
    exporter.configure(&format!(
        "accounts:\n{}state: {{path: state}}\n",
        upstream.account("main", &upstream.ids[1..2], SLOW)
    ));
    upstream.faults(json!(["hang"])).await;
    let (launch, _) = end(exporter, Signal::SIGTERM).await;
    let exporter = launch.start().await;
    assert_eq!(exporter.samples().await.of("phone_status").len(), 1);
    assert!(!exporter.text().await.contains("spare"));
    exporter.configure(&two(&upstream.ids[..2], &upstream.ids[2..]));
    let (launch, _) = end(exporter, Signal::SIGTERM).await;
    let exporter = launch.start().await;
    assert_eq!(exporter.samples().await.of("phone_status").len(), 1, "nobody remembers");
}
