//! What is logged of polling: one line a change of condition, not one a poll.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use humantime::format_duration;
use tracing::{debug, info, warn};
use uuid::Uuid;

use super::round::QueuedCall;
use super::schedule::PollSettings;
use crate::condition::Condition;
use crate::fleet::AnswerAnomalies;
use crate::logging::{named, whole_seconds};
use geelark_client::{Failure, Reason};

/// In an outage all batches fail alike. This many failures of one reason are warnings, and the end of the round counts the
/// batches.
const WARNED_FAILURES: usize = 3;

/// The conditions of one account that were logged.
#[derive(Debug)]
pub(super) struct PollLog {
    pub(super) account: Arc<str>,
    /// How many failures of each reason were logged as warnings since a round was complete.
    failures: HashMap<Reason, usize>,
    /// Why the account is blocked, until a call succeeds.
    blocked: Condition<Reason>,
    /// A hash of the anomalies of each batch that has some: the anomalies may be large.
    anomalies: HashMap<usize, u64>,
    incomplete: Condition<()>,
    /// The settings that were logged last.
    effective: PollSettings,
}

impl PollLog {
    pub(super) fn new(account: Arc<str>, configured: PollSettings) -> Self {
        Self {
            account,
            failures: HashMap::new(),
            blocked: Condition::default(),
            anomalies: HashMap::new(),
            incomplete: Condition::default(),
            effective: configured,
        }
    }

    /// The settings that are in effect with `batches` and `budget`.
    pub(super) fn effective(&mut self, settings: PollSettings, new: PollSettings, batches: usize, budget: NonZeroU32) {
        let before = std::mem::replace(&mut self.effective, new);
        let account = &self.account;
        if new.interval != before.interval {
            let (configured, effective) = (format_duration(settings.interval), format_duration(new.interval));
            if new.interval > settings.interval {
                warn!(
                    %account, batches, requests_per_minute = budget, %configured, %effective,
                    "the budget is too small for the interval, so rounds take longer than configured; raise budget.requests_per_minute or poll.interval, or watch fewer phones"
                );
            } else {
                info!(%account, interval = %effective, "the budget suffices for the configured interval");
            }
        }
        if new.stale_after != before.stale_after && new.stale_after > settings.stale_after {
            warn!(
                %account, configured = %format_duration(settings.stale_after), effective = %format_duration(new.stale_after),
                "poll.stale_after is raised to three effective intervals, so that one lost answer hides no phone"
            );
        }
    }

    /// A call failed. The next round repeats a call outside of rounds, so that failure is no warning.
    pub(super) fn failed(&mut self, call: &QueuedCall, trace_id: Uuid, failure: &Failure) {
        let (account, reason, message) = (&self.account, failure.reason, &failure.message);
        let (batch, phones, attempt) = (call.batch, call.ids.len(), call.attempts + 1);
        let warned = self.failures.entry(reason).or_default();
        if batch.is_some() && attempt == 1 && *warned < WARNED_FAILURES {
            *warned += 1;
            warn!(%account, batch, phones, attempt, %reason, %trace_id, "call failed: {message}");
        } else {
            debug!(%account, batch, phones, attempt, %reason, %trace_id, "call failed: {message}");
        }
    }

    /// A call was answered. The anomalies of a batch are logged when they change.
    pub(super) fn answered(&mut self, batch: Option<usize>, anomalies: &AnswerAnomalies) {
        let account = &self.account;
        self.blocked.end();
        let Some(batch) = batch else { return };
        if *anomalies == AnswerAnomalies::default() {
            if self.anomalies.remove(&batch).is_some() {
                info!(%account, batch, "the answer is complete again");
            }
            return;
        }
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(anomalies);
        if self.anomalies.insert(batch, hash) == Some(hash) {
            return;
        }
        let problems = [
            (
                &anomalies.unanswered,
                "the answer omits requested ids; their last status is shown until it is stale",
            ),
            (
                &anomalies.unrequested_ids,
                "the answer has ids that were not requested; they are ignored",
            ),
            (&anomalies.repeated, "the answer repeats ids; the first mention counts"),
        ];
        for (ids, problem) in problems.into_iter().filter(|(ids, _)| !ids.is_empty()) {
            warn!(%account, batch, count = ids.len(), ids = %named(ids), "{problem}");
        }
    }

    /// The account is blocked.
    pub(super) fn blocked(&mut self, trace_id: Uuid, failure: &Failure, wait: Duration) {
        let (account, reason, message) = (&self.account, failure.reason, &failure.message);
        let wait = whole_seconds(wait);
        if self.blocked.begin(reason) {
            warn!(%account, %reason, %trace_id, %wait, "account blocked, no calls until the wait is over: {message}");
        } else {
            debug!(%account, %reason, %trace_id, %wait, "account still blocked: {message}");
        }
    }

    /// A round is over.
    pub(super) fn round(&mut self, is_first: bool, unanswered_batches: usize, batches: usize, duration: Duration) {
        let (account, duration) = (&self.account, format_duration(duration));
        let is_news = self.incomplete.set((unanswered_batches > 0).then_some(())) || is_first;
        if unanswered_batches == 0 {
            self.failures.clear();
        }
        match (unanswered_batches, is_news) {
            (0, true) => info!(%account, batches, %duration, "round complete"),
            (0, false) => debug!(%account, batches, %duration, "round complete"),
            (_, true) => warn!(%account, unanswered_batches, batches, %duration, "round incomplete"),
            (_, false) => debug!(%account, unanswered_batches, batches, %duration, "round incomplete"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: PollSettings = PollSettings {
        interval: Duration::ZERO,
        transient_interval: Duration::ZERO,
        stale_after: Duration::ZERO,
        timeout: Duration::ZERO,
    };

    #[test]
    fn unrequested_ids_do_not_grow_memory() {
        let mut log = PollLog::new("main".into(), SETTINGS);
        for batch in 0..10 {
            let anomalies = AnswerAnomalies {
                unrequested_ids: (0..10_000).map(|number| format!("unrequested {number}")).collect(),
                ..AnswerAnomalies::default()
            };
            log.answered(Some(batch), &anomalies);
        }
        let memory = format!("{log:?}");
        assert!(memory.len() < 1500, "{} bytes", memory.len());
    }
}
