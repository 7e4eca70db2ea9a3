//! The truth about phones, and how to change it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::request::{ControlError, Sim, read, refuse, unusable};
use crate::fleet::{Changes, SimulatedPhone};
use crate::state::{ServerState, Simulator};

/// How many phones one request may create; they need less than 100 MiB.
const MAX_CREATED: usize = 100_000;

/// A phone, or an error for an unknown id.
type Found = Result<Json<SimulatedPhone>, ControlError>;

pub(super) fn all(state: &ServerState) -> Value {
    state.fleet.phones().map(|phone| json!(phone)).collect()
}

pub(super) async fn one(State(simulator): Sim, Path(id): Path<String>) -> Found {
    let phone = simulator.lock().fleet.get(&id).cloned();
    found(&id, phone)
}

#[derive(Default, Deserialize)]
struct NewPhones {
    count: Option<usize>,
    id: Option<String>,
    #[serde(flatten)]
    change: Changes,
}

/// Creates `count` phones, or one with the given `id`. Every other key applies to each of them.
pub(super) async fn create(State(simulator): Sim, body: Bytes) -> Result<impl IntoResponse, ControlError> {
    let NewPhones { count, id, change } = read(&body)?;
    let count = count.unwrap_or(1);
    if !(1..=MAX_CREATED).contains(&count) {
        let sentence = format!("count must be from 1 to {MAX_CREATED}.");
        return Err(refuse(StatusCode::BAD_REQUEST, sentence));
    }
    let fleet = &mut simulator.lock().fleet;
    match &id {
        Some(id) if count > 1 || !SimulatedPhone::is_valid_id(id) => {
            let form = "an id is a string of 1 to 64 letters, digits, - and _, for one phone";
            let sentence = format!("id {id:?} cannot be given: {form}.");
            return Err(refuse(StatusCode::BAD_REQUEST, sentence));
        }
        Some(id) if fleet.get(id).is_some() => {
            let sentence = format!("There is a phone {id} already.");
            return Err(refuse(StatusCode::CONFLICT, sentence));
        }
        _ => {}
    }
    let created: Result<Vec<_>, _> = (0..count).map(|_| fleet.create(id.clone(), change.clone())).collect();
    Ok((StatusCode::CREATED, Json(created.map_err(unusable)?)))
}

pub(super) async fn change(State(simulator): Sim, Path(id): Path<String>, body: Bytes) -> Found {
    apply(&simulator, &id, &body)
}

pub(super) async fn delete(State(simulator): Sim, Path(id): Path<String>) -> Found {
    apply(&simulator, &id, br#"{"exists": false}"#)
}

pub(super) async fn restore(State(simulator): Sim, Path(id): Path<String>) -> Found {
    apply(&simulator, &id, br#"{"exists": true, "frozen": false}"#)
}

fn apply(simulator: &Simulator, id: &str, change: &[u8]) -> Found {
    let changed = simulator.lock().fleet.change(id, read(change)?).map_err(unusable)?;
    found(id, changed)
}

fn found(id: &str, phone: Option<SimulatedPhone>) -> Found {
    let sentence = format!("There is no phone {id:?}; GET /_simulator/phones lists them.");
    phone.map(Json).ok_or_else(|| refuse(StatusCode::NOT_FOUND, sentence))
}
