//! The lines of one batch, deflated, family by family.

use super::checksum::Checksum;
use super::deflater::Deflater;
use super::families::FAMILIES;
use super::label_prefixes::LabelPrefixes;
use crate::fleet::BatchView;

/// What a gzip scrape takes of one batch, in one allocation.
pub(super) struct DeflatedFamilies {
    bytes: Box<[u8]>,
    index: [BlockEnd; FAMILIES.len()],
}

/// Where a family's block ends in `bytes` (it begins where the one before ends), and the checksum of its text.
#[derive(Clone, Copy)]
struct BlockEnd {
    end: usize,
    checksum: Checksum,
}

impl DeflatedFamilies {
    /// The blocks of `view`. Blocks whose text is the same as `before` are copied: comparing costs a tenth of
    /// compressing. The texts themselves are compared, because equal checksums do not prove equal texts.
    pub(super) fn new(
        view: &BatchView,
        prefixes: &LabelPrefixes,
        before: Option<(&BatchView, &LabelPrefixes, &Self)>,
        deflater: &mut Deflater,
    ) -> Self {
        let mut bytes = Vec::new();
        let (mut text, mut text_before) = (Vec::new(), Vec::new());
        let index = std::array::from_fn(|at| {
            text.clear();
            FAMILIES[at].write(view, prefixes, &mut text);
            let unchanged = before.filter(|(view, prefixes, _)| {
                text_before.clear();
                FAMILIES[at].write(view, prefixes, &mut text_before);
                text_before == text
            });
            let checksum = if let Some((.., deflated)) = unchanged {
                bytes.extend_from_slice(deflated.block(at));
                *deflated.checksum(at)
            } else {
                deflater.deflate(&text, &mut bytes);
                Checksum::of(&text)
            };
            BlockEnd {
                end: bytes.len(),
                checksum,
            }
        });
        Self {
            bytes: bytes.into(),
            index,
        }
    }

    /// The block of the family at index `at` of [`FAMILIES`].
    pub(super) fn block(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).map_or(0, |before| self.index[before].end);
        &self.bytes[start..self.index[at].end]
    }

    /// The checksum of the text of that block.
    pub(super) fn checksum(&self, at: usize) -> &Checksum {
        &self.index[at].checksum
    }
}
