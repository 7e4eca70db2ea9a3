//! Debian's Prometheus and Alertmanager. Each server has its own folder and port, and ends when dropped.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use url::Url;

use super::{eventually, http};

/// The number of attempts to start. Another program may take the free port before the server listens on it.
const ATTEMPTS: usize = 5;

/// A command with piped output, which ends with the test.
pub(crate) fn tool(name: &str) -> Command {
    let mut command = Command::new(name);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Panics with the way to install a missing program.
pub(crate) fn missing<T>(name: &str, error: &std::io::Error) -> T {
    panic!("{name} cannot be started ({error}): run scripts/install-test-tools.sh, which installs it")
}

/// A Prometheus server.
pub(crate) struct Prometheus(Server);

impl Prometheus {
    /// Starts a server that scrapes each target once a second.
    pub(crate) async fn start(jobs: &[(&str, &str)]) -> Self {
        let job = |(job, url): &(&str, &str)| {
            let target = url.strip_prefix("http://").unwrap();
            format!("  - job_name: {job}\n    static_configs: [{{targets: ['{target}']}}]\n")
        };
        let jobs: String = jobs.iter().map(job).collect();
        let config = format!("global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n{jobs}");
        let dir = TempDir::new().unwrap();
        std::fs::write(dir.path().join("prometheus.yml"), config).unwrap();
        Self::start_in(dir).await
    }

    /// Starts a server in a folder with a `prometheus.yml`.
    pub(crate) async fn start_in(dir: TempDir) -> Self {
        let args = |dir: &Path, port| {
            vec![
                format!("--config.file={}", dir.join("prometheus.yml").display()),
                format!("--storage.tsdb.path={}", dir.join("data").display()),
                format!("--web.listen-address=127.0.0.1:{port}"),
            ]
        };
        Self(Server::start("prometheus", dir, args).await)
    }

    /// The result of an instant query.
    pub(crate) async fn query(&self, query: &str) -> Vec<Value> {
        let data = self.request("query", &[("query", query)]).await;
        data["result"].as_array().unwrap().clone()
    }

    /// `data` of the response of an endpoint under `/api/v1/`. Panics if the request fails.
    pub(crate) async fn request(&self, endpoint: &str, params: &[(&str, &str)]) -> Value {
        let answer = self.0.get(&format!("/api/v1/{endpoint}"), params).await;
        assert_eq!(answer["status"], "success", "{params:?}: {answer}");
        answer["data"].clone()
    }
}

/// An Alertmanager.
pub(crate) struct Alertmanager(Server);

impl Alertmanager {
    /// Starts a server in a folder with an `alertmanager.yml`.
    pub(crate) async fn start_in(dir: TempDir) -> Self {
        let args = |dir: &Path, port| {
            vec![
                format!("--config.file={}", dir.join("alertmanager.yml").display()),
                format!("--storage.path={}", dir.join("data").display()),
                format!("--web.listen-address=127.0.0.1:{port}"),
                // Empty, because a single server needs no cluster port.
                "--cluster.listen-address=".to_owned(),
            ]
        };
        Self(Server::start("prometheus-alertmanager", dir, args).await)
    }

    /// `127.0.0.1:port`
    pub(crate) fn address(&self) -> &str {
        self.0.url.strip_prefix("http://").unwrap()
    }

    /// Sends alerts as Prometheus does.
    pub(crate) async fn post(&self, alerts: &Value) {
        let url = format!("{}/api/v2/alerts", self.0.url);
        let request = self.0.client.post(url).header("content-type", "application/json");
        let response = request.body(alerts.to_string()).send().await.unwrap();
        assert_eq!(response.status(), 200, "{alerts}");
    }

    /// The alerts that it knows.
    pub(crate) async fn alerts(&self) -> Vec<Value> {
        let alerts = self.0.get("/api/v2/alerts", &[]).await;
        alerts.as_array().unwrap().clone()
    }
}

struct Server {
    url: String,
    client: reqwest::Client,
    _process: Child,
    _dir: TempDir,
}

impl Server {
    async fn start(program: &str, dir: TempDir, args: impl Fn(&Path, u16) -> Vec<String>) -> Self {
        let client = http();
        for _ in 0..ATTEMPTS {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let url = format!("http://127.0.0.1:{port}");
            let log = std::fs::File::create(dir.path().join("log")).unwrap();
            let mut process = tool(program)
                .args(args(dir.path(), port))
                .stderr(log)
                .spawn()
                .unwrap_or_else(|error| missing(program, &error));
            let started = eventually(program, || {
                let ended = process.try_wait().unwrap().is_some();
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
                    _process: process,
                    _dir: dir,
                };
            }
        }
        let log = std::fs::read_to_string(dir.path().join("log")).unwrap_or_default();
        panic!("{program} did not start in {ATTEMPTS} attempts; its log:\n{log}");
    }

    async fn get(&self, path: &str, params: &[(&str, &str)]) -> Value {
        let url = Url::parse_with_params(&format!("{}{path}", self.url), params).unwrap();
        let text = self.client.get(url).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path} {params:?}: {error}: {text}"))
    }
}
