//! What an exporter implements, and what it gives the server.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::guard::Guard;

/// What the server shows and does.
pub trait Backend: Send + Sync + 'static {
    /// What the exporter is called.
    const ABOUT: About;

    /// The current metrics. They may be compressed if the client accepts `gzip`. Called for `HEAD` too; the chunks are then
    /// not read.
    fn scrape(&self, gzip: bool) -> ScrapeBody;

    /// `Err` with a sentence while the exporter is not ready.
    fn ready(&self) -> Result<(), String>;

    /// Reads the configuration again. `Err` with the problems if it keeps the previous one. Calls may overlap.
    fn reload(&self) -> impl Future<Output = Result<(), String>> + Send;

    /// The exporter's own routes. They pass requests through `guard` themselves, because some may have authentication of
    /// their own instead of a password.
    fn routes(self: &Arc<Self>, guard: Guard) -> Router {
        let _ = guard;
        Router::new()
    }
}

/// What the exporter is called on its landing page and in its password prompt.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The program, for example `node_exporter`.
    pub program: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The title of the page.
    pub title: &'static str,
    /// One sentence about what it exports.
    pub description: &'static str,
    /// When it is ready, for example `every account was polled`.
    pub ready_when: &'static str,
}

/// A scrape that is sent chunk by chunk. If the chunks do not have the announced length, the response fails visibly.
pub struct ScrapeBody {
    /// Whether the chunks are compressed.
    pub gzip: bool,
    /// How many bytes the remaining chunks have together.
    pub length: u64,
    /// The bytes. Each chunk is requested when the client has taken the one before.
    pub chunks: Box<dyn Iterator<Item = Bytes> + Send>,
}

impl Body for ScrapeBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let chunk = self.chunks.next();
        let length = chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        Poll::Ready(match (chunk, self.length.checked_sub(length)) {
            (None, Some(0)) => None,
            (Some(chunk), Some(remaining)) => {
                self.length = remaining;
                Some(Ok(Frame::data(chunk)))
            }
            _ => Some(Err(io::Error::other(
                "the chunks of the scrape do not have the announced length",
            ))),
        })
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    fn body(length: u64, chunks: &'static [&'static str]) -> ScrapeBody {
        let chunks = Box::new(chunks.iter().map(|chunk| Bytes::from_static(chunk.as_bytes())));
        ScrapeBody {
            gzip: false,
            length,
            chunks,
        }
    }

    #[tokio::test]
    async fn chunks_arrive_in_order_and_the_length_is_exact() {
        let body = body(5, &["ab", "", "cde"]);
        assert_eq!(body.size_hint().exact(), Some(5));
        assert_eq!(body.collect().await.unwrap().to_bytes(), "abcde");
    }

    #[tokio::test]
    async fn a_wrong_length_is_an_error() {
        assert!(body(6, &["ab", "cde"]).collect().await.is_err());
        assert!(body(1, &["ab", "cde"]).collect().await.is_err());
    }
}
