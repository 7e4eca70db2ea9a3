//! The envelope around every answer.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;

/// A call that is answered with a code and no data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: i64,
    pub(crate) msg: &'static str,
}

impl Refusal {
    pub(crate) const fn new(code: i64, msg: &'static str) -> Self {
        Self { code, msg }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a, T> {
    trace_id: &'a str,
    code: i64,
    msg: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a T>,
}

pub(super) fn success<T: Serialize>(trace_id: &str, data: &T) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Envelope {
        trace_id,
        code: 0,
        msg: "success",
        data: Some(data),
    })
}

pub(super) fn refusal(trace_id: &str, refusal: Refusal) -> serde_json::Result<Vec<u8>> {
    let Refusal { code, msg } = refusal;
    serde_json::to_vec(&Envelope::<Value> {
        trace_id,
        code,
        msg,
        data: None,
    })
}

/// An answer as GeeLark sends it.
pub(super) fn json(status: StatusCode, body: Vec<u8>) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "application/json; charset=utf-8")],
        body,
    )
        .into_response()
}
