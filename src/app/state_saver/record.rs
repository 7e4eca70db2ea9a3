//! What the state file holds of an account: where it comes from and where it goes to.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::app::metrics::AccountMetrics;
use crate::app::watch::CarryOver;
use crate::billing::LastRead;
use crate::fleet::Snapshot;
use crate::state::{Account, Expiring};
use geelark_client::clock::{ElapsedSinceSave, Timestamp};

/// No wallet and no plan is shown for longer without having been read again.
const MONEY_SHOWN: Duration = Duration::from_mins(30);

/// Where the saved data of a running account is found.
#[derive(Clone)]
pub(in crate::app) struct SavedFrom {
    pub(in crate::app) name: Arc<str>,
    pub(in crate::app) carry_over: CarryOver,
    pub(in crate::app) metrics: AccountMetrics,
}

impl SavedFrom {
    pub(super) fn account(&self, phones: Arc<Snapshot>, now: Timestamp) -> Account {
        let AccountMetrics {
            poll,
            discovery,
            billing,
            ..
        } = &self.metrics;
        Account {
            name: self.name.clone(),
            credentials: self.carry_over.mark.clone(),
            spent: self.carry_over.budget.spent(now),
            closure: self.carry_over.gate.closure(now),
            round: *poll.last_round.borrow(),
            discovery: discovery.as_ref().map(|status| *status.summary.borrow()),
            wallet: billing
                .as_ref()
                .and_then(|status| expiring(*status.wallet.borrow(), now)),
            plan: billing.as_ref().and_then(|status| expiring(*status.plan.borrow(), now)),
            phones,
        }
    }
}

/// A value that is still shown.
fn expiring<T>(last_read: LastRead<T>, now: Timestamp) -> Option<Expiring<T>> {
    let (value, until) = last_read.filter(|(_, until)| Instant::now() < *until)?;
    let until = now.millis_at(until.into_std());
    Some(Expiring { value, until })
}

/// Shows again what the process before showed of the account besides its phones.
pub(super) fn restore(known: &Account, metrics: &AccountMetrics, past: ElapsedSinceSave) {
    metrics.poll.set(known.round);
    if let Some((status, summary)) = metrics.discovery.as_ref().zip(known.discovery) {
        status.update(|shown| *shown = summary);
    }
    // After the clock was set back, the age of wallet and plan is unknown.
    if let Some(status) = metrics.billing.as_ref().filter(|_| past.elapsed().is_some()) {
        status.wallet.send_replace(last_read(known.wallet, past));
        status.plan.send_replace(last_read(known.plan, past));
    }
}

fn last_read<T>(expiring: Option<Expiring<T>>, past: ElapsedSinceSave) -> LastRead<T> {
    let Expiring { value, until } = expiring?;
    Some((value, past.later(until, MONEY_SHOWN)?.into()))
}
