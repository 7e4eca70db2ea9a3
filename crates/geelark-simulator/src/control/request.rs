//! What the control endpoints have in common: the state, JSON bodies, and errors in sentences.

use std::fmt::Display;
use std::future::{Ready, ready};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::state::{ServerState, Simulator};

pub(super) type Sim = State<Simulator>;

/// A status of 4xx, and a sentence.
pub(super) type ControlError = (StatusCode, String);

pub(super) fn refuse(status: StatusCode, sentence: impl Display) -> ControlError {
    (status, format!("{sentence}\n"))
}

pub(super) fn unusable(error: impl Display) -> ControlError {
    let sentence = format!("The body cannot be used: {error}.");
    refuse(StatusCode::BAD_REQUEST, sentence)
}

/// A JSON body. Without a body the result is the default.
pub(super) fn read<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, ControlError> {
    if body.trim_ascii().is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(unusable)
}

/// A handler that shows a part of the state.
pub(super) fn show(view: fn(&ServerState) -> Value) -> impl Fn(Sim) -> Ready<Json<Value>> + Clone {
    move |State(simulator)| ready(Json(view(&simulator.lock())))
}

/// A handler that changes the state, with a JSON body.
pub(super) fn change<T: DeserializeOwned + Default>(
    change: fn(&mut ServerState, T),
) -> impl Fn(Sim, Bytes) -> Ready<Result<StatusCode, ControlError>> + Clone {
    move |State(simulator), body| {
        let changed = read(&body).map(|body| change(&mut simulator.lock(), body));
        ready(changed.map(|()| StatusCode::NO_CONTENT))
    }
}
