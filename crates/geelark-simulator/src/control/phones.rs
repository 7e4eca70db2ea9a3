//! The truth about phones, and how to change it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::body::{Problem, Sim, problem, read, unusable};
use crate::api::is_well_formed;
use crate::fleet::Phone;
use crate::state::ServerState;

/// How many phones one request may create; they need less than 100 MiB.
const MAX_CREATED: u64 = 100_000;

pub(super) async fn all(State(state): Sim) -> Json<Value> {
    Json(state.lock().fleet.phones().map(|phone| json!(phone)).collect())
}

pub(super) async fn one(State(state): Sim, Path(id): Path<String>) -> Result<Json<Phone>, Problem> {
    let phone = state.lock().fleet.get(&id).cloned();
    phone.map(Json).ok_or_else(|| unknown(&id))
}

/// Creates `count` phones, or one with the given `id`. Every other key applies to each of them.
pub(super) async fn create(State(state): Sim, body: Bytes) -> Result<(StatusCode, Json<Vec<Phone>>), Problem> {
    let bad = |sentence: String| Err(problem(StatusCode::BAD_REQUEST, &sentence));
    let mut change: Map<String, Value> = read(&body)?;
    let Some(count @ 1..=MAX_CREATED) = change.remove("count").map_or(Some(1), |count| count.as_u64()) else {
        return bad(format!("count must be from 1 to {MAX_CREATED}."));
    };
    let id = match change.remove("id") {
        None => None,
        Some(Value::String(id)) if count == 1 && is_well_formed(&id) => Some(id),
        Some(id) => {
            return bad(format!(
                "id {id} cannot be given: an id is a string of 1 to 64 letters, digits, - and _, for one phone."
            ));
        }
    };
    let fleet = &mut state.lock().fleet;
    if let Some(taken) = id.as_deref().filter(|id| fleet.get(id).is_some()) {
        let sentence = format!("There is a phone {taken} already.");
        return Err(problem(StatusCode::CONFLICT, &sentence));
    }
    let created: Result<_, _> = (0..count).map(|_| fleet.create(id.as_deref(), &change)).collect();
    Ok((StatusCode::CREATED, Json(created.map_err(unusable)?)))
}

pub(super) async fn change(State(state): Sim, Path(id): Path<String>, body: Bytes) -> Result<Json<Phone>, Problem> {
    apply(&state, &id, read(&body)?)
}

pub(super) async fn delete(State(state): Sim, Path(id): Path<String>) -> Result<Json<Phone>, Problem> {
    apply(&state, &id, Map::from_iter([("exists".to_owned(), false.into())]))
}

pub(super) async fn restore(State(state): Sim, Path(id): Path<String>) -> Result<Json<Phone>, Problem> {
    let keys = [("exists", true), ("frozen", false)];
    apply(
        &state,
        &id,
        keys.map(|(key, value)| (key.to_owned(), value.into()))
            .into_iter()
            .collect(),
    )
}

fn apply(state: &ServerState, id: &str, change: Map<String, Value>) -> Result<Json<Phone>, Problem> {
    let changed = state.lock().fleet.change(id, change).map_err(unusable)?;
    changed.map(Json).ok_or_else(|| unknown(id))
}

fn unknown(id: &str) -> Problem {
    let sentence = format!("There is no phone {id:?}; GET /_simulator/phones lists them.");
    problem(StatusCode::NOT_FOUND, &sentence)
}
