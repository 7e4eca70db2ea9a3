//! What is counted of webhooks, for accounts that have theirs on.

use crate::metrics::{Registry, metrics};

metrics! {
    /// The webhook of one account.
    pub struct WebhookMetrics["account"] {
        requests: Counters["result"] = "geelark_webhook_requests_total",
            "Requests to the account's webhook: accepted; ignored (of a type that is not used); forged, late, replayed (refused); oversized; unreadable (not JSON).";
        hints_dropped: Counter = "geelark_webhook_hints_dropped_total",
            "Phones that webhooks named and that are not asked about early, because too many were waiting; the next round asks.";
        relay_failures: Counter = "geelark_webhook_relay_failures_total",
            "Webhook requests that could not be passed on to relay_to, retries included in each.";
        relay_dropped: Counter = "geelark_webhook_relay_dropped_total",
            "Webhook requests that were not passed on to relay_to because too many were waiting.";
    }
}

impl WebhookMetrics {
    /// The series of `account`. Every result exists from the start.
    pub fn for_account(registry: &Registry, account: &str) -> Self {
        let metrics = Self::new(registry, &[account]);
        let refused = ["forged", "late", "replayed", "oversized", "unreadable"];
        for result in ["accepted", "ignored"].iter().chain(&refused) {
            metrics.requests.with_label_values(&[result]);
        }
        metrics
    }

    /// Counts a request.
    pub(super) fn count(&self, result: &'static str) {
        self.requests.with_label_values(&[result]).inc();
    }
}
