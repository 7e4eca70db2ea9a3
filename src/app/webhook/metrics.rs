//! What is counted of webhooks.

use crate::metrics::{Registry, metrics};

metrics! {
    /// What is counted of one account's webhook. An account without a webhook has no such series.
    pub(crate) struct WebhookMetrics(account) {
        requests: IntCounterVec[result] = "geelark_webhook_requests_total",
            "Requests to the account's webhook: accepted; ignored (of a type that is not used); forged, late, replayed \
             (refused); oversized; unreadable (not JSON).";
        hints_dropped: IntCounter = "geelark_webhook_hints_dropped_total",
            "Phones that webhooks named and that are not asked about early, because too many were waiting; the next round \
             asks.";
        relay_failures: IntCounter = "geelark_webhook_relay_failures_total",
            "Webhook requests that could not be handed on to relay_to, retries included in each.";
        relay_dropped: IntCounter = "geelark_webhook_relay_dropped_total",
            "Webhook requests that were not handed on to relay_to because too many were waiting.";
    }
}

impl WebhookMetrics {
    /// The series of `account`. Every result is shown from the start.
    pub(crate) fn of_account(registry: &Registry, account: &str) -> Self {
        let metrics = Self::new(registry, account);
        for result in [
            "accepted",
            "ignored",
            "forged",
            "late",
            "replayed",
            "oversized",
            "unreadable",
        ] {
            metrics.requests.with_label_values(&[result]);
        }
        metrics
    }

    pub(super) fn count(&self, result: &str) {
        self.requests.with_label_values(&[result]).inc();
    }
}
