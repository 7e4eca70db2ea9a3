//! A simulator of GeeLark in this process, on a free port, with its control endpoints.

use clap::Parser;
use geelark_simulator::{Options, Simulator};
use serde::Deserialize;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{eventually, http};

/// A simulated GeeLark that ends when dropped.
pub(crate) struct Upstream {
    /// `http://127.0.0.1:port`
    pub(crate) url: String,
    /// The ids of the fleet in order, missing phones included.
    pub(crate) ids: Vec<String>,
    client: reqwest::Client,
    _stop: DropGuard,
}

/// The calls that the simulator received.
#[derive(Debug, Deserialize)]
pub(crate) struct Calls {
    pub(crate) total: u64,
    pub(crate) refused: u64,
    pub(crate) max_in_any_minute: usize,
    #[serde(rename = "calls")]
    pub(crate) each: Vec<Call>,
}

impl Calls {
    /// Asserts that no minute had more calls than `budget`, and that the busiest minute had most of them: an exporter without
    /// calls would keep any budget.
    pub(crate) fn assert_budget(&self, budget: usize) {
        assert_eq!(self.refused, 0, "{self:?}");
        let busiest = self.max_in_any_minute;
        assert!(
            (budget * 3 / 4..=budget).contains(&busiest),
            "{busiest} calls in the busiest minute"
        );
    }
}

/// One call.
#[derive(Debug, Deserialize)]
pub(crate) struct Call {
    pub(crate) at_ms: u64,
    pub(crate) endpoint: String,
    pub(crate) ids: usize,
    pub(crate) code: Option<i64>,
}

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    options: Options,
}

impl Upstream {
    /// Starts a simulator with the flags of `simulate`. By default the fleet is frozen and calls are not limited.
    pub(crate) async fn start(flags: &[&str]) -> Self {
        Self::start_on(TcpListener::bind("127.0.0.1:0").await.unwrap(), flags)
    }

    pub(crate) fn start_on(listener: TcpListener, flags: &[&str]) -> Self {
        let defaults = [
            "simulator",
            "--speed=0",
            "--requests-per-minute=1000000",
            "--requests-per-hour=1000000",
        ];
        let defaults = defaults.into_iter().filter(|flag| {
            let name = flag.split('=').next();
            flags.iter().all(|given| given.split('=').next() != name)
        });
        let options = Flags::parse_from(defaults.chain(flags.iter().copied())).options;
        let simulator = Simulator::new(options);
        let ids = simulator.ids();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(simulator.serve(listener, stop.clone()));
        Self {
            url,
            ids,
            client: http(),
            _stop: stop.drop_guard(),
        }
    }

    /// A configuration of the whole fleet. `more` has further keys of the account, indented by four spaces.
    pub(crate) fn config(&self, more: &str) -> String {
        format!("accounts:\n{}", self.account("main", &self.ids, more))
    }

    /// An entry of `accounts` with these `ids`.
    pub(crate) fn account(&self, name: &str, ids: &[impl AsRef<str>], more: &str) -> String {
        let ids: Vec<&str> = ids.iter().map(AsRef::as_ref).collect();
        let ids = serde_json::to_string(&ids).unwrap();
        format!(
            "  - name: {name}\n    base_url: {}\n    token: demo-token\n    phones:\n      ids: {ids}\n{more}\n",
            self.url
        )
    }

    pub(crate) async fn calls(&self) -> Calls {
        serde_json::from_value(self.control(reqwest::Method::GET, "calls", None).await).unwrap()
    }

    /// Waits until the simulator has received this number of calls. Each call renews the time limit.
    pub(crate) async fn wait_for_calls(&self, total: u64) -> Calls {
        let mut calls = self.calls().await;
        while calls.total < total {
            let before = calls.total;
            calls = eventually("the next call", || async {
                Some(self.calls().await).filter(|calls| calls.total > before)
            })
            .await;
        }
        calls
    }

    pub(crate) async fn forget_calls(&self) {
        self.control(reqwest::Method::DELETE, "calls", None).await;
    }

    /// The state of each phone in the simulator.
    pub(crate) async fn phones(&self) -> Vec<Value> {
        let answer = self.control(reqwest::Method::GET, "phones", None).await;
        answer
            .as_array()
            .or_else(|| answer["phones"].as_array())
            .unwrap()
            .clone()
    }

    /// Changes a phone: `{"status": 0}`, `{"serialName": "…"}`.
    pub(crate) async fn change(&self, id: &str, change: Value) {
        self.control(reqwest::Method::PATCH, &format!("phones/{id}"), Some(change))
            .await;
    }

    /// Creates a phone. The properties are those of [`Self::change`], and optionally an `id`.
    pub(crate) async fn create(&self, properties: Value) {
        self.control(reqwest::Method::POST, "phones", Some(properties)).await;
    }

    /// Deletes a phone.
    pub(crate) async fn delete(&self, id: &str) {
        self.control(reqwest::Method::DELETE, &format!("phones/{id}"), None)
            .await;
    }

    /// Replaces all faults.
    pub(crate) async fn faults(&self, faults: Value) {
        self.control(reqwest::Method::PUT, "faults", Some(faults)).await;
    }

    /// Sends webhooks to `url`, authenticated by `auth`: `token` or `key`.
    pub(crate) async fn webhook(&self, url: &str, auth: &str) {
        let target = serde_json::json!({"url": url, "auth": auth});
        self.control(reqwest::Method::PUT, "webhook", Some(target)).await;
    }

    /// Sends a webhook at once and returns the status of the response.
    pub(crate) async fn send_webhook(&self, webhook: Value) -> u64 {
        let answer = self.control(reqwest::Method::POST, "webhook", Some(webhook)).await;
        answer["status"].as_u64().unwrap()
    }

    async fn control(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> Value {
        let mut request = self
            .client
            .request(method.clone(), format!("{}/_simulator/{path}", self.url));
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        }
    }
}
