//! What is shown of discovery, for accounts that have one.

use serde::{Deserialize, Serialize};

use crate::metrics::{Registry, ShowValue, Shown, metrics};
use geelark_client::clock::UnixTime;

metrics! {
    /// How one account's discovery goes.
    pub struct DiscoveryMetrics["account"] {
        last_success: Gauge = "geelark_discovery_last_success_timestamp_seconds",
            "When the account's phones were last listed in full (/open/v1/phone/list), in seconds since the Unix epoch; 0 before the first time. Absent without discovery.";
        phones: Gauge = "geelark_discovery_phones",
            "How many phones discovery knows of (items of /open/v1/phone/list), configured ones among them included. Absent without discovery.";
        failures: Counter = "geelark_discovery_failures_total",
            "Attempts to list the account's phones that failed or came back short, retries of single calls aside; the phones known before stay. Absent without discovery.";
    }
}

/// What discovery found last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscoverySummary {
    /// When all phones were last listed; 0 before the first time.
    pub last_success: UnixTime,
    /// How many phones discovery knows of.
    pub phones: usize,
}

/// What discovery found last and the metrics that show it. It outlives the task, so that a reload shows it on.
pub type DiscoveryStatus = Shown<DiscoveryMetrics>;

impl ShowValue for DiscoveryMetrics {
    type Value = DiscoverySummary;

    fn show(&self, summary: DiscoverySummary) {
        self.last_success.set(summary.last_success);
        self.phones.set(summary.phones);
    }
}

impl DiscoveryStatus {
    /// Nothing found yet.
    pub fn new(registry: &Registry, account: &str) -> Self {
        Self::of(DiscoveryMetrics::new(registry, &[account]))
    }
}
