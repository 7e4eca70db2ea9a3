//! Responses that are not an envelope: broken, endless, or not JSON at all. Large ones are made while they are sent.

use std::future::pending;
use std::io::{self, Read};
use std::iter;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use flate2::Compression;
use flate2::read::GzEncoder;
use futures_util::stream::{self, Stream, StreamExt};

use crate::envelope::json_response;

/// How many bytes of a large body are made at once. A piece of a bomb takes a thousand times as many bytes to make.
const PIECE: u64 = 16 << 10;

/// An HTTP error as gateways send it, with a page for people. `retry_after` is in seconds.
pub(crate) fn gateway_error(status: StatusCode, retry_after: Option<u64>) -> Response {
    let page = Html(format!(
        "<html><head><title>{status}</title></head><body>{status}</body></html>"
    ));
    let retry_after = retry_after.map(|seconds| [(header::RETRY_AFTER, seconds.to_string())]);
    (status, retry_after, page).into_response()
}

pub(super) fn html() -> Response {
    Html("<html><head><title>Maintenance</title></head><body>Back soon.</body></html>").into_response()
}

/// A complete body that claims to be JSON.
pub(super) fn small(body: impl Into<Body>) -> Response {
    json_response(StatusCode::OK, body)
}

/// Bytes that are not text, within a string.
pub(super) fn not_utf8(truth: &Bytes) -> Response {
    let (first, second) = truth.split_at(truth.len() / 2);
    small([first, b"\xff\xfe\xc3\x28", second].concat())
}

pub(super) fn half_then_silence(truth: &Bytes) -> Response {
    let half = truth.slice(..truth.len() / 2);
    announced(truth, stream::iter([Ok(half)]).chain(stream::once(pending())))
}

/// The connection ends before the announced length.
pub(super) fn half_then_end(truth: &Bytes) -> Response {
    let half = truth.slice(..truth.len() / 2);
    let error = async {
        // hyper sends the headers and the half first. An error at once would suppress them.
        tokio::task::yield_now().await;
        Err(io::ErrorKind::BrokenPipe.into())
    };
    announced(truth, stream::iter([Ok(half)]).chain(stream::once(error)))
}

/// One byte after each pause.
pub(super) fn drip(truth: &Bytes, pause: Duration) -> Response {
    let bytes = stream::unfold(truth.clone(), move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        Some((Ok(rest.split_to(1)), rest))
    });
    announced(truth, bytes)
}

/// Lists within lists.
pub(super) fn deep(depth: u64) -> Response {
    let lists = io::repeat(b'[').take(depth).chain(io::repeat(b']').take(depth));
    small(in_pieces(envelope("", lists, "}")))
}

/// Valid JSON with a string of `size` bytes.
pub(super) fn huge(size: u64) -> Response {
    small(in_pieces(padded(size)))
}

/// The same, compressed to a thousandth.
pub(super) fn bomb(size: u64) -> Response {
    let compressed = GzEncoder::new(padded(size), Compression::best());
    let encoding = [(header::CONTENT_ENCODING, "gzip")];
    (encoding, small(in_pieces(compressed))).into_response()
}

fn padded(size: u64) -> impl Read + Send + 'static {
    envelope(r#"{"padding":""#, io::repeat(b'x').take(size), r#""}}"#)
}

/// An envelope around data that is too large for memory.
fn envelope(start: &'static str, data: impl Read + Send, end: &'static str) -> impl Read + Send {
    let head = r#"{"traceId":"","code":0,"msg":"success","data":"#.as_bytes();
    head.chain(start.as_bytes()).chain(data).chain(end.as_bytes())
}

fn in_pieces(mut content: impl Read + Send + 'static) -> Body {
    let pieces = iter::from_fn(move || {
        let mut piece = Vec::new();
        let read = content.by_ref().take(PIECE).read_to_end(&mut piece);
        (!piece.is_empty()).then(|| read.map(|_| Bytes::from(piece)))
    });
    Body::from_stream(stream::iter(pieces))
}

/// A body whose `Content-Length` is that of the truthful body, whatever the pieces are.
fn announced(truth: &Bytes, pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Response {
    let length = [(header::CONTENT_LENGTH, truth.len().to_string())];
    (length, small(Body::from_stream(pieces))).into_response()
}
