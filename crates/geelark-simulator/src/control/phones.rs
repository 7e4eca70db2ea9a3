//! The truth about phones, and how to change it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::request::{ControlError, Sim, read, refuse, unusable};
use crate::fleet::SimulatedPhone;
use crate::state::{ServerState, SharedState};

/// How many phones one request may create; they need less than 100 MiB.
const MAX_CREATED: u64 = 100_000;

pub(super) fn all(state: &ServerState) -> Value {
    state.fleet.phones().map(|phone| json!(phone)).collect()
}

pub(super) async fn one(State(state): Sim, Path(id): Path<String>) -> Result<Json<SimulatedPhone>, ControlError> {
    let phone = state.lock().fleet.get(&id).cloned();
    found(&id, phone)
}

/// Creates `count` phones, or one with the given `id`. Every other key applies to each of them.
pub(super) async fn create(
    State(state): Sim,
    body: Bytes,
) -> Result<(StatusCode, Json<Vec<SimulatedPhone>>), ControlError> {
    let mut change: Map<String, Value> = read(&body)?;
    let Some(count @ 1..=MAX_CREATED) = change.remove("count").map_or(Some(1), |count| count.as_u64()) else {
        let sentence = format!("count must be from 1 to {MAX_CREATED}.");
        return Err(refuse(StatusCode::BAD_REQUEST, sentence));
    };
    let id = change.remove("id");
    let id = id.as_ref().map(|id| {
        let valid = id.as_str().filter(|id| count == 1 && SimulatedPhone::is_valid_id(id));
        valid.ok_or_else(|| {
            let form = "an id is a string of 1 to 64 letters, digits, - and _, for one phone";
            refuse(
                StatusCode::BAD_REQUEST,
                format_args!("id {id} cannot be given: {form}."),
            )
        })
    });
    let id = id.transpose()?;
    let fleet = &mut state.lock().fleet;
    if let Some(taken) = id.filter(|id| fleet.get(id).is_some()) {
        return Err(refuse(
            StatusCode::CONFLICT,
            format_args!("There is a phone {taken} already."),
        ));
    }
    let created: Result<_, _> = (0..count).map(|_| fleet.create(id, &change)).collect();
    Ok((StatusCode::CREATED, Json(created.map_err(unusable)?)))
}

pub(super) async fn change(
    State(state): Sim,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<SimulatedPhone>, ControlError> {
    apply(&state, &id, &body)
}

pub(super) async fn delete(State(state): Sim, Path(id): Path<String>) -> Result<Json<SimulatedPhone>, ControlError> {
    apply(&state, &id, br#"{"exists": false}"#)
}

pub(super) async fn restore(State(state): Sim, Path(id): Path<String>) -> Result<Json<SimulatedPhone>, ControlError> {
    apply(&state, &id, br#"{"exists": true, "frozen": false}"#)
}

fn apply(state: &SharedState, id: &str, change: &[u8]) -> Result<Json<SimulatedPhone>, ControlError> {
    let changed = state.lock().fleet.change(id, read(change)?).map_err(unusable)?;
    found(id, changed)
}

fn found(id: &str, phone: Option<SimulatedPhone>) -> Result<Json<SimulatedPhone>, ControlError> {
    let sentence = format!("There is no phone {id:?}; GET /_simulator/phones lists them.");
    phone.map(Json).ok_or_else(|| refuse(StatusCode::NOT_FOUND, sentence))
}
