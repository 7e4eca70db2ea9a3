//! A sliding window that counts calls.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The calls of the last `length`. A call leaves the window exactly `length` after it was added.
#[derive(Debug)]
pub(crate) struct Window {
    length: Duration,
    calls: VecDeque<Instant>,
}

impl Window {
    pub(crate) fn new(length: Duration) -> Self {
        let calls = VecDeque::new();
        Self { length, calls }
    }

    /// How many calls are in the window at `now`.
    pub(crate) fn count(&mut self, now: Instant) -> usize {
        let is_over = |at: &mut Instant| now.saturating_duration_since(*at) >= self.length;
        while self.calls.pop_front_if(is_over).is_some() {}
        self.calls.len()
    }

    pub(crate) fn add(&mut self, now: Instant) {
        self.calls.push_back(now);
    }

    pub(crate) fn clear(&mut self) {
        self.calls.clear();
    }
}
