//! Compression of one block of a scrape, so that blocks can be concatenated into one gzip member.
//!
//! Every block is deflated from an empty window and flushed to a byte boundary. It refers to nothing before it, so any
//! sequence of blocks followed by [`END`] is one valid deflate stream.

use flate2::{Compress, Compression, FlushCompress};

use super::checksum::Checksum;

/// The header of a gzip member (RFC 1952): deflate, no name, no time, unknown system.
pub(super) const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// The last block of a deflate stream, empty.
pub(super) const END: [u8; 2] = [0x03, 0x00];

/// By measurement (`benches/exposition.rs`): level 1 takes three quarters of the time and 1.6 times the bytes, level 6
/// takes 1.4 times the time and saves 3 in 100 bytes.
const LEVEL: Compression = Compression::new(2);

/// A compressor, used again and again: setting one up costs more than deflating a block.
#[derive(Debug)]
pub(super) struct Deflater(Compress);

/// Text with its deflated form.
#[derive(Debug)]
pub(super) struct DeflatedBlock {
    pub(super) text: Vec<u8>,
    pub(super) deflated: Vec<u8>,
    pub(super) checksum: Checksum,
}

impl DeflatedBlock {
    /// Text that is not needed deflated.
    pub(super) fn plain(text: Vec<u8>) -> Self {
        Self {
            checksum: Checksum::of(&text),
            text,
            deflated: Vec::new(),
        }
    }
}

impl Deflater {
    pub(super) fn new() -> Self {
        Self(Compress::new(LEVEL, false))
    }

    /// Appends `text`, deflated, to `out`. No text becomes no bytes.
    pub(super) fn deflate(&mut self, text: &[u8], out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        self.0.reset();
        loop {
            // Enough for almost any text at once; if not, the loop makes room.
            out.reserve(text.len() / 2 + 64);
            let taken = usize::try_from(self.0.total_in()).unwrap_or(usize::MAX);
            #[expect(
                clippy::expect_used,
                reason = "deflate fails only in a broken state, and reset made a new one"
            )]
            self.0
                .compress_vec(&text[taken..], out, FlushCompress::Sync)
                .expect("a fresh compressor takes any text");
            // Spare room means that the flush is complete.
            if out.len() < out.capacity() {
                return;
            }
        }
    }

    pub(super) fn deflate_block(&mut self, text: Vec<u8>) -> DeflatedBlock {
        let mut deflated = Vec::new();
        self.deflate(&text, &mut deflated);
        DeflatedBlock {
            deflated,
            ..DeflatedBlock::plain(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_sequence_of_parts_is_one_deflate_stream(
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3000), 0..8)
        ) {
            let mut deflater = Deflater::new();
            let mut stream = Vec::new();
            for part in &parts {
                deflater.deflate(part, &mut stream);
            }
            stream.extend(END);
            let mut text = Vec::new();
            flate2::read::DeflateDecoder::new(&stream[..]).read_to_end(&mut text).unwrap();
            prop_assert_eq!(text, parts.concat());
        }
    }

    #[test]
    fn text_that_does_not_shrink_still_comes_out_whole() {
        let noise: Vec<u8> = std::iter::repeat_with({
            let mut random = fastrand::Rng::with_seed(7);
            move || random.u8(..)
        })
        .take(1 << 18)
        .collect();
        let mut deflater = Deflater::new();
        let mut stream = Vec::new();
        deflater.deflate(&noise, &mut stream);
        stream.extend(END);
        let mut text = Vec::new();
        flate2::read::DeflateDecoder::new(&stream[..])
            .read_to_end(&mut text)
            .unwrap();
        assert_eq!(text, noise);
    }
}
