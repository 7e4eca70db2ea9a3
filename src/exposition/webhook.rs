//! What is counted of webhooks, for accounts that have theirs on.

use prometheus::{IntCounter, IntCounterVec};

use super::definitions;
use super::metrics::{Registrar, forget};

/// What is counted of one account's webhook.
#[derive(Clone, Debug)]
#[expect(
    missing_docs,
    reason = "the first seven are the values of the label `result`, and HELP says what each means"
)]
pub struct WebhookMetrics {
    pub accepted: IntCounter,
    pub ignored: IntCounter,
    pub forged: IntCounter,
    pub late: IntCounter,
    pub replayed: IntCounter,
    pub oversized: IntCounter,
    pub unreadable: IntCounter,
    pub hints_dropped: IntCounter,
    pub relay_failures: IntCounter,
    pub relay_dropped: IntCounter,
}

/// The families of all accounts.
pub(super) struct Families {
    requests: IntCounterVec,
    hints_dropped: IntCounterVec,
    relay_failures: IntCounterVec,
    relay_dropped: IntCounterVec,
}

impl Families {
    pub(super) fn new(add: &Registrar) -> Self {
        Self {
            requests: add.counters(&definitions::WEBHOOK_REQUESTS),
            hints_dropped: add.counters(&definitions::WEBHOOK_HINTS_DROPPED),
            relay_failures: add.counters(&definitions::WEBHOOK_RELAY_FAILURES),
            relay_dropped: add.counters(&definitions::WEBHOOK_RELAY_DROPPED),
        }
    }

    /// The series of an account, which exist from now on.
    pub(super) fn account(&self, name: &str) -> WebhookMetrics {
        let label = &[name];
        let result = |result| self.requests.with_label_values(&[name, result]);
        WebhookMetrics {
            accepted: result("accepted"),
            ignored: result("ignored"),
            forged: result("forged"),
            late: result("late"),
            replayed: result("replayed"),
            oversized: result("oversized"),
            unreadable: result("unreadable"),
            hints_dropped: self.hints_dropped.with_label_values(label),
            relay_failures: self.relay_failures.with_label_values(label),
            relay_dropped: self.relay_dropped.with_label_values(label),
        }
    }

    pub(super) fn forget(&self, name: &str) {
        for counters in [
            &self.requests,
            &self.hints_dropped,
            &self.relay_failures,
            &self.relay_dropped,
        ] {
            forget(counters, name);
        }
    }
}
