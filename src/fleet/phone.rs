//! What is shown of a phone.

use std::sync::Arc;

use geelark_client::clock::UnixTime;
use geelark_client::phone::{PhoneId, Status};

use super::target::{PhoneDetails, Target};

/// What is shown of a batch: immutable, shared, and all of one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchView {
    /// The account that the phones belong to.
    pub account: Arc<str>,
    /// The phones; ids are unique.
    pub phones: Vec<Phone>,
}

/// What is known of one phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone {
    /// GeeLark's id.
    pub id: PhoneId,
    /// The last name that GeeLark gave; `None` before the first.
    pub name: Option<Arc<str>>,
    /// Whether the last status may be shown.
    pub freshness: Freshness,
    /// The last status and since when. It is kept while stale, so that a phone that returns unchanged keeps its timestamp.
    pub last: Option<ObservedStatus>,
    /// How many answers said that the phone does not exist (42001), since the id is configured.
    pub not_found_total: u64,
    /// What discovery found.
    pub details: Option<Arc<PhoneDetails>>,
}

/// A status and when this exporter first saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObservedStatus {
    /// The status.
    pub status: Status,
    /// When the first answer with this status came, after an answer with another status or none.
    pub since: UnixTime,
}

/// How far the last status of a phone can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Freshness {
    /// Answered within `stale_after`: [`Phone::last`] is true.
    Fresh,
    /// The last answer was that the phone does not exist.
    NotFound,
    /// Not answered yet, or too long ago.
    Stale,
}

impl Phone {
    /// A phone without an answer.
    pub fn unseen(id: PhoneId) -> Self {
        Self::new(&id.into())
    }

    /// The phone of `target`, without an answer.
    pub(super) fn new(target: &Target) -> Self {
        Self {
            id: target.id.clone(),
            name: None,
            freshness: Freshness::Stale,
            last: None,
            not_found_total: 0,
            details: target.details.clone(),
        }
    }

    /// The status, if it may be shown. There is no default: 0 means started.
    pub fn shown(&self) -> Option<ObservedStatus> {
        self.last.filter(|_| self.freshness == Freshness::Fresh)
    }

    /// The name as a label value: empty until one is known.
    pub fn label_name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }
}
