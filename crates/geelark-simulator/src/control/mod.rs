//! `/_simulator/`: control endpoints for tests, and for people with curl, to set up a situation and to read the truth.
//!
//! No credentials are needed: the simulator is a test tool and listens on the loopback address unless told otherwise.
//! Bodies are JSON whatever their `Content-Type`, so that `curl -d` is enough. Errors are sentences.

mod phones;
mod request;

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{any, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use url::Url;

use crate::limits::LOCK;
use crate::options::WebhookAuth;
use crate::state::{ServerState, Simulator};
use crate::webhook;
use request::{ControlError, Sim, change, read, refuse, show};

pub(crate) fn router() -> Router<Simulator> {
    let phone = get(phones::one).patch(phones::change).delete(phones::delete);
    let calls = get(show(|state| json!(state.calls))).delete(change(|state, _: IgnoredAny| state.calls.clear()));
    let faults = get(show(active_faults))
        .put(change(|state, faults| state.options.faults = faults))
        .post(change(|state, faults: Vec<_>| state.options.faults.extend(faults)))
        .delete(change(|state, _: IgnoredAny| state.options.faults.clear()));
    let lock = get(show(lock_left))
        .post(change(|state, Lock { seconds }| {
            let length = seconds.map_or(LOCK, Duration::from_secs);
            state.limits.lock(length, state.elapsed);
        }))
        .delete(change(|state, _: IgnoredAny| state.limits.unlock()));
    let webhook = get(show(webhook_target))
        .put(change(set_webhook))
        .post(send_webhook)
        .delete(change(|state, _: IgnoredAny| state.options.webhook_url = None));
    Router::new()
        .route("/_simulator/phones", get(show(phones::all)).post(phones::create))
        .route("/_simulator/phones/{id}", phone)
        .route("/_simulator/phones/{id}/restore", post(phones::restore))
        .route("/_simulator/calls", calls)
        .route("/_simulator/faults", faults)
        .route("/_simulator/lock", lock)
        .route("/_simulator/webhook", webhook)
        .route("/_simulator/{*other}", any(not_found))
}

/// A mistyped control path must not count as a call of the API.
async fn not_found() -> ControlError {
    let sentence = "There is nothing here; below /_simulator/ there are phones, calls, faults, lock and webhook.";
    refuse(StatusCode::NOT_FOUND, sentence)
}

fn active_faults(state: &ServerState) -> Value {
    let faults = state.options.faults.iter();
    let faults = faults.map(|fault| json!({"fault": fault.spec, "struck": fault.struck}));
    json!({ "faults": faults.collect::<Vec<_>>() })
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lock {
    seconds: Option<u64>,
}

fn lock_left(state: &ServerState) -> Value {
    let left = state.limits.lock_left(state.elapsed);
    json!({ "locked_for_seconds": left.map(|left| left.as_secs_f64()) })
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTarget {
    url: Option<Url>,
    auth: Option<WebhookAuth>,
}

/// Drops the events that happened until now.
fn set_webhook(state: &mut ServerState, NewTarget { url, auth }: NewTarget) {
    state.fleet.events.clear();
    (state.webhooks_taken, state.webhooks_failed) = (0, 0);
    state.options.webhook_url = url;
    state.options.webhook_auth = auth.unwrap_or(state.options.webhook_auth);
}

fn webhook_target(state: &ServerState) -> Value {
    let options = &state.options;
    let (taken, failed) = (state.webhooks_taken, state.webhooks_failed);
    json!({"url": options.webhook_url, "auth": options.webhook_auth, "taken": taken, "failed": failed})
}

/// Sends a webhook at once, and answers with the status that the receiver answered with.
async fn send_webhook(State(simulator): Sim, body: Bytes) -> Result<Json<Value>, ControlError> {
    let sent = webhook::send(&simulator, read(&body)?).await;
    let status = sent.map_err(|reason| refuse(StatusCode::CONFLICT, format_args!("Not sent: {reason}.")))?;
    Ok(Json(json!({ "status": status })))
}
