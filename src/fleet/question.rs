//! What a call asks: some phones, wherever they stand in the fleet.

use super::batch::Place;
use geelark_client::phone::PhoneId;

/// The phones that one status call asks about: at least one, at most a batch.
///
/// A round's question is a batch, less the ids that are known to be refused. BatchRequests out of turn gather phones of
/// several batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusRequest {
    asked: Vec<RequestedPhone>,
}

/// One phone that is asked about. It may be moved or taken out of the fleet before the answer comes, so `place` is where
/// it stood, and the id is what counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RequestedPhone {
    pub(super) place: Place,
    pub(super) id: PhoneId,
}

impl StatusRequest {
    /// `None` if there is nothing to ask.
    pub(super) fn about(asked: Vec<RequestedPhone>) -> Option<Self> {
        (!asked.is_empty()).then_some(Self { asked })
    }

    pub(super) fn asked(&self) -> &[RequestedPhone] {
        &self.asked
    }

    /// The ids to ask about.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &PhoneId> + Clone {
        self.asked.iter().map(|asked| &asked.id)
    }

    /// How many phones are asked about.
    #[expect(clippy::len_without_is_empty, reason = "a question is never empty")]
    pub fn len(&self) -> usize {
        self.asked.len()
    }

    /// The batch of the first phone: for a question of a round, the batch it is about.
    pub fn batch(&self) -> usize {
        self.asked[0].place.batch
    }

    /// Two questions that together ask the same; `None` when a single phone is left.
    pub(super) fn halves(&self) -> Option<(Self, Self)> {
        let (left, right) = self.asked.split_at(self.asked.len() / 2);
        Some((Self::about(left.to_vec())?, Self::about(right.to_vec())?))
    }
}

/// What a round has to ask about one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRequests {
    /// All phones that GeeLark does not refuse; `None` if it refuses every one.
    pub together: Option<StatusRequest>,
    /// The refused phones whose time has come, each alone so that it spoils nobody.
    pub alone: Vec<StatusRequest>,
}
