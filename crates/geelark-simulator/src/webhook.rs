//! Webhooks: the requests that tell a receiver what happened to a phone, authenticated like calls of the API.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Client, RequestBuilder, redirect};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tracing::warn;
use url::Url;
use uuid::Uuid;

use crate::auth::signature;
use crate::clock::Moment;
use crate::options::{Options, WebhookAuth};

/// How long a receiver may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Personal data that every webhook carries. It is made up, and a receiver must never log or show it.
pub const PLANTED_PERSON: [&str; 2] = ["planted-username@example.invalid", "198.51.100.77"];

/// Where webhooks go, and how many were sent, as `GET /_simulator/webhook` shows it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Webhook {
    pub(crate) url: Option<Url>,
    pub(crate) auth: WebhookAuth,
    /// Requests that were answered with a status of 2xx.
    taken: u64,
    /// Requests that were not.
    failed: u64,
    /// Built for the first request, because most simulators send none.
    #[serde(skip)]
    client: OnceLock<Result<Client, String>>,
}

/// One request, with mistakes on purpose.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WebhookMessage {
    /// The body as JSON, or as text that is sent as it is.
    payload: Value,
    /// Use a wrong credential.
    forged: bool,
    /// How many seconds ago the request was made; negative for the future.
    late_seconds: i64,
    /// The trace id in place of a fresh one.
    trace_id: Option<String>,
}

impl WebhookMessage {
    /// The message about an event of the fleet.
    pub(crate) fn event(mut payload: Value, now: Moment) -> Self {
        payload["eventTime"] = now.unix().into();
        [payload["username"], payload["ip"]] = PLANTED_PERSON.map(Value::from);
        Self {
            payload,
            ..Self::default()
        }
    }
}

impl Webhook {
    pub(crate) fn new(url: Option<Url>, auth: WebhookAuth) -> Self {
        Self {
            url,
            auth,
            taken: 0,
            failed: 0,
            client: OnceLock::new(),
        }
    }

    pub(crate) fn count(&mut self, is_taken: bool) {
        *(if is_taken { &mut self.taken } else { &mut self.failed }) += 1;
    }

    /// The request that carries `message`.
    pub(crate) fn request(
        &self,
        options: &Options,
        now: Moment,
        message: WebhookMessage,
    ) -> Result<RequestBuilder, String> {
        let url = self.url.clone();
        let url = url.ok_or("no URL is set; PUT /_simulator/webhook sets one")?;
        let client = self.client.get_or_init(client).as_ref()?;
        let trace_id = message.trace_id.unwrap_or_else(|| Uuid::new_v4().to_string());
        let late_millis = message.late_seconds.saturating_mul(1000);
        let ts = now.unix_millis.saturating_sub(late_millis).to_string();
        let suffix = if message.forged { "-forged" } else { "" };
        let request = client.post(url).header("traceId", &trace_id).header("ts", &ts);
        let request = match self.auth {
            WebhookAuth::Token => request.bearer_auth(format!("{}{suffix}", options.token)),
            WebhookAuth::Key => {
                let nonce: String = trace_id.chars().take(6).collect();
                let key = format!("{}{suffix}", options.api_key);
                let sign = signature(&options.app_id, &trace_id, &ts, &nonce, &key);
                request
                    .header("appId", &options.app_id)
                    .header("nonce", nonce)
                    .header("sign", sign)
            }
        };
        let body = match message.payload {
            Value::String(text) => text,
            json => json.to_string(),
        };
        Ok(request.header("Content-Type", "application/json").body(body))
    }
}

/// A client without a proxy, because receivers are on this machine.
fn client() -> Result<Client, String> {
    // A process that has already chosen a cryptography provider keeps it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .timeout(TIMEOUT)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .build();
    client.map_err(|error| {
        warn!("webhooks cannot be sent: {error}");
        format!("webhooks cannot be sent: {error}")
    })
}
