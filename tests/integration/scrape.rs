//! From a configured fleet to true metrics.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Exporter, Samples, Upstream};

/// Names that any layer in between could spoil.
const NASTY: [&str; 8] = [
    "plain",
    "\"quoted\"",
    "back\\slash\\",
    "line\nbreak\n",
    "云手机 一号",
    "📱🇩🇪 emoji",
    "\\n is not \n",
    "",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_of_253_ids_is_asked_in_three_calls_and_shown_exactly() {
    let upstream = Upstream::start(&["--phones=250", "--missing=3"]).await;
    for (id, name) in upstream.ids.iter().zip(NASTY) {
        upstream.change(id, json!({"serialName": name})).await;
    }
    let exporter = Exporter::start(&upstream.config("")).await;
    exporter.ready().await;

    let calls = upstream.calls().await;
    let sizes: Vec<usize> = calls.calls.iter().map(|call| call.ids).collect();
    assert_eq!(sizes, [100, 100, 53]);

    let samples = exporter.samples().await;
    let truth: BTreeMap<String, (String, f64)> = upstream
        .phones()
        .await
        .iter()
        .filter(|phone| phone["exists"] != Value::Bool(false))
        .map(|phone| {
            let text = |key: &str| phone[key].as_str().unwrap().to_owned();
            (text("id"), (text("serialName"), phone["status"].as_f64().unwrap()))
        })
        .collect();
    assert_eq!(truth.len(), 250);
    assert_eq!(shown(&samples), truth);
    let statuses: std::collections::BTreeSet<u64> = truth.values().map(|(_, status)| *status as u64).collect();
    assert_eq!(statuses, [0, 1, 2, 3].into(), "the fleet has phones in every status");
    assert_eq!(samples.of("phone_not_found").len(), 3);
    assert_eq!(samples.of("phone_info").len(), 253);
    let account = |status| samples.value("geelark_phones", &[("account", "main"), ("status", status)]);
    assert_eq!(account("not_found"), Some(3.0));
    assert_eq!(account("stale"), Some(0.0));
}

/// Name and status of every phone that has a `phone_status`, by id.
fn shown(samples: &Samples) -> BTreeMap<String, (String, f64)> {
    samples
        .of("phone_status")
        .into_iter()
        .map(|sample| {
            let label = |name: &str| sample.labels.get(name).cloned().unwrap_or_default();
            (label("id"), (label("serial_name"), sample.value))
        })
        .collect()
}
