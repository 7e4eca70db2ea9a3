//! The metrics of the exporter as a whole, and the list of all declarations.

use super::webhook::WebhookMetrics;
use crate::api_metrics::ApiMetrics;
use crate::billing::{BillingMetrics, BillingStatus};
use crate::config::Account;
use crate::exposition::phone_definitions;
use crate::metrics::{Definition, Registry, metrics};
use crate::poller::{PollMetrics, PollStatus};
use crate::targets::{DiscoveryMetrics, DiscoveryStatus};

metrics! {
    /// Where this binary comes from.
    pub(super) struct BuildMetrics(version, revision, rustc) {
        info: IntGauge = "geelark_exporter_build_info",
            "1, with the exporter's version, the revision it was built from and the compiler's version.";
    }
}

metrics! {
    /// How the configuration was read.
    pub(super) struct ReloadMetrics() {
        successful: IntGauge = "geelark_exporter_config_last_reload_successful",
            "1 if the configuration was last read without a problem, else 0: then the previous one is still in force.";
        success_time: IntGauge = "geelark_exporter_config_last_reload_success_timestamp_seconds",
            "When the configuration in force was read, in seconds since the Unix epoch.";
    }
}

metrics! {
    /// How the state was written. Without `state.path` there are no such series.
    pub(super) struct StateMetrics() {
        successful: IntGauge = "geelark_exporter_state_last_write_successful",
            "1 if the state was last written to state.path without a problem, else 0: then a restart would know less. \
             Absent without state.path.";
        written: IntGauge = "geelark_exporter_state_last_write_timestamp_seconds",
            "When this process last wrote to state.path without a problem, in seconds since the Unix epoch; 0 before the \
             first time. Absent without state.path.";
    }
}

/// A registry in which every metric is declared, so that HELP and TYPE of each are shown from the start.
pub(super) fn registry() -> Registry {
    let registry = Registry::new();
    let rooms = [
        ApiMetrics::declare,
        BillingMetrics::declare,
        BuildMetrics::declare,
        DiscoveryMetrics::declare,
        PollMetrics::declare,
        ReloadMetrics::declare,
        StateMetrics::declare,
        WebhookMetrics::declare,
    ];
    for declare in rooms {
        declare(&registry);
    }
    registry
}

/// Every metric that the exporter can show.
pub fn definitions() -> Vec<Definition> {
    phone_definitions().chain(registry().definitions()).collect()
}

/// What is shown of one account besides its phones. It is carried over a reload, so that counters go on. A cheap handle.
#[derive(Clone, Debug)]
pub(super) struct AccountMetrics {
    pub(super) poll: PollStatus,
    /// With discovery.
    pub(super) discovery: Option<DiscoveryStatus>,
    /// With billing.
    pub(super) billing: Option<BillingStatus>,
    /// With a webhook.
    pub(super) webhook: Option<WebhookMetrics>,
}

impl AccountMetrics {
    /// The metrics that `account` needs: those it had `before`, and new ones for what is configured since.
    pub(super) fn new(registry: &Registry, account: &Account, before: Option<Self>) -> Self {
        let name = &*account.name;
        let before = before.unwrap_or_else(|| Self {
            poll: PollStatus::new(registry, name, ApiMetrics::new(registry, name)),
            discovery: None,
            billing: None,
            webhook: None,
        });
        let api = || before.poll.api.clone();
        let discovery = || {
            before
                .discovery
                .unwrap_or_else(|| DiscoveryStatus::new(registry, name, api()))
        };
        let billing = || {
            before
                .billing
                .unwrap_or_else(|| BillingStatus::new(registry, name, api()))
        };
        let webhook = || {
            before
                .webhook
                .unwrap_or_else(|| WebhookMetrics::of_account(registry, name))
        };
        Self {
            discovery: account.discovery.is_some().then(discovery),
            billing: account.billing.enabled.then(billing),
            webhook: account.webhook.is_some().then(webhook),
            poll: before.poll,
        }
    }
}

#[cfg(test)]
mod tests;
