//! One scrape: the blocks that were ready when it began, handed out in chunks.

use std::sync::Arc;

use bytes::Bytes;

use super::checksum::Checksum;
use super::deflater::{DeflatedBlock, END, GZIP_HEADER};
use super::families::FAMILIES;
use super::rendered_batch::RenderedBatch;

/// Small enough to stay in the processor's cache, large enough to need few writes.
const CHUNK: usize = 64 * 1024;

/// What a gzip member has besides its blocks: a header, the last block, a CRC and a length.
const ENVELOPE: u64 = (GZIP_HEADER.len() + END.len() + 4 + 4) as u64;

/// How a body is to be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// As it is.
    Plain,
    /// As one gzip member.
    Gzip,
}

/// The body of one scrape, assembled while it is read. It shows what was current when it was made.
pub struct Scrape {
    encoding: Encoding,
    headers: Arc<[DeflatedBlock]>,
    batches: Vec<Arc<RenderedBatch>>,
    rest: DeflatedBlock,
    len: u64,
    sent: u64,
    /// Number of the next part, 0 to [`Scrape::parts`].
    next: usize,
    /// The checksum of the text handed out so far; gzip only.
    checksum: Checksum,
}

/// A part of a body. The order is: for each family its header and its batches, then the rest.
enum Part<'a> {
    Whole(&'a DeflatedBlock),
    Batch { family: usize, of: &'a RenderedBatch },
}

impl Scrape {
    /// The content type of every scrape.
    pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

    pub(super) fn new(
        encoding: Encoding,
        headers: Arc<[DeflatedBlock]>,
        batches: Vec<Arc<RenderedBatch>>,
        rest: DeflatedBlock,
    ) -> Self {
        let mut scrape = Self {
            encoding,
            headers,
            batches,
            rest,
            len: 0,
            sent: 0,
            next: 0,
            checksum: Checksum::EMPTY,
        };
        let parts = (0..scrape.parts()).map(|part| scrape.part(part).len(encoding));
        scrape.len = parts.sum();
        if encoding == Encoding::Gzip {
            scrape.len += ENVELOPE;
        }
        scrape
    }

    /// The length of the whole body in bytes, including what has been read already.
    #[expect(clippy::len_without_is_empty, reason = "a scrape is never empty")]
    pub fn len(&self) -> u64 {
        self.len
    }

    fn parts(&self) -> usize {
        FAMILIES.len() * (1 + self.batches.len()) + 1
    }

    fn part(&self, number: usize) -> Part<'_> {
        let family = number / (1 + self.batches.len());
        match (self.headers.get(family), number % (1 + self.batches.len())) {
            (None, _) => Part::Whole(&self.rest),
            (Some(header), 0) => Part::Whole(header),
            (Some(_), batch) => Part::Batch {
                family,
                of: &self.batches[batch - 1],
            },
        }
    }
}

impl Iterator for Scrape {
    type Item = Bytes;

    /// The next chunk: as many parts as fit, at least one.
    fn next(&mut self) -> Option<Bytes> {
        let (first, parts) = (self.next, self.parts());
        if first == parts {
            return None;
        }
        let left = usize::try_from(self.len - self.sent).unwrap_or(usize::MAX);
        let mut chunk = Vec::with_capacity(left.min(CHUNK));
        if self.encoding == Encoding::Gzip && first == 0 {
            chunk.extend_from_slice(&GZIP_HEADER);
        }
        while self.next < parts {
            let part = self.part(self.next);
            if self.next > first && chunk.len() as u64 + part.len(self.encoding) > CHUNK as u64 {
                break;
            }
            let checksum = *part.checksum();
            match self.encoding {
                Encoding::Plain => part.write_text(&mut chunk),
                Encoding::Gzip => {
                    chunk.extend_from_slice(part.deflated());
                    self.checksum.append(&checksum);
                }
            }
            self.next += 1;
        }
        if self.encoding == Encoding::Gzip && self.next == parts {
            chunk.extend_from_slice(&END);
            chunk.extend_from_slice(&self.checksum.trailer());
        }
        self.sent += chunk.len() as u64;
        Some(chunk.into())
    }
}

impl Part<'_> {
    fn checksum(&self) -> &Checksum {
        match self {
            Self::Whole(block) => &block.checksum,
            Self::Batch { family, of } => of.deflated.checksum(*family),
        }
    }

    fn len(&self, encoding: Encoding) -> u64 {
        match encoding {
            Encoding::Plain => self.checksum().len,
            Encoding::Gzip => self.deflated().len() as u64,
        }
    }

    fn deflated(&self) -> &[u8] {
        match self {
            Self::Whole(block) => &block.deflated,
            Self::Batch { family, of } => of.deflated.block(*family),
        }
    }

    fn write_text(&self, out: &mut Vec<u8>) {
        match self {
            Self::Whole(block) => out.extend_from_slice(&block.text),
            Self::Batch { family, of } => FAMILIES[*family].write(&of.view, &of.prefixes, out),
        }
    }
}
