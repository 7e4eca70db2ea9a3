//! An account with its tasks.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::carry_over::{CarryOver, Context};
use crate::billing::Billing;
use crate::config::AccountConfig;
use crate::poller::{Parts, Poller};
use crate::targets::{Discovery, without_discovery};
use geelark_client::{Client, HttpTransport};

/// An account with its tasks.
pub(super) struct RunningAccount {
    pub(super) carry_over: CarryOver,
    tasks: Tasks,
}

impl RunningAccount {
    /// Starts the tasks of `account`.
    pub(super) fn start(
        account: &AccountConfig,
        transport: HttpTransport,
        carry_over: CarryOver,
        context: &Context,
    ) -> Self {
        let client = Arc::new(Client::new(
            transport,
            account.credentials.clone(),
            carry_over.budget.clone(),
            carry_over.gate.clone(),
            context.clock.clone(),
        ));
        let fleet = carry_over.listeners.fleet.clone();
        let tasks = Tasks {
            broken: context.broken.clone(),
            ..Tasks::default()
        };
        let mut targets = carry_over.handle.subscribe();
        if let (Some(settings), Some(status)) = (&account.discovery, &carry_over.discovery) {
            let remembered = fleet
                .lock()
                .targets()
                .map(|target| (target.id, target.details.unwrap_or_default()))
                .collect();
            let discovery = Discovery {
                client: client.clone(),
                account: account.name.clone(),
                settings: settings.clone(),
                configured: account.phones.clone(),
                remembered,
                handle: carry_over.handle.clone(),
                calls: carry_over.calls.clone(),
                status: status.clone(),
                clock: context.clock.clone(),
                hints: carry_over.listeners.targets.clone(),
            };
            discovery.publish_initial();
            tasks.spawn(|stop| discovery.run(stop));
        } else {
            carry_over.handle.publish(without_discovery(&account.phones));
        }
        let own = targets.borrow_and_update().clone();
        fleet.lock().assign(&own);
        // The first round begins now, or with the first listing where no phone is known before.
        if account.discovery.is_none() || !own.is_empty() {
            targets.mark_changed();
        }
        if let Some(status) = carry_over.billing.clone() {
            let billing = Billing {
                client: client.clone(),
                account: account.name.clone(),
                calls: carry_over.calls.clone(),
                status,
            };
            tasks.spawn(|stop| billing.run(stop));
        }
        let poller = Poller::new(Parts {
            settings: account.poll,
            client,
            fleet,
            targets,
            ownership: carry_over.handle.clone(),
            store: carry_over.store.clone(),
            calls: carry_over.calls.clone(),
            status: carry_over.round.clone(),
            clock: context.clock.clone(),
            first_round: carry_over.first_round.clone(),
        });
        tasks.spawn(|stop| poller.run(stop));
        Self { carry_over, tasks }
    }

    /// Stops all tasks, and returns what the next ones carry over.
    pub(super) async fn stop(self) -> CarryOver {
        self.tasks.stop().await;
        self.carry_over
    }
}

/// The tasks of one account. They end together, and none may end by itself.
#[derive(Default)]
struct Tasks {
    stop: CancellationToken,
    tracker: TaskTracker,
    broken: CancellationToken,
}

impl Tasks {
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
