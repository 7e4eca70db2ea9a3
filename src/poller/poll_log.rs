//! What the log is told: one line a change of condition, not one a poll.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use tracing::{debug, info, warn};
use uuid::Uuid;

use crate::fleet::Applied;
use geelark_client::phone::PhoneId;
use geelark_client::{Failure, Reason};

/// In an outage every batch fails alike: so many are named, the rest is summed up at the end of the round.
const NAMED_BATCHES: usize = 3;

/// So many ids are named in one line; the rest is counted.
const NAMED_IDS: usize = 5;

/// So much of an id is shown: ids in an answer are whatever GeeLark sent, and may be a megabyte long.
const SHOWN_OF_ID: usize = 64;

/// The conditions of one account that were logged and still hold.
#[derive(Debug)]
pub(super) struct PollLog {
    account: Arc<str>,
    failing: BTreeMap<usize, Reason>,
    /// Why the account was closed last, until a call succeeds.
    closed: Option<Reason>,
    /// A digest of what was odd, not the oddities: they are as many and as long as GeeLark pleases.
    oddities: BTreeMap<usize, u64>,
    incomplete: bool,
    stretched: Option<Duration>,
    raised: Option<Duration>,
}

/// What was odd about a batch's last answer, as far as it was logged.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
struct Oddities {
    unanswered: Vec<PhoneId>,
    unrequested_ids: Vec<String>,
    repeated: Vec<String>,
}

impl PollLog {
    pub(super) fn new(account: Arc<str>) -> Self {
        Self {
            account,
            failing: BTreeMap::new(),
            closed: None,
            oddities: BTreeMap::new(),
            incomplete: false,
            stretched: None,
            raised: None,
        }
    }

    /// The interval in force, when it is longer than configured.
    pub(super) fn interval(&mut self, configured: Duration, effective: Duration, batches: usize, budget: u32) {
        let stretched = (effective > configured).then_some(effective);
        if stretched == self.stretched {
            return;
        }
        self.stretched = stretched;
        if stretched.is_some() {
            warn!(
                account = %self.account, batches, requests_per_minute = budget,
                configured = %humantime::format_duration(configured),
                effective = %humantime::format_duration(effective),
                "the budget is too small for the interval: rounds take longer than configured; raise budget.requests_per_minute or poll.interval, or watch fewer phones"
            );
        } else {
            info!(account = %self.account, interval = %humantime::format_duration(effective), "the budget suffices for the configured interval");
        }
    }

    /// `stale_after` in force, when it is longer than configured.
    pub(super) fn stale_after(&mut self, configured: Duration, effective: Duration) {
        let raised = (effective > configured).then_some(effective);
        if raised.is_some() && raised != self.raised {
            warn!(
                account = %self.account,
                configured = %humantime::format_duration(configured),
                effective = %humantime::format_duration(effective),
                "poll.stale_after is raised to three effective intervals, so that one lost answer hides no phone"
            );
        }
        self.raised = raised;
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
    pub(super) fn answered(&mut self, batch: usize, applied: Applied) {
        let account = &self.account;
        self.closed = None;
        if let Some(reason) = self.failing.remove(&batch) {
            debug!(%account, batch, %reason, "answered again");
        }
        let now = Oddities {
            unanswered: applied.unanswered,
            unrequested_ids: applied.unrequested_ids,
            repeated: applied.repeated,
        };
        if now == Oddities::default() {
            if self.oddities.remove(&batch).is_some() {
                info!(%account, batch, "the answer is complete again");
            }
            return;
        }
        let mut hasher = DefaultHasher::new();
        now.hash(&mut hasher);
        if self.oddities.insert(batch, hasher.finish()) == Some(hasher.finish()) {
            return;
        }
        if !now.unanswered.is_empty() {
            warn!(%account, batch, count = now.unanswered.len(), ids = %named(&now.unanswered), "GeeLark passed over ids that were asked about; they are shown until stale");
        }
        if !now.unrequested_ids.is_empty() {
            warn!(%account, batch, count = now.unrequested_ids.len(), ids = %named(&now.unrequested_ids), "GeeLark answered ids that were not asked about; they are ignored");
        }
        if !now.repeated.is_empty() {
            warn!(%account, batch, count = now.repeated.len(), ids = %named(&now.repeated), "GeeLark answered ids more than once; the first answer counts");
        }
    }

    /// A call out of turn was answered.
    pub(super) fn answered_out_of_turn(&mut self) {
        self.closed = None;
    }

    /// A call out of turn failed.
    pub(super) fn out_of_turn_failed(&self, phones: usize, trace_id: Uuid, failure: &Failure) {
        let (account, reason, message) = (&self.account, failure.reason, &failure.message);
        debug!(%account, phones, %reason, %trace_id, "call out of turn failed: {message}");
    }

    /// Other phones are to be watched.
    pub(super) fn targets(&self, phones: usize, added: usize) {
        info!(account = %self.account, phones, added, "the phones to watch changed");
    }

    /// `id` alone is what GeeLark refuses as invalid.
    pub(super) fn invalid_id(&self, id: &PhoneId, trace_id: Uuid) {
        warn!(
            account = %self.account, %id, %trace_id,
            "GeeLark refuses this id as invalid (40004): check it; it is left out of its batch and tried again every 10 minutes"
        );
    }

    /// The account was closed for calls.
    pub(super) fn held(&mut self, trace_id: Uuid, failure: &Failure, wait: Duration) {
        let (account, reason, message) = (&self.account, failure.reason, &failure.message);
        let wait = humantime::format_duration(Duration::from_secs(wait.as_secs()));
        if self.closed.replace(reason) == Some(reason) {
            debug!(%account, %reason, %trace_id, %wait, "still no calls to this account: {message}");
        } else {
            warn!(%account, %reason, %trace_id, %wait, "no calls to this account for a while: {message}");
        }
    }

    /// The account may be called again.
    pub(super) fn reopened(&self) {
        info!(account = %self.account, "calls to this account resume");
    }

    /// How far the first round has come.
    pub(super) fn progress(&self, answered: usize, batches: usize) {
        info!(account = %self.account, answered, batches, "first round under way");
    }

    /// A round is over.
    pub(super) fn round(&mut self, first: bool, unanswered_batches: usize, batches: usize, duration: Duration) {
        let account = &self.account;
        let duration = humantime::format_duration(Duration::from_millis(
            u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        ));
        match (unanswered_batches, self.incomplete) {
            (0, true) => info!(%account, batches, %duration, "round complete again"),
            (0, false) if first => info!(%account, batches, %duration, "first round complete"),
            (0, false) => debug!(%account, batches, %duration, "round complete"),
            (_, false) => warn!(%account, unanswered_batches, batches, %duration, "round incomplete"),
            (_, true) => debug!(%account, unanswered_batches, batches, %duration, "round incomplete"),
        }
        self.incomplete = unanswered_batches > 0;
    }
}

/// The first few, quoted.
fn named(ids: &[impl ToString]) -> String {
    let shown = |id: &str| match id.char_indices().nth(SHOWN_OF_ID) {
        Some((end, _)) => format!("{:?}…", &id[..end]),
        None => format!("{id:?}"),
    };
    let first: Vec<String> = ids.iter().take(NAMED_IDS).map(|id| shown(&id.to_string())).collect();
    let more = if ids.len() > NAMED_IDS { " …" } else { "" };
    format!("[{}]{more}", first.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_ids_are_named_and_long_ones_cut() {
        assert_eq!(named(&[] as &[String]), "[]");
        assert_eq!(named(&["1", "a\n\"b"]), r#"["1", "a\n\"b"]"#);
        assert_eq!(named(&["1", "2", "3", "4", "5", "6"]), r#"["1", "2", "3", "4", "5"] …"#);
        let long = "手".repeat(1_000_000);
        assert_eq!(named(&[&long]), format!("[\"{}\"…]", &long[..SHOWN_OF_ID * 3]));
    }

    #[test]
    fn a_flood_of_strangers_is_not_remembered() {
        let mut poll_log = PollLog::new("main".into());
        let unrequested_ids = || (0..10_000).map(|number| format!("stranger {number}")).collect();
        for batch in 0..10 {
            let applied = Applied {
                unrequested_ids: unrequested_ids(),
                ..Applied::default()
            };
            poll_log.answered(batch, applied);
        }
        let remembered = format!("{poll_log:?}");
        assert!(remembered.len() < 1000, "{} bytes", remembered.len());
    }
}
