//! The fleet of one account as the state file needs it: the poller writes it on request.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use crate::fleet::Snapshot;

/// A poller that takes longer than this to answer leaves its last snapshot.
const PATIENCE: Duration = Duration::from_secs(5);

/// The last snapshot of one account's fleet. A cheap handle.
#[derive(Clone, Debug, Default)]
pub struct SnapshotCell(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    wanted: Notify,
    latest: watch::Sender<Arc<Snapshot>>,
}

impl SnapshotCell {
    /// Asks the poller for a snapshot and waits for it. For one reader at a time.
    pub async fn refresh(&self) -> Arc<Snapshot> {
        let mut latest = self.0.latest.subscribe();
        self.0.wanted.notify_one();
        // The sender is ours, so this fails only by timeout; then the last snapshot is better than none.
        let _ = timeout(PATIENCE, latest.changed()).await;
        self.latest()
    }

    /// The last snapshot, at once.
    pub fn latest(&self) -> Arc<Snapshot> {
        self.0.latest.borrow().clone()
    }

    /// Waits until a snapshot is wanted. Cancel safe.
    pub async fn wanted(&self) {
        self.0.wanted.notified().await;
    }

    /// Stores a snapshot.
    pub fn set(&self, snapshot: Snapshot) {
        self.0.latest.send_replace(Arc::new(snapshot));
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::fleet::Phone;

    fn snapshot() -> Snapshot {
        Snapshot::new([(Phone::unseen("a".into()), None)])
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_gets_the_snapshot_of_that_moment() {
        let snapshot_cell = SnapshotCell::default();
        tokio::spawn({
            let snapshot_cell = snapshot_cell.clone();
            async move {
                snapshot_cell.wanted().await;
                snapshot_cell.set(snapshot());
            }
        });
        assert_eq!(snapshot_cell.refresh().await.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_poller_the_last_snapshot_is_returned() {
        let snapshot_cell = SnapshotCell::default();
        snapshot_cell.set(snapshot());
        let start = Instant::now();
        assert_eq!(snapshot_cell.refresh().await.len(), 1);
        assert_eq!(start.elapsed(), PATIENCE);
    }
}
