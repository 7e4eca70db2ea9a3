//! What is shown of discovery.

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::api_metrics::ApiMetrics;
use crate::metrics::{Registry, metrics};
use geelark_client::clock::UnixTime;

metrics! {
    /// How the discovery of one account goes. An account without discovery has no such series.
    pub(crate) struct DiscoveryMetrics(account) {
        last_success: IntGauge = "geelark_discovery_last_success_timestamp_seconds",
            "When the account's phones were last listed in full (/open/v1/phone/list), in seconds since the Unix epoch; 0 \
             before the first time. Absent without discovery.";
        phones: IntGauge = "geelark_discovery_phones",
            "How many phones discovery knows of (items of /open/v1/phone/list), including configured ones. Absent without \
             discovery.";
        failures: IntCounter = "geelark_discovery_failures_total",
            "Attempts to list the account's phones that failed or came back short, not counting retries of single calls; \
             the phones known before stay. Absent without discovery.";
    }
}

/// What the discovery of one account found last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscoverySummary {
    /// When all phones were last listed; 0 before the first time.
    pub last_success: UnixTime,
    /// How many phones discovery knows of.
    pub phones: usize,
}

/// What is shown of one account's discovery, and what it found last. It outlives the task, so that a reload shows it on.
/// A cheap handle.
#[derive(Clone, Debug)]
pub(crate) struct DiscoveryStatus {
    pub(crate) api: ApiMetrics,
    pub(crate) metrics: DiscoveryMetrics,
    pub(crate) summary: watch::Sender<DiscoverySummary>,
}

impl DiscoveryStatus {
    pub(crate) fn new(registry: &Registry, account: &str, api: ApiMetrics) -> Self {
        Self {
            api,
            metrics: DiscoveryMetrics::new(registry, account),
            summary: watch::Sender::default(),
        }
    }

    /// Changes the summary and shows it.
    pub(crate) fn update(&self, change: impl FnOnce(&mut DiscoverySummary)) {
        self.summary.send_modify(change);
        let summary = *self.summary.borrow();
        self.metrics.last_success.set(summary.last_success.0);
        self.metrics.phones.set(summary.phones.try_into().unwrap_or(i64::MAX));
    }
}
