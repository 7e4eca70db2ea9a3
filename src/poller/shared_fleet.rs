//! The fleet of one account, shared by its poller, its webhook and the state file.

use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;

use crate::fleet::Fleet;
use geelark_client::phone::PhoneId;

/// The fleet of one account. A clone is another handle to the same fleet. It outlives the poller, so a reload keeps it.
#[derive(Clone, Debug)]
pub struct SharedFleet(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    fleet: Mutex<Fleet>,
    hinted: Notify,
}

impl SharedFleet {
    /// Shares `fleet`.
    pub fn new(fleet: Fleet) -> Self {
        Self(Arc::new(Shared {
            fleet: Mutex::new(fleet),
            hinted: Notify::new(),
        }))
    }

    /// The fleet, locked. Nothing waits for the network or renders while it is locked.
    pub fn lock(&self) -> MutexGuard<'_, Fleet> {
        self.0.fleet.lock()
    }

    /// Hints say that these phones changed: the poller requests them soon. Returns how many hints are dropped.
    pub fn hint(&self, ids: &[PhoneId]) -> usize {
        let dropped = self.lock().hint(ids);
        self.0.hinted.notify_one();
        dropped
    }

    /// Waits for hints that came since the last call. Cancel safe.
    pub(super) async fn hinted(&self) {
        self.0.hinted.notified().await;
    }
}
