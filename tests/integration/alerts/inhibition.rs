//! Alertmanager with the shipped configuration: what silences what.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::shipped::text;
use crate::support::{Alertmanager, eventually};

/// An alert as labels: its name, then instance, account and id as far as they are given.
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
async fn who_cannot_see_is_not_listened_to_and_the_cause_stands_for_what_follows() {
    let dir = TempDir::new().unwrap();
    let config = text("deploy/alertmanager/alertmanager.yml").replace("group_wait: 30s", "group_wait: 0s");
    std::fs::write(dir.path().join("alertmanager.yml"), config).unwrap();
    let alertmanager = Alertmanager::start_in(dir).await;
    // Each alert, and whether somebody is told.
    let told = [
        // The exporter y is down; its account is silent, and so are its phones and its wallet.
        (alert("GeelarkExporterDown", "y", "", ""), true),
        (alert("GeelarkAccountDown", "y", "main", ""), false),
        (alert("GeelarkPhoneExpired", "y", "main", "1"), false),
        (alert("GeelarkBalanceRunsOut", "y", "main", ""), false),
        (alert("GeelarkConfigReloadFailed", "y", "", ""), false),
        // At x, one account is refused: that is told, and not that it is down, nor anything of its phones.
        (alert("GeelarkAccountRefused", "x", "main", ""), true),
        (alert("GeelarkAccountDown", "x", "main", ""), false),
        (alert("GeelarkPhoneNotFound", "x", "main", "1"), false),
        (alert("GeelarkFleetStale", "x", "main", ""), false),
        (alert("GeelarkDiscoveryFailing", "x", "main", ""), false),
        (alert("GeelarkPlanExpiring", "x", "main", ""), true),
        // Another account of x is well, and locked in the next; one phone of the first has expired, another will.
        (alert("GeelarkPhoneExpired", "x", "second", "2"), true),
        (alert("GeelarkPhoneExpiresWithinDay", "x", "second", "2"), false),
        (alert("GeelarkPhoneExpiresWithinWeek", "x", "second", "2"), false),
        (alert("GeelarkPhoneExpiresWithinDay", "x", "second", "3"), true),
        (alert("GeelarkPhoneExpiresWithinWeek", "x", "second", "3"), false),
        (alert("GeelarkPhoneExpiresWithinWeek", "x", "second", "4"), true),
        (alert("GeelarkAccountLocked", "x", "third", ""), true),
        (alert("GeelarkAccountDown", "x", "third", ""), false),
        (alert("GeelarkPhoneStuckStarting", "x", "third", "5"), false),
        // Alerts of others are nobody's business here.
        (alert("NodeDown", "y", "", ""), true),
    ];
    let expected: BTreeMap<String, bool> = told
        .iter()
        .map(|(alert, told)| (alert["labels"].to_string(), *told))
        .collect();
    alertmanager
        .post(&told.iter().map(|(alert, _)| alert.clone()).collect())
        .await;
    let seen = eventually("Alertmanager to have decided about all alerts", || async {
        let alerts = alertmanager.alerts().await;
        let decided = alerts.iter().all(|alert| alert["status"]["state"] != "unprocessed");
        (decided && alerts.len() == expected.len()).then_some(alerts)
    })
    .await;
    let seen: BTreeMap<String, bool> = seen
        .iter()
        .map(|alert| (alert["labels"].to_string(), alert["status"]["state"] == "active"))
        .collect();
    assert_eq!(seen, expected);
}
