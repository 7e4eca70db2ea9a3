//! One scrape: the blocks that were ready when it began, handed out in chunks.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::checksum::Checksum;
use super::deflater::{DeflatedBlock, END, GZIP_HEADER};
use super::families::FAMILIES;
use super::rendered_batch::RenderedBatch;

/// Small enough to stay in the processor's cache, large enough to need few writes.
const CHUNK: usize = 64 * 1024;

/// What a gzip member has beside its blocks: a header, the last block, a CRC and a length.
const ENVELOPE: u64 = (GZIP_HEADER.len() + END.len() + 4 + 4) as u64;

/// How a body is to be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// As it is.
    Plain,
    /// As one gzip member.
    Gzip,
}

/// The body of one scrape, put together as it is read. What it shows was fixed when it was made.
pub struct Scrape {
    encoding: Encoding,
    headers: Arc<[DeflatedBlock]>,
    batches: Vec<Arc<RenderedBatch>>,
    rest: DeflatedBlock,
    len: u64,
    sent: u64,
    /// Number of the next part, 0 to [`Scrape::parts`].
    next: usize,
    /// Of the text handed out so far; gzip only.
    sum: Checksum,
}

/// What a body is made of: family after family a header and its batches, then the rest.
enum Part<'a> {
    Whole(&'a DeflatedBlock),
    Batch { family: usize, of: &'a RenderedBatch },
}

impl Scrape {
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
            sum: Checksum::EMPTY,
        };
        let parts = (0..scrape.parts())
            .map(|part| scrape.part(part).len(encoding))
            .sum::<u64>();
        scrape.len = parts
            + match encoding {
                Encoding::Plain => 0,
                Encoding::Gzip => ENVELOPE,
            };
        scrape
    }

    /// The length of the whole body in bytes, whatever has been read of it.
    #[expect(clippy::len_without_is_empty, reason = "a scrape is never empty")]
    pub fn len(&self) -> u64 {
        self.len
    }

    fn parts(&self) -> usize {
        FAMILIES.len() * (1 + self.batches.len()) + 1
    }

    /// The next parts that fill a chunk in which `taken` bytes are taken; at least one.
    fn fitting(&self, taken: usize) -> Range<usize> {
        let mut room = (CHUNK - taken) as u64;
        let mut end = self.next;
        while end < self.parts() {
            let len = self.part(end).len(self.encoding);
            if len > room && end > self.next {
                break;
            }
            room = room.saturating_sub(len);
            end += 1;
        }
        self.next..end
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

    /// The next chunk: parts as long as they fit, at least one.
    fn next(&mut self) -> Option<Bytes> {
        let parts = self.parts();
        if self.next == parts {
            return None;
        }
        let left = usize::try_from(self.len - self.sent).unwrap_or(usize::MAX);
        let mut chunk = Vec::with_capacity(left.min(CHUNK));
        match self.encoding {
            Encoding::Plain => {
                for number in self.fitting(0) {
                    self.part(number).write_text(&mut chunk);
                    self.next = number + 1;
                }
            }
            Encoding::Gzip => {
                if self.next == 0 {
                    chunk.extend_from_slice(&GZIP_HEADER);
                }
                for number in self.fitting(chunk.len()) {
                    let part = self.part(number);
                    chunk.extend_from_slice(part.deflated());
                    let sum = *part.checksum();
                    self.sum.append(&sum);
                    self.next = number + 1;
                }
                if self.next == parts {
                    chunk.extend_from_slice(&END);
                    chunk.extend_from_slice(&self.sum.trailer());
                }
            }
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
