//! Webhooks: the requests that tell a receiver what happened to a phone, authenticated like calls of the API.

use std::mem::take;
use std::time::Duration;

use reqwest::{Client, RequestBuilder, redirect};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::sleep;
use uuid::Uuid;

use crate::auth::signature;
use crate::options::{Options, WebhookAuth};
use crate::state::{Simulator, unix_millis};

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
pub(crate) async fn send_events(simulator: &Simulator) {
    loop {
        sleep(INTERVAL).await;
        let events = take(&mut simulator.lock().fleet.events);
        for mut payload in events {
            payload["eventTime"] = (unix_millis() / 1000).into();
            [payload["username"], payload["ip"]] = PLANTED_PERSON.map(Value::from);
            let message = WebhookMessage {
                payload,
                ..Default::default()
            };
            // A failure is counted; without a URL there is nothing to do.
            let _ = send(simulator, message).await;
        }
    }
}

/// Sends one webhook and returns the HTTP status of the answer.
pub(crate) async fn send(simulator: &Simulator, message: WebhookMessage) -> Result<u16, String> {
    let request = request(&simulator.lock().options, message)?;
    let status = request.send().await.map(|response| response.status());
    match &status {
        Ok(status) if status.is_success() => simulator.lock().webhooks_taken += 1,
        _ => simulator.lock().webhooks_failed += 1,
    }
    let status = status.map_err(|error| format!("the receiver does not answer: {error}"))?;
    Ok(status.as_u16())
}

/// The request that carries `message`.
fn request(options: &Options, message: WebhookMessage) -> Result<RequestBuilder, String> {
    let url = options.webhook_url.clone();
    let url = url.ok_or("no URL is set; PUT /_simulator/webhook sets one")?;
    let trace_id = message.trace_id.unwrap_or_else(|| Uuid::new_v4().to_string());
    let late_millis = message.late_seconds.saturating_mul(1000);
    let ts = unix_millis().saturating_sub(late_millis).to_string();
    let suffix = if message.forged { "-forged" } else { "" };
    let mut request = client()?.post(url).header("traceId", &trace_id).header("ts", &ts);
    if options.webhook_auth == WebhookAuth::Token {
        request = request.bearer_auth(format!("{}{suffix}", options.token));
    } else {
        let nonce: String = trace_id.chars().take(6).collect();
        let key = format!("{}{suffix}", options.api_key);
        let sign = signature(&options.app_id, &trace_id, &ts, &nonce, &key);
        for (name, value) in [("appId", &options.app_id), ("nonce", &nonce), ("sign", &sign)] {
            request = request.header(name, value);
        }
    }
    let body = match message.payload {
        Value::String(text) => text,
        json => json.to_string(),
    };
    Ok(request.header("Content-Type", "application/json").body(body))
}

/// The client of one webhook. It has a connection of its own, because a receiver that refuses a large body closes the
/// connection. It has no proxy, because receivers are on this machine, and accepts every certificate, because the
/// credentials are made up.
fn client() -> Result<Client, String> {
    // A process that has already chosen a cryptography provider keeps it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().timeout(TIMEOUT).no_proxy();
    let client = client.redirect(redirect::Policy::none());
    let client = client.tls_danger_accept_invalid_certs(true).build();
    client.map_err(|error| format!("webhooks cannot be sent: {error}"))
}
