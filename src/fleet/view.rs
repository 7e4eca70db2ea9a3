//! What is known of a batch at one instant: immutable and shared.

use std::sync::Arc;

use geelark_client::clock::UnixTime;
use geelark_client::phone::{PhoneId, Status};

use super::target::PhoneDetails;

/// One batch, wholly of one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchView {
    /// The account the phones belong to.
    pub account: Arc<str>,
    /// The phones in configured order; each id once.
    pub phones: Vec<Phone>,
}

/// What is known of one phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone {
    /// GeeLark's id.
    pub id: PhoneId,
    /// The name last given for it; `None` until one was.
    pub name: Option<Arc<str>>,
    /// Whether what follows may be shown.
    pub freshness: Freshness,
    /// The last status and since when; kept while stale, so that a phone that comes back unchanged keeps its timestamp.
    pub last: Option<ObservedStatus>,
    /// Answers 42001 since the phone is configured.
    pub not_found_total: u64,
    /// What discovery found out about it.
    pub details: Option<Arc<PhoneDetails>>,
}

/// A status and when this exporter first saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObservedStatus {
    /// The status.
    pub status: Status,
    /// When the first answer with this status came, after one with another or none.
    pub since: UnixTime,
}

/// How far the last status of a phone can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Freshness {
    /// Answered recently enough: [`Phone::last`] is true.
    Fresh,
    /// The last answer was that no such phone exists.
    NotFound,
    /// Not answered yet, or too long ago.
    Stale,
}

impl Phone {
    /// A phone without an answer yet.
    pub fn unseen(id: PhoneId) -> Self {
        Self {
            id,
            name: None,
            freshness: Freshness::Stale,
            last: None,
            not_found_total: 0,
            details: None,
        }
    }

    /// The status, if it may be shown. There is no default: 0 would mean Started.
    pub fn shown(&self) -> Option<ObservedStatus> {
        self.last.filter(|_| self.freshness == Freshness::Fresh)
    }

    /// The name as a label value: empty until one is known.
    pub fn label_name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }
}

/// How many phones of each kind: every phone is counted exactly once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the values of the `status` label")]
pub struct StatusCounts {
    pub started: usize,
    pub starting: usize,
    pub shut_down: usize,
    pub expired: usize,
    pub other: usize,
    pub not_found: usize,
    pub stale: usize,
}

impl StatusCounts {
    /// Counts the phones of a batch.
    pub fn of(phones: &[Phone]) -> Self {
        let mut counts = Self::default();
        for phone in phones {
            *match (phone.freshness, phone.last.map(|seen| seen.status)) {
                (Freshness::NotFound, _) => &mut counts.not_found,
                (Freshness::Stale, _) | (Freshness::Fresh, None) => &mut counts.stale,
                (Freshness::Fresh, Some(Status::STARTED)) => &mut counts.started,
                (Freshness::Fresh, Some(Status::STARTING)) => &mut counts.starting,
                (Freshness::Fresh, Some(Status::SHUT_DOWN)) => &mut counts.shut_down,
                (Freshness::Fresh, Some(Status::EXPIRED)) => &mut counts.expired,
                (Freshness::Fresh, Some(Status(_))) => &mut counts.other,
            } += 1;
        }
        counts
    }

    /// The counts with the label value each is shown under, always all of them.
    pub fn by_status(self) -> [(&'static str, usize); 7] {
        [
            ("started", self.started),
            ("starting", self.starting),
            ("shut_down", self.shut_down),
            ("expired", self.expired),
            ("other", self.other),
            ("not_found", self.not_found),
            ("stale", self.stale),
        ]
    }
}

impl std::ops::AddAssign for StatusCounts {
    fn add_assign(&mut self, other: Self) {
        self.started += other.started;
        self.starting += other.starting;
        self.shut_down += other.shut_down;
        self.expired += other.expired;
        self.other += other.other;
        self.not_found += other.not_found;
        self.stale += other.stale;
    }
}
