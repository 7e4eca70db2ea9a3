//! `POST /webhook/{account}`: GeeLark calls it without a password.
//!
//! A request is verified by its head before its body is read, and at most 64 KiB of a body are read. Every refusal gets the
//! same answer, so that it helps no attacker.

use std::sync::Arc;

use axum::Router;
use axum::body::HttpBody;
use axum::extract::{Path, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use exporter_web::{Guard, METHOD_NOT_ALLOWED, NOT_FOUND};
use http::header::ALLOW;
use http::{Method, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::webhook::Webhook;

/// A webhook of GeeLark's has a few hundred bytes; one about a thousand phones has 64 KiB.
const MAX_BODY: usize = 64 * 1024;

/// The routes of webhooks. `find` returns the webhook of an account; `None` if it has none. It is called for every request,
/// so it must be quick.
///
/// A webhook verifies its requests itself, so no password is required. Without a webhook the path is like any other.
pub fn routes(find: impl Fn(&str) -> Option<Arc<Webhook>> + Clone + Send + Sync + 'static, guard: Guard) -> Router {
    let check = move |Path(account): Path<String>, mut request: Request, next: Next| {
        let (webhook, guard) = (find(&account), guard.clone());
        let needs_password = webhook.is_none();
        request.extensions_mut().insert(webhook);
        async move { guard.check(needs_password, request, next).await }
    };
    Router::new()
        .route("/webhook/{account}", any(handle))
        .layer(from_fn(check))
}

async fn handle(request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Some(Some(webhook)) = head.extensions.get::<Option<Arc<Webhook>>>() else {
        return NOT_FOUND.into_response();
    };
    if head.method != Method::POST {
        return ([(ALLOW, "POST")], METHOD_NOT_ALLOWED).into_response();
    }
    let too_large = || {
        webhook.refuse_oversized();
        (
            StatusCode::PAYLOAD_TOO_LARGE,
            "No webhook of GeeLark's is as large as this request.\n",
        )
            .into_response()
    };
    if body.size_hint().lower() > MAX_BODY as u64 {
        return too_large();
    }
    if !webhook.admit(&head.headers) {
        let refusal =
            "This webhook is for GeeLark alone: the authentication is missing, wrong, too old or was used before.\n";
        return (StatusCode::UNAUTHORIZED, refusal).into_response();
    }
    let is_read = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => webhook.receive(&head.headers, body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => return too_large(),
        Err(_) => false,
    };
    if is_read {
        return StatusCode::NO_CONTENT.into_response();
    }
    let refusal = "The body is not a webhook's: not JSON, or not all of it.\n";
    (StatusCode::BAD_REQUEST, refusal).into_response()
}
