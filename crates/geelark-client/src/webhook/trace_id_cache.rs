//! Trace ids that were used, for as long as somebody might use them again.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

/// More than GeeLark sends in the time they are kept; whoever fills this has the account's credential.
const MOST: usize = 65_536;

/// Remembers each trace id for a while.
#[derive(Debug, Default)]
pub(super) struct TraceIdCache {
    used: HashSet<Box<str>>,
    oldest_first: VecDeque<(Instant, Box<str>)>,
}

impl TraceIdCache {
    /// Whether the trace id is used for the first time within `keep`.
    pub(super) fn is_first_use(&mut self, trace_id: &str, now: Instant, keep: Duration) -> bool {
        while self
            .oldest_first
            .front()
            .is_some_and(|(at, _)| now.saturating_duration_since(*at) > keep)
        {
            self.forget_oldest();
        }
        if !self.used.insert(trace_id.into()) {
            return false;
        }
        self.oldest_first.push_back((now, trace_id.into()));
        if self.oldest_first.len() > MOST {
            self.forget_oldest();
        }
        true
    }

    fn forget_oldest(&mut self) {
        if let Some((_, trace_id)) = self.oldest_first.pop_front() {
            self.used.remove(&trace_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEP: Duration = Duration::from_mins(10);

    #[test]
    fn a_trace_id_is_remembered_as_long_as_it_has_to_be() {
        let mut memory = TraceIdCache::default();
        let start = Instant::now();
        assert!(memory.is_first_use("a", start, KEEP));
        assert!(!memory.is_first_use("a", start + KEEP, KEEP));
        assert!(memory.is_first_use("b", start + KEEP, KEEP));
        assert!(memory.is_first_use("a", start + KEEP + Duration::from_millis(1), KEEP));
        assert_eq!((memory.used.len(), memory.oldest_first.len()), (2, 2));
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_goes_first() {
        let mut memory = TraceIdCache::default();
        let now = Instant::now();
        for number in 0..=MOST {
            assert!(memory.is_first_use(&number.to_string(), now, KEEP));
        }
        assert_eq!((memory.used.len(), memory.oldest_first.len()), (MOST, MOST));
        assert!(!memory.is_first_use("1", now, KEEP));
        assert!(memory.is_first_use("0", now, KEEP));
    }
}
