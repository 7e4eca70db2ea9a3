//! A real Prometheus reads the exporter, and answers questions about it.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use crate::scrape::{NASTY, truth};
use crate::support::{Exporter, Samples, Upstream, eventually, http};

/// Between looking for a free port and listening on it, another program may take it.
const ATTEMPTS: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_reads_every_series_plain_and_compressed() {
    let upstream = Upstream::start(&["--phones=250", "--missing=3"]).await;
    for (id, name) in upstream.ids.iter().zip(NASTY) {
        upstream.change(id, json!({"serialName": name})).await;
    }
    let exporter = Exporter::start(&upstream.config("")).await;
    exporter.ready().await;
    let plain = Plain::of(&exporter).await;
    let prometheus = Prometheus::start(&[("gzip", &exporter.url), ("plain", &plain.url)]).await;
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
            truth[&upstream.ids[4]].1
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn promtool_has_no_complaint() {
    let upstream = Upstream::start(&["--phones=250", "--missing=3", "--fault=http:502,count=1"]).await;
    for (id, name) in upstream.ids.iter().zip(NASTY) {
        upstream.change(id, json!({"serialName": name})).await;
    }
    let exporter = Exporter::start(&upstream.config("")).await;
    exporter.ready().await;
    let text = exporter.text().await;
    assert!(
        text.contains("reason=\"http_502\""),
        "failures are part of what is checked"
    );
    assert_eq!(promtool(&text).await, (Some(0), String::new()));
    // What promtool does not see: families declared twice or torn apart, and series that come twice.
    Samples::parse(&text);
}

/// What `promtool check metrics` has to say of a scrape.
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
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.code(), said)
}

fn value(series: &Value) -> f64 {
    series["value"][1].as_str().unwrap().parse().unwrap()
}

fn tool(name: &str) -> Command {
    let mut command = Command::new(name);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

fn missing<T>(name: &str, error: &std::io::Error) -> T {
    panic!("{name} cannot be started ({error}): run scripts/install-test-tools.sh, which installs it")
}

/// A Prometheus server with its own folder and port.
struct Prometheus {
    url: String,
    client: reqwest::Client,
    _server: Child,
    _dir: TempDir,
}

impl Prometheus {
    /// Scrapes each target once a second.
    async fn start(jobs: &[(&str, &str)]) -> Self {
        let dir = TempDir::new().unwrap();
        let mut config = "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n".to_owned();
        for (job, url) in jobs {
            let target = url.strip_prefix("http://").unwrap();
            let job = format!("  - job_name: {job}\n    static_configs: [{{targets: ['{target}']}}]\n");
            config.push_str(&job);
        }
        std::fs::write(dir.path().join("prometheus.yml"), config).unwrap();
        let client = http();
        for _ in 0..ATTEMPTS {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let url = format!("http://127.0.0.1:{port}");
            let log = std::fs::File::create(dir.path().join("log")).unwrap();
            let mut server = tool("prometheus")
                .arg(format!("--config.file={}", dir.path().join("prometheus.yml").display()))
                .arg(format!("--storage.tsdb.path={}", dir.path().join("data").display()))
                .arg(format!("--web.listen-address=127.0.0.1:{port}"))
                .stderr(log)
                .spawn()
                .unwrap_or_else(|error| missing("prometheus", &error));
            let started = eventually("Prometheus to start", || {
                let ended = server.try_wait().unwrap().is_some();
                let request = client.get(format!("{url}/-/ready")).send();
                async move {
                    if ended {
                        return Some(false);
                    }
                    let response = request.await.ok()?;
                    (response.status() == 200).then_some(true)
                }
            })
            .await;
            if started {
                return Self {
                    url,
                    client,
                    _server: server,
                    _dir: dir,
                };
            }
        }
        let log = std::fs::read_to_string(dir.path().join("log")).unwrap_or_default();
        panic!("Prometheus did not start in {ATTEMPTS} attempts; it said:\n{log}");
    }

    async fn query(&self, query: &str) -> Vec<Value> {
        let url = format!("{}/api/v1/query", self.url);
        let url = Url::parse_with_params(&url, [("query", query)]).unwrap();
        let text = self.client.get(url).send().await.unwrap().text().await.unwrap();
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(answer["status"], "success", "{query}: {answer}");
        answer["data"]["result"].as_array().unwrap().clone()
    }
}

/// Shows an exporter's metrics as they are sent to who does not take gzip, which Prometheus always does.
struct Plain {
    url: String,
    _stop: DropGuard,
}

impl Plain {
    async fn of(exporter: &Exporter) -> Self {
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
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        tokio::spawn(async move { axum::serve(listener, router).with_graceful_shutdown(stopped).await });
        Self {
            url,
            _stop: stop.drop_guard(),
        }
    }
}
