//! The body of a scrape.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// A scrape that is sent chunk by chunk. If the chunks do not have the announced length, the response fails visibly.
pub struct ScrapeBody {
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

    fn is_end_stream(&self) -> bool {
        self.length == 0
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
        ScrapeBody { length, chunks }
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
