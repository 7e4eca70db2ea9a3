//! CRC-32 of a concatenation, computed from the checksums of its parts.
//!
//! A gzip member ends with one CRC of its whole text, and a scrape has thousands of blocks. Appending a block to a checksum
//! multiplies it by x^(8·length) modulo the CRC's polynomial. `crc32fast` computes that power at every combination, which
//! costs as much as sending the body of a large fleet. The power depends on the block alone, so it is stored with the
//! block, and a scrape only multiplies.

use crc32fast::Hasher;

/// x^0: bits are reflected, so the highest bit is the lowest power.
const ONE: u32 = 1 << 31;

/// The polynomial of CRC-32 (IEEE 802.3, RFC 1952) without its highest power, reflected.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// Checksum and length of a text, ready to be appended to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Checksum {
    pub(super) crc: u32,
    /// x^(8·length) modulo the polynomial.
    shift: u32,
    /// Bytes of the text.
    pub(super) len: usize,
}

impl Checksum {
    /// The checksum of the empty text.
    pub(super) const EMPTY: Self = Self {
        crc: 0,
        shift: ONE,
        len: 0,
    };

    pub(super) fn of(text: &[u8]) -> Self {
        // Appending `len` zero bytes to the polynomial 1 leaves the power itself.
        let mut shift = Hasher::new_with_initial_len(ONE, 0);
        shift.combine(&Hasher::new_with_initial_len(0, text.len() as u64));
        Self {
            crc: crc32fast::hash(text),
            shift: shift.finalize(),
            len: text.len(),
        }
    }

    /// Appends a text with the checksum `next`.
    pub(super) fn append(&mut self, next: &Self) {
        self.crc = multiply(self.crc, next.shift) ^ next.crc;
        self.len += next.len;
    }

    /// How a gzip member ends: the CRC, and the length modulo 2^32.
    pub(super) fn trailer(&self) -> [u8; 8] {
        (u64::from(self.crc) | (self.len as u64) << 32).to_le_bytes()
    }
}

/// The product of two polynomials modulo the CRC's. Without branches, which bits as good as random would mispredict.
fn multiply(a: u32, mut b: u32) -> u32 {
    let mut product = 0;
    for power in (0..32).rev() {
        let has_power = ((a >> power) & 1).wrapping_neg();
        product ^= b & has_power;
        let overflows = (b & 1).wrapping_neg();
        b = (b >> 1) ^ (POLYNOMIAL & overflows);
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn appending_parts_gives_the_checksum_of_the_whole(
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20)
        ) {
            let mut sum = Checksum::EMPTY;
            for part in &parts {
                sum.append(&Checksum::of(part));
            }
            let whole = parts.concat();
            prop_assert_eq!(sum.crc, crc32fast::hash(&whole));
            prop_assert_eq!(sum.len, whole.len());
        }
    }

    #[test]
    fn an_empty_text_changes_nothing() {
        assert_eq!(Checksum::of(b""), Checksum::EMPTY);
    }
}
