//! One account being watched: the tasks that do it, and what of it outlives a reload.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::metrics::AccountMetrics;
use super::state_saver::SavedFrom;
use super::webhook::{Listeners, Webhook};
use crate::config::Account;
use crate::exposition::AccountStore;
use crate::fleet::Fleet;
use crate::poller::SnapshotCell;
use geelark_client::{Budget, EndpointLimits, Gate};

/// A watched account.
pub(super) struct RunningAccount {
    pub(super) account: Account,
    pub(super) section: AccountStore,
    pub(super) metrics: AccountMetrics,
    pub(super) carry_over: CarryOver,
    pub(super) tasks: Tasks,
    pub(super) poller: JoinHandle<Fleet>,
}

/// What a successor takes over from the watch before it.
#[derive(Clone)]
pub(super) struct CarryOver {
    /// What is spent stays spent.
    pub(super) budget: Arc<Budget>,
    /// So does what is spent at single endpoints.
    pub(super) endpoint_limits: Arc<EndpointLimits>,
    /// Locks stay.
    pub(super) gate: Arc<Gate>,
    /// An account that was ready stays ready.
    pub(super) first_round: Arc<AtomicBool>,
    /// A hint that came during a reload is not lost.
    pub(super) listeners: Listeners,
    /// What came by webhook does not come again, and what waits to be handed on is.
    pub(super) webhook: Option<Arc<Webhook>>,
    /// The fleet as it was last looked at.
    pub(super) snapshot_cell: SnapshotCell,
    /// By what the credentials are recognised by a later process.
    pub(super) mark: Arc<str>,
}

/// The tasks of one account. They end together, and none may end by itself.
pub(super) struct Tasks {
    stop: CancellationToken,
    tracker: TaskTracker,
    /// Cancelled by a task that panicked.
    broken: CancellationToken,
}

impl Tasks {
    /// `broken` is shared by all accounts.
    pub(super) fn new(broken: &CancellationToken) -> Self {
        Self {
            stop: CancellationToken::new(),
            tracker: TaskTracker::new(),
            broken: broken.clone(),
        }
    }

    /// Runs what `task` makes of the token that tells it to stop.
    pub(super) fn spawn<F>(&self, task: impl FnOnce(CancellationToken) -> F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        // Dropped while armed only in a panic, which must not go unseen.
        let alarm = self.broken.clone().drop_guard();
        let running = task(self.stop.clone());
        self.tracker.spawn(async move {
            let output = running.await;
            alarm.disarm();
            output
        })
    }

    async fn end(self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

impl RunningAccount {
    /// Where what is to be kept of the account is found.
    pub(super) fn record(&self) -> SavedFrom {
        SavedFrom {
            name: self.account.name.clone(),
            carry_over: self.carry_over.clone(),
            metrics: self.metrics.clone(),
        }
    }

    /// Ends everything that is done for the account, and gives back what is known; `None` if the poller panicked.
    pub(super) async fn end(self) -> Option<Fleet> {
        self.tasks.end().await;
        self.poller.await.ok()
    }
}
