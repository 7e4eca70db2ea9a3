//! One batch as it is shown.

use std::sync::Arc;

use super::block::Block;
use super::families::FAMILIES;
use super::label_prefixes::LabelPrefixes;
use crate::fleet::{BatchView, StatusCounts};

/// One batch as it is shown. It is replaced as a whole, so a reader has all of it from one instant.
pub(super) struct RenderedBatch {
    pub(super) view: Arc<BatchView>,
    pub(super) counts: StatusCounts,
    pub(super) prefixes: LabelPrefixes,
    /// The lines of each of [`FAMILIES`].
    pub(super) blocks: [Block; FAMILIES.len()],
}

impl RenderedBatch {
    /// Renders `view`. Blocks whose text is the same as in `before` are copied, because comparing costs a tenth of
    /// compressing. The texts themselves are compared, because equal checksums do not prove equal texts.
    pub(super) fn new(view: Arc<BatchView>, before: Option<&Self>) -> Self {
        let prefixes = LabelPrefixes::new(&view.phones);
        let (mut text, mut text_before) = (Vec::new(), Vec::new());
        let blocks = std::array::from_fn(|index| {
            let family = &FAMILIES[index];
            text.clear();
            family.write(&view, &prefixes, &mut text);
            if let Some(before) = before {
                text_before.clear();
                family.write(&before.view, &before.prefixes, &mut text_before);
                if text == text_before {
                    return before.blocks[index].clone();
                }
            }
            Block::deflated(&text)
        });
        Self {
            blocks,
            counts: StatusCounts::of(&view.phones),
            prefixes,
            view,
        }
    }
}
