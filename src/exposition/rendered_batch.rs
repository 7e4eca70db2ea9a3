//! One batch as it is shown.

use std::sync::Arc;

use super::deflated_families::DeflatedFamilies;
use super::deflater::Deflater;
use super::label_prefixes::LabelPrefixes;
use crate::fleet::{BatchView, StatusCounts};

/// One batch as it is shown. It is replaced as a whole, so a reader has all of it from one instant.
pub(super) struct RenderedBatch {
    pub(super) view: Arc<BatchView>,
    pub(super) counts: StatusCounts,
    pub(super) prefixes: LabelPrefixes,
    pub(super) deflated: DeflatedFamilies,
}

impl RenderedBatch {
    /// Renders `view`. Families whose text is the same as in `before` are taken from there.
    pub(super) fn new(view: Arc<BatchView>, before: Option<&Self>, deflater: &mut Deflater) -> Arc<Self> {
        let prefixes = LabelPrefixes::new(&view.phones);
        let before = before.map(|before| (&*before.view, &before.prefixes, &before.deflated));
        Arc::new(Self {
            counts: StatusCounts::of(&view.phones),
            deflated: DeflatedFamilies::new(&view, &prefixes, before, deflater),
            prefixes,
            view,
        })
    }
}
