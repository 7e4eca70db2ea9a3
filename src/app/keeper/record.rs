//! Where what is kept of an account is found.

use std::sync::Arc;
use std::time::Duration;

use crate::app::watch::Lasting;
use crate::clock::{Moment, UnixTime};
use crate::exposition::{AccountMetrics, DiscoveryMetrics};
use crate::fleet::Snapshot;
use crate::state::{Account, Listed, Round};

/// A watched account, as far as it is kept.
#[derive(Clone)]
pub(in crate::app) struct Record {
    pub(in crate::app) name: Arc<str>,
    pub(in crate::app) lasting: Lasting,
    pub(in crate::app) metrics: AccountMetrics,
    /// Where there is discovery.
    pub(in crate::app) discovery: Option<DiscoveryMetrics>,
}

impl Record {
    pub(super) fn account(&self, phones: Arc<Snapshot>, now: Moment) -> Account {
        Account {
            name: self.name.clone(),
            credentials: self.lasting.mark.clone(),
            spent: self.lasting.budget.spent(now),
            closure: self.lasting.gate.closure(now),
            round: self.round(),
            phones,
        }
    }

    /// How the last round went, as it is shown.
    fn round(&self) -> Round {
        let metrics = &self.metrics;
        let took = Duration::try_from_secs_f64(metrics.poll_last_duration.get()).unwrap_or_default();
        Round {
            up: metrics.up.get() == 1,
            last_success: UnixTime(metrics.poll_last_success.get()),
            last_duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            unanswered: metrics.unanswered.get(),
            listed: self.discovery.as_ref().map(|discovery| Listed {
                last_success: UnixTime(discovery.last_success.get()),
                phones: discovery.phones.get(),
            }),
        }
    }
}

/// Shows how the last round went: a restart is no reason to say that nothing is known.
pub(super) fn show(round: Round, has_discovery: bool, metrics: &AccountMetrics) {
    metrics.up.set(round.up.into());
    metrics.poll_last_success.set(round.last_success.0);
    let took = Duration::from_millis(round.last_duration_ms);
    metrics.poll_last_duration.set(took.as_secs_f64());
    metrics.unanswered.set(round.unanswered);
    if let Some(listed) = round.listed.filter(|_| has_discovery) {
        let shown = metrics.discovery();
        shown.last_success.set(listed.last_success.0);
        shown.phones.set(listed.phones);
    }
}
