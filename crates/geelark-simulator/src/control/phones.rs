//! The truth about phones, and how to change it.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use super::{Sim, Sorry, read};
use crate::api::is_well_formed;
use crate::fleet::{Change, Phone};
use crate::state::ServerState;

/// How many phones one request may create: what a laptop holds without noticing.
const MAX_CREATED: u64 = 100_000;

pub(super) async fn all(State(state): Sim) -> Json<Vec<Phone>> {
    Json(state.fleet().phones().cloned().collect())
}

pub(super) async fn one(State(state): Sim, Path(id): Path<String>) -> Result<Json<Phone>, Sorry> {
    state.fleet().get(&id).cloned().map(Json).ok_or_else(|| unknown(&id))
}

/// Creates `count` phones, or one under the `id` given; every key of a change applies to each.
pub(super) async fn create(State(state): Sim, body: Bytes) -> Result<Response, Sorry> {
    let mut wishes: Map<String, Value> = read(&body)?;
    let (count, id) = (wishes.remove("count"), wishes.remove("id"));
    let change: Change = serde_json::from_value(Value::Object(wishes)).map_err(Sorry::unreadable)?;
    let Some(count @ 1..=MAX_CREATED) = count.as_ref().map_or(Some(1), Value::as_u64) else {
        let sentence = format!("count must be from 1 to {MAX_CREATED}.");
        return Err(Sorry(StatusCode::BAD_REQUEST, sentence));
    };
    let mut fleet = state.fleet();
    let id = match id {
        None => None,
        Some(Value::String(id)) if count == 1 && is_well_formed(&id) => Some(id),
        Some(id) => {
            let sentence = format!(
                "id {id} cannot be given: an id is a string of 1 to 64 letters, digits, - and _, for one phone."
            );
            return Err(Sorry(StatusCode::BAD_REQUEST, sentence));
        }
    };
    if let Some(taken) = id.as_deref().filter(|id| fleet.get(id).is_some()) {
        return Err(Sorry(
            StatusCode::CONFLICT,
            format!("There is a phone {taken} already."),
        ));
    }
    let mut created = vec![fleet.create(id, change.clone()).clone()];
    for _ in 1..count {
        created.push(fleet.create(None, change.clone()).clone());
    }
    Ok((StatusCode::CREATED, Json(created)).into_response())
}

pub(super) async fn change(State(state): Sim, Path(id): Path<String>, body: Bytes) -> Result<Json<Phone>, Sorry> {
    apply(&state, &id, read(&body)?)
}

pub(super) async fn vanish(State(state): Sim, Path(id): Path<String>) -> Result<Json<Phone>, Sorry> {
    apply(&state, &id, Change::vanish())
}

pub(super) async fn restore(State(state): Sim, Path(id): Path<String>) -> Result<Json<Phone>, Sorry> {
    apply(&state, &id, Change::restore())
}

fn apply(state: &Arc<ServerState>, id: &str, change: Change) -> Result<Json<Phone>, Sorry> {
    state
        .fleet()
        .change(id, change)
        .cloned()
        .map(Json)
        .ok_or_else(|| unknown(id))
}

fn unknown(id: &str) -> Sorry {
    Sorry(
        StatusCode::NOT_FOUND,
        format!("There is no phone {id:?}; GET /_simulator/phones lists them."),
    )
}
