//! A watched account in the making.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::keeper::Keeper;
use super::watch::{Lasting, Tasks, Watch};
use super::webhook::{self, Listeners};
use crate::billing::Billing;
use crate::clock::Clock;
use crate::config::Account;
use crate::exposition::{AccountMetrics, Board};
use crate::fleet::Fleet;
use crate::geelark::{Budget, Client, Endpoint, HttpTransport, SetupError};
use crate::poller::{Mirror, Parts, Poller, Settings};
use crate::roster::{Claim, Discovery, Fixed};

/// An account that could be watched: all that can fail has been done, and nothing has been started or changed.
pub(super) struct Plan {
    account: Account,
    transport: HttpTransport,
    webhook: Option<webhook::Draft>,
}

/// What an account is watched with, beside its own configuration.
pub(super) struct Surroundings<'a> {
    pub(super) board: &'a Board,
    pub(super) clock: &'a Clock,
    /// Cancelled should a task of the account panic.
    pub(super) broken: &'a CancellationToken,
    /// Knows what a process before this one knew.
    pub(super) keeper: &'a Keeper,
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

    /// A client for whoever wants calls and no watching.
    pub(super) fn into_client(self, clock: &Clock) -> Client<HttpTransport> {
        let lasting = Lasting::new(&self.account);
        lasting.client(self.transport, &self.account, clock)
    }

    /// Ends the predecessor, if the account was watched until now, and starts with what that one knew, what it spent and
    /// what it was locked for. `claim` is the account's place among those that may want the same phones.
    pub(super) async fn start(
        self,
        predecessor: Option<Watch>,
        claim: Claim,
        surroundings: &Surroundings<'_>,
    ) -> Watch {
        let Surroundings {
            board,
            clock,
            broken,
            keeper,
        } = *surroundings;
        let Self {
            account,
            transport,
            webhook,
        } = self;
        let metrics = board.metrics().account(&account.name);
        let (mut lasting, known) = match predecessor {
            Some(watch) => (Lasting::after(&watch, &account), watch.end().await),
            None => keeper.begin(&account, &metrics),
        };
        lasting.listen(webhook, &account, &metrics, clock);
        let client = Arc::new(lasting.client(transport, &account, clock));
        for endpoint in Endpoint::ALL {
            metrics.declare_endpoint(endpoint.label());
        }
        let mut fleet = known.unwrap_or_else(|| Fleet::new(account.name.clone()));
        let tasks = Tasks::new(broken);
        let configured = account.phones.clone();
        let roster = if let Some(settings) = account.discovery.clone() {
            let (client, metrics, clock) = (client.clone(), metrics.clone(), clock.clone());
            let (discovery, roster) = Discovery::new(client, settings, configured, claim, metrics, clock);
            let discovery = discovery
                .remembering(fleet.members())
                .hearing(lasting.listeners.roster.clone());
            tasks.spawn(|stop| discovery.run(stop));
            roster
        } else {
            metrics.forget_discovery();
            let (fixed, roster) = Fixed::new(account.name.clone(), configured, claim);
            // At once, so that every configured phone is on the board from the start.
            fleet.assign(&roster.borrow());
            tasks.spawn(|stop| fixed.run(stop));
            roster
        };
        if account.billing.enabled {
            let billing = Billing::new(client.clone(), metrics.clone(), account.billing.whole_fleet);
            tasks.spawn(|stop| billing.run(stop));
        } else {
            metrics.forget_money();
        }
        let section = board.section(&account.name);
        let parts = Parts {
            client,
            fleet,
            roster,
            hints: lasting.listeners.hints.clone(),
            mirror: lasting.mirror.clone(),
            section: section.clone(),
            metrics: metrics.clone(),
            clock: clock.clone(),
            first_round: lasting.first_round.clone(),
        };
        let settings = Settings {
            interval: account.poll.interval,
            transient_interval: account.poll.transient_interval,
            stale_after: account.poll.stale_after,
            max_in_flight: account.budget.max_in_flight,
        };
        let poller = Poller::new(parts, settings);
        let poller = tasks.spawn(|stop| poller.run(stop));
        Watch {
            account,
            section,
            metrics,
            lasting,
            tasks,
            poller,
        }
    }
}

impl Lasting {
    /// Of an account of which nothing is known.
    pub(super) fn new(account: &Account) -> Self {
        let allowed = account.budget;
        let budget = Budget::new(allowed.requests_per_minute, allowed.max_in_flight);
        Self {
            budget: Arc::new(budget),
            allowances: Arc::default(),
            gate: Arc::default(),
            first_round: Arc::default(),
            listeners: Listeners::default(),
            webhook: None,
            mirror: Mirror::default(),
            mark: account.credentials.mark().into(),
        }
    }

    fn client(&self, transport: HttpTransport, account: &Account, clock: &Clock) -> Client<HttpTransport> {
        let (budget, gate) = (self.budget.clone(), self.gate.clone());
        Client::new(transport, account.credentials.clone(), budget, gate, clock.clone())
            .with_allowances(self.allowances.clone())
    }

    /// Lets the webhook that was planned take over from the one there was.
    fn listen(&mut self, draft: Option<webhook::Draft>, account: &Account, metrics: &AccountMetrics, clock: &Clock) {
        let former = self.webhook.take();
        if draft.is_none() {
            metrics.forget_webhook();
        }
        self.webhook = draft.map(|draft| {
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

    fn after(watch: &Watch, account: &Account) -> Self {
        let mut lasting = watch.lasting.clone();
        if watch.account.credentials != account.credentials {
            lasting.gate.forget_refusals();
            lasting.mark = account.credentials.mark().into();
        }
        let allowed = account.budget;
        let budget = lasting
            .budget
            .successor(allowed.requests_per_minute, allowed.max_in_flight);
        Self {
            budget: Arc::new(budget),
            ..lasting
        }
    }
}
