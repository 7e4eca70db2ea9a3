//! One gzip member out of pieces, where a piece that comes again is compressed only once: so a gigabyte costs nothing.

use std::io::{self, Write as _};

use axum::body::Bytes;
use crc32fast::Hasher;
use flate2::Compression;
use flate2::write::DeflateEncoder;

/// Deflate, no flags, no time, best compression, no system in particular.
const HEADER: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];

/// The empty block that ends a deflate stream.
const END: &[u8] = &[3, 0];

/// The member of `pieces`, made while it is read.
pub(super) struct Gzip<I> {
    pieces: I,
    part: Part,
    checksum: Hasher,
    /// Bytes so far, modulo 2^32 as the format counts them.
    length: u32,
    latest: Option<Packed>,
}

/// What comes next.
enum Part {
    Header,
    Body,
    Nothing,
}

/// A piece and what became of it.
struct Packed {
    plain: Bytes,
    deflated: Bytes,
    checksum: Hasher,
}

impl<I: Iterator<Item = Bytes>> Gzip<I> {
    pub(super) fn new(pieces: I) -> Self {
        Self {
            pieces,
            part: Part::Header,
            checksum: Hasher::new(),
            length: 0,
            latest: None,
        }
    }

    fn pack(&mut self, piece: Bytes) -> io::Result<Bytes> {
        let packed = match self.latest.take() {
            Some(packed) if packed.plain.as_ptr() == piece.as_ptr() && packed.plain.len() == piece.len() => packed,
            _ => Packed::new(piece)?,
        };
        self.checksum.combine(&packed.checksum);
        #[expect(clippy::cast_possible_truncation, reason = "the format counts modulo 2^32")]
        let length = packed.plain.len() as u32;
        self.length = self.length.wrapping_add(length);
        Ok(self.latest.insert(packed).deflated.clone())
    }

    fn trailer(&self) -> Bytes {
        let checksum = self.checksum.clone().finalize();
        [END, &checksum.to_le_bytes(), &self.length.to_le_bytes()]
            .concat()
            .into()
    }
}

impl<I: Iterator<Item = Bytes>> Iterator for Gzip<I> {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.part {
            Part::Header => {
                self.part = Part::Body;
                Some(Ok(Bytes::from_static(HEADER)))
            }
            Part::Body => {
                if let Some(piece) = self.pieces.next() {
                    return Some(self.pack(piece));
                }
                self.part = Part::Nothing;
                Some(Ok(self.trailer()))
            }
            Part::Nothing => None,
        }
    }
}

impl Packed {
    /// Compresses the piece by itself and up to a byte's end, so that it fits anywhere in a stream.
    fn new(plain: Bytes) -> io::Result<Self> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&plain)?;
        encoder.flush()?;
        let mut checksum = Hasher::new();
        checksum.update(&plain);
        Ok(Self {
            deflated: std::mem::take(encoder.get_mut()).into(),
            checksum,
            plain,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn the_pieces_come_out_as_they_went_in() {
        let repeated = Bytes::from(vec![b'x'; 100_000]);
        let pieces = [
            Bytes::from_static(b"head"),
            repeated.clone(),
            repeated.clone(),
            repeated.slice(..7),
            Bytes::from_static(b"tail"),
        ];
        let member = Gzip::new(pieces.clone().into_iter())
            .collect::<io::Result<Vec<_>>>()
            .unwrap()
            .concat();
        assert!(member.len() < 1_000);
        let mut plain = Vec::new();
        // The decoder checks length and checksum.
        GzDecoder::new(&member[..]).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, pieces.concat());
    }
}
