//! Where what is kept of an account is found.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Moment, UnixTime};
use crate::exposition::AccountMetrics;
use crate::fleet::Snapshot;
use crate::geelark::{Budget, Gate};
use crate::poller::Mirror;
use crate::state::{Account, Round};

/// A watched account, as far as it is kept.
#[derive(Clone)]
pub(in crate::app) struct Record {
    pub(in crate::app) name: Arc<str>,
    pub(in crate::app) credentials: Arc<str>,
    pub(in crate::app) budget: Arc<Budget>,
    pub(in crate::app) gate: Arc<Gate>,
    pub(in crate::app) metrics: AccountMetrics,
    pub(in crate::app) mirror: Mirror,
}

impl Record {
    pub(super) fn account(&self, phones: Arc<Snapshot>, now: Moment) -> Account {
        Account {
            name: self.name.clone(),
            credentials: self.credentials.clone(),
            spent: self.budget.spent(now),
            closure: self.gate.closure(now),
            round: self.round(),
            phones,
        }
    }

    /// How the last round went, as it is shown.
    fn round(&self) -> Round {
        let metrics = &self.metrics;
        Round {
            up: metrics.up.get() == 1,
            last_success: UnixTime(metrics.poll_last_success.get()),
            last_duration_ms: Duration::try_from_secs_f64(metrics.poll_last_duration.get())
                .ok()
                .and_then(|took| u64::try_from(took.as_millis()).ok())
                .unwrap_or(0),
            unanswered: metrics.unanswered.get(),
        }
    }

    /// Shows how the last round went: a restart is no reason to say that nothing is known.
    pub(super) fn show(&self, round: Round) {
        let metrics = &self.metrics;
        metrics.up.set(round.up.into());
        metrics.poll_last_success.set(round.last_success.0);
        metrics
            .poll_last_duration
            .set(Duration::from_millis(round.last_duration_ms).as_secs_f64());
        metrics.unanswered.set(round.unanswered);
    }
}
