//! What is answered at which path.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, VARY};
use http::{HeaderMap, StatusCode};

use super::address::TelemetryPath;
use super::backend::Backend;
use super::guard::Guard;
use super::negotiate::accepts_gzip;
use super::page;

/// The answer for a path that does not exist.
pub const NOT_FOUND: (StatusCode, &str) = (
    StatusCode::NOT_FOUND,
    "There is nothing at this path; see / for the paths.\n",
);

/// The answer for a method that the path does not take.
pub const METHOD_NOT_ALLOWED: (StatusCode, &str) = (
    StatusCode::METHOD_NOT_ALLOWED,
    "This path does not take this method; the Allow header names the methods.\n",
);

/// No request needs a body, and none is read. A request that announces more than this is refused.
const MAX_REQUEST_BODY: u64 = 64 * 1024;

/// Prometheus chooses its parser by this content type.
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

type Reply = Result<&'static str, (StatusCode, String)>;

pub(super) fn router<S: Backend>(path: &TelemetryPath, lifecycle: bool, backend: Arc<S>, guard: Guard) -> Router {
    let own = backend.routes(guard.clone());
    let path = path.as_str().to_owned();
    let route = Router::new().route(&path, get(metrics::<S>));
    let landing = async move |State(backend): State<Arc<S>>| {
        ([page::POLICY], Html(page::landing(&S::ABOUT, &path, backend.ready())))
    };
    route
        .route("/", get(landing))
        .route("/-/healthy", get("Healthy\n"))
        .route("/-/ready", get(ready::<S>))
        .route("/-/reload", post(move |backend| reload::<S>(lifecycle, backend)))
        .method_not_allowed_fallback(async || METHOD_NOT_ALLOWED)
        .fallback(NOT_FOUND)
        .with_state(backend)
        .layer(from_fn(refuse_large_body))
        .layer(from_fn(move |request, next| {
            let guard = guard.clone();
            async move { guard.check(true, request, next).await }
        }))
        .merge(own)
}

async fn metrics<S: Backend>(State(backend): State<Arc<S>>, headers: HeaderMap) -> Response {
    let scrape = backend.scrape(accepts_gzip(&headers));
    let headers = [(CONTENT_TYPE, EXPOSITION), (VARY, "Accept-Encoding")];
    let encoding = scrape.gzip.then_some([(CONTENT_ENCODING, "gzip")]);
    (headers, encoding, Body::new(scrape)).into_response()
}

async fn ready<S: Backend>(State(backend): State<Arc<S>>) -> Reply {
    let ready = backend.ready().map(|()| "Ready\n");
    ready.map_err(|reason| (StatusCode::SERVICE_UNAVAILABLE, reason + "\n"))
}

async fn reload<S: Backend>(is_enabled: bool, State(backend): State<Arc<S>>) -> Reply {
    if !is_enabled {
        let refusal =
            "Reloading over HTTP is disabled: start the exporter with --web.enable-lifecycle, or send it SIGHUP.\n";
        return Err((StatusCode::FORBIDDEN, refusal.to_owned()));
    }
    // A task of its own, so that the reload ends even if the client leaves.
    let outcome = tokio::spawn(async move { backend.reload().await }).await;
    let outcome = outcome.unwrap_or_else(|_| Err("The reload failed unexpectedly; see the log.".to_owned()));
    let reloaded = outcome.map(|()| "Reloaded\n");
    reloaded.map_err(|problems| (StatusCode::INTERNAL_SERVER_ERROR, problems + "\n"))
}

async fn refuse_large_body(request: Request, next: Next) -> Response {
    if request.body().size_hint().lower() > MAX_REQUEST_BODY {
        let refusal = "No request to this exporter needs a body; this one is too large.\n";
        return (StatusCode::PAYLOAD_TOO_LARGE, refusal).into_response();
    }
    next.run(request).await
}
