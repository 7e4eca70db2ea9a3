//! The inhibition rules of the shipped configuration, in a real Alertmanager.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::shipped::text;
use crate::support::{Alertmanager, eventually};

/// An alert with these labels. Empty labels are omitted.
fn alert(name: &str, instance: &str, account: &str, id: &str) -> Value {
    let labels = [
        ("alertname", name),
        ("job", "geelark"),
        ("instance", instance),
        ("account", account),
        ("id", id),
    ];
    let labels: BTreeMap<_, _> = labels.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    json!({"labels": labels})
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_about_a_cause_inhibits_the_alerts_about_its_consequences() {
    let dir = TempDir::new().unwrap();
    let config = text("deploy/alertmanager/alertmanager.yml").replace("group_wait: 30s", "group_wait: 0s");
    std::fs::write(dir.path().join("alertmanager.yml"), config).unwrap();
    let alertmanager = Alertmanager::start_in(dir).await;
    // Each alert, and whether it is active.
    let cases = [
        // The exporter y is down, which inhibits the alerts about its account, phones and wallet.
        (alert("GeelarkExporterDown", "y", "", ""), true),
        (alert("GeelarkAccountDown", "y", "main", ""), false),
        (alert("GeelarkPhoneExpired", "y", "main", "1"), false),
        (alert("GeelarkBalanceRunsOut", "y", "main", ""), false),
        (alert("GeelarkConfigReloadFailed", "y", "", ""), false),
        // An account of x is refused, which inhibits that it is down and the alerts about its phones.
        (alert("GeelarkAccountRefused", "x", "main", ""), true),
        (alert("GeelarkAccountDown", "x", "main", ""), false),
        (alert("GeelarkPhoneNotFound", "x", "main", "1"), false),
        (alert("GeelarkFleetStale", "x", "main", ""), false),
        (alert("GeelarkDiscoveryFailing", "x", "main", ""), false),
        (alert("GeelarkPlanExpiring", "x", "main", ""), true),
        // The account second of x is healthy. An expired phone inhibits that it expires, and a day inhibits a week.
        // The account third of x is locked.
        (alert("GeelarkPhoneExpired", "x", "second", "2"), true),
        (alert("GeelarkPhoneExpiresWithinDay", "x", "second", "2"), false),
        (alert("GeelarkPhoneExpiresWithinWeek", "x", "second", "2"), false),
        (alert("GeelarkPhoneExpiresWithinDay", "x", "second", "3"), true),
        (alert("GeelarkPhoneExpiresWithinWeek", "x", "second", "3"), false),
        (alert("GeelarkPhoneExpiresWithinWeek", "x", "second", "4"), true),
        (alert("GeelarkAccountLocked", "x", "third", ""), true),
        (alert("GeelarkAccountDown", "x", "third", ""), false),
        (alert("GeelarkPhoneStuckStarting", "x", "third", "5"), false),
        // The rules do not affect alerts of other programs.
        (alert("NodeDown", "y", "", ""), true),
    ];
    let expected: BTreeMap<String, bool> = cases
        .iter()
        .map(|(alert, active)| (alert["labels"].to_string(), *active))
        .collect();
    alertmanager
        .post(&cases.iter().map(|(alert, _)| alert.clone()).collect())
        .await;
    let seen = eventually("Alertmanager to process all alerts", || async {
        let alerts = alertmanager.alerts().await;
        let processed = alerts.iter().all(|alert| alert["status"]["state"] != "unprocessed");
        (processed && alerts.len() == expected.len()).then_some(alerts)
    })
    .await;
    let seen: BTreeMap<String, bool> = seen
        .iter()
        .map(|alert| (alert["labels"].to_string(), alert["status"]["state"] == "active"))
        .collect();
    assert_eq!(seen, expected);
}
