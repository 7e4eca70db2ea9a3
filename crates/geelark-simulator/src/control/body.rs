//! What every control endpoint needs: the state, JSON bodies, and problems in sentences.

use std::fmt::Display;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::de::DeserializeOwned;

use crate::state::ServerState;

pub(super) type Sim = State<Arc<ServerState>>;

/// A status of 4xx, and a sentence.
pub(super) type Problem = (StatusCode, String);

pub(super) fn problem(status: StatusCode, sentence: &str) -> Problem {
    (status, format!("{sentence}\n"))
}

pub(super) fn unusable(error: impl Display) -> Problem {
    problem(StatusCode::BAD_REQUEST, &format!("The body cannot be used: {error}."))
}

/// A JSON body. Without a body the result is the default.
pub(super) fn read<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, Problem> {
    if body.trim_ascii().is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(unusable)
}
