//! Responses that are not an envelope: broken, endless, or not JSON at all. Large ones are made while they are sent.

use std::future::pending;
use std::io::{self, Write as _};
use std::str::FromStr;
use std::time::Duration;
use std::{iter, mem};

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use clap::Subcommand;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use futures_util::FutureExt;
use futures_util::stream::{self, Stream, StreamExt};
use tokio::time::sleep;

use crate::envelope::json_response;

/// The size of a piece of a large body.
const PIECE: usize = 1 << 20;

const DRIP: Duration = Duration::from_millis(100);
const DEEP: usize = 100_000;
const HUGE: usize = 100 << 20;
const BOMB: usize = 1 << 30;

/// The start of an envelope. The data follows.
const ENVELOPE: &str = r#"{"traceId":"","code":0,"msg":"success","data":"#;

/// Deflate, no flags, no time, best compression, unknown operating system.
const GZIP_HEADER: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];

/// The empty block that ends a deflate stream.
const DEFLATE_END: &[u8] = &[3, 0];

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum BodyFault {
    /// Half of the body, then nothing.
    HangBody,
    /// The connection ends before the announced length.
    Cut,
    /// One byte after each pause.
    Drip {
        pause: Option<humantime::Duration>,
    },
    Html,
    Empty,
    Truncated,
    NotUtf8,
    /// Lists within lists.
    Deep {
        depth: Option<Size>,
    },
    /// Valid JSON of this size.
    Huge {
        size: Option<Size>,
    },
    /// The same, compressed to about a thousandth of the size.
    Bomb {
        size: Option<Size>,
    },
}

/// A count or a number of bytes: `5000`, `64K`, `100M`, `2G`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(usize);

impl FromStr for Size {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unit = match text.as_bytes().last() {
            Some(b'K') => 1 << 10,
            Some(b'M') => 1 << 20,
            Some(b'G') => 1 << 30,
            _ => 1,
        };
        let number = text.strip_suffix(['K', 'M', 'G']).unwrap_or(text).parse().ok();
        let size = number.and_then(|number: usize| number.checked_mul(unit));
        size.map(Self).ok_or("give a size such as 5000, 64K or 1G")
    }
}

impl BodyFault {
    /// The response to a call whose truthful body is `truth`.
    pub(crate) fn respond(&self, truth: &Bytes) -> Response {
        let half = truth.slice(..truth.len() / 2);
        match *self {
            Self::HangBody => announced(truth, stream::iter([Ok(half)]).chain(stream::once(pending()))),
            Self::Cut => {
                let error = async {
                    // hyper sends the headers and the half first. An error at once would suppress them.
                    tokio::task::yield_now().await;
                    Err(io::ErrorKind::BrokenPipe.into())
                };
                announced(truth, stream::iter([Ok(half)]).chain(stream::once(error)))
            }
            Self::Drip { pause } => {
                let pause = pause.map_or(DRIP, Into::into);
                let late = move |byte| sleep(pause).map(move |()| Ok(vec![byte].into()));
                announced(truth, stream::iter(truth.clone()).then(late))
            }
            Self::Html => {
                Html("<html><head><title>Maintenance</title></head><body>Back soon.</body></html>").into_response()
            }
            Self::Empty => complete(""),
            Self::Truncated => complete(half),
            Self::NotUtf8 => complete([&half, &b"\xff\xfe\xc3\x28"[..], &truth[half.len()..]].concat()),
            Self::Deep { depth } => {
                let depth = depth.map_or(DEEP, |Size(size)| size);
                in_pieces([text(ENVELOPE), fill(b'[', depth), fill(b']', depth), text("}")].concat())
            }
            Self::Huge { size } => in_pieces(padded(size.map_or(HUGE, |Size(size)| size))),
            Self::Bomb { size } => {
                let body = in_pieces(gzip(&padded(size.map_or(BOMB, |Size(size)| size))));
                ([(header::CONTENT_ENCODING, "gzip")], body).into_response()
            }
        }
    }
}

/// An HTTP error as gateways send it, with a page for people. `retry_after` is in seconds.
pub(crate) fn gateway_error(status: u16, retry_after: Option<u64>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let page = Html(format!("<html><head></head><body>{status}</body></html>"));
    let retry_after = retry_after.map(|seconds| [(header::RETRY_AFTER, seconds.to_string())]);
    (status, retry_after, page).into_response()
}

/// A body that claims to be JSON.
fn complete(body: impl Into<Body>) -> Response {
    json_response(StatusCode::OK, body)
}

/// A body in pieces that announces the length of the truthful body.
fn announced(truth: &Bytes, pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Response {
    let length = [(header::CONTENT_LENGTH, truth.len().to_string())];
    (length, complete(Body::from_stream(pieces))).into_response()
}

/// The pieces of a large body, and how often each is sent. So a gigabyte needs the memory of a piece.
type Pieces = Vec<(Bytes, usize)>;

fn text(text: &'static str) -> Pieces {
    vec![(text.into(), 1)]
}

fn fill(byte: u8, count: usize) -> Pieces {
    let piece = Bytes::from(vec![byte; PIECE]);
    vec![(piece.clone(), count / PIECE), (piece.slice(..count % PIECE), 1)]
}

/// An envelope whose data is a string of `size` bytes.
fn padded(size: usize) -> Pieces {
    [
        text(ENVELOPE),
        text(r#"{"padding":""#),
        fill(b'x', size),
        text(r#""}}"#),
    ]
    .concat()
}

/// One gzip member. Each piece is compressed by itself, so a piece that repeats is compressed once.
fn gzip(pieces: &Pieces) -> Pieces {
    let mut checksum = Crc::new();
    let mut compressed = vec![(Bytes::from_static(GZIP_HEADER), 1)];
    for (piece, times) in pieces {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        // Writing to memory does not fail. A flush fills the last byte, so that any piece can follow.
        let _ = encoder.write_all(piece).and_then(|()| encoder.flush());
        compressed.push((mem::take(encoder.get_mut()).into(), *times));
        let mut crc = Crc::new();
        crc.update(piece);
        (0..*times).for_each(|_| checksum.combine(&crc));
    }
    let [sum, length] = [checksum.sum(), checksum.amount()].map(u32::to_le_bytes);
    compressed.push(([DEFLATE_END, &sum, &length].concat().into(), 1));
    compressed
}

fn in_pieces(pieces: Pieces) -> Response {
    let pieces = pieces
        .into_iter()
        .flat_map(|(piece, times)| iter::repeat_n(piece, times));
    complete(Body::from_stream(stream::iter(pieces.map(io::Result::Ok))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        let sizes = ["7", "2K", "64M", "1G"].map(str::parse);
        assert_eq!(sizes, [7, 2048, 64 << 20, 1 << 30].map(|size| Ok(Size(size))));
    }
}
