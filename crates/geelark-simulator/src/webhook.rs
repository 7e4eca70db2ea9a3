//! Webhooks: the requests that tell a receiver what happened to a phone, authenticated like calls of the API.

use std::mem::take;
use std::time::Duration;

use reqwest::{Client, RequestBuilder, redirect};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::sleep;
use uuid::Uuid;

use crate::auth::signature;
use crate::options::WebhookAuth;
use crate::state::{ServerState, SharedState, unix_millis};

/// How soon after an event its webhook is sent.
const INTERVAL: Duration = Duration::from_millis(50);

/// How long a receiver may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Made-up personal data. Every webhook carries it, and a receiver must never log or show it.
pub const PLANTED_PERSON: [&str; 2] = ["planted-username@example.invalid", "198.51.100.77"];

/// One webhook, with mistakes on purpose.
#[derive(Default, Deserialize)]
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

/// Sends a webhook for every event of the fleet, for ever.
pub(crate) async fn send_events(state: &SharedState) {
    loop {
        sleep(INTERVAL).await;
        let events = take(&mut state.lock().fleet.events);
        for mut payload in events {
            payload["eventTime"] = (unix_millis() / 1000).into();
            [payload["username"], payload["ip"]] = PLANTED_PERSON.map(Value::from);
            let message = WebhookMessage {
                payload,
                ..Default::default()
            };
            // A failure is counted; without a URL there is nothing to do.
            let _ = send(state, message).await;
        }
    }
}

/// Sends one webhook and returns the HTTP status of the answer.
pub(crate) async fn send(state: &SharedState, message: WebhookMessage) -> Result<u16, String> {
    let request = request(&state.lock(), message)?;
    let answer = request.send().await;
    let target = &mut state.lock().webhook;
    match &answer {
        Ok(response) if response.status().is_success() => target.taken += 1,
        _ => target.failed += 1,
    }
    answer
        .map(|response| response.status().as_u16())
        .map_err(|error| format!("the receiver does not answer: {error}"))
}

/// The request that carries `message`.
fn request(state: &ServerState, message: WebhookMessage) -> Result<RequestBuilder, String> {
    let url = state
        .webhook
        .url
        .clone()
        .ok_or("no URL is set; PUT /_simulator/webhook sets one")?;
    let options = &state.options;
    let trace_id = message.trace_id.unwrap_or_else(|| Uuid::new_v4().to_string());
    let ts = unix_millis()
        .saturating_sub(message.late_seconds.saturating_mul(1000))
        .to_string();
    let suffix = if message.forged { "-forged" } else { "" };
    let request = client()?.post(url).header("traceId", &trace_id).header("ts", &ts);
    let request = match state.webhook.auth {
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

/// A client without a proxy, because receivers are on this machine. It accepts every certificate, because the
/// credentials are made up.
fn client() -> Result<Client, String> {
    // A process that has already chosen a cryptography provider keeps it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .timeout(TIMEOUT)
        .redirect(redirect::Policy::none())
        .no_proxy();
    let client = client.tls_danger_accept_invalid_certs(true).build();
    client.map_err(|error| format!("webhooks cannot be sent: {error}"))
}
