//! Where webhooks go, and webhooks on demand.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{Sim, Sorry, read};
use crate::webhook::{self, Webhook, WebhookAuth};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    url: Url,
    #[serde(default)]
    auth: Option<WebhookAuth>,
}

pub(super) async fn show(State(state): Sim) -> Json<Webhook> {
    Json(state.webhook().clone())
}

/// What happened until now is not told.
pub(super) async fn set(State(state): Sim, body: Bytes) -> Result<StatusCode, Sorry> {
    let target: Target = serde_json::from_slice(&body).map_err(Sorry::unreadable)?;
    state.fleet().events(true);
    let mut webhook = state.webhook();
    let auth = target.auth.unwrap_or(webhook.auth);
    *webhook = Webhook::new(Some(target.url), auth);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn end(State(state): Sim) -> StatusCode {
    state.webhook().url = None;
    StatusCode::NO_CONTENT
}

/// Sends one at once, right or wrong, and answers with the receiver's status.
pub(super) async fn send(State(state): Sim, body: Bytes) -> Result<Json<Value>, Sorry> {
    let letter = read(&body)?;
    let sent = webhook::send(&state, letter).await;
    let status = sent.map_err(|problem| Sorry(StatusCode::CONFLICT, format!("Not sent: {problem}.")))?;
    Ok(Json(json!({ "status": status })))
}
