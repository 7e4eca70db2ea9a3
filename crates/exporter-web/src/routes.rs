//! What is answered at which path.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::address::TelemetryPath;
use super::backend::Backend;
use super::body::Chunks;
use super::guard::{Guard, require_password};
use super::negotiate::wants_gzip;
use super::page;
use super::settings::About;

/// No request needs a body. One that announces more than this is refused; none is read.
const MAX_REQUEST_BODY: u64 = 64 * 1024;

/// The text format's own content type, which Prometheus chooses its parser by.
const EXPOSITION: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

struct Shared<S> {
    backend: Arc<S>,
    about: About,
    telemetry_path: String,
    lifecycle: bool,
}

pub(super) fn router<S: Backend>(
    about: About,
    telemetry_path: &TelemetryPath,
    lifecycle: bool,
    backend: Arc<S>,
    guard: Guard,
) -> Router {
    let own = backend.routes(guard.clone());
    let shared = Arc::new(Shared {
        backend,
        about,
        telemetry_path: telemetry_path.as_str().to_owned(),
        lifecycle,
    });
    Router::new()
        .route("/", get(landing::<S>))
        .route(telemetry_path.as_str(), get(metrics::<S>))
        .route("/-/healthy", get(healthy))
        .route("/-/ready", get(ready::<S>))
        .route("/-/reload", post(reload::<S>))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        .with_state(shared)
        .layer(from_fn(bound_body))
        .layer(from_fn_with_state(guard, require_password))
        .merge(own)
}

async fn metrics<S: Backend>(State(shared): State<Arc<Shared<S>>>, headers: HeaderMap) -> Response {
    let gzip = wants_gzip(&headers);
    let scrape = shared.backend.scrape(gzip);
    let length = scrape.length;
    let mut response = Response::new(Body::new(Chunks::from(scrape)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, EXPOSITION);
    headers.insert(CONTENT_LENGTH, length.into());
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

async fn landing<S: Backend>(State(shared): State<Arc<Shared<S>>>) -> Response {
    let page = page::landing(
        &shared.about,
        &shared.telemetry_path,
        shared.backend.ready().err().as_deref(),
    );
    ([page::POLICY], Html(page)).into_response()
}

async fn healthy() -> &'static str {
    "Healthy\n"
}

async fn ready<S: Backend>(State(shared): State<Arc<Shared<S>>>) -> Response {
    match shared.backend.ready() {
        Ok(()) => "Ready\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

async fn reload<S: Backend>(State(shared): State<Arc<Shared<S>>>) -> Response {
    if !shared.lifecycle {
        let refusal =
            "Reloading over HTTP is off: start the exporter with --web.enable-lifecycle, or send it SIGHUP.\n";
        return (StatusCode::FORBIDDEN, refusal).into_response();
    }
    let backend = shared.backend.clone();
    // A reload that began is finished, even if the client does not wait for it.
    match tokio::spawn(async move { backend.reload().await }).await {
        Ok(Ok(())) => "Reloaded\n".into_response(),
        Ok(Err(problems)) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{problems}\n")).into_response(),
        Err(_) => {
            let failure = "The reload broke off; the log says why.\n";
            (StatusCode::INTERNAL_SERVER_ERROR, failure).into_response()
        }
    }
}

/// 405 for a path that does not take the method.
pub async fn method_not_allowed() -> (StatusCode, &'static str) {
    let refusal = "This path does not take that method; the Allow header names those it does.\n";
    (StatusCode::METHOD_NOT_ALLOWED, refusal)
}

/// 404 for a path that does not exist.
pub async fn not_found() -> (StatusCode, &'static str) {
    (
        StatusCode::NOT_FOUND,
        "There is nothing at this path; / says what there is.\n",
    )
}

async fn bound_body(request: Request, next: Next) -> Response {
    if announced_length(request.headers()).is_some_and(|length| length > MAX_REQUEST_BODY) {
        let refusal = "No request to this exporter needs a body; this one is too large.\n";
        return (StatusCode::PAYLOAD_TOO_LARGE, refusal).into_response();
    }
    next.run(request).await
}

/// The length of the body by its header, where there is one.
pub fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
