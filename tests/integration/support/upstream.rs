//! GeeLark, as the simulator plays it: in this process, on a free port, steered through its control endpoints.

use clap::Parser;
use geelark_simulator::{Options, Simulator};
use serde::Deserialize;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::http;

/// A simulated GeeLark that ends when dropped.
pub(crate) struct Upstream {
    /// `http://127.0.0.1:port`
    pub(crate) url: String,
    /// The ids a user would configure, in order.
    pub(crate) ids: Vec<String>,
    client: reqwest::Client,
    _stop: DropGuard,
}

/// What the simulator saw of its clients.
#[derive(Debug, Deserialize)]
pub(crate) struct Calls {
    pub(crate) total: u64,
    pub(crate) refused: u64,
    pub(crate) max_in_any_minute: usize,
    #[serde(rename = "calls")]
    pub(crate) each: Vec<Call>,
}

/// One call it saw.
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
    /// A frozen fleet without limits, unless the flags, which are those of `simulate`, say otherwise.
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

    /// A configuration that watches the whole fleet. `more` continues the account, four spaces deep.
    pub(crate) fn config(&self, more: &str) -> String {
        format!("accounts:\n{}", self.account("main", &self.ids, more))
    }

    /// An entry of `accounts` that watches `ids`.
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

    pub(crate) async fn forget_calls(&self) {
        self.control(reqwest::Method::DELETE, "calls", None).await;
    }

    /// The truth: every phone as the simulator has it.
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

    /// Makes a phone; the wishes are those of a change, and perhaps an `id`.
    pub(crate) async fn create(&self, wishes: Value) {
        self.control(reqwest::Method::POST, "phones", Some(wishes)).await;
    }

    /// The phone no longer exists.
    pub(crate) async fn vanish(&self, id: &str) {
        self.control(reqwest::Method::DELETE, &format!("phones/{id}"), None)
            .await;
    }

    /// From now on exactly these faults.
    pub(crate) async fn faults(&self, faults: Value) {
        self.control(reqwest::Method::PUT, "faults", Some(faults)).await;
    }

    /// From now on webhooks go to `url`, authenticated by `auth`: `token` or `key`.
    pub(crate) async fn webhook(&self, url: &str, auth: &str) {
        let target = serde_json::json!({"url": url, "auth": auth});
        self.control(reqwest::Method::PUT, "webhook", Some(target)).await;
    }

    /// Sends a webhook at once and says with which status it was answered.
    pub(crate) async fn send_webhook(&self, letter: Value) -> u64 {
        let answer = self.control(reqwest::Method::POST, "webhook", Some(letter)).await;
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
