//! Which phones one status call asks about.

use geelark_client::phone::PhoneId;

/// The position of a phone in the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) batch: usize,
    /// Within the batch.
    pub(super) index: usize,
}

/// The phones of one status call: at least one, at most a batch.
///
/// A round requests each batch without the ids that are known to be invalid. Requests outside a round gather phones of
/// several batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusRequest {
    phones: Vec<RequestedPhone>,
}

/// One requested phone. It may move or leave the fleet before the response comes: the id identifies it, and `position` is
/// where it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RequestedPhone {
    pub(super) position: Position,
    pub(super) id: PhoneId,
}

impl StatusRequest {
    /// `None` without phones.
    pub(super) fn new(phones: Vec<RequestedPhone>) -> Option<Self> {
        (!phones.is_empty()).then_some(Self { phones })
    }

    pub(super) fn phones(&self) -> &[RequestedPhone] {
        &self.phones
    }

    /// The requested ids.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &PhoneId> + Clone {
        self.phones.iter().map(|phone| &phone.id)
    }

    /// How many phones are requested.
    #[expect(clippy::len_without_is_empty, reason = "a request is never empty")]
    pub fn len(&self) -> usize {
        self.phones.len()
    }

    /// The batch of the first phone: for a request of a round, the batch it is about.
    pub fn batch(&self) -> usize {
        self.phones[0].position.batch
    }

    /// Two requests that together have the same phones; `None` for a single phone.
    pub(super) fn halves(&self) -> Option<(Self, Self)> {
        let (left, right) = self.phones.split_at(self.phones.len() / 2);
        Some((Self::new(left.to_vec())?, Self::new(right.to_vec())?))
    }
}

/// What a round requests of one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRequests {
    /// All phones that GeeLark does not reject; `None` if it rejects every one.
    pub together: Option<StatusRequest>,
    /// The invalid ids whose retry is due, each alone so that it spoils no other.
    pub alone: Vec<StatusRequest>,
}
