//! GeeLark's side of the wire: paths, envelopes, answers.

mod account;
mod call;
mod envelope;
mod list;
mod question;
mod status;

use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::response::Response;
use axum::routing::post;
use serde::Serialize;

pub use list::PLANTED_SECRETS;

pub(super) use envelope::Refusal;
pub(super) use question::is_well_formed;

use super::control;
use super::state::ServerState;
use super::wire::Fate;

/// What can be called; the names are those of the log and of a fault's `endpoint=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Endpoint {
    Status,
    List,
    Wallet,
    Plan,
    /// A path that is not imitated.
    Unknown,
}

impl Endpoint {
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Status, "status", "/open/v1/phone/status"),
        (Self::List, "list", "/open/v1/phone/list"),
        (Self::Wallet, "wallet", "/open/v1/pay/wallet"),
        (Self::Plan, "plan", "/open/v1/pay/plan/info"),
    ];
}

impl FromStr for Endpoint {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL
            .iter()
            .find(|(_, known, _)| *known == name)
            .map(|(endpoint, ..)| *endpoint)
            .ok_or(())
    }
}

/// The API and the control endpoints.
pub(super) fn router(state: Arc<ServerState>) -> Router {
    let mut router = Router::new();
    for (endpoint, _, path) in Endpoint::ALL {
        let handler = move |State(state): State<Arc<ServerState>>,
                            Extension(fate): Extension<Fate>,
                            request: Request| async move {
            call::call(&state, &fate, endpoint, request).await
        };
        router = router.route(path, post(handler));
    }
    router.merge(control::router()).fallback(unknown).with_state(state)
}

async fn unknown(
    State(state): State<Arc<ServerState>>,
    Extension(fate): Extension<Fate>,
    request: Request,
) -> Response {
    call::call(&state, &fate, Endpoint::Unknown, request).await
}
