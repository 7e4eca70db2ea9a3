//! What the exporter shows of itself: its build, its configuration, its state file.

use std::sync::OnceLock;

use crate::billing::Money;
use crate::metrics::{CallMetrics, Definition, Gauge, Registry, metrics};
use crate::poller::PollMetrics;
use crate::targets::DiscoveryMetrics;
use crate::webhook::WebhookMetrics;
use geelark_client::clock::UnixTime;

metrics! {
    struct BuildMetrics["version", "revision", "rustc"] {
        info: Gauge = "geelark_exporter_build_info",
            "1, with the exporter's version, the revision it was built from and the compiler's version.";
    }
}

metrics! {
    struct ConfigMetrics[] {
        reload_successful: Gauge = "geelark_exporter_config_last_reload_successful",
            "1 if the configuration was last read without a problem, else 0: then the previous one is still in force.";
        reload_success: Gauge = "geelark_exporter_config_last_reload_success_timestamp_seconds",
            "When the configuration in force was read, in seconds since the Unix epoch.";
    }
}

metrics! {
    struct StateMetrics[] {
        successful: Gauge = "geelark_exporter_state_last_write_successful",
            "1 if the state was last written to state.path without a problem, else 0: then a restart would know less. Absent without state.path.";
        written: Gauge = "geelark_exporter_state_last_write_timestamp_seconds",
            "When this process last wrote to state.path without a problem, in seconds since the Unix epoch; 0 before the first time. Absent without state.path.";
    }
}

/// Every part of the program that declares metrics.
fn declared() -> Vec<&'static [Definition]> {
    let [wallet, plan] = Money::DEFINITIONS;
    vec![
        PollMetrics::DEFINITIONS,
        CallMetrics::DEFINITIONS,
        DiscoveryMetrics::DEFINITIONS,
        wallet,
        plan,
        WebhookMetrics::DEFINITIONS,
        BuildMetrics::DEFINITIONS,
        ConfigMetrics::DEFINITIONS,
        StateMetrics::DEFINITIONS,
    ]
}

/// The registry of all metrics.
pub(crate) fn registry() -> Registry {
    Registry::new(&declared())
}

/// Build, configuration and state.
pub(crate) struct ExporterMetrics {
    registry: Registry,
    _build: BuildMetrics,
    config: ConfigMetrics,
    /// Absent until the first write.
    state: OnceLock<StateMetrics>,
}

impl ExporterMetrics {
    pub(crate) fn new(registry: &Registry, build: [&str; 3]) -> Self {
        let build = BuildMetrics::new(registry, &build);
        build.info.set(true);
        Self {
            registry: registry.clone(),
            _build: build,
            config: ConfigMetrics::new(registry, &[]),
            state: OnceLock::new(),
        }
    }

    /// The configuration was read at `now` and is in force, or could not be read (`None`).
    pub(crate) fn reloaded(&self, now: Option<UnixTime>) {
        set(&self.config.reload_successful, &self.config.reload_success, now);
    }

    /// The state was written at `now`, or could not be written (`None`).
    pub(crate) fn state_written(&self, now: Option<UnixTime>) {
        let state = self.state.get_or_init(|| {
            let state = StateMetrics::new(&self.registry, &[]);
            state.written.set(UnixTime::default());
            state
        });
        set(&state.successful, &state.written, now);
    }
}

/// A failure leaves the time of the last success.
fn set(successful: &Gauge, timestamp: &Gauge, now: Option<UnixTime>) {
    successful.set(now.is_some());
    if let Some(now) = now {
        timestamp.set(now);
    }
}
