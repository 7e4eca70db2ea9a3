//! Discovery: the phones it finds, and their details.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Exporter, FAST, Launch, Samples, Upstream, assert_no_secret};

/// A configuration with discovery each second.
fn discovering(upstream: &Upstream, filters: &str) -> String {
    let discovery = format!("      discovery: {{refresh_interval: 1s{filters}}}\n{FAST}");
    format!("accounts:\n{}", upstream.account("main", &[""; 0], &discovery))
}

fn ids(samples: &Samples) -> BTreeSet<String> {
    let infos = samples.of("phone_info");
    let ids: BTreeSet<_> = infos.iter().map(|info| info.labels["id"].clone()).collect();
    assert_eq!(ids.len(), infos.len(), "an id occurs twice");
    ids
}

fn all(upstream: &Upstream) -> BTreeSet<String> {
    upstream.ids.iter().cloned().collect()
}

fn found(samples: &Samples) -> Option<f64> {
    samples.value("geelark_discovery_phones", &[("account", "main")])
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_shows_a_fleet_of_three_pages_with_its_details() {
    let upstream = Upstream::start(&["--phones=243"]).await;
    let exporter = Exporter::start(&discovering(&upstream, "")).await;
    exporter.ready().await;
    let samples = exporter.samples().await;
    assert_eq!(ids(&samples), all(&upstream), "readiness waits for the first list");
    assert_eq!(found(&samples), Some(243.0));
    assert_eq!(samples.of("phone_status").len(), 243);
    let (mut monthly, mut running) = (0, 0);
    for phone in upstream.phones().await {
        let id = phone["id"].as_str().unwrap();
        let info = samples.find("phone_info", &[("id", id)]).unwrap();
        let is_monthly = phone["chargeMode"] == 1;
        assert_eq!(info.labels["group"], phone["group"].as_str().unwrap());
        assert_eq!(
            info.labels["charge_mode"],
            if is_monthly { "monthly" } else { "per_minute" }
        );
        for label in ["os_version", "brand", "model", "country"] {
            assert!(!info.labels[label].is_empty(), "{label} of {info:?}");
        }
        let expiration = samples.value("phone_expiration_timestamp_seconds", &[("id", id)]);
        assert_eq!(
            expiration,
            phone["monthlyExpire"].as_f64().filter(|_| is_monthly),
            "{phone}"
        );
        let task = samples.value("phone_task_running", &[("id", id)]);
        assert_eq!(task, phone["rpaStatus"].as_f64(), "{phone}");
        monthly += usize::from(is_monthly);
        running += usize::from(task == Some(1.0));
    }
    assert!(
        monthly > 0 && running > 0,
        "the fleet has monthly phones and running tasks"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_select_phones_and_configured_phones_are_added() {
    let upstream = Upstream::start(&["--phones=243"]).await;
    let exporter = Exporter::start(&discovering(&upstream, ", groups: [farm-b]")).await;
    exporter.ready().await;
    let phones = upstream.phones().await;
    let ids_of = |selected: &dyn Fn(&&Value) -> bool| -> BTreeSet<String> {
        let selected = phones.iter().filter(selected);
        selected.map(|phone| phone["id"].as_str().unwrap().to_owned()).collect()
    };
    let farm_b = ids_of(&|phone| phone["group"] == "farm-b");
    assert!(!farm_b.is_empty());
    assert_eq!(ids(&exporter.samples().await), farm_b);

    let is_wanted = |phone: &&Value| phone["group"] == "farm-a" || phone["chargeMode"] == 1;
    let mut wanted = ids_of(&is_wanted);
    let other = phones.iter().find(|phone| !is_wanted(phone)).unwrap()["id"]
        .as_str()
        .unwrap();
    wanted.insert(other.to_owned());
    let any = format!("      discovery: {{any: [{{groups: [farm-a]}}, {{charge_mode: monthly}}]}}\n{FAST}");
    let config = format!("accounts:\n{}", upstream.account("main", &[other], &any));
    let exporter = Exporter::start(&config).await;
    // Readiness does not wait for the list, because the account has a configured phone.
    let samples = exporter
        .until("the selected phones", |samples| ids(samples) == wanted)
        .await;
    let info = samples.find("phone_info", &[("id", other)]).unwrap();
    assert!(!info.labels.contains_key("group"), "discovery does not know {info:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_adds_created_phones_and_removes_deleted_phones() {
    let upstream = Upstream::start(&["--phones=150"]).await;
    let exporter = Exporter::start(&discovering(&upstream, "")).await;
    exporter.ready().await;
    upstream
        .create(json!({"id": "created", "serialName": "new 手机", "status": "started"}))
        .await;
    let samples = exporter
        .until("the status of the created phone", |samples| {
            samples.value("phone_status", &[("id", "created")]) == Some(0.0)
        })
        .await;
    assert_eq!(ids(&samples).len(), 151);
    let deleted = &upstream.ids[7];
    upstream.delete(deleted).await;
    let samples = exporter
        .until("the deleted phone to disappear", |samples| {
            samples.find("phone_info", &[("id", deleted)]).is_none()
        })
        .await;
    assert_eq!(ids(&samples).len(), 150);
    for name in [
        "phone_status",
        "phone_not_found",
        "phone_not_found_total",
        "phone_task_running",
    ] {
        assert_eq!(samples.find(name, &[("id", deleted)]), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_or_incomplete_list_removes_no_phone() {
    let upstream = Upstream::start(&["--phones=150"]).await;
    let exporter = Exporter::start(&discovering(&upstream, "")).await;
    exporter.ready().await;
    let of = |name: &str, samples: &Samples| samples.value(name, &[("account", "main")]).unwrap();
    let failures = |samples: &Samples| of("geelark_discovery_failures_total", samples);
    let last_success = |samples: &Samples| of("geelark_discovery_last_success_timestamp_seconds", samples);
    let faults = ["code:50000", "data-null", "missing-lists", "truncated"];
    for fault in faults {
        let before = exporter.samples().await;
        upstream.faults(json!([format!("{fault},endpoint=list")])).await;
        let failed = |samples: &Samples| failures(samples) > failures(&before);
        let samples = exporter.until(fault, failed).await;
        assert_eq!(ids(&samples), all(&upstream), "{fault}");
        assert_eq!(found(&samples), Some(150.0), "{fault}");
        upstream.faults(json!([])).await;
        let works = |now: &Samples| last_success(now) > last_success(&samples);
        exporter.until("discovery to work again", works).await;
    }
    let failures = exporter.output().matches("discovery failed").count();
    assert_eq!(failures, faults.len(), "{}", exporter.output());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_two_accounts_discover_is_shown_once() {
    let upstream = Upstream::start(&["--phones=30"]).await;
    let discovery = |filters| format!("      discovery: {{refresh_interval: 1s{filters}}}\n{FAST}");
    let config = [
        upstream.account("first", &[""; 0], &discovery(", groups: [farm-a]")),
        upstream.account("second", &[""; 0], &discovery("")),
    ];
    let exporter = Exporter::start(&format!("accounts:\n{}", config.concat())).await;
    let of = |samples: &Samples, account: &str| {
        let _ = ids(samples);
        let infos = samples.of("phone_info");
        infos.iter().filter(|info| info.labels["account"] == account).count()
    };
    exporter
        .until("each account to show its phones", |samples| {
            (of(samples, "first"), of(samples, "second")) == (10, 20)
        })
        .await;
    assert!(exporter.output().contains("phones are in another account too"));
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_of_20000_phones_keeps_the_budget() {
    let upstream = Upstream::start(&["--phones=20000"]).await;
    let account =
        "      discovery: {}\n    poll: {interval: 1s}\n    budget: {requests_per_minute: 3000, max_in_flight: 8}";
    let config = format!("accounts:\n{}", upstream.account("main", &[""; 0], account));
    let exporter = Exporter::start(&config).await;
    exporter.ready().await;
    let samples = exporter.samples().await;
    assert_eq!(found(&samples), Some(20_000.0));
    assert_eq!(ids(&samples), all(&upstream));
    let calls = upstream.calls().await;
    assert_eq!(calls.refused, 0);
    assert!(
        calls.max_in_any_minute <= 3000,
        "{} in a minute",
        calls.max_in_any_minute
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_output_contains_secret_or_personal_fields_of_the_list() {
    let upstream = Upstream::start(&["--phones=120"]).await;
    for format in ["logfmt", "json"] {
        let exporter = Launch::configured(&discovering(&upstream, ""))
            .args(&["--log.level=trace"])
            .arg(format!("--log.format={format}"))
            .start()
            .await;
        exporter.ready().await;
        for fault in ["wrong-type", "strings", "truncated", "code-with-data:40006"] {
            upstream.faults(json!([format!("{fault},endpoint=list,count=2")])).await;
            let since = crate::support::unix_now().floor();
            exporter
                .until("the next list", |samples| {
                    samples.value(
                        "geelark_discovery_last_success_timestamp_seconds",
                        &[("account", "main")],
                    ) > Some(since)
                })
                .await;
        }
        for page in ["/metrics", "/", "/-/ready", "/api/v1/phones", "/api/v1/accounts"] {
            assert_no_secret(&exporter.get(page).await.text().await.unwrap(), page);
        }
        assert_no_secret(&exporter.output(), "the log");
    }
    for format in ["table", "json"] {
        for fault in ["strings", "truncated,count=9"] {
            upstream.faults(json!([format!("{fault},endpoint=list")])).await;
            let output = Launch::configured(&discovering(&upstream, ""))
                .args(&["phones", "--format", format, "--log.level=trace"])
                .run()
                .await;
            assert_no_secret(&output.text, "phones");
        }
    }
}

#[tokio::test]
async fn check_online_reports_what_discovery_will_do() {
    let upstream = Upstream::start(&["--phones=243"]).await;
    let config = discovering(&upstream, ", groups: [farm-a]");
    let output = Launch::configured(&config).args(&["check", "--online"]).run().await;
    for sentence in [
        "0 configured phones and those that discovery finds (every phone in group \"farm-a\", listed every 1s)",
        "known only at run time",
        "the account has 243 phones",
        "configuration is valid",
    ] {
        assert!(output.text.contains(sentence), "{sentence:?} is not in {}", output.text);
    }
    assert_eq!(output.status.code(), Some(0));
}
