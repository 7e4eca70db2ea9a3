//! Responses that are not an envelope: broken, endless, or not JSON at all. Large ones are made while they are sent.

use std::future::pending;
use std::io::{self, Write as _};
use std::iter;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
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
pub(super) fn deep(depth: usize) -> Response {
    small(in_pieces(envelope("", &[(b'[', depth), (b']', depth)], "")))
}

/// Valid JSON with a string of `size` bytes.
pub(super) fn huge(size: usize) -> Response {
    small(in_pieces(padded(size)))
}

/// The same, compressed to a thousandth.
pub(super) fn bomb(size: usize) -> Response {
    let body = in_pieces(gzip(&padded(size)));
    ([(header::CONTENT_ENCODING, "gzip")], small(body)).into_response()
}

/// A large body: pieces, and how often each comes. So a gigabyte needs the memory of a piece.
type Pieces = Vec<(Bytes, usize)>;

fn padded(size: usize) -> Pieces {
    envelope(r#"{"padding":""#, &[(b'x', size)], r#""}"#)
}

/// An envelope whose data is `start`, each byte of `fill` as often as it says, and `end`.
fn envelope(start: &str, fill: &[(u8, usize)], end: &str) -> Pieces {
    let head = format!(r#"{{"traceId":"","code":0,"msg":"success","data":{start}"#);
    let mut pieces = vec![(head.into(), 1)];
    for (byte, count) in fill {
        let piece = Bytes::from(vec![*byte; PIECE]);
        pieces.push((piece.clone(), count / PIECE));
        pieces.push((piece.slice(..count % PIECE), 1));
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
        compressed.push((std::mem::take(encoder.get_mut()).into(), *times));
        let mut crc = Crc::new();
        crc.update(piece);
        (0..*times).for_each(|_| checksum.combine(&crc));
    }
    let [sum, length] = [checksum.sum(), checksum.amount()].map(u32::to_le_bytes);
    compressed.push(([DEFLATE_END, &sum, &length].concat().into(), 1));
    compressed
}

fn in_pieces(pieces: Pieces) -> Body {
    let pieces = pieces
        .into_iter()
        .flat_map(|(piece, times)| iter::repeat_n(piece, times));
    Body::from_stream(stream::iter(pieces.map(io::Result::Ok)))
}

/// A body whose `Content-Length` is that of the truthful body, whatever the pieces are.
fn announced(truth: &Bytes, pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Response {
    let length = [(header::CONTENT_LENGTH, truth.len().to_string())];
    (length, small(Body::from_stream(pieces))).into_response()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn gzip_keeps_pieces_that_repeat() {
        let pieces = [("head", 1), ("xyz", 1000), ("", 1), ("tail", 2)];
        let pieces = pieces.map(|(piece, times)| (Bytes::from_static(piece.as_bytes()), times));
        let concat = |pieces: &Pieces| {
            pieces
                .iter()
                .map(|(piece, times)| piece.repeat(*times))
                .collect::<Vec<_>>()
                .concat()
        };
        let mut plain = Vec::new();
        // The decoder checks length and checksum.
        GzDecoder::new(&concat(&gzip(&pieces.to_vec()))[..])
            .read_to_end(&mut plain)
            .unwrap();
        assert_eq!(plain, concat(&pieces.to_vec()));
    }
}
