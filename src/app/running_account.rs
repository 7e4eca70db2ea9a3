//! One account: what is prepared before a start, its tasks while it runs, and what outlives a reload.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::billing::{Billing, Money};
use crate::config::AccountConfig;
use crate::exposition::{AccountStore, MetricsStore};
use crate::fleet::Fleet;
use crate::metrics::{CallMetrics, Registry};
use crate::poller::{Parts, Poller, RoundStatus, SharedFleet};
use crate::targets::{Discovery, DiscoveryStatus, Ownership, OwnershipHandle, without_discovery};
use crate::webhook::{Listeners, RelayClient, RelayUrl, Webhook};
use geelark_client::clock::Clock;
use geelark_client::{Budget, Client, Gate, HttpTransport, SetupError};

/// What all accounts run with.
pub(super) struct Context {
    pub(super) store: MetricsStore,
    pub(super) registry: Registry,
    pub(super) clock: Clock,
    pub(super) ownership: Ownership,
    /// Cancelled when a task panicked that must not end.
    pub(super) broken: CancellationToken,
}

/// An account that can start: everything that can fail is done, and nothing is started or changed.
pub(super) struct PreparedAccount {
    pub(super) account: AccountConfig,
    transport: HttpTransport,
    relay: Option<(RelayUrl, RelayClient)>,
}

/// What an account keeps over a reload.
#[derive(Clone)]
pub(super) struct CarryOver {
    pub(super) budget: Arc<Budget>,
    pub(super) gate: Arc<Gate>,
    /// An account that was ready stays ready.
    pub(super) first_round: Arc<AtomicBool>,
    pub(super) listeners: Listeners,
    /// Trace ids that were used and requests that wait to be relayed are kept.
    pub(super) webhook: Option<Arc<Webhook>>,
    /// How a later process recognises the credentials.
    pub(super) fingerprint: Arc<str>,
    handle: Arc<OwnershipHandle>,
    pub(super) store: AccountStore,
    calls: CallMetrics,
    pub(super) round: Arc<RoundStatus>,
    pub(super) discovery: Option<Arc<DiscoveryStatus>>,
    pub(super) money: Option<Money>,
}

/// Where the state of one account is saved from.
#[derive(Clone)]
pub(super) struct SavedFrom {
    pub(super) name: Arc<str>,
    pub(super) carry_over: CarryOver,
}

/// An account with its tasks.
pub(super) struct RunningAccount {
    pub(super) account: AccountConfig,
    pub(super) carry_over: CarryOver,
    tasks: Tasks,
}

impl PreparedAccount {
    pub(super) fn new(account: AccountConfig) -> Result<Self, SetupError> {
        let transport = HttpTransport::new(&account.base_url, account.poll.timeout)?;
        let relay_to = account.webhook.as_ref().and_then(|webhook| webhook.relay_to.clone());
        let relay = relay_to
            .map(|url| Ok::<_, SetupError>((url, RelayClient::new()?)))
            .transpose()?;
        Ok(Self {
            account,
            transport,
            relay,
        })
    }

    /// A client for calls without polling.
    pub(super) fn into_client(self, clock: &Clock) -> Client<HttpTransport> {
        let budget = Budget::new(self.account.budget);
        Client::new(
            self.transport,
            self.account.credentials,
            Arc::new(budget),
            Arc::default(),
            clock.clone(),
        )
    }

    /// Starts the account with what it carries over.
    pub(super) fn start(self, mut carry_over: CarryOver, context: &Context) -> RunningAccount {
        let Self {
            account,
            transport,
            relay,
        } = self;
        let (clock, registry) = (&context.clock, &context.registry);
        carry_over.adapt_to(&account, relay, registry, clock);
        let client = Arc::new(Client::new(
            transport,
            account.credentials.clone(),
            carry_over.budget.clone(),
            carry_over.gate.clone(),
            clock.clone(),
        ));
        let fleet = carry_over.listeners.fleet.clone();
        let tasks = Tasks::new(&context.broken);
        let (handle, calls) = (carry_over.handle.clone(), carry_over.calls.clone());
        let mut targets = handle.subscribe();
        if let (Some(settings), Some(status)) = (account.discovery.clone(), carry_over.discovery.clone()) {
            let remembered = fleet
                .lock()
                .targets()
                .map(|target| (target.id, target.details.unwrap_or_default()))
                .collect();
            let discovery = Discovery {
                client: client.clone(),
                account: account.name.clone(),
                settings,
                configured: account.phones.clone(),
                remembered,
                handle,
                calls: calls.clone(),
                status,
                clock: clock.clone(),
                hints: carry_over.listeners.targets.clone(),
            };
            discovery.publish_initial();
            tasks.spawn(|stop| discovery.run(stop));
        } else {
            handle.publish(without_discovery(&account.phones));
        }
        let own = targets.latest();
        fleet.lock().assign(&own);
        // The first round begins now, or with the first listing where no phone is known before.
        if account.discovery.is_none() || !own.is_empty() {
            targets.mark_changed();
        }
        if let Some(money) = carry_over.money.clone() {
            let billing = Billing {
                client: client.clone(),
                account: account.name.clone(),
                calls: calls.clone(),
                money,
            };
            tasks.spawn(|stop| billing.run(stop));
        }
        let parts = Parts {
            settings: account.poll,
            client,
            fleet,
            targets,
            store: carry_over.store.clone(),
            calls,
            status: carry_over.round.clone(),
            clock: clock.clone(),
            first_round: carry_over.first_round.clone(),
        };
        let poller = Poller::new(parts);
        tasks.spawn(|stop| poller.run(stop));
        RunningAccount {
            account,
            carry_over,
            tasks,
        }
    }
}

impl CarryOver {
    /// Of an account that did not run in this process.
    pub(super) fn new(account: &AccountConfig, gate: Gate, fleet: Fleet, context: &Context) -> Self {
        let name = &account.name;
        let mut carry_over = Self {
            budget: Arc::new(Budget::new(account.budget)),
            gate: Arc::new(gate),
            first_round: Arc::default(),
            listeners: Listeners {
                fleet: SharedFleet::new(fleet),
                targets: Arc::default(),
            },
            webhook: None,
            fingerprint: account.credentials.fingerprint().into(),
            handle: context.ownership.account(name),
            store: context.store.account(name),
            calls: CallMetrics::new(&context.registry, name),
            round: Arc::new(RoundStatus::new(&context.registry, name)),
            discovery: None,
            money: None,
        };
        carry_over.adapt_metrics(account, &context.registry);
        carry_over
    }

    /// Series of parts that are off go, those of parts that are on stay or begin.
    fn adapt_metrics(&mut self, account: &AccountConfig, registry: &Registry) {
        let name = &account.name;
        let discovery = self.discovery.take();
        self.discovery = account
            .discovery
            .as_ref()
            .map(|_| discovery.unwrap_or_else(|| Arc::new(DiscoveryStatus::new(registry, name))));
        let money = self.money.take();
        self.money = account
            .billing
            .then(|| money.unwrap_or_else(|| Money::new(registry, name)));
    }

    /// Adopts the configuration of `account`.
    fn adapt_to(
        &mut self,
        account: &AccountConfig,
        relay: Option<(RelayUrl, RelayClient)>,
        registry: &Registry,
        clock: &Clock,
    ) {
        let name = &account.name;
        self.budget.set_limits(account.budget);
        if !account.credentials.matches_fingerprint(&self.fingerprint) {
            self.gate.reset_auth_backoff();
            self.fingerprint = account.credentials.fingerprint().into();
        }
        self.adapt_metrics(account, registry);
        let before = self.webhook.take();
        self.webhook = account.webhook.as_ref().map(|_| {
            let (credentials, listeners) = (account.credentials.clone(), self.listeners.clone());
            let webhook = Webhook::new(
                name,
                credentials,
                relay,
                before.as_deref(),
                listeners,
                registry,
                clock.clone(),
            );
            Arc::new(webhook)
        });
    }
}

impl RunningAccount {
    /// Where the state of the account is saved from.
    pub(super) fn saved_from(&self) -> SavedFrom {
        SavedFrom {
            name: self.account.name.clone(),
            carry_over: self.carry_over.clone(),
        }
    }

    /// Stops all tasks, and returns what the next ones carry over.
    pub(super) async fn stop(self) -> CarryOver {
        self.tasks.stop().await;
        self.carry_over
    }
}

/// The tasks of one account. They end together, and none may end by itself.
struct Tasks {
    stop: CancellationToken,
    tracker: TaskTracker,
    broken: CancellationToken,
}

impl Tasks {
    fn new(broken: &CancellationToken) -> Self {
        Self {
            stop: CancellationToken::new(),
            tracker: TaskTracker::new(),
            broken: broken.clone(),
        }
    }

    /// Runs `task`, which ends when the token is cancelled.
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, task: impl FnOnce(CancellationToken) -> F) {
        // Dropped while armed only by a panic, which ends the process.
        let alarm = self.broken.clone().drop_guard();
        let running = task(self.stop.clone());
        self.tracker.spawn(async move {
            running.await;
            alarm.disarm();
        });
    }

    async fn stop(self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}
