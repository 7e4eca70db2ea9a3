//! `POST /webhook/{account}`: GeeLark calls, which can give no password.
//!
//! Always true: a request is judged by its head before a byte of its body is read; of a body never more than 64 KiB are. What is
//! refused gets the same answer whatever is wrong with it, so that it teaches a stranger nothing.

use std::error::Error;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::ALLOW;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::LengthLimitError;

use super::Backend;
use super::routes;
use super::web_config::WebConfig;

/// A webhook of GeeLark's has a few hundred bytes; one about a thousand phones has 64 KiB.
const MAX_BODY: usize = 64 * 1024;

/// Takes the webhooks of one account.
pub trait Webhook: Send + Sync {
    /// Whether a request with these headers is believed. It counts what it refuses.
    fn admit(&self, headers: &HeaderMap) -> bool;

    /// Takes in a request that was admitted; `false` if its body cannot be read. Nothing is waited for.
    fn receive(&self, headers: &HeaderMap, body: Bytes) -> bool;

    /// A request was refused because its body is too large.
    fn oversized(&self);
}

/// Stands before the path: an account that takes webhooks has its own authentication, so no password is asked for. Where they
/// are off, this is a path like any other.
pub(super) async fn guard<S: Backend>(
    State((backend, web_config)): State<(Arc<S>, Arc<WebConfig>)>,
    Path(account): Path<String>,
    mut request: Request,
    next: Next,
) -> Response {
    match backend.webhook(&account) {
        Some(webhook) => {
            request.extensions_mut().insert(webhook);
            web_config.open(request, next).await
        }
        None => web_config.guarded(request, next).await,
    }
}

pub(super) async fn take(request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Some(webhook) = head.extensions.get::<Arc<dyn Webhook>>() else {
        return routes::nothing_here().await.into_response();
    };
    if head.method != Method::POST {
        return ([(ALLOW, "POST")], routes::wrong_method().await).into_response();
    }
    if routes::announced_length(&head.headers).is_some_and(|length| length > MAX_BODY as u64) {
        return too_large(&**webhook);
    }
    if !webhook.admit(&head.headers) {
        let refusal =
            "This webhook is for GeeLark alone: the authentication is missing, wrong, too old or was used before.\n";
        return (StatusCode::UNAUTHORIZED, refusal).into_response();
    }
    match read(body).await.map(|body| webhook.receive(&head.headers, body)) {
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Err(Unread::TooLarge) => too_large(&**webhook),
        Ok(false) | Err(Unread::BrokenOff) => {
            let refusal = "The body is not a webhook's: not JSON, or not all of it.\n";
            (StatusCode::BAD_REQUEST, refusal).into_response()
        }
    }
}

enum Unread {
    TooLarge,
    BrokenOff,
}

async fn read(body: Body) -> Result<Bytes, Unread> {
    to_bytes(body, MAX_BODY).await.map_err(|error| {
        let is_length = error.source().is_some_and(<dyn Error>::is::<LengthLimitError>);
        if is_length { Unread::TooLarge } else { Unread::BrokenOff }
    })
}

fn too_large(webhook: &dyn Webhook) -> Response {
    webhook.oversized();
    (
        StatusCode::PAYLOAD_TOO_LARGE,
        "No webhook of GeeLark's is as large as this request.\n",
    )
        .into_response()
}
