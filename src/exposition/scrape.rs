//! One scrape: the blocks that were ready when it began, handed out in chunks.

use std::sync::Arc;

use bytes::Bytes;

use super::block::{Block, END};
use super::checksum::Checksum;
use super::families::{FAMILIES, PhoneFamily};
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
/// It consists of parts: for each of `FAMILIES` a header and the lines of every batch, then the rest.
pub struct Scrape {
    encoding: Encoding,
    headers: Arc<[Block]>,
    batches: Vec<Arc<RenderedBatch>>,
    rest: Block,
    len: usize,
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
        let rest = match encoding {
            Encoding::Plain => Block::plain(rest),
            Encoding::Gzip => Block::deflated(&rest),
        };
        let mut scrape = Self {
            encoding,
            headers,
            batches,
            rest,
            len: 0,
            next: 0,
        };
        let (mut checksum, mut bytes) = (Checksum::EMPTY, 0);
        for part in 0..scrape.parts() {
            let block = scrape.part(part).2;
            checksum.append(&block.checksum);
            bytes += block.bytes.len();
        }
        let trailer = [&END[..], &checksum.trailer()].concat();
        scrape.len = match encoding {
            Encoding::Plain => checksum.len,
            Encoding::Gzip => {
                scrape.rest.bytes.extend_from_slice(&trailer);
                bytes + trailer.len()
            }
        };
        scrape
    }

    /// The length of the whole body in bytes. It does not change while the body is read.
    #[expect(clippy::len_without_is_empty, reason = "a scrape is never empty")]
    pub fn len(&self) -> u64 {
        self.len as u64
    }

    fn parts(&self) -> usize {
        FAMILIES.len() * (1 + self.batches.len()) + 1
    }

    /// The family, the batch and the block of a part. A header has no batch, and the rest has neither.
    fn part(&self, number: usize) -> (Option<&PhoneFamily>, Option<&RenderedBatch>, &Block) {
        let parts = 1 + self.batches.len();
        let (family, batch) = (number / parts, number % parts);
        match (self.headers.get(family), batch.checked_sub(1)) {
            (None, _) => (None, None, &self.rest),
            (Some(header), None) => (Some(&FAMILIES[family]), None, header),
            (Some(_), Some(batch)) => {
                let batch = &self.batches[batch];
                (Some(&FAMILIES[family]), Some(batch), &batch.blocks[family])
            }
        }
    }
}

impl Iterator for Scrape {
    type Item = Bytes;

    /// The next chunk: parts as long as they fit, at least one.
    fn next(&mut self) -> Option<Bytes> {
        let mut chunk = Vec::with_capacity(CHUNK);
        while self.next < self.parts() {
            let (family, batch, block) = self.part(self.next);
            let len = match self.encoding {
                Encoding::Plain => block.checksum.len,
                Encoding::Gzip => block.bytes.len(),
            };
            if !chunk.is_empty() && chunk.len() + len > CHUNK {
                break;
            }
            match (self.encoding, family, batch) {
                (Encoding::Plain, Some(family), Some(batch)) => family.write(&batch.view, &batch.prefixes, &mut chunk),
                (Encoding::Plain, Some(family), None) => family.definition.write_header(&mut chunk),
                _ => chunk.extend_from_slice(&block.bytes),
            }
            self.next += 1;
        }
        (!chunk.is_empty()).then(|| chunk.into())
    }
}
