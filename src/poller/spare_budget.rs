//! Requests outside of rounds: phones that may have changed do not wait for the next round.
//!
//! They spend what the rounds leave of the budget, one call at a time, so they never starve a round.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::Instant;

use super::schedule;

/// When the next call outside of a round may be made.
#[derive(Debug)]
pub(super) struct SpareBudget {
    /// The time between two of them; `None` if the rounds need the whole budget.
    spacing: Option<Duration>,
    next: Instant,
    in_flight: bool,
}

impl SpareBudget {
    /// Nothing to spare, until [`SpareBudget::resize`].
    pub(super) fn new(now: Instant) -> Self {
        Self {
            spacing: None,
            next: now,
            in_flight: false,
        }
    }

    /// Rounds of `batches` calls begin every `interval`.
    pub(super) fn resize(&mut self, requests_per_minute: NonZeroU32, batches: usize, interval: Duration) {
        self.spacing = schedule::spare_spacing(requests_per_minute, batches, interval);
    }

    /// Whether a call may be made now.
    pub(super) fn is_available(&self, now: Instant) -> bool {
        self.spacing.is_some() && !self.in_flight && now >= self.next
    }

    pub(super) fn begin(&mut self, now: Instant) {
        self.in_flight = true;
        self.next = now + self.spacing.unwrap_or_default();
    }

    pub(super) fn end(&mut self) {
        self.in_flight = false;
    }
}
