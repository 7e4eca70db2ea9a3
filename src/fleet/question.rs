//! What a call asks: some phones, wherever they stand in the fleet.

use super::batch::Place;

/// The phones that one status call asks about: at least one, at most a batch.
///
/// A round's question is a batch, less the ids that are known to be refused. Questions out of turn gather phones of
/// several batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    places: Vec<Place>,
}

impl Question {
    /// `None` if there is nothing to ask.
    pub(super) fn about(places: Vec<Place>) -> Option<Self> {
        (!places.is_empty()).then_some(Self { places })
    }

    pub(super) fn places(&self) -> &[Place] {
        &self.places
    }

    /// How many phones are asked about.
    #[expect(clippy::len_without_is_empty, reason = "a question is never empty")]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// The batch of the first phone: for a question of a round, the batch it is about.
    pub fn batch(&self) -> usize {
        self.places[0].batch
    }

    /// Two questions that together ask the same; `None` when a single phone is left.
    pub(super) fn halves(&self) -> Option<(Self, Self)> {
        let (left, right) = self.places.split_at(self.places.len() / 2);
        Some((Self::about(left.to_vec())?, Self::about(right.to_vec())?))
    }
}

/// What a round has to ask about one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Questions {
    /// All phones that GeeLark does not refuse; `None` if it refuses every one.
    pub together: Option<Question>,
    /// The refused phones whose time has come, each alone so that it spoils nobody.
    pub alone: Vec<Question>,
}
