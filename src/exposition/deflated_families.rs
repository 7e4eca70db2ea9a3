//! The deflated_families of one batch: each family's lines, deflated.

use super::checksum::Checksum;
use super::deflater::Deflater;
use super::families::FAMILIES;
use super::metrics_store::RenderedBatch;
use super::names::LabelPrefixes;
use crate::fleet::BatchView;

/// What a gzip scrape takes of one batch, in one allocation.
pub(super) struct DeflatedFamilies {
    deflated: Box<[u8]>,
    index: [Entry; FAMILIES.len()],
}

/// Where a family's piece ends in `deflated` (it begins where the one before ends), and what text it stands for.
#[derive(Clone, Copy)]
struct Entry {
    end: usize,
    sum: Checksum,
}

impl DeflatedFamilies {
    /// The deflated_families of `view`. Those whose text is the same as `before` are taken from there: comparing costs a tenth of
    /// compressing. The texts themselves are compared; equal checksums would leave a wrong piece standing once in a
    /// few thousand million changes.
    pub(super) fn of(
        view: &BatchView,
        names: &LabelPrefixes,
        before: Option<&RenderedBatch>,
        deflater: &mut Deflater,
    ) -> Self {
        let mut deflated = Vec::new();
        let (mut text, mut text_before) = (Vec::new(), Vec::new());
        let index = std::array::from_fn(|at| {
            let family = &FAMILIES[at];
            text.clear();
            family.write(view, names, &mut text);
            let kept = before.filter(|before| {
                text_before.clear();
                family.write(&before.view, &before.names, &mut text_before);
                text_before == text
            });
            let sum = if let Some(before) = kept {
                deflated.extend_from_slice(before.deflated_families.deflated(at));
                before.deflated_families.sum(at)
            } else {
                deflater.deflate(&text, &mut deflated);
                &Checksum::of(&text)
            };
            Entry {
                end: deflated.len(),
                sum: *sum,
            }
        });
        Self {
            deflated: deflated.into(),
            index,
        }
    }

    /// The piece of the family at `at` of [`FAMILIES`].
    pub(super) fn deflated(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).map_or(0, |before| self.index[before].end);
        &self.deflated[start..self.index[at].end]
    }

    /// The checksum of the text that the piece stands for.
    pub(super) fn sum(&self, at: usize) -> &Checksum {
        &self.index[at].sum
    }
}
