//! What is logged of polling: one line a change of condition, not one a poll.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use humantime::format_duration;
use tracing::{debug, info, warn};
use uuid::Uuid;

use crate::condition::Condition;
use crate::fleet::AnswerAnomalies;
use geelark_client::phone::PhoneId;
use geelark_client::{Failure, Reason};

/// In an outage every batch fails alike: this many are named, and the end of the round counts the rest.
const NAMED_BATCHES: usize = 3;

/// This many ids are named in one line.
const NAMED_IDS: usize = 5;

/// This much of an id is logged: an id in an answer may be a megabyte long.
const ID_CHARS: usize = 64;

/// The conditions of one account that were logged.
#[derive(Debug)]
pub(super) struct PollLog {
    account: Arc<str>,
    failing: BTreeMap<usize, Reason>,
    /// Why the account is blocked, until a call succeeds.
    blocked: Condition<Reason>,
    /// A hash of the anomalies of each batch: they may be large.
    anomalies: BTreeMap<usize, Condition<u64>>,
    incomplete: Condition<()>,
    longer_interval: Condition<Duration>,
    raised_stale_after: Condition<Duration>,
}

impl PollLog {
    pub(super) fn new(account: Arc<str>) -> Self {
        Self {
            account,
            failing: BTreeMap::new(),
            blocked: Condition::default(),
            anomalies: BTreeMap::new(),
            incomplete: Condition::default(),
            longer_interval: Condition::default(),
            raised_stale_after: Condition::default(),
        }
    }

    /// The effective interval.
    pub(super) fn interval(&mut self, configured: Duration, effective: Duration, batches: usize, budget: u32) {
        let is_longer = effective > configured;
        if !self.longer_interval.set(is_longer.then_some(effective)) {
            return;
        }
        let (account, interval) = (&self.account, format_duration(effective));
        if is_longer {
            warn!(
                %account, batches, requests_per_minute = budget, configured = %format_duration(configured), effective = %interval,
                "the budget is too small for the interval, so rounds take longer than configured; raise budget.requests_per_minute or poll.interval, or watch fewer phones"
            );
        } else {
            info!(%account, %interval, "the budget suffices for the configured interval");
        }
    }

    /// The effective `stale_after`.
    pub(super) fn stale_after(&mut self, configured: Duration, effective: Duration) {
        let raised = (effective > configured).then_some(effective);
        if self.raised_stale_after.set(raised) && raised.is_some() {
            warn!(
                account = %self.account, configured = %format_duration(configured), effective = %format_duration(effective),
                "poll.stale_after is raised to three effective intervals, so that one lost answer hides no phone"
            );
        }
    }

    /// A call about `batch` failed.
    pub(super) fn failed(&mut self, batch: usize, attempt: u32, trace_id: Uuid, failure: &Failure) {
        let known = self.failing.insert(batch, failure.reason);
        let alike = self
            .failing
            .values()
            .filter(|reason| **reason == failure.reason)
            .count();
        let (account, reason, message) = (&self.account, failure.reason, &failure.message);
        if known == Some(failure.reason) || alike > NAMED_BATCHES {
            debug!(%account, batch, attempt, %reason, %trace_id, "call failed: {message}");
        } else {
            warn!(%account, batch, attempt, %reason, %trace_id, "call failed: {message}");
        }
    }

    /// A call about `batch` was answered.
    pub(super) fn answered(&mut self, batch: usize, anomalies: &AnswerAnomalies) {
        let account = &self.account;
        self.blocked.end();
        if let Some(reason) = self.failing.remove(&batch) {
            debug!(%account, batch, %reason, "answered again");
        }
        if *anomalies == AnswerAnomalies::default() {
            if self.anomalies.remove(&batch).is_some() {
                info!(%account, batch, "the answer is complete again");
            }
            return;
        }
        let mut hasher = DefaultHasher::new();
        anomalies.hash(&mut hasher);
        if !self.anomalies.entry(batch).or_default().begin(hasher.finish()) {
            return;
        }
        let AnswerAnomalies {
            unanswered,
            unrequested_ids,
            repeated,
        } = anomalies;
        if !unanswered.is_empty() {
            warn!(%account, batch, count = unanswered.len(), ids = %named(unanswered), "the answer omits requested ids; their last status is shown until it is stale");
        }
        if !unrequested_ids.is_empty() {
            warn!(%account, batch, count = unrequested_ids.len(), ids = %named(unrequested_ids), "the answer has ids that were not requested; they are ignored");
        }
        if !repeated.is_empty() {
            warn!(%account, batch, count = repeated.len(), ids = %named(repeated), "the answer repeats ids; the first mention counts");
        }
    }

    /// A call outside of a round was answered.
    pub(super) fn outside_round_answered(&mut self) {
        self.blocked.end();
    }

    /// A call outside of a round failed.
    pub(super) fn outside_round_failed(&self, phones: usize, trace_id: Uuid, failure: &Failure) {
        let (account, reason, message) = (&self.account, failure.reason, &failure.message);
        debug!(%account, phones, %reason, %trace_id, "call outside of a round failed: {message}");
    }

    /// Other phones are watched.
    pub(super) fn targets(&self, phones: usize, added: usize) {
        info!(account = %self.account, phones, added, "the watched phones changed");
    }

    /// GeeLark rejects `id` alone.
    pub(super) fn invalid_id(&self, id: &PhoneId, trace_id: Uuid) {
        warn!(
            account = %self.account, %id, %trace_id,
            "GeeLark rejects this id as invalid (40004); correct it; it is left out of its batch and tried again every 10 minutes"
        );
    }

    /// The account is blocked.
    pub(super) fn blocked(&mut self, trace_id: Uuid, failure: &Failure, wait: Duration) {
        let (account, reason, message) = (&self.account, failure.reason, &failure.message);
        let wait = format_duration(Duration::from_secs(wait.as_secs()));
        if self.blocked.begin(reason) {
            warn!(%account, %reason, %trace_id, %wait, "account blocked, no calls until the wait is over: {message}");
        } else {
            debug!(%account, %reason, %trace_id, %wait, "account still blocked: {message}");
        }
    }

    /// The lock of the account is over.
    pub(super) fn unlocked(&self) {
        info!(account = %self.account, "account unlocked, calls resume");
    }

    /// The progress of the first round.
    pub(super) fn progress(&self, answered: usize, batches: usize) {
        info!(account = %self.account, answered, batches, "first round in progress");
    }

    /// A round is over.
    pub(super) fn round(&mut self, first: bool, unanswered_batches: usize, batches: usize, duration: Duration) {
        let account = &self.account;
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let duration = format_duration(Duration::from_millis(millis));
        let changed = self.incomplete.set((unanswered_batches > 0).then_some(()));
        match (unanswered_batches, changed) {
            (0, true) => info!(%account, batches, %duration, "round complete again"),
            (0, false) if first => info!(%account, batches, %duration, "first round complete"),
            (0, false) => debug!(%account, batches, %duration, "round complete"),
            (_, true) => warn!(%account, unanswered_batches, batches, %duration, "round incomplete"),
            (_, false) => debug!(%account, unanswered_batches, batches, %duration, "round incomplete"),
        }
    }
}

/// The first few ids, quoted.
fn named(ids: &[impl ToString]) -> String {
    let quoted = |id: &str| match id.char_indices().nth(ID_CHARS) {
        Some((end, _)) => format!("{:?}…", &id[..end]),
        None => format!("{id:?}"),
    };
    let first: Vec<String> = ids.iter().take(NAMED_IDS).map(|id| quoted(&id.to_string())).collect();
    let more = if ids.len() > NAMED_IDS { " …" } else { "" };
    format!("[{}]{more}", first.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_ids_are_named_and_long_ones_are_cut() {
        assert_eq!(named(&[] as &[String]), "[]");
        assert_eq!(named(&["1", "a\n\"b"]), r#"["1", "a\n\"b"]"#);
        assert_eq!(named(&["1", "2", "3", "4", "5", "6"]), r#"["1", "2", "3", "4", "5"] …"#);
        let long = "手".repeat(1_000_000);
        assert_eq!(named(&[&long]), format!("[\"{}\"…]", &long[..ID_CHARS * 3]));
    }

    #[test]
    fn unrequested_ids_do_not_grow_memory() {
        let mut log = PollLog::new("main".into());
        for batch in 0..10 {
            let anomalies = AnswerAnomalies {
                unrequested_ids: (0..10_000).map(|number| format!("unrequested {number}")).collect(),
                ..AnswerAnomalies::default()
            };
            log.answered(batch, &anomalies);
        }
        let memory = format!("{log:?}");
        assert!(memory.len() < 1200, "{} bytes", memory.len());
    }
}
