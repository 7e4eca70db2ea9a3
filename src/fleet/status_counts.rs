//! How many phones have each status.

use std::ops::AddAssign;

use super::phone::{Freshness, Phone};

/// The values of the `status` label.
const LABELS: [&str; 7] = [
    "started",
    "starting",
    "shut_down",
    "expired",
    "other",
    "not_found",
    "stale",
];

/// Where undocumented statuses are counted.
const OTHER: usize = 4;

/// How many phones have each status. Every phone is counted once. Parallel to `LABELS`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatusCounts([usize; LABELS.len()]);

impl StatusCounts {
    /// Counts `phones`.
    pub fn of(phones: &[Phone]) -> Self {
        let mut counts = Self::default();
        for phone in phones {
            let label = match (phone.shown(), phone.freshness) {
                (Some(shown), _) => shown.status.label(),
                (None, Freshness::NotFound) => "not_found".into(),
                (None, _) => "stale".into(),
            };
            counts.0[LABELS.iter().position(|known| *known == label).unwrap_or(OTHER)] += 1;
        }
        counts
    }

    /// Each value of the label and its count, zeros included.
    pub fn by_status(self) -> impl Iterator<Item = (&'static str, usize)> {
        LABELS.into_iter().zip(self.0)
    }
}

impl AddAssign for StatusCounts {
    fn add_assign(&mut self, other: Self) {
        for (sum, count) in self.0.iter_mut().zip(other.0) {
            *sum += count;
        }
    }
}
