//! One account being watched: its client, its poller's task, and how to end it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::Account;
use crate::exposition::{Board, Section};
use crate::fleet::Fleet;
use crate::geelark::{Budget, Client, Endpoint, Gate, HttpTransport, SetupError};
use crate::phone::Member;
use crate::poller::{Hints, Parts, Poller, Settings};

/// A watched account in the making: all that can fail has been done, and nothing has been started or changed.
pub(super) struct Plan {
    account: Account,
    transport: HttpTransport,
}

impl Plan {
    pub(super) fn new(account: Account) -> Result<Self, SetupError> {
        let transport = HttpTransport::new(&account.base_url, account.poll.timeout)?;
        Ok(Self { account, transport })
    }

    /// A client for whoever wants a call and no watching.
    pub(super) fn into_client(self, clock: &Clock) -> Client<HttpTransport> {
        let Self { account, transport } = self;
        let budget = Budget::new(account.budget.requests_per_minute, account.budget.max_in_flight);
        let gate = Arc::new(Gate::new());
        Client::new(transport, account.credentials, Arc::new(budget), gate, clock.clone())
    }

    /// Ends the predecessor, if the account was watched until now, and starts the poller with what that one knew, what it
    /// spent and what it was locked for. `broken` is cancelled should the poller panic.
    pub(super) async fn start(
        self,
        predecessor: Option<Watch>,
        board: &Board,
        clock: &Clock,
        broken: &CancellationToken,
    ) -> Watch {
        let Self { account, transport } = self;
        let allowed = account.budget;
        let (budget, gate, first_round, known) = if let Some(watch) = predecessor {
            if watch.account.credentials != account.credentials {
                watch.gate.forget_refusals();
            }
            let budget = watch
                .budget
                .successor(allowed.requests_per_minute, allowed.max_in_flight);
            (budget, watch.gate.clone(), watch.first_round.clone(), watch.end().await)
        } else {
            let budget = Budget::new(allowed.requests_per_minute, allowed.max_in_flight);
            (budget, Arc::new(Gate::new()), Arc::default(), None)
        };
        let budget = Arc::new(budget);
        let client = Client::new(
            transport,
            account.credentials.clone(),
            budget.clone(),
            gate.clone(),
            clock.clone(),
        );
        let mut fleet = known.unwrap_or_else(|| Fleet::new(account.name.clone()));
        let members: Arc<[Member]> = account.phones.iter().cloned().map(Member::from).collect();
        fleet.assign(&members);
        let (_, mut roster) = watch::channel(members);
        roster.mark_changed();
        let section = board.section(&account.name);
        let metrics = board.metrics().account(&account.name);
        for endpoint in Endpoint::ALL {
            metrics.declare_endpoint(endpoint.label());
        }
        let hints = Hints::new();
        let settings = Settings {
            interval: account.poll.interval,
            transient_interval: account.poll.transient_interval,
            stale_after: account.poll.stale_after,
            max_in_flight: account.budget.max_in_flight,
        };
        let stop = CancellationToken::new();
        let parts = Parts {
            client: Arc::new(client),
            fleet,
            roster,
            hints,
            section: section.clone(),
            metrics,
            clock: clock.clone(),
            first_round: first_round.clone(),
        };
        let poller = Poller::new(parts, settings);
        // Dropped while armed only if the poller panics, which must not go unseen.
        let alarm = broken.clone().drop_guard();
        let polling = poller.run(stop.clone());
        let task = tokio::spawn(async move {
            let fleet = polling.await;
            alarm.disarm();
            fleet
        });
        Watch {
            account,
            section,
            budget,
            gate,
            first_round,
            stop,
            task,
        }
    }
}

/// A watched account.
pub(super) struct Watch {
    pub(super) account: Account,
    pub(super) section: Section,
    budget: Arc<Budget>,
    gate: Arc<Gate>,
    pub(super) first_round: Arc<AtomicBool>,
    stop: CancellationToken,
    task: JoinHandle<Fleet>,
}

impl Watch {
    /// Ends the poller and gives back what it knew; `None` if it had ended by a panic.
    pub(super) async fn end(self) -> Option<Fleet> {
        self.stop.cancel();
        self.task.await.ok()
    }
}
