//! The log of the calls that arrived. It proves whether a client keeps to the limits.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::endpoint::Endpoint;
use crate::window::Window;

/// How many calls are kept one by one; totals count all.
const KEPT: usize = 100_000;

/// The log, as `GET /_simulator/calls` shows it.
#[derive(Debug, Serialize)]
pub(crate) struct CallLog {
    total: u64,
    /// Calls answered with another code than 0 or another HTTP status than 200.
    refused: u64,
    by_code: BTreeMap<i64, u64>,
    /// The most calls that arrived within any 60 seconds.
    max_in_any_minute: usize,
    calls: VecDeque<LoggedCall>,
    #[serde(skip)]
    last_minute: Window,
    /// The number of the next call. Clearing does not reset it, so a late answer never completes another call.
    #[serde(skip)]
    next: u64,
}

#[derive(Clone, Debug, Serialize)]
struct LoggedCall {
    /// Milliseconds since the start of the simulator, on the monotonic clock.
    at_ms: u128,
    endpoint: Endpoint,
    /// How many ids the request has.
    ids: usize,
    /// The envelope's code; null while there is no answer, or for an answer without a code.
    code: Option<i64>,
    /// The HTTP status; null while there is no answer.
    http_status: Option<u16>,
}

impl CallLog {
    /// An empty log whose first call has the number `next`.
    pub(crate) fn new(next: u64) -> Self {
        Self {
            total: 0,
            refused: 0,
            by_code: BTreeMap::new(),
            max_in_any_minute: 0,
            calls: VecDeque::new(),
            last_minute: Window::new(Duration::from_mins(1)),
            next,
        }
    }

    /// Adds a call that arrived at `now`, `since_start` after the start. Returns its number.
    pub(crate) fn arrived(&mut self, endpoint: Endpoint, ids: usize, now: Instant, since_start: Duration) -> u64 {
        self.last_minute.add(now);
        self.max_in_any_minute = self.max_in_any_minute.max(self.last_minute.count(now));
        if self.calls.len() == KEPT {
            self.calls.pop_front();
        }
        self.calls.push_back(LoggedCall {
            at_ms: since_start.as_millis(),
            endpoint,
            ids,
            code: None,
            http_status: None,
        });
        self.total += 1;
        self.next += 1;
        self.next - 1
    }

    /// Completes a call. A call that is no longer in the log is ignored.
    pub(crate) fn answered(&mut self, number: u64, code: Option<i64>, http_status: u16) {
        let first = self.next - self.calls.len() as u64;
        let index = number.checked_sub(first).and_then(|index| usize::try_from(index).ok());
        let Some(call) = index.and_then(|index| self.calls.get_mut(index)) else {
            return;
        };
        (call.code, call.http_status) = (code, Some(http_status));
        self.refused += u64::from(code.is_some_and(|code| code != 0) || http_status != 200);
        if let Some(code) = code {
            *self.by_code.entry(code).or_default() += 1;
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.next);
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
        let mut log = CallLog::new(0);
        let start = Instant::now();
        for at in [0, 50, 55, 59, 60, 109, 110, 115, 300] {
            log.arrived(Endpoint::Status, 0, start + seconds(at), seconds(at));
        }
        // From 50 to 109; the call at 110 is a full minute after the one at 50.
        assert_eq!((log.max_in_any_minute, log.total), (5, 9));
    }

    #[test]
    fn an_answer_completes_its_own_call_even_after_the_log_was_cleared() {
        let mut log = CallLog::new(0);
        let now = Instant::now();
        let early = log.arrived(Endpoint::Status, 1, now, seconds(0));
        log.clear();
        let late = log.arrived(Endpoint::Wallet, 7, now, seconds(1));
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
    fn the_log_drops_the_oldest_calls_but_counts_them() {
        let mut log = CallLog::new(0);
        let now = Instant::now();
        let first = log.arrived(Endpoint::Status, 1, now, seconds(0));
        for _ in 0..KEPT {
            log.arrived(Endpoint::Status, 1, now, seconds(0));
        }
        log.answered(first, Some(0), 200);
        assert_eq!((log.calls.len(), log.total), (KEPT, KEPT as u64 + 1));
        assert!(log.by_code.is_empty());
    }
}
