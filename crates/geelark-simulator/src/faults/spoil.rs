//! Bodies that are no answer: broken, endless, or not JSON at all. Large ones are made while they are sent.

use std::future::pending;
use std::io;
use std::iter;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};

use super::gzip::Gzip;

/// How much of a large body is made at once.
const PIECE: usize = 1 << 20;

/// What is sent instead of a truthful body. The HTTP status is 200 throughout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BodyFault {
    /// The first half, then silence.
    Hang,
    /// The first half of what `Content-Length` promised, then the end of the connection.
    Cut,
    /// One byte each so often.
    Drip(Duration),
    /// A page for people.
    Html,
    /// Nothing.
    Empty,
    /// The first half, as if that were all.
    Truncated,
    /// Bytes that are no text, within a string.
    NotUtf8,
    /// So many nested lists.
    Deep(u64),
    /// Valid JSON with a string of so many bytes.
    Huge(u64),
    /// The same, compressed to a thousandth.
    Bomb(u64),
}

impl BodyFault {
    /// The response in place of one with the truthful `body`.
    pub(crate) fn spoil(self, body: Vec<u8>) -> Response {
        let truth = Bytes::from(body);
        let half = truth.slice(..truth.len() / 2);
        let promised = Some(truth.len());
        match self {
            Self::Hang => stream_of(promised, first(half).chain(stream::once(pending()))),
            Self::Cut => stream_of(promised, first(half).chain(stream::once(broken()))),
            Self::Drip(pause) => stream_of(promised, drip(truth, pause)),
            Self::Html => {
                Html("<html><head><title>Maintenance</title></head><body>Back soon.</body></html>").into_response()
            }
            Self::Empty => json(Body::empty()),
            Self::Truncated => json(Body::from(half)),
            Self::NotUtf8 => json(Body::from(
                [
                    &truth[..truth.len() / 2],
                    b"\xff\xfe\xc3\x28",
                    &truth[truth.len() / 2..],
                ]
                .concat(),
            )),
            Self::Deep(depth) => stream_of(None, stream::iter(deep(depth).map(Ok))),
            Self::Huge(size) => stream_of(None, stream::iter(huge(size).map(Ok))),
            Self::Bomb(size) => {
                let mut response = stream_of(None, stream::iter(Gzip::new(huge(size))));
                response
                    .headers_mut()
                    .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                response
            }
        }
    }
}

fn json(body: Body) -> Response {
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], body).into_response()
}

fn stream_of(promised: Option<usize>, pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Response {
    let mut response = json(Body::from_stream(pieces));
    if let Some(length) = promised {
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

fn first(piece: Bytes) -> impl Stream<Item = io::Result<Bytes>> {
    stream::iter([Ok(piece)])
}

/// An error that comes after what was sent before it has reached the wire: at once, it would swallow even the headers.
async fn broken() -> io::Result<Bytes> {
    tokio::task::yield_now().await;
    Err(io::ErrorKind::BrokenPipe.into())
}

fn drip(body: Bytes, pause: Duration) -> impl Stream<Item = io::Result<Bytes>> {
    stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        Some((Ok(rest.split_to(1)), rest))
    })
}

fn deep(depth: u64) -> impl Iterator<Item = Bytes> + Send {
    let head = Bytes::from_static(br#"{"traceId":"","code":0,"msg":"success","data":"#);
    iter::once(head)
        .chain(fill(b'[', depth))
        .chain(fill(b']', depth))
        .chain(iter::once(Bytes::from_static(b"}")))
}

fn huge(size: u64) -> impl Iterator<Item = Bytes> + Send {
    let head = Bytes::from_static(br#"{"traceId":"","code":0,"msg":"success","data":{"padding":""#);
    iter::once(head)
        .chain(fill(b'x', size))
        .chain(iter::once(Bytes::from_static(br#""}}"#)))
}

/// `size` times the same byte, in pieces that share one allocation.
fn fill(byte: u8, size: u64) -> impl Iterator<Item = Bytes> + Send {
    let piece = Bytes::from(vec![byte; PIECE]);
    let mut left = size;
    iter::from_fn(move || {
        let length = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        left -= length as u64;
        (length > 0).then(|| piece.slice(..length))
    })
}
