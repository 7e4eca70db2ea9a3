//! A real Prometheus scrapes the exporter, and evaluates queries.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::scrape::{DIFFICULT_NAMES, truth};
use crate::support::{Exporter, Listener, Prometheus, Samples, Upstream, eventually, http, missing, tool};

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_reads_each_series_plain_and_compressed() {
    let upstream = Upstream::start(&["--phones=250", "--missing=3"]).await;
    // Missing phones have no name, so the names go to existing phones.
    let phones: Vec<String> = truth(&upstream).await.into_keys().collect();
    for (id, name) in phones.iter().zip(DIFFICULT_NAMES) {
        upstream.change(id, json!({"serialName": name})).await;
    }
    let exporter = Exporter::start(&upstream.config("")).await;
    exporter.ready().await;
    let uncompressed = plain(&exporter).await;
    let prometheus = Prometheus::start(&[("gzip", &exporter.url), ("plain", &uncompressed.url)]).await;
    let truth = truth(&upstream).await;

    for job in ["gzip", "plain"] {
        let selector = format!("phone_status{{job=\"{job}\"}}");
        let series = eventually("Prometheus to have the phones", || async {
            Some(prometheus.query(&selector).await).filter(|series| series.len() == truth.len())
        })
        .await;
        let read: BTreeMap<String, (String, f64)> = series
            .iter()
            .map(|series| {
                let label = |name: &str| series["metric"][name].as_str().unwrap_or_default().to_owned();
                (label("id"), (label("serial_name"), value(series)))
            })
            .collect();
        assert_eq!(read, truth, "what the {job} job read");

        let number = |query: &'static str| {
            let query = query.replace("JOB", job);
            let prometheus = &prometheus;
            async move {
                let series = prometheus.query(&query).await;
                assert_eq!(series.len(), 1, "{query}");
                value(&series[0])
            }
        };
        assert_eq!(number("up{job=\"JOB\"}").await, 1.0);
        assert_eq!(number("count(phone_info{job=\"JOB\"})").await, 253.0);
        assert_eq!(number("count(phone_not_found{job=\"JOB\"} == 1)").await, 3.0);
        assert_eq!(number("sum(phone_not_found_total{job=\"JOB\"})").await, 3.0);
        assert_eq!(number("sum(geelark_phones{job=\"JOB\"})").await, 253.0);
        let by_series = number("count(phone_status{job=\"JOB\"} == 0)").await;
        let by_count = number("geelark_phones{job=\"JOB\", status=\"started\"}").await;
        assert_eq!(by_series, by_count);
        let joined = "count(phone_status{job=\"JOB\"} * on (id) group_left (account) phone_info{job=\"JOB\"})";
        assert_eq!(number(joined).await, 250.0);
        assert_eq!(
            number("phone_status{job=\"JOB\", serial_name=\"云手机 一号\"} >= 0").await,
            truth[&phones[4]].1
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn promtool_accepts_a_scrape() {
    let upstream = Upstream::start(&["--phones=250", "--missing=3", "--fault=http:502,count=1"]).await;
    for (id, name) in upstream.ids.iter().zip(DIFFICULT_NAMES) {
        upstream.change(id, json!({"serialName": name})).await;
    }
    let exporter = Exporter::start(&upstream.config("")).await;
    exporter.ready().await;
    let text = exporter.text().await;
    assert!(text.contains("reason=\"http_502\""), "the scrape includes failures");
    assert_eq!(promtool(&text).await, (Some(0), String::new()));
    // `Samples` also finds what promtool does not: repeated or split families, and repeated series.
    Samples::parse(&text);
}

/// The exit code and the output of `promtool check metrics`.
pub(crate) async fn promtool(text: &str) -> (Option<i32>, String) {
    let mut promtool = tool("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| missing("promtool", &error));
    let mut stdin = promtool.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).await.unwrap();
    drop(stdin);
    let output = promtool.wait_with_output().await.unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.code(), text)
}

fn value(series: &Value) -> f64 {
    series["value"][1].as_str().unwrap().parse().unwrap()
}

/// A proxy that scrapes the exporter without compression. Prometheus itself always accepts gzip.
async fn plain(exporter: &Exporter) -> Listener {
    let target: Arc<str> = format!("{}/metrics", exporter.url).into();
    let router = Router::new()
        .route(
            "/metrics",
            get(|State(target): State<Arc<str>>| async move {
                let response = http().get(&*target).send().await.unwrap();
                let content_type = response.headers()["content-type"].clone();
                ([("content-type", content_type)], response.text().await.unwrap())
            }),
        )
        .with_state(target);
    Listener::start(router).await
}
