//! Where a poller shows its whole fleet to whoever keeps a memory of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use crate::fleet::Snapshot;

/// A poller that takes longer than this to show itself is shown as it was last.
const PATIENCE: Duration = Duration::from_secs(5);

/// One account's fleet as it was when somebody last looked. A cheap handle.
#[derive(Clone, Debug)]
pub struct SnapshotCell(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    wanted: Notify,
    latest: watch::Sender<Arc<Snapshot>>,
}

impl Default for SnapshotCell {
    fn default() -> Self {
        Self(Arc::new(Inner {
            wanted: Notify::new(),
            latest: watch::Sender::default(),
        }))
    }
}

impl SnapshotCell {
    /// The fleet now. One looks at a time.
    pub async fn look(&self) -> Arc<Snapshot> {
        let mut shown = self.0.latest.subscribe();
        self.0.wanted.notify_one();
        // The sender is ours, so it is not gone; and what was shown last is better than nothing.
        let _ = timeout(PATIENCE, shown.changed()).await;
        self.latest()
    }

    /// The fleet as it was last shown, at once.
    pub fn latest(&self) -> Arc<Snapshot> {
        self.0.latest.borrow().clone()
    }

    /// Waits until somebody looks. Giving up the wait misses nobody.
    pub async fn wanted(&self) {
        self.0.wanted.notified().await;
    }

    /// What whoever looks sees from now on.
    pub fn show(&self, snapshot: Snapshot) {
        self.0.latest.send_replace(Arc::new(snapshot));
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::fleet::Phone;

    fn snapshot() -> Snapshot {
        Snapshot::new(&"main".into(), [(Phone::unseen("a".into()), None)])
    }

    #[tokio::test(start_paused = true)]
    async fn who_looks_sees_what_is_shown_then() {
        let snapshot_cell = SnapshotCell::default();
        tokio::spawn({
            let snapshot_cell = snapshot_cell.clone();
            async move {
                snapshot_cell.wanted().await;
                snapshot_cell.show(snapshot());
            }
        });
        assert_eq!(snapshot_cell.look().await.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_poller_that_is_gone_is_seen_as_it_was_last() {
        let snapshot_cell = SnapshotCell::default();
        snapshot_cell.show(snapshot());
        let start = Instant::now();
        assert_eq!(snapshot_cell.look().await.len(), 1);
        assert_eq!(start.elapsed(), PATIENCE);
    }
}
