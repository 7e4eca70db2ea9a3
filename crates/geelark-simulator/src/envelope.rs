//! What calls have in common: headers, the content type, and the envelope of a refused call.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A call that is answered with a code and no data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: i64,
    pub(crate) msg: &'static str,
}

impl Refusal {
    pub(crate) const INVALID_PARAMETERS: Self = Self::new(40004, "parameter validation failed");
    pub(crate) const NO_RESOURCE: Self = Self::with_status(StatusCode::NOT_FOUND, 40005, "no such resource");

    pub(crate) const fn new(code: i64, msg: &'static str) -> Self {
        Self::with_status(StatusCode::OK, code, msg)
    }

    const fn with_status(status: StatusCode, code: i64, msg: &'static str) -> Self {
        Self { status, code, msg }
    }

    pub(crate) fn envelope(self, trace_id: &str) -> Value {
        json!({"traceId": trace_id, "code": self.code, "msg": self.msg})
    }
}

/// A response with the content type that GeeLark sends.
pub(crate) fn json_response(status: StatusCode, body: impl Into<Body>) -> Response {
    let content_type = [(CONTENT_TYPE, "application/json; charset=utf-8")];
    (status, content_type, body.into()).into_response()
}

/// The text of a header; empty when it is missing or not text.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}
