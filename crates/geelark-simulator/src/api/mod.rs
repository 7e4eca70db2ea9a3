//! GeeLark's API: paths, calls and answers.

mod call;
mod pay;
mod phone_list;
mod phone_status;

use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::routing::post;
use axum::{Extension, Router};

pub use phone_list::PLANTED_SECRETS;

use crate::endpoint::ApiEndpoint;
use crate::state::SharedState;

/// More than the longest valid request. The body of a larger request is unreadable.
const MAX_BODY: usize = 1 << 20;

/// The API. A request over a socket needs a `ConnectionHandle` among its extensions.
pub(crate) fn router() -> Router<SharedState> {
    let handler = |endpoint| call::call.layer(Extension(endpoint));
    Router::new()
        .route("/open/v1/phone/status", post(handler(ApiEndpoint::Status)))
        .route("/open/v1/phone/list", post(handler(ApiEndpoint::List)))
        .route("/open/v1/pay/wallet", post(handler(ApiEndpoint::Wallet)))
        .route("/open/v1/pay/plan/info", post(handler(ApiEndpoint::Plan)))
        .fallback(handler(ApiEndpoint::Unknown))
        .layer(DefaultBodyLimit::max(MAX_BODY))
}
