//! What a call asks, and whether it may be asked so.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::Endpoint;
use super::account::{self, Plan, Wallet};
use super::envelope::Refusal;
use super::list::{self, ListRequest, Page};
use super::status::{self, StatusRequest, Statuses};
use crate::auth::header;
use crate::state::ServerState;

/// How many ids a call may carry.
pub(super) const MAX_IDS: usize = 100;

/// How long an id may be.
const MAX_ID_LENGTH: usize = 64;

/// A body that could be read.
pub(super) enum Question {
    Status(StatusRequest),
    List(ListRequest),
    Wallet,
    Plan,
}

/// What `data` holds.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Data {
    Status(Statuses),
    List(Page),
    Wallet(Wallet),
    Plan(Plan),
}

impl Question {
    pub(super) fn read(endpoint: Endpoint, headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        if !header(headers, CONTENT_TYPE.as_str()).starts_with("application/json") {
            return Err(Refusal::new(40001, "Content-Type is not application/json"));
        }
        match endpoint {
            Endpoint::Status => read(body).map(Self::Status),
            Endpoint::List => read(body).map(Self::List),
            Endpoint::Wallet => Ok(Self::Wallet),
            Endpoint::Plan => Ok(Self::Plan),
            Endpoint::Unknown => Err(Refusal::new(40005, "no such resource")),
        }
    }

    /// The ids it is about, well-formed or not.
    pub(super) fn ids(&self) -> &[String] {
        match self {
            Self::Status(request) => &request.ids,
            Self::List(request) => request.ids(),
            Self::Wallet | Self::Plan => &[],
        }
    }

    pub(super) fn answer(&self, state: &ServerState) -> Result<Data, Refusal> {
        match self {
            Self::Status(request) => status::answer(request, &state.fleet()).map(Data::Status),
            Self::List(request) => list::answer(request, &state.fleet()).map(Data::List),
            Self::Wallet => Ok(Data::Wallet(account::wallet(&state.fleet()))),
            Self::Plan => Ok(Data::Plan(account::plan(&state.fleet(), state.began.unix()))),
        }
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        Category::Data => Refusal::new(40004, "parameter validation failed"),
        Category::Io | Category::Syntax | Category::Eof => Refusal::new(40001, "request body cannot be read"),
    })
}

/// Refuses the whole call for one bad id, as GeeLark does.
pub(super) fn check_ids(ids: &[String]) -> Result<(), Refusal> {
    if ids.len() <= MAX_IDS && ids.iter().all(|id| is_well_formed(id)) {
        Ok(())
    } else {
        Err(Refusal::new(40004, "parameter validation failed"))
    }
}

/// Whether an id could be one of GeeLark's.
pub(crate) fn is_well_formed(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=MAX_ID_LENGTH).contains(&id.len()) && id.bytes().all(allowed)
}
