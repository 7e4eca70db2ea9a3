//! One scrape: the blocks that were ready when it began, handed out in chunks.

use std::sync::Arc;

use bytes::Bytes;

use super::block::{Block, END};
use super::checksum::Checksum;
use super::families::FAMILIES;
use super::rendered_batch::RenderedBatch;

/// Small enough to stay in the processor's cache, large enough to need few writes.
const CHUNK: usize = 64 * 1024;

/// How a body is to be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// As it is.
    Plain,
    /// As one gzip member.
    Gzip,
}

/// The body of one scrape, assembled as it is read. What it shows was fixed when it was made.
///
/// It consists of parts: for each of [`FAMILIES`] a header and the lines of every batch, then the rest.
pub struct Scrape {
    encoding: Encoding,
    headers: Arc<[Block]>,
    batches: Vec<Arc<RenderedBatch>>,
    rest: Block,
    len: u64,
    /// The number of the next part.
    next: usize,
}

impl Scrape {
    pub(super) fn new(
        encoding: Encoding,
        headers: Arc<[Block]>,
        batches: Vec<Arc<RenderedBatch>>,
        rest: Vec<u8>,
    ) -> Self {
        let mut scrape = Self {
            encoding,
            headers,
            batches,
            rest: match encoding {
                Encoding::Plain => Block::plain(rest),
                Encoding::Gzip => Block::deflated(&rest),
            },
            len: 0,
            next: 0,
        };
        let mut checksum = Checksum::EMPTY;
        for part in 0..scrape.parts() {
            checksum.append(&scrape.block(part).checksum);
        }
        if encoding == Encoding::Gzip {
            scrape.rest.bytes.extend_from_slice(&END);
            scrape.rest.bytes.extend_from_slice(&checksum.trailer());
        }
        scrape.len = (0..scrape.parts()).map(|part| scrape.part_len(part) as u64).sum();
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

    /// The family of a part, unless it is the rest, and its batch, unless it is a header.
    fn place(&self, part: usize) -> (usize, Option<&RenderedBatch>) {
        let parts = 1 + self.batches.len();
        let batch = (part % parts).checked_sub(1);
        (part / parts, batch.map(|batch| &*self.batches[batch]))
    }

    fn block(&self, part: usize) -> &Block {
        match self.place(part) {
            (family, Some(batch)) => &batch.blocks[family],
            (family, None) => self.headers.get(family).unwrap_or(&self.rest),
        }
    }

    fn part_len(&self, part: usize) -> usize {
        let block = self.block(part);
        match self.encoding {
            Encoding::Plain => block.checksum.len,
            Encoding::Gzip => block.bytes.len(),
        }
    }

    fn write_part(&self, part: usize, chunk: &mut Vec<u8>) {
        match (self.encoding, self.place(part)) {
            (Encoding::Plain, (family, Some(batch))) => FAMILIES[family].write(&batch.view, &batch.prefixes, chunk),
            (Encoding::Plain, (family, None)) if family < FAMILIES.len() => {
                FAMILIES[family].definition.write_header(chunk);
            }
            _ => chunk.extend_from_slice(&self.block(part).bytes),
        }
    }
}

impl Iterator for Scrape {
    type Item = Bytes;

    /// The next chunk: parts as long as they fit, at least one.
    fn next(&mut self) -> Option<Bytes> {
        let mut chunk = Vec::with_capacity(CHUNK);
        while self.next < self.parts() && (chunk.is_empty() || chunk.len() + self.part_len(self.next) <= CHUNK) {
            self.write_part(self.next, &mut chunk);
            self.next += 1;
        }
        (!chunk.is_empty()).then(|| chunk.into())
    }
}
