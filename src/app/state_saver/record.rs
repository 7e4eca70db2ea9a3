//! Where what is kept of an account is found.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::app::watch::CarryOver;
use crate::config;
use crate::exposition::{AccountMetrics, DiscoveryMetrics};
use crate::fleet::Snapshot;
use crate::state::{Account, DiscoverySummary, Expiring, Round};
use geelark_client::clock::{ElapsedSinceSave, Timestamp, UnixTime};

/// No wallet and no plan is shown for longer without having been read again.
const MONEY_SHOWN: Duration = Duration::from_mins(30);

/// A watched account, as far as it is kept.
#[derive(Clone)]
pub(in crate::app) struct SavedFrom {
    pub(in crate::app) name: Arc<str>,
    pub(in crate::app) carry_over: CarryOver,
    pub(in crate::app) metrics: AccountMetrics,
    /// Where there is discovery.
    pub(in crate::app) discovery: Option<DiscoveryMetrics>,
}

impl SavedFrom {
    pub(super) fn account(&self, phones: Arc<Snapshot>, now: Timestamp) -> Account {
        let (wallet, plan) = self.metrics.money();
        Account {
            name: self.name.clone(),
            credentials: self.carry_over.mark.clone(),
            spent: self.carry_over.budget.spent(now),
            closure: self.carry_over.gate.closure(now),
            round: self.round(),
            wallet: wallet.map(|it| vouched(it, now)),
            plan: plan.map(|it| vouched(it, now)),
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
            listed: self.discovery.as_ref().map(|discovery| DiscoverySummary {
                last_success: UnixTime(discovery.last_success.get()),
                phones: discovery.phones.get(),
            }),
        }
    }
}

fn vouched<T>((value, until): (T, Instant), now: Timestamp) -> Expiring<T> {
    let until = now.millis_at(until.into_std());
    Expiring { value, until }
}

/// Shows again what was shown of the account beside its phones: a restart is no reason to say that nothing is known.
pub(super) fn show(known: &Account, configured: &config::Account, metrics: &AccountMetrics, past: ElapsedSinceSave) {
    let round = known.round;
    metrics.up.set(round.up.into());
    metrics.poll_last_success.set(round.last_success.0);
    let took = Duration::from_millis(round.last_duration_ms);
    metrics.poll_last_duration.set(took.as_secs_f64());
    metrics.unanswered.set(round.unanswered);
    if let Some(listed) = round.listed.filter(|_| configured.discovery.is_some()) {
        let shown = metrics.discovery();
        shown.last_success.set(listed.last_success.0);
        shown.phones.set(listed.phones);
    }
    // Of a clock that was set back nobody knows how old it is.
    if configured.billing.enabled && past.elapsed().is_some() {
        let until = |until| past.later(until, MONEY_SHOWN).map(Instant::from);
        if let Some((wallet, until)) = known.wallet.and_then(|it| Some((it.value, until(it.until)?))) {
            metrics.wallet(wallet, until);
        }
        if let Some((plan, until)) = known.plan.and_then(|it| Some((it.value, until(it.until)?))) {
            metrics.plan(plan, until, configured.billing.whole_fleet);
        }
    }
}
