//! What a call asks: some phones of one batch.

/// Positions within a batch that one status call asks about; never empty.
///
/// Usually the whole batch. It is less when some of its ids are known to be refused, or while a culprit is searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Which batch of the fleet.
    pub batch: usize,
    /// Positions within it, ascending. A batch has at most 100 phones, so a byte holds each.
    pub(super) positions: Vec<u8>,
}

impl Question {
    /// How many phones are asked about.
    #[expect(clippy::len_without_is_empty, reason = "a question is never empty")]
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Two questions that together ask the same; `None` when a single phone is left.
    pub(super) fn halves(&self) -> Option<(Self, Self)> {
        if self.positions.len() < 2 {
            return None;
        }
        let (left, right) = self.positions.split_at(self.positions.len() / 2);
        let part = |positions: &[u8]| Self {
            batch: self.batch,
            positions: positions.to_vec(),
        };
        Some((part(left), part(right)))
    }
}
