//! GeeLark's API: paths, calls and answers.

mod call;
mod ids;
mod pay;
mod phone_list;
mod phone_status;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::routing::post;
use axum::{Extension, Router};

pub(crate) use ids::is_well_formed;
pub use phone_list::PLANTED_SECRETS;

use crate::endpoint::Endpoint;
use crate::state::ServerState;

/// More than the longest valid request. The body of a larger request is unreadable.
const MAX_BODY: usize = 1 << 20;

/// The API. Every request needs a `ConnectionHandle` among its extensions.
pub(crate) fn router() -> Router<Arc<ServerState>> {
    let handler = |endpoint| call::call.layer(Extension(endpoint));
    Router::new()
        .route("/open/v1/phone/status", post(handler(Endpoint::Status)))
        .route("/open/v1/phone/list", post(handler(Endpoint::List)))
        .route("/open/v1/pay/wallet", post(handler(Endpoint::Wallet)))
        .route("/open/v1/pay/plan/info", post(handler(Endpoint::Plan)))
        .fallback(handler(Endpoint::Unknown))
        .layer(DefaultBodyLimit::max(MAX_BODY))
}
