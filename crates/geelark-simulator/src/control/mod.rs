//! `/_simulator/`: how a test, or a person with curl, sets the scene and sees the truth.
//!
//! Nobody is asked who they are: the stand-in is a test tool and listens on the loopback address unless told otherwise.
//! Bodies are JSON whatever their `Content-Type`, so that `curl -d` is enough. Errors are sentences.

mod phones;
mod webhook;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::faults::Fault;
use super::limits::LOCK;
use super::state::ServerState;

/// Beyond it a clock may overflow.
const MAX_LOCK: Duration = Duration::from_hours(365 * 24);

type Sim = State<Arc<ServerState>>;

pub(super) fn router() -> Router<Arc<ServerState>> {
    Router::new()
        .route("/_simulator/phones", get(phones::all).post(phones::create))
        .route(
            "/_simulator/phones/{id}",
            get(phones::one).patch(phones::change).delete(phones::vanish),
        )
        .route("/_simulator/phones/{id}/restore", post(phones::restore))
        .route("/_simulator/calls", get(calls).delete(forget_calls))
        .route(
            "/_simulator/faults",
            get(faults).put(set_faults).post(add_faults).delete(end_faults),
        )
        .route("/_simulator/lock", get(locked).post(lock).delete(unlock))
        .route(
            "/_simulator/webhook",
            get(webhook::show)
                .put(webhook::set)
                .post(webhook::send)
                .delete(webhook::end),
        )
        .route("/_simulator/{*other}", any(nothing))
}

/// A mistyped control path is not a call of the API, and must not be counted as one.
async fn nothing() -> Sorry {
    let sentence =
        "There is nothing here; below /_simulator/ there are phones, calls, faults, lock and webhook.".to_owned();
    Sorry(StatusCode::NOT_FOUND, sentence)
}

/// A request that cannot be done, and why.
struct Sorry(StatusCode, String);

impl Sorry {
    fn unreadable(error: impl fmt::Display) -> Self {
        Self(StatusCode::BAD_REQUEST, format!("The body cannot be used: {error}."))
    }
}

impl IntoResponse for Sorry {
    fn into_response(self) -> Response {
        (self.0, self.1 + "\n").into_response()
    }
}

/// A JSON body; none at all is the default.
fn read<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, Sorry> {
    if body.trim_ascii().is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(Sorry::unreadable)
}

async fn calls(State(state): Sim) -> Result<Response, Sorry> {
    // The log may be long: it is written under its lock, not copied first.
    let body = serde_json::to_vec(&*state.calls()).map_err(Sorry::unreadable)?;
    Ok(([(http::header::CONTENT_TYPE, "application/json")], body).into_response())
}

async fn forget_calls(State(state): Sim) -> StatusCode {
    state.calls().clear();
    StatusCode::NO_CONTENT
}

async fn faults(State(state): Sim) -> Json<Value> {
    Json(json!({ "faults": state.faults().standing() }))
}

async fn set_faults(State(state): Sim, body: Bytes) -> Result<StatusCode, Sorry> {
    let faults: Vec<Fault> = read(&body)?;
    let mut standing = state.faults();
    standing.clear();
    standing.add(faults);
    Ok(StatusCode::NO_CONTENT)
}

async fn add_faults(State(state): Sim, body: Bytes) -> Result<StatusCode, Sorry> {
    state.faults().add(read(&body)?);
    Ok(StatusCode::NO_CONTENT)
}

async fn end_faults(State(state): Sim) -> StatusCode {
    state.faults().clear();
    StatusCode::NO_CONTENT
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lock {
    seconds: Option<u64>,
}

async fn lock(State(state): Sim, body: Bytes) -> Result<StatusCode, Sorry> {
    let Lock { seconds } = read(&body)?;
    let length = seconds.map_or(LOCK, Duration::from_secs);
    if length > MAX_LOCK {
        let sentence = format!("seconds must be at most {}, which is a year.", MAX_LOCK.as_secs());
        return Err(Sorry(StatusCode::BAD_REQUEST, sentence));
    }
    let now = state.clock.now().mono;
    state.limits().lock(length, now);
    Ok(StatusCode::NO_CONTENT)
}

async fn unlock(State(state): Sim) -> StatusCode {
    state.limits().unlock();
    StatusCode::NO_CONTENT
}

async fn locked(State(state): Sim) -> Json<Value> {
    let now = state.clock.now().mono;
    let left = state
        .limits()
        .locked_until(now)
        .map(|until| (until - now).as_secs_f64());
    Json(json!({ "locked_for_seconds": left }))
}
