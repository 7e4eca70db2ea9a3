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

/// Everything a watched account needs that can fail to be built, built before anything starts.
pub(super) struct Plan {
    account: Account,
    client: Client<HttpTransport>,
    gate: Arc<Gate>,
    first_round: Arc<AtomicBool>,
}

impl Plan {
    /// `predecessor` is the same account as it was watched until now, if it was: what it spent and its locks stay.
    pub(super) fn new(account: Account, predecessor: Option<&Watch>, clock: &Clock) -> Result<Self, SetupError> {
        let allowed = account.budget;
        let (budget, gate) = match predecessor {
            Some(watch) => (
                watch
                    .budget
                    .successor(allowed.requests_per_minute, allowed.max_in_flight),
                watch.gate.clone(),
            ),
            None => (
                Budget::new(allowed.requests_per_minute, allowed.max_in_flight),
                Arc::new(Gate::new()),
            ),
        };
        let transport = HttpTransport::new(&account.base_url, account.poll.timeout)?;
        let client = Client::new(
            transport,
            account.credentials.clone(),
            Arc::new(budget),
            gate.clone(),
            clock.clone(),
        );
        let first_round = predecessor.map_or_else(Arc::default, |watch| watch.first_round.clone());
        Ok(Self {
            account,
            client,
            gate,
            first_round,
        })
    }

    /// The client, for whoever wants one call and no watching.
    pub(super) fn into_client(self) -> Client<HttpTransport> {
        self.client
    }

    /// Ends the predecessor and starts the poller with what that one knew. `broken` is cancelled should it panic.
    pub(super) async fn start(
        self,
        predecessor: Option<Watch>,
        board: &Board,
        clock: &Clock,
        broken: &CancellationToken,
    ) -> Watch {
        let Self {
            account,
            client,
            gate,
            first_round,
        } = self;
        let known = match predecessor {
            Some(watch) => {
                if watch.account.credentials != account.credentials {
                    gate.forget_refusals();
                }
                watch.end().await
            }
            None => None,
        };
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
        let budget = client.budget().clone();
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
