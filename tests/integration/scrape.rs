//! Scrapes of a configured fleet show what the simulator has.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use flate2::bufread::GzDecoder;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Exporter, FAST, Launch, Samples, Upstream, http};

/// Names with characters that escaping or encoding could damage.
pub(crate) const DIFFICULT_NAMES: [&str; 12] = [
    "plain",
    "\"quoted\"",
    "back\\slash\\",
    "line\nbreak\n",
    "云手机 一号",
    "📱🇩🇪 emoji",
    "\\n is not \n",
    "",
    "tab\tand\rreturn",
    "{id=\"1\"} 1",
    "هاتف\u{2028}\u{feff}",
    " blanks around ",
];

const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_of_253_ids_needs_three_calls_and_is_shown_exactly() {
    let upstream = Upstream::start(&["--phones=250", "--missing=3"]).await;
    for (id, name) in upstream.ids.iter().zip(DIFFICULT_NAMES) {
        upstream.change(id, json!({"serialName": name})).await;
    }
    let exporter = Exporter::start(&upstream.config("")).await;
    exporter.ready().await;

    let calls = upstream.calls().await;
    let requested: Vec<(&str, usize)> = calls
        .each
        .iter()
        .map(|call| (call.endpoint.as_str(), call.ids))
        .collect();
    assert_eq!(requested, [("status", 100), ("status", 100), ("status", 53)]);

    let samples = exporter.samples().await;
    let truth = truth(&upstream).await;
    assert_eq!(truth.len(), 250);
    assert_eq!(shown(&samples), truth);
    let statuses: BTreeSet<String> = truth.values().map(|(_, status)| status.to_string()).collect();
    assert_eq!(
        statuses,
        ["0", "1", "2", "3"].map(String::from).into(),
        "the fleet has phones in every status"
    );
    assert_eq!(samples.of("phone_not_found").len(), 3);
    assert_eq!(samples.of("phone_info").len(), 253);
    let account = |status| samples.value("geelark_phones", &[("account", "main"), ("status", status)]);
    assert_eq!(account("not_found"), Some(3.0));
    assert_eq!(account("stale"), Some(0.0));
    let counted: f64 = ["started", "starting", "shut_down", "expired"]
        .iter()
        .filter_map(|status| account(status))
        .sum();
    assert_eq!(counted, 250.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn gzip_and_plain_scrapes_are_equal_and_have_their_exact_length() {
    let upstream = Upstream::start(&["--phones=250", "--missing=3"]).await;
    let exporter = Exporter::start(&upstream.config("")).await;
    exporter.ready().await;
    let get = |method: Method, encoding: &'static str| {
        let request = http().request(method, format!("{}/metrics", exporter.url));
        async move { request.header("accept-encoding", encoding).send().await.unwrap() }
    };

    let mut bodies = Vec::new();
    for encoding in ["identity", "gzip"] {
        let head = get(Method::HEAD, encoding).await;
        let response = get(Method::GET, encoding).await;
        for response in [&head, &response] {
            assert_eq!(response.status(), 200);
            assert_eq!(response.headers()["content-type"], CONTENT_TYPE);
            assert_eq!(response.headers()["vary"], "Accept-Encoding");
            let encoded = response
                .headers()
                .get("content-encoding")
                .map(|value| value.to_str().unwrap());
            assert_eq!(encoded, (encoding == "gzip").then_some("gzip"));
        }
        let length = |response: &reqwest::Response| -> usize {
            response.headers()["content-length"].to_str().unwrap().parse().unwrap()
        };
        let (length, length_of_head) = (length(&response), length(&head));
        assert!(length_of_head > 1000, "HEAD has the length of the body of GET");
        assert_eq!(head.bytes().await.unwrap().len(), 0);
        let body = response.bytes().await.unwrap();
        assert_eq!(body.len(), length);
        bodies.push(body);
    }

    let mut decoder = GzDecoder::new(&bodies[1][..]);
    let mut text = String::new();
    decoder.read_to_string(&mut text).unwrap();
    assert!(decoder.into_inner().is_empty(), "bytes follow the gzip member");
    let plain = std::str::from_utf8(&bodies[0]).unwrap();
    let of_phones = |text: &str| -> Vec<String> {
        let wanted = |line: &&str| line.contains("phone_") || line.contains("geelark_phones");
        text.lines().filter(wanted).map(str::to_owned).collect()
    };
    assert!(of_phones(plain).len() > 1000);
    assert_eq!(of_phones(&text), of_phones(plain));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_phone_has_one_series_under_its_new_name() {
    let upstream = Upstream::start(&["--phones=3"]).await;
    let exporter = Exporter::start(&upstream.config(FAST)).await;
    exporter.ready().await;
    let id = upstream.ids[1].as_str();
    let before = exporter.samples().await;
    let since = |samples: &Samples| samples.value("phone_status_since_timestamp_seconds", &[("id", id)]);

    upstream.change(id, json!({"serialName": "new \"name\""})).await;
    let renamed = [("id", id), ("serial_name", "new \"name\"")];
    let after = exporter
        .until("the new name", |samples| {
            samples.find("phone_status", &renamed).is_some()
        })
        .await;

    for metric in ["phone_status", "phone_status_since_timestamp_seconds", "phone_info"] {
        assert!(after.find(metric, &renamed).is_some());
        assert!(
            after.find(metric, &[("id", id)]).is_some(),
            "the id has no other series"
        );
    }
    assert_eq!(
        since(&after),
        since(&before),
        "a new name does not change the timestamp of the status"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_phone_has_no_status_and_is_counted_until_it_is_restored() {
    let upstream = Upstream::start(&["--phones=3"]).await;
    let exporter = Exporter::start(&upstream.config(FAST)).await;
    exporter.ready().await;
    let id = [("id", upstream.ids[0].as_str())];
    let samples = exporter.samples().await;
    assert!(samples.find("phone_status", &id).is_some());
    assert_eq!(samples.value("phone_not_found_total", &id), Some(0.0));

    upstream.delete(&upstream.ids[0]).await;
    let twice = |samples: &Samples| samples.value("phone_not_found_total", &id) >= Some(2.0);
    let samples = exporter.until("two responses with code 42001", twice).await;
    assert_eq!(samples.value("phone_not_found", &id), Some(1.0));
    assert!(samples.find("phone_status", &id).is_none());
    assert!(samples.find("phone_status_since_timestamp_seconds", &id).is_none());
    assert!(samples.find("phone_info", &id).is_some());
    assert_eq!(samples.of("phone_status").len(), 2);

    upstream.change(&upstream.ids[0], json!({"exists": true})).await;
    let back = |samples: &Samples| samples.find("phone_status", &id).is_some();
    let samples = exporter.until("the phone to be back", back).await;
    assert!(samples.find("phone_not_found", &id).is_none());
    assert!(
        samples.value("phone_not_found_total", &id) >= Some(2.0),
        "the counter keeps its value"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undocumented_status_is_shown() {
    let upstream = Upstream::start(&["--phones=4"]).await;
    upstream.change(&upstream.ids[0], json!({"status": 7})).await;
    upstream.change(&upstream.ids[1], json!({"status": -1})).await;
    let exporter = Exporter::start(&upstream.config("")).await;
    exporter.ready().await;
    let samples = exporter.samples().await;
    assert_eq!(samples.value("phone_status", &[("id", &upstream.ids[0])]), Some(7.0));
    assert_eq!(samples.value("phone_status", &[("id", &upstream.ids[1])]), Some(-1.0));
    assert_eq!(samples.value("geelark_phones", &[("status", "other")]), Some(2.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_account_does_not_affect_the_other() {
    let failing = Upstream::start(&["--phones=3", "--fault=http:500"]).await;
    let healthy = Upstream::start(&["--phones=5", "--seed=2"]).await;
    let config = format!(
        "accounts:\n{}{}",
        failing.account("failing", &failing.ids, FAST),
        healthy.account("healthy", &healthy.ids, FAST)
    );
    let exporter = Exporter::start(&config).await;
    exporter.ready().await;
    let samples = exporter.samples().await;
    let up = |account| samples.value("geelark_up", &[("account", account)]);
    assert_eq!((up("failing"), up("healthy")), (Some(0.0), Some(1.0)));
    assert_eq!(shown(&samples), truth(&healthy).await);
    let failures = samples.of("geelark_api_request_failures_total");
    assert!(!failures.is_empty() && failures.iter().all(|sample| sample.labels["account"] == "failing"));
    let stale = samples.value("geelark_phones", &[("account", "failing"), ("status", "stale")]);
    assert_eq!(stale, Some(3.0));

    failing.faults(json!([])).await;
    let recovered = |samples: &Samples| samples.value("geelark_up", &[("account", "failing")]) == Some(1.0);
    let samples = exporter.until("the failing account to recover", recovered).await;
    assert_eq!(samples.of("phone_status").len(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_in_two_accounts_belongs_to_the_first() {
    let upstream = Upstream::start(&["--phones=3"]).await;
    let (shared, own) = (&upstream.ids[1], &upstream.ids[2]);
    let config = format!(
        "accounts:\n{}{}",
        upstream.account("first", &upstream.ids[..2], ""),
        upstream.account("second", &[shared, own], "")
    );
    let exporter = Exporter::start(&config).await;
    exporter.ready().await;
    let samples = exporter.samples().await;
    assert_eq!(samples.of("phone_status").len(), 3);
    let account_of = |id: &str| samples.find("phone_info", &[("id", id)]).unwrap().labels["account"].clone();
    assert_eq!(
        (account_of(shared).as_str(), account_of(own).as_str()),
        ("first", "second")
    );
    let output = exporter.output();
    let warning = output
        .lines()
        .find(|line| line.contains("level=warn") && line.contains(shared.as_str()));
    let warning = warning.unwrap_or_else(|| panic!("no warning names {shared}: {output}"));
    assert!(warning.contains("first"), "{warning}");
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_are_shown_before_the_round_ends() {
    let upstream = Upstream::start(&["--phones=150"]).await;
    upstream.faults(json!([format!("hang,id={}", upstream.ids[149])])).await;
    let exporter = Exporter::start(&upstream.config("")).await;
    let samples = exporter
        .until("the first batch", |samples| !samples.of("phone_status").is_empty())
        .await;
    assert_eq!(samples.of("phone_status").len(), 100);
    assert_eq!(samples.value("geelark_phones", &[("status", "stale")]), Some(50.0));
    let ready = exporter.get("/-/ready").await;
    assert_eq!(ready.status(), 503);
    assert_eq!(ready.text().await.unwrap(), "waiting for the first round of: main\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn environment_variables_alone_configure_an_account() {
    let upstream = Upstream::start(&["--phones=3"]).await;
    let exporter = Launch::bare()
        .env("GEELARK_BASE_URL", &upstream.url)
        .env("GEELARK_APP_ID", "demo-app")
        .env("GEELARK_API_KEY", "demo-key")
        .env("GEELARK_PHONE_IDS", upstream.ids.join(","))
        .start()
        .await;
    exporter.ready().await;
    let samples = exporter.samples().await;
    assert_eq!(shown(&samples), truth(&upstream).await);
    let account = [("account", "default")];
    assert_eq!(samples.value("geelark_up", &account), Some(1.0));
    assert_eq!(samples.value("geelark_poll_interval_seconds", &account), Some(60.0));
}

/// The name and status of each existing phone in the simulator, by id.
pub(crate) async fn truth(upstream: &Upstream) -> BTreeMap<String, (String, f64)> {
    let phones = upstream.phones().await;
    let existing = phones.iter().filter(|phone| phone["exists"] != Value::Bool(false));
    existing
        .map(|phone| {
            let text = |key: &str| phone[key].as_str().unwrap().to_owned();
            (text("id"), (text("serialName"), phone["status"].as_f64().unwrap()))
        })
        .collect()
}

/// The name and status of each phone with a `phone_status`, by id.
pub(crate) fn shown(samples: &Samples) -> BTreeMap<String, (String, f64)> {
    samples
        .of("phone_status")
        .into_iter()
        .map(|sample| {
            let label = |name: &str| sample.labels.get(name).cloned().unwrap_or_default();
            (label("id"), (label("serial_name"), sample.value))
        })
        .collect()
}
