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
use serde_json::{Value, json};
use url::Url;

use crate::faults::Fault;
use crate::limits::LOCK;
use crate::options::WebhookAuth;
use crate::state::{SharedState, WebhookTarget};
use crate::webhook;
use request::{ControlError, Sim, act, read, refuse, show, unusable};

pub(crate) fn router() -> Router<SharedState> {
    let phone = get(phones::one).patch(phones::change).delete(phones::delete);
    let calls = get(show(|state| json!(state.calls))).delete(act(|state| state.calls.clear()));
    let faults = get(show(|state| {
        let active = state.faults.active.iter();
        let active = active.map(|fault| json!({"fault": fault.spec, "struck": fault.struck}));
        json!({ "faults": active.collect::<Vec<_>>() })
    }))
    .put(set_faults)
    .post(add_faults)
    .delete(act(|state| state.faults.active.clear()));
    let lock = get(show(|state| {
        let left = state.limits.lock_left(state.elapsed);
        json!({ "locked_for_seconds": left.map(|left| left.as_secs_f64()) })
    }));
    let webhook = get(show(|state| json!(state.webhook)))
        .put(set_webhook)
        .post(send_webhook)
        .delete(act(|state| state.webhook.url = None));
    Router::new()
        .route("/_simulator/phones", get(show(phones::all)).post(phones::create))
        .route("/_simulator/phones/{id}", phone)
        .route("/_simulator/phones/{id}/restore", post(phones::restore))
        .route("/_simulator/calls", calls)
        .route("/_simulator/faults", faults)
        .route(
            "/_simulator/lock",
            lock.post(set_lock).delete(act(|state| state.limits.unlock())),
        )
        .route("/_simulator/webhook", webhook)
        .route("/_simulator/{*other}", any(not_found))
}

/// A mistyped control path must not count as a call of the API.
async fn not_found() -> ControlError {
    let sentence = "There is nothing here; below /_simulator/ there are phones, calls, faults, lock and webhook.";
    refuse(StatusCode::NOT_FOUND, sentence)
}

async fn set_faults(State(state): Sim, body: Bytes) -> Result<StatusCode, ControlError> {
    state.lock().faults.active = read_faults(&body)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn add_faults(State(state): Sim, body: Bytes) -> Result<StatusCode, ControlError> {
    state.lock().faults.active.extend(read_faults(&body)?);
    Ok(StatusCode::NO_CONTENT)
}

fn read_faults(body: &[u8]) -> Result<Vec<Fault>, ControlError> {
    let specs: Vec<String> = read(body)?;
    let faults: Result<_, _> = specs.iter().map(|spec| spec.parse()).collect();
    faults.map_err(unusable)
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lock {
    seconds: Option<u64>,
}

async fn set_lock(State(state): Sim, body: Bytes) -> Result<StatusCode, ControlError> {
    let Lock { seconds } = read(&body)?;
    let state = &mut *state.lock();
    state
        .limits
        .lock(seconds.map_or(LOCK, Duration::from_secs), state.elapsed);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTarget {
    url: Url,
    auth: Option<WebhookAuth>,
}

/// Drops the events that happened until now.
async fn set_webhook(State(state): Sim, body: Bytes) -> Result<StatusCode, ControlError> {
    let NewTarget { url, auth } = serde_json::from_slice(&body).map_err(unusable)?;
    let state = &mut *state.lock();
    state.fleet.events.clear();
    state.webhook = WebhookTarget::new(Some(url), auth.unwrap_or(state.webhook.auth));
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a webhook at once, and answers with the status that the receiver answered with.
async fn send_webhook(State(state): Sim, body: Bytes) -> Result<Json<Value>, ControlError> {
    let sent = webhook::send(&state, read(&body)?).await;
    let status = sent.map_err(|reason| refuse(StatusCode::CONFLICT, format_args!("Not sent: {reason}.")))?;
    Ok(Json(json!({ "status": status })))
}
