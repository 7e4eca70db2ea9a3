//! `POST /webhook/{account}`: GeeLark calls, which cannot send a password.
//!
//! A request is verified by its head before a byte of its body is read, and of a body at most 64 KiB are read. Every
//! refusal gets the same answer whatever is wrong, so that it helps no attacker.

#[cfg(test)]
mod tests;

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::Bytes;
use exporter_web::{Guard, METHOD_NOT_ALLOWED, NOT_FOUND};
use http::header::ALLOW;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::LengthLimitError;

/// A webhook of GeeLark's has a few hundred bytes; one about a thousand phones has 64 KiB.
const MAX_BODY: usize = 64 * 1024;

/// Takes the webhooks of one account.
pub trait Receiver: Send + Sync {
    /// Whether a request with these headers is genuine. Counts what it refuses.
    fn admit(&self, headers: &HeaderMap) -> bool;

    /// Takes a request that was admitted; `false` if its body cannot be read. Does not block.
    fn receive(&self, headers: &HeaderMap, body: Bytes) -> bool;

    /// A request was refused because its body is too large.
    fn oversized(&self);
}

/// Finds the receiver of an account; `None` where webhooks are off. Called for every request, so it must be quick.
pub type Receivers = Arc<dyn Fn(&str) -> Option<Arc<dyn Receiver>> + Send + Sync>;

/// The routes of webhooks.
pub fn routes(receivers: Receivers, guard: Guard) -> Router {
    let layer = from_fn_with_state((receivers, guard), check);
    Router::new().route("/webhook/{account}", any(handle)).layer(layer)
}

/// An account that takes webhooks verifies them itself, so no password is required. Where they are off, the path is like
/// any other.
async fn check(
    State((receivers, guard)): State<(Receivers, Guard)>,
    Path(account): Path<String>,
    mut request: Request,
    next: Next,
) -> Response {
    let receiver = receivers(&account);
    let needs_password = receiver.is_none();
    request.extensions_mut().insert(receiver);
    guard.check(needs_password, request, next).await
}

async fn handle(request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Some(Some(receiver)) = head.extensions.get::<Option<Arc<dyn Receiver>>>() else {
        return NOT_FOUND.into_response();
    };
    if head.method != Method::POST {
        return ([(ALLOW, "POST")], METHOD_NOT_ALLOWED).into_response();
    }
    if body.size_hint().lower() > MAX_BODY as u64 {
        return too_large(&**receiver);
    }
    if !receiver.admit(&head.headers) {
        let refusal =
            "This webhook is for GeeLark alone: the authentication is missing, wrong, too old or was used before.\n";
        return (StatusCode::UNAUTHORIZED, refusal).into_response();
    }
    match read(body).await.map(|body| receiver.receive(&head.headers, body)) {
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Err(ReadError::TooLarge) => too_large(&**receiver),
        Ok(false) | Err(ReadError::Incomplete) => {
            let refusal = "The body is not a webhook's: not JSON, or not all of it.\n";
            (StatusCode::BAD_REQUEST, refusal).into_response()
        }
    }
}

enum ReadError {
    TooLarge,
    Incomplete,
}

async fn read(body: Body) -> Result<Bytes, ReadError> {
    to_bytes(body, MAX_BODY).await.map_err(|error| {
        let is_length = error.source().is_some_and(<dyn Error>::is::<LengthLimitError>);
        if is_length {
            ReadError::TooLarge
        } else {
            ReadError::Incomplete
        }
    })
}

fn too_large(receiver: &dyn Receiver) -> Response {
    receiver.oversized();
    let refusal = "No webhook of GeeLark's is as large as this request.\n";
    (StatusCode::PAYLOAD_TOO_LARGE, refusal).into_response()
}
