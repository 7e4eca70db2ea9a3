//! The log of the calls that arrived. It proves whether a client keeps to the limits.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::endpoint::ApiEndpoint;

/// How many calls are kept. The totals count all calls.
const KEPT: usize = 100_000;

const MINUTE: Duration = Duration::from_mins(1);

/// The log, as `GET /_simulator/calls` shows it.
#[derive(Debug, Default, Serialize)]
pub(crate) struct CallLog {
    total: u64,
    /// Calls answered with another code than 0 or another HTTP status than 200.
    refused: u64,
    by_code: BTreeMap<i64, u64>,
    /// The most calls that arrived within any 60 seconds.
    max_in_any_minute: usize,
    calls: VecDeque<LoggedCall>,
    /// The number of the next call. Clearing does not reset it, so a late answer never completes another call.
    #[serde(skip)]
    next: usize,
}

#[derive(Debug, Serialize)]
struct LoggedCall {
    /// The time since the start of the simulator, on the monotonic clock; shown in milliseconds.
    #[serde(rename = "at_ms", serialize_with = "millis")]
    at: Duration,
    endpoint: ApiEndpoint,
    /// How many ids the request has.
    ids: usize,
    /// The envelope's code; null while there is no answer, or for an answer without a code.
    code: Option<i64>,
    /// The HTTP status; null while there is no answer.
    http_status: Option<u16>,
}

fn millis<S: Serializer>(at: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    at.as_millis().serialize(serializer)
}

impl CallLog {
    /// Adds a call that arrived at `at` after the start. Returns its number.
    pub(crate) fn arrived(&mut self, endpoint: ApiEndpoint, ids: usize, at: Duration) -> usize {
        if self.calls.len() == KEPT {
            self.calls.pop_front();
        }
        let (code, http_status) = (None, None);
        self.calls.push_back(LoggedCall {
            at,
            endpoint,
            ids,
            code,
            http_status,
        });
        let before_this_minute = self.calls.partition_point(|call| call.at + MINUTE <= at);
        self.max_in_any_minute = self.max_in_any_minute.max(self.calls.len() - before_this_minute);
        self.total += 1;
        self.next += 1;
        self.next - 1
    }

    /// Completes a call. A call that is no longer in the log is ignored.
    pub(crate) fn answered(&mut self, number: usize, code: Option<i64>, http_status: u16) {
        let index = number.checked_sub(self.next - self.calls.len());
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
        let next = self.next;
        *self = Self {
            next,
            ..Self::default()
        };
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
        for at in [0, 50, 55, 59, 60, 109, 110, 115, 300] {
            log.arrived(ApiEndpoint::Status, 0, seconds(at));
        }
        // From 50 to 109; the call at 110 is a full minute after the one at 50.
        assert_eq!((log.max_in_any_minute, log.total), (5, 9));
    }

    #[test]
    fn an_answer_completes_its_own_call_even_after_the_log_was_cleared() {
        let mut log = CallLog::default();
        let early = log.arrived(ApiEndpoint::Status, 1, seconds(0));
        log.clear();
        let late = log.arrived(ApiEndpoint::Wallet, 7, seconds(1));
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
        let mut log = CallLog::default();
        let first = log.arrived(ApiEndpoint::Status, 1, seconds(0));
        for _ in 0..KEPT {
            log.arrived(ApiEndpoint::Status, 1, seconds(0));
        }
        log.answered(first, Some(0), 200);
        assert_eq!((log.calls.len(), log.total), (KEPT, KEPT as u64 + 1));
        assert!(log.by_code.is_empty());
    }
}
