//! Responses that are not an envelope: broken, endless, or not JSON at all. Large ones are made while they are sent.

use std::future::pending;
use std::io::{self, Write as _};
use std::{iter, mem};

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use clap::Subcommand;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use futures_util::stream::{self, Stream, StreamExt};

use crate::envelope::json_response;

/// The size of a piece of a large body.
const PIECE: usize = 1 << 20;

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
        #[arg(default_value = "100ms")]
        pause: humantime::Duration,
    },
    Html,
    Empty,
    Truncated,
    NotUtf8,
    /// Lists within lists.
    Deep {
        #[arg(value_parser = size, default_value = "100000")]
        depth: usize,
    },
    /// Valid JSON of this size.
    Huge {
        #[arg(value_parser = size, default_value = "100M")]
        size: usize,
    },
    /// The same, compressed to a thousandth.
    Bomb {
        #[arg(value_parser = size, default_value = "1G")]
        size: usize,
    },
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
                let bytes = stream::iter(truth.clone()).then(move |byte| async move {
                    tokio::time::sleep(*pause).await;
                    Ok(Bytes::from(vec![byte]))
                });
                announced(truth, bytes)
            }
            Self::Html => {
                Html("<html><head><title>Maintenance</title></head><body>Back soon.</body></html>").into_response()
            }
            Self::Empty => complete(""),
            Self::Truncated => complete(half),
            Self::NotUtf8 => complete([&half, &b"\xff\xfe\xc3\x28"[..], &truth[half.len()..]].concat()),
            Self::Deep { depth } => in_pieces(envelope("", &[(b'[', depth), (b']', depth)], "")),
            Self::Huge { size } => in_pieces(padded(size)),
            Self::Bomb { size } => {
                let encoding = [(header::CONTENT_ENCODING, "gzip")];
                (encoding, in_pieces(gzip(&padded(size)))).into_response()
            }
        }
    }
}

/// An HTTP error as gateways send it, with a page for people. `retry_after` is in seconds.
pub(crate) fn gateway_error(status: StatusCode, retry_after: Option<u64>) -> Response {
    let page = Html(format!(
        "<html><head><title>{status}</title></head><body>{status}</body></html>"
    ));
    let retry_after = retry_after.map(|seconds| [(header::RETRY_AFTER, seconds.to_string())]);
    (status, retry_after, page).into_response()
}

/// A count or a number of bytes: `5000`, `64K`, `100M`, `2G`.
fn size(text: &str) -> Result<usize, &'static str> {
    let unit = match text.as_bytes().last() {
        Some(b'K') => 1 << 10,
        Some(b'M') => 1 << 20,
        Some(b'G') => 1 << 30,
        _ => 1,
    };
    let number = text.strip_suffix(['K', 'M', 'G']).unwrap_or(text).parse().ok();
    number
        .and_then(|number: usize| number.checked_mul(unit))
        .ok_or("give a size such as 5000, 64K or 1G")
}

/// A body that claims to be JSON.
fn complete(body: impl Into<Body>) -> Response {
    json_response(StatusCode::OK, body)
}

/// A body whose `Content-Length` is that of the truthful body, whatever the pieces are.
fn announced(truth: &Bytes, pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Response {
    let length = [(header::CONTENT_LENGTH, truth.len().to_string())];
    (length, complete(Body::from_stream(pieces))).into_response()
}

/// A large body: pieces, and how often each comes. So a gigabyte needs the memory of a piece.
type Pieces = Vec<(Bytes, usize)>;

/// An envelope whose data is a string of `size` bytes.
fn padded(size: usize) -> Pieces {
    envelope(r#"{"padding":""#, &[(b'x', size)], r#""}"#)
}

/// An envelope whose data is `start`, each byte of `fill` as often as it says, and `end`.
fn envelope(start: &str, fill: &[(u8, usize)], end: &str) -> Pieces {
    let head = format!(r#"{{"traceId":"","code":0,"msg":"success","data":{start}"#);
    let mut pieces = vec![(head.into(), 1)];
    for (byte, count) in fill {
        let piece = Bytes::from(vec![*byte; PIECE]);
        pieces.extend([(piece.clone(), count / PIECE), (piece.slice(..count % PIECE), 1)]);
    }
    pieces.push((format!("{end}}}").into(), 1));
    pieces
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
        assert_eq!(
            ["7", "2K", "64M", "1G"].map(size),
            [Ok(7), Ok(2048), Ok(64 << 20), Ok(1 << 30)]
        );
    }
}
