//! `/_simulator/`: control endpoints for tests, and for people with curl, to set up a situation and to see the truth.
//!
//! No credentials are needed: the simulator is a test tool and listens on the loopback address unless told otherwise.
//! Bodies are JSON whatever their `Content-Type`, so that `curl -d` is enough. Errors are sentences.

mod body;
mod phones;

use std::sync::Arc;
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
use crate::state::ServerState;
use crate::webhook::Webhook;
use body::{Problem, Sim, problem, read};

/// A longer lock could overflow the clock.
const MAX_LOCK: Duration = Duration::from_hours(365 * 24);

pub(crate) fn router() -> Router<Arc<ServerState>> {
    Router::new()
        .route("/_simulator/phones", get(phones::all).post(phones::create))
        .route(
            "/_simulator/phones/{id}",
            get(phones::one).patch(phones::change).delete(phones::delete),
        )
        .route("/_simulator/phones/{id}/restore", post(phones::restore))
        .route("/_simulator/calls", get(calls).delete(clear_calls))
        .route(
            "/_simulator/faults",
            get(faults).put(set_faults).post(add_faults).delete(clear_faults),
        )
        .route("/_simulator/lock", get(lock_left).post(lock).delete(unlock))
        .route(
            "/_simulator/webhook",
            get(webhook).put(set_webhook).post(send_webhook).delete(clear_webhook),
        )
        .route("/_simulator/{*other}", any(not_found))
}

/// A mistyped control path must not count as a call of the API.
async fn not_found() -> Problem {
    problem(
        StatusCode::NOT_FOUND,
        "There is nothing here; below /_simulator/ there are phones, calls, faults, lock and webhook.",
    )
}

async fn calls(State(state): Sim) -> Json<Value> {
    Json(json!(state.lock().calls))
}

async fn clear_calls(State(state): Sim) -> StatusCode {
    state.lock().calls.clear();
    StatusCode::NO_CONTENT
}

async fn faults(State(state): Sim) -> Json<Value> {
    Json(json!({ "faults": state.lock().faults.list() }))
}

async fn set_faults(State(state): Sim, body: Bytes) -> Result<StatusCode, Problem> {
    let faults = read_faults(&body)?;
    let active = &mut state.lock().faults;
    active.clear();
    active.add(faults);
    Ok(StatusCode::NO_CONTENT)
}

async fn add_faults(State(state): Sim, body: Bytes) -> Result<StatusCode, Problem> {
    state.lock().faults.add(read_faults(&body)?);
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_faults(State(state): Sim) -> StatusCode {
    state.lock().faults.clear();
    StatusCode::NO_CONTENT
}

fn read_faults(body: &[u8]) -> Result<Vec<Fault>, Problem> {
    let specs: Vec<String> = read(body)?;
    let faults: Result<_, _> = specs.iter().map(|spec| spec.parse()).collect();
    faults.map_err(body::unusable)
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lock {
    seconds: Option<u64>,
}

async fn lock(State(state): Sim, body: Bytes) -> Result<StatusCode, Problem> {
    let Lock { seconds } = read(&body)?;
    let length = seconds.map_or(LOCK, Duration::from_secs);
    if length > MAX_LOCK {
        let sentence = format!("seconds must be at most {}, which is a year.", MAX_LOCK.as_secs());
        return Err(problem(StatusCode::BAD_REQUEST, &sentence));
    }
    state.lock().limits.lock(length, state.clock.now().mono);
    Ok(StatusCode::NO_CONTENT)
}

async fn unlock(State(state): Sim) -> StatusCode {
    state.lock().limits.unlock();
    StatusCode::NO_CONTENT
}

async fn lock_left(State(state): Sim) -> Json<Value> {
    let now = state.clock.now().mono;
    let until = state.lock().limits.locked_until(now);
    Json(json!({ "locked_for_seconds": until.map(|until| (until - now).as_secs_f64()) }))
}

async fn webhook(State(state): Sim) -> Json<Webhook> {
    Json(state.lock().webhook.clone())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Receiver {
    url: Url,
    auth: Option<WebhookAuth>,
}

/// Drops the events that happened until now.
async fn set_webhook(State(state): Sim, body: Bytes) -> Result<StatusCode, Problem> {
    let Receiver { url, auth } = serde_json::from_slice(&body).map_err(body::unusable)?;
    let mut parts = state.lock();
    parts.fleet.take_events();
    parts.webhook = Webhook::new(Some(url), auth.unwrap_or(parts.webhook.auth));
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_webhook(State(state): Sim) -> StatusCode {
    state.lock().webhook.url = None;
    StatusCode::NO_CONTENT
}

/// Sends a webhook at once, and answers with the status that the receiver answered with.
async fn send_webhook(State(state): Sim, body: Bytes) -> Result<Json<Value>, Problem> {
    let sent = state.send_webhook(read(&body)?).await;
    let status = sent.map_err(|reason| problem(StatusCode::CONFLICT, &format!("Not sent: {reason}.")))?;
    Ok(Json(json!({ "status": status })))
}
