//! Every call that arrived, for whoever wants to prove that a client keeps to the limits.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::api::Endpoint;

/// How many calls are kept one by one; totals count all.
const KEPT: usize = 100_000;

const MINUTE: Duration = Duration::from_mins(1);

/// The log, and what is counted over all of it.
#[derive(Debug, Default, Serialize)]
pub(super) struct CallLog {
    total: u64,
    /// Calls answered with another code than 0 or another HTTP status than 200.
    refused: u64,
    by_code: BTreeMap<i64, u64>,
    /// The most calls that ever arrived within any 60 seconds.
    max_in_any_minute: usize,
    calls: VecDeque<Entry>,
    #[serde(skip)]
    last_minute: VecDeque<Instant>,
    /// The number of the next call. It grows through every clearing, so that a late answer finds no stranger's entry.
    #[serde(skip)]
    next: u64,
}

/// One call as it is shown.
#[derive(Clone, Debug, Serialize)]
struct Entry {
    /// Milliseconds since the stand-in began, on the steady clock.
    at_ms: u128,
    endpoint: Endpoint,
    /// How many ids it asked about.
    ids: usize,
    /// The envelope's code; null where the answer had none, or has not begun.
    code: Option<i64>,
    /// The HTTP status; null where the answer has not begun.
    http_status: Option<u16>,
}

/// Finds a call's entry again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket(u64);

impl CallLog {
    /// A call came at `now`, `since_start` after the beginning.
    pub(super) fn arrived(&mut self, endpoint: Endpoint, now: Instant, since_start: Duration) -> Ticket {
        let recent = |at: &Instant| now.saturating_duration_since(*at) < MINUTE;
        while self.last_minute.front().is_some_and(|at| !recent(at)) {
            self.last_minute.pop_front();
        }
        self.last_minute.push_back(now);
        self.max_in_any_minute = self.max_in_any_minute.max(self.last_minute.len());
        if self.calls.len() == KEPT {
            self.calls.pop_front();
        }
        self.calls.push_back(Entry {
            at_ms: since_start.as_millis(),
            endpoint,
            ids: 0,
            code: None,
            http_status: None,
        });
        self.total += 1;
        self.next += 1;
        Ticket(self.next - 1)
    }

    pub(super) fn asked(&mut self, ticket: Ticket, ids: usize) {
        if let Some(entry) = self.entry(ticket) {
            entry.ids = ids;
        }
    }

    /// A call that was cleared meanwhile, or is too old to be kept, is passed over.
    pub(super) fn answered(&mut self, ticket: Ticket, code: Option<i64>, http_status: u16) {
        let Some(entry) = self.entry(ticket) else { return };
        (entry.code, entry.http_status) = (code, Some(http_status));
        self.refused += u64::from(code.is_some_and(|code| code != 0) || http_status != 200);
        if let Some(code) = code {
            *self.by_code.entry(code).or_default() += 1;
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self {
            next: self.next,
            ..Self::default()
        };
    }

    fn entry(&mut self, Ticket(number): Ticket) -> Option<&mut Entry> {
        let first = self.next - self.calls.len() as u64;
        let at = usize::try_from(number.checked_sub(first)?).ok()?;
        self.calls.get_mut(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn the_busiest_minute_is_found_wherever_it_begins() {
        let mut log = CallLog::default();
        let start = Instant::now();
        for at in [0, 50, 55, 59, 60, 109, 110, 115, 300] {
            log.arrived(Endpoint::Status, start + seconds(at), seconds(at));
        }
        // From 50 to 109; the call at 110 is a full minute after the one at 50.
        assert_eq!((log.max_in_any_minute, log.total), (5, 9));
    }

    #[test]
    fn an_answer_finds_its_own_call_even_after_a_clearing() {
        let mut log = CallLog::default();
        let now = Instant::now();
        let early = log.arrived(Endpoint::Status, now, seconds(0));
        log.clear();
        let late = log.arrived(Endpoint::Wallet, now, seconds(1));
        log.asked(late, 7);
        log.answered(early, Some(40007), 200);
        log.answered(late, None, 503);
        let shown = serde_json::to_value(&log).unwrap();
        let expected = serde_json::json!({
            "total": 1, "refused": 1, "by_code": {}, "max_in_any_minute": 1,
            "calls": [{"at_ms": 1000, "endpoint": "wallet", "ids": 7, "code": null, "http_status": 503}],
        });
        assert_eq!(shown, expected);
    }

    #[test]
    fn the_log_forgets_the_oldest_calls_but_counts_them() {
        let mut log = CallLog::default();
        let now = Instant::now();
        let first = log.arrived(Endpoint::Status, now, seconds(0));
        for _ in 0..KEPT {
            log.arrived(Endpoint::Status, now, seconds(0));
        }
        log.answered(first, Some(0), 200);
        assert_eq!((log.calls.len(), log.total), (KEPT, KEPT as u64 + 1));
        assert!(log.by_code.is_empty());
    }
}
