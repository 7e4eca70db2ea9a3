//! What all accounts share, what an account keeps over a reload, and what of it the state file keeps over a restart.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::metrics::registry;
use crate::billing::BillingStatus;
use crate::config::AccountConfig;
use crate::exposition::{AccountStore, MetricsStore};
use crate::fleet::Fleet;
use crate::logging::whole_seconds;
use crate::metrics::{CallMetrics, Registry};
use crate::poller::{RoundStatus, SharedFleet};
use crate::state::AccountState;
use crate::targets::{DiscoveryStatus, Ownership, OwnershipHandle};
use crate::webhook::{Listeners, RelayClient, Webhook};
use geelark_client::clock::{Clock, ElapsedSinceSave, Timestamp};
use geelark_client::{Budget, Gate, SetupError};

/// What all accounts share.
pub(super) struct Context {
    pub(super) store: MetricsStore,
    pub(super) registry: Registry,
    pub(super) clock: Clock,
    pub(super) ownership: Ownership,
    relay_client: RelayClient,
    /// The accounts that run, in configured order. The web and the state saver read them without waiting for a reload.
    pub(super) accounts: ArcSwap<Vec<CarryOver>>,
    /// Notified when the state must be saved at once: an account was blocked, the configuration changed.
    pub(super) save_soon: Arc<Notify>,
    /// Cancelled when a task panicked that must not end.
    pub(super) broken: CancellationToken,
}

impl Context {
    pub(super) fn new(clock: Clock) -> Result<Self, SetupError> {
        let registry = registry();
        Ok(Self {
            store: MetricsStore::new(registry.clone()),
            registry,
            clock,
            ownership: Ownership::default(),
            relay_client: RelayClient::new()?,
            accounts: ArcSwap::default(),
            save_soon: Arc::default(),
            broken: CancellationToken::new(),
        })
    }
}

/// What an account keeps over a reload.
#[derive(Clone)]
pub(super) struct CarryOver {
    pub(super) name: Arc<str>,
    pub(super) budget: Arc<Budget>,
    pub(super) gate: Arc<Gate>,
    /// Set when a first round is over. An account that was ready stays ready.
    pub(super) first_round: Arc<AtomicBool>,
    pub(super) listeners: Listeners,
    /// Used trace ids and requests that wait to be relayed are kept.
    pub(super) webhook: Option<Arc<Webhook>>,
    /// By which a later process recognises the credentials.
    pub(super) fingerprint: Arc<str>,
    pub(super) handle: Arc<OwnershipHandle>,
    pub(super) store: AccountStore,
    pub(super) calls: CallMetrics,
    pub(super) round: Arc<RoundStatus>,
    pub(super) discovery: Option<Arc<DiscoveryStatus>>,
    pub(super) billing: Option<Arc<BillingStatus>>,
}

impl CarryOver {
    /// For an account that did not run in this process: as it was saved, or empty.
    pub(super) fn new(
        account: &AccountConfig,
        saved: Option<(AccountState, ElapsedSinceSave)>,
        context: &Context,
    ) -> Self {
        let name = &account.name;
        let mut carry_over = Self {
            name: name.clone(),
            budget: Arc::new(Budget::new(account.budget)),
            gate: Arc::new(Gate::default().change_notify(context.save_soon.clone())),
            first_round: Arc::default(),
            listeners: Listeners {
                fleet: SharedFleet::new(Fleet::new(name.clone())),
                targets: Arc::default(),
            },
            webhook: None,
            fingerprint: account.credentials.fingerprint().into(),
            handle: context.ownership.account(name),
            store: context.store.account(name),
            calls: CallMetrics::new(&context.registry, name),
            round: Arc::new(RoundStatus::new(&context.registry, name)),
            discovery: None,
            billing: None,
        };
        carry_over.adapt_to(account, context);
        if let Some((saved, elapsed)) = saved {
            carry_over.restore(saved, elapsed, account, context);
        }
        carry_over
    }

    fn restore(&mut self, saved: AccountState, elapsed: ElapsedSinceSave, account: &AccountConfig, context: &Context) {
        let gate = Gate::restored(saved.gate, elapsed).change_notify(context.save_soon.clone());
        if account.credentials.matches_fingerprint(&saved.credentials) {
            self.fingerprint = saved.credentials;
        } else {
            gate.reset_auth_backoff();
        }
        if let Err(blocked) = gate.check() {
            let wait = whole_seconds(blocked.until.saturating_duration_since(context.clock.now().mono));
            warn!(account = %self.name, %wait, "account blocked since before the restart, no calls until the wait is over");
        }
        self.gate = Arc::new(gate);
        self.round.set(saved.round);
        if let (Some(discovery), Some(summary)) = (&self.discovery, saved.discovery) {
            discovery.set(summary);
        }
        if let Some(billing) = &self.billing {
            let wallet = saved.wallet.and_then(|wallet| wallet.restored(elapsed));
            billing.wallet.set(wallet);
            billing.plan.set(saved.plan.and_then(|plan| plan.restored(elapsed)));
        }
        *self.listeners.fleet.lock() = Fleet::restored(self.name.clone(), saved.phones, elapsed);
    }

    /// Adopts the configuration of `account`. Series of parts that are off go, those of parts that are on stay or begin.
    pub(super) fn adapt_to(&mut self, account: &AccountConfig, context: &Context) {
        let (name, registry) = (&account.name, &context.registry);
        self.budget.set_limits(account.budget);
        if !account.credentials.matches_fingerprint(&self.fingerprint) {
            self.gate.reset_auth_backoff();
            self.fingerprint = account.credentials.fingerprint().into();
        }
        keep(&mut self.discovery, account.discovery.is_some(), || {
            DiscoveryStatus::new(registry, name)
        });
        keep(&mut self.billing, account.billing, || {
            BillingStatus::new(registry, name)
        });
        let before = self.webhook.take();
        self.webhook = account.webhook.as_ref().map(|settings| {
            let relay = settings.relay_to.clone().map(|url| (url, context.relay_client.clone()));
            Arc::new(Webhook::new(
                name,
                account.credentials.clone(),
                relay,
                before.as_deref(),
                self.listeners.clone(),
                registry,
                context.clock.clone(),
            ))
        });
    }

    /// What the state file keeps, as it is at `now`.
    pub(super) fn state(&self, now: Timestamp) -> AccountState {
        let billing = self.billing.as_ref();
        AccountState {
            name: self.name.clone(),
            credentials: self.fingerprint.clone(),
            gate: self.gate.snapshot(now),
            round: self.round.get(),
            discovery: self.discovery.as_ref().map(|discovery| discovery.get()),
            wallet: billing.and_then(|billing| billing.wallet.get()?.saved(now)),
            plan: billing.and_then(|billing| billing.plan.get()?.saved(now)),
            phones: self.listeners.fleet.lock().saved(now),
        }
    }
}

/// Keeps or creates a part that is on, and drops one that is off.
fn keep<T>(part: &mut Option<Arc<T>>, is_on: bool, new: impl FnOnce() -> T) {
    *part = is_on.then(|| part.take().unwrap_or_else(|| Arc::new(new())));
}
