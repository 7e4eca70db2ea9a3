//! A watched account in the making.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::metrics::AccountMetrics;
use super::state_saver::StateSaver;
use super::watch::{CarryOver, RunningAccount, Tasks};
use super::webhook::{self, Listeners};
use crate::billing::Billing;
use crate::config::Account;
use crate::exposition::MetricsStore;
use crate::fleet::Fleet;
use crate::metrics::Registry;
use crate::poller::{Parts, Poller, Settings, SnapshotCell};
use crate::targets::{Discovery, Fixed, OwnershipHandle};
use geelark_client::clock::Clock;
use geelark_client::{Budget, Client, HttpTransport, SetupError};

/// An account that could be watched: all that can fail has been done, and nothing has been started or changed.
pub(super) struct Plan {
    account: Account,
    transport: HttpTransport,
    webhook: Option<webhook::Draft>,
}

/// What an account is watched with, beside its own configuration.
pub(super) struct Context<'a> {
    pub(super) store: &'a MetricsStore,
    pub(super) registry: &'a Registry,
    pub(super) clock: &'a Clock,
    /// Cancelled should a task of the account panic.
    pub(super) broken: &'a CancellationToken,
    /// Knows what a process before this one knew.
    pub(super) state_saver: &'a StateSaver,
}

impl Plan {
    pub(super) fn new(account: Account) -> Result<Self, SetupError> {
        let transport = HttpTransport::new(&account.base_url, account.poll.timeout)?;
        let webhook = webhook::Draft::new(&account)?;
        Ok(Self {
            account,
            transport,
            webhook,
        })
    }

    /// The account's name.
    pub(super) fn name(&self) -> &Arc<str> {
        &self.account.name
    }

    /// A client for whoever wants calls and no watching.
    pub(super) fn into_client(self, clock: &Clock) -> Client<HttpTransport> {
        let carry_over = CarryOver::new(&self.account);
        carry_over.client(self.transport, &self.account, clock)
    }

    /// Ends the predecessor, if the account was watched until now, and starts with what that one knew, what it spent and
    /// what it was locked for. `claim` is the account's place among those that may want the same phones.
    pub(super) async fn start(
        self,
        predecessor: Option<RunningAccount>,
        claim: OwnershipHandle,
        context: &Context<'_>,
    ) -> RunningAccount {
        let Context {
            store,
            registry,
            clock,
            broken,
            state_saver,
        } = *context;
        let Self {
            account,
            transport,
            webhook,
        } = self;
        let before = predecessor.as_ref().map(|watch| watch.metrics.clone());
        let metrics = AccountMetrics::new(registry, &account, before);
        let (mut carry_over, known) = match predecessor {
            Some(watch) => (CarryOver::after(&watch, &account), watch.end().await),
            None => state_saver.begin(&account, &metrics),
        };
        carry_over.listen(webhook, &account, &metrics, clock);
        let client = Arc::new(carry_over.client(transport, &account, clock));
        let mut fleet = known.unwrap_or_else(|| Fleet::new(account.name.clone()));
        let tasks = Tasks::new(broken);
        let configured = account.phones.clone();
        let targets = if let Some((settings, status)) = account.discovery.clone().zip(metrics.discovery.clone()) {
            let (client, name, clock) = (client.clone(), account.name.clone(), clock.clone());
            let (discovery, targets) = Discovery::new(client, settings, configured, claim, name, status, clock);
            let discovery = discovery
                .remembering(fleet.members())
                .hearing(carry_over.listeners.targets.clone());
            fleet.assign(&targets.borrow());
            tasks.spawn(|stop| discovery.run(stop));
            targets
        } else {
            let (fixed, targets) = Fixed::new(account.name.clone(), configured, claim);
            // At once, so that every configured phone is on the store from the start.
            fleet.assign(&targets.borrow());
            tasks.spawn(|stop| fixed.run(stop));
            targets
        };
        if let Some(status) = metrics.billing.clone() {
            let (account, client) = (account.name.clone(), client.clone());
            let billing = Billing {
                account,
                client,
                status,
            };
            tasks.spawn(|stop| billing.run(stop));
        }
        let section = store.account(&account.name);
        let parts = Parts {
            client,
            fleet,
            targets,
            hints: carry_over.listeners.hints.clone(),
            snapshot_cell: carry_over.snapshot_cell.clone(),
            section: section.clone(),
            status: metrics.poll.clone(),
            clock: clock.clone(),
            first_round: carry_over.first_round.clone(),
        };
        let settings = Settings {
            interval: account.poll.interval,
            transient_interval: account.poll.transient_interval,
            stale_after: account.poll.stale_after,
            max_in_flight: account.budget.max_in_flight,
        };
        let poller = Poller::new(parts, settings);
        let poller = tasks.spawn(|stop| poller.run(stop));
        RunningAccount {
            account,
            section,
            metrics,
            carry_over,
            tasks,
            poller,
        }
    }
}

impl CarryOver {
    /// Of an account of which nothing is known.
    pub(super) fn new(account: &Account) -> Self {
        let allowed = account.budget;
        let budget = Budget::new(allowed.requests_per_minute, allowed.max_in_flight);
        Self {
            budget: Arc::new(budget),
            endpoint_limits: Arc::default(),
            gate: Arc::default(),
            first_round: Arc::default(),
            listeners: Listeners::default(),
            webhook: None,
            snapshot_cell: SnapshotCell::default(),
            mark: account.credentials.mark().into(),
        }
    }

    fn client(&self, transport: HttpTransport, account: &Account, clock: &Clock) -> Client<HttpTransport> {
        let (budget, gate) = (self.budget.clone(), self.gate.clone());
        Client::new(transport, account.credentials.clone(), budget, gate, clock.clone())
            .with_endpoint_limits(self.endpoint_limits.clone())
    }

    /// Lets the webhook that was planned take over from the one there was.
    fn listen(&mut self, draft: Option<webhook::Draft>, account: &Account, metrics: &AccountMetrics, clock: &Clock) {
        let former = self.webhook.take();
        self.webhook = draft.zip(metrics.webhook.clone()).map(|(draft, metrics)| {
            let webhook = draft.start(
                account,
                former.as_deref(),
                self.listeners.clone(),
                metrics,
                clock.clone(),
            );
            Arc::new(webhook)
        });
    }

    fn after(watch: &RunningAccount, account: &Account) -> Self {
        let mut carry_over = watch.carry_over.clone();
        if watch.account.credentials != account.credentials {
            carry_over.gate.reset_auth_backoff();
            carry_over.mark = account.credentials.mark().into();
        }
        let allowed = account.budget;
        let budget = carry_over
            .budget
            .successor(allowed.requests_per_minute, allowed.max_in_flight);
        Self {
            budget: Arc::new(budget),
            ..carry_over
        }
    }
}
