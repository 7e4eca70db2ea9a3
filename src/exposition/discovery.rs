//! What is shown of the discovery of phones, for accounts that have one.

use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use super::definitions;
use super::metrics::{Registrar, forget};

/// The discovery metrics of one account.
#[derive(Clone, Debug)]
pub struct DiscoveryMetrics {
    /// Unix time at which the account's phones were last listed in full; 0 before the first time.
    pub last_success: IntGauge,
    /// How many phones discovery knows of.
    pub phones: IntGauge,
    /// Attempts to list the phones that failed.
    pub failures: IntCounter,
}

/// The families of all accounts.
pub(super) struct Families {
    last_success: IntGaugeVec,
    phones: IntGaugeVec,
    failures: IntCounterVec,
}

impl Families {
    pub(super) fn new(add: &Registrar) -> Self {
        Self {
            last_success: add.int_gauges(&definitions::DISCOVERY_LAST_SUCCESS),
            phones: add.int_gauges(&definitions::DISCOVERY_PHONES),
            failures: add.counters(&definitions::DISCOVERY_FAILURES),
        }
    }

    /// The series of an account, which exist from now on.
    pub(super) fn account(&self, name: &str) -> DiscoveryMetrics {
        let label = &[name];
        DiscoveryMetrics {
            last_success: self.last_success.with_label_values(label),
            phones: self.phones.with_label_values(label),
            failures: self.failures.with_label_values(label),
        }
    }

    pub(super) fn forget(&self, name: &str) {
        forget(&self.last_success, name);
        forget(&self.phones, name);
        forget(&self.failures, name);
    }
}
