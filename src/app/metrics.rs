//! What the exporter shows of itself: its build, its configuration, its state file.

use crate::billing::{PlanMetrics, WalletMetrics};
use crate::metrics::{CallMetrics, Registry, metrics};
use crate::poller::PollMetrics;
use crate::targets::DiscoveryMetrics;
use crate::webhook::WebhookMetrics;

metrics! {
    pub(crate) struct BuildMetrics["version", "revision", "rustc"] {
        info: Gauge = "geelark_exporter_build_info",
            "1, with the exporter's version, the revision it was built from and the compiler's version.";
    }
}

metrics! {
    pub(crate) struct ConfigMetrics[] {
        reload_successful: Gauge = "geelark_exporter_config_last_reload_successful",
            "1 if the configuration was last read without a problem, else 0: then the previous one is still in force.";
        reload_success: Gauge = "geelark_exporter_config_last_reload_success_timestamp_seconds",
            "When the configuration in force was read, in seconds since the Unix epoch.";
    }
}

metrics! {
    pub(crate) struct StateMetrics[] {
        successful: Gauge = "geelark_exporter_state_last_write_successful",
            "1 if the state was last written to state.path without a problem, else 0: then a restart would know less. Absent without state.path.";
        written: Gauge = "geelark_exporter_state_last_write_timestamp_seconds",
            "When this process last wrote to state.path without a problem, in seconds since the Unix epoch; 0 before the first time. Absent without state.path.";
    }
}

/// The registry of all metrics.
pub(crate) fn registry() -> Registry {
    Registry::new(&[
        PollMetrics::DEFINITIONS,
        CallMetrics::DEFINITIONS,
        DiscoveryMetrics::DEFINITIONS,
        WalletMetrics::DEFINITIONS,
        PlanMetrics::DEFINITIONS,
        WebhookMetrics::DEFINITIONS,
        BuildMetrics::DEFINITIONS,
        ConfigMetrics::DEFINITIONS,
        StateMetrics::DEFINITIONS,
    ])
}
