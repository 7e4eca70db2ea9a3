//! GeeLark calls its user: what happens to phones is told to a URL, signed as the stand-in wants calls signed.

use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use reqwest::{Client, redirect};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};
use tracing::warn;
use url::Url;
use uuid::Uuid;

use super::auth::signature;
use super::fleet::News;
use super::state::ServerState;

/// How soon after it happened something is told.
const TICK: Duration = Duration::from_millis(50);

/// A receiver that takes longer is not waited for.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Personal data that every webhook carries. Neither is real; neither may ever be seen in what a receiver logs or shows.
pub const PLANTED_PERSON: [&str; 2] = ["planted-username@example.invalid", "198.51.100.77"];

/// By which of GeeLark's two ways webhooks are authenticated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WebhookAuth {
    /// `Authorization: Bearer`.
    #[default]
    Token,
    /// The key signature.
    Key,
}

/// Where webhooks go, and how it went so far.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Webhook {
    pub(super) url: Option<Url>,
    pub(super) auth: WebhookAuth,
    /// Requests that were answered with a status of 2xx.
    taken: u64,
    /// Requests that were not.
    failed: u64,
}

/// One request, with all that may be wrong with it on purpose.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Letter {
    /// The body as JSON, or as text that is sent as it is.
    pub(super) payload: Value,
    /// The credential is a wrong one.
    forged: bool,
    /// So many seconds ago; in the future if negative.
    late_seconds: i64,
    /// Instead of a fresh one.
    trace_id: Option<String>,
}

impl Webhook {
    pub(super) fn new(url: Option<Url>, auth: WebhookAuth) -> Self {
        Self {
            url,
            auth,
            taken: 0,
            failed: 0,
        }
    }
}

/// Tells what happens, for ever.
pub(super) async fn tell(state: Arc<ServerState>) {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let listening = state.webhook().url.is_some();
        let events = state.fleet().events(listening);
        for events in events {
            let letter = Letter {
                payload: payload(&events, state.clock.now().unix()),
                ..Letter::default()
            };
            // How it went is counted.
            let _ = send(&state, letter).await;
        }
    }
}

/// Sends one request and says with which HTTP status it was answered.
pub(super) async fn send(state: &ServerState, letter: Letter) -> Result<u16, String> {
    let (url, auth) = {
        let webhook = state.webhook();
        (webhook.url.clone(), webhook.auth)
    };
    let url = url.ok_or("no URL is set; PUT /_simulator/webhook sets one")?;
    let response = request(state, url, auth, letter)?.send().await;
    let status = response
        .map(|response| response.status())
        .map_err(|error| format!("the receiver does not answer: {error}"));
    let mut webhook = state.webhook();
    if status.as_ref().is_ok_and(reqwest::StatusCode::is_success) {
        webhook.taken += 1;
    } else {
        webhook.failed += 1;
    }
    status.map(|status| status.as_u16())
}

fn request(
    state: &ServerState,
    url: Url,
    auth: WebhookAuth,
    letter: Letter,
) -> Result<reqwest::RequestBuilder, String> {
    let options = &state.options;
    let trace_id = letter.trace_id.unwrap_or_else(|| Uuid::new_v4().to_string());
    let now = i128::try_from(state.clock.now().unix_millis()).unwrap_or(i128::MAX);
    let ts = (now - i128::from(letter.late_seconds) * 1000).to_string();
    let request = state.webhook_client()?.post(url).header("traceId", &trace_id);
    let wrong = if letter.forged { "-forged" } else { "" };
    let request = match auth {
        WebhookAuth::Token => request
            .bearer_auth(format!("{}{wrong}", options.token))
            .header("ts", &ts),
        WebhookAuth::Key => {
            let nonce: String = trace_id.chars().take(6).collect();
            let key = format!("{}{wrong}", options.api_key);
            let sign = signature(&options.app_id, &trace_id, &ts, &nonce, &key);
            request
                .header("appId", &options.app_id)
                .header("ts", &ts)
                .header("nonce", nonce)
                .header("sign", sign)
        }
    };
    let body = match letter.payload {
        Value::String(text) => text,
        json => json.to_string(),
    };
    Ok(request.header("Content-Type", "application/json").body(body))
}

/// Needs neither certificates nor a proxy: receivers are on this machine.
pub(super) fn client() -> Result<Client, String> {
    // A process that has its cryptography already keeps it.
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

fn payload(events: &News, now: i64) -> Value {
    let mut payload = match events {
        News::Started { id } => json!({"type": 1, "id": id, "result": 1}),
        News::Stopped { id } => json!({"type": 8, "id": id, "useMin": 1}),
        News::Renamed { id, name } => json!({"type": 9, "items": [{"id": id, "name": name}]}),
        News::Deleted { id } => json!({"type": 10, "items": [{"id": id, "recycle": true}]}),
        News::TagsChanged { id } => json!({"type": 11, "envIds": [id]}),
    };
    payload["eventTime"] = now.into();
    [payload["username"], payload["ip"]] = PLANTED_PERSON.map(Value::from);
    payload
}
