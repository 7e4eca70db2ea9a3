//! A scrape on its way out: ready pieces, one after the other, nothing copied.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// A scrape whose length is known before its first byte.
pub struct ScrapeBody {
    /// How many bytes the chunks have together.
    pub length: u64,
    /// The bytes. Asked for lazily, as fast as the client reads.
    pub chunks: Box<dyn Iterator<Item = Bytes> + Send>,
}

/// [`ScrapeBody`] as HTTP wants it. The promised length is kept, or the response fails visibly.
pub(super) struct Chunks {
    remaining: u64,
    chunks: Box<dyn Iterator<Item = Bytes> + Send>,
}

impl From<ScrapeBody> for Chunks {
    fn from(body: ScrapeBody) -> Self {
        Self {
            remaining: body.length,
            chunks: body.chunks,
        }
    }
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let chunk = self.chunks.find(|chunk| !chunk.is_empty());
        let length = chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        Poll::Ready(match chunk {
            Some(chunk) if length <= self.remaining => {
                self.remaining -= length;
                Some(Ok(Frame::data(chunk)))
            }
            None if self.remaining == 0 => None,
            _ => Some(Err(io::Error::other(
                "the scrape's chunks do not have the length announced",
            ))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    fn chunks(length: u64, pieces: &'static [&'static str]) -> Chunks {
        ScrapeBody {
            length,
            chunks: Box::new(pieces.iter().map(|piece| Bytes::from_static(piece.as_bytes()))),
        }
        .into()
    }

    #[tokio::test]
    async fn the_chunks_arrive_in_order_and_the_length_is_exact() {
        let body = chunks(5, &["ab", "", "cde"]);
        assert_eq!(body.size_hint().exact(), Some(5));
        assert_eq!(body.collect().await.unwrap().to_bytes(), "abcde");
    }

    #[tokio::test]
    async fn a_broken_promise_is_an_error() {
        assert!(chunks(6, &["ab", "cde"]).collect().await.is_err());
        assert!(chunks(1, &["ab", "cde"]).collect().await.is_err());
    }
}
