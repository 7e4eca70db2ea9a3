//! How many connections may be open, and which one closes when another needs its slot.
//!
//! A new connection takes a free slot. Without one, a connection closes for it, in this order: the one that has waited
//! longest without sending a request, the one that has been idle longest, one whose response has not progressed for a
//! while. If all are being answered, the new connection waits.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

use super::permit::{ConnectionPermit, Phase};
use crate::settings::ConnectionLimits;

/// Connections closed when file descriptors run out: the exporter's own files and connections need some, too.
const RESERVE: usize = 16;
/// Slots that always remain.
const MIN_SLOTS: usize = 8;
/// How long slots are withheld before the exporter tries again whether there are descriptors for them.
const WITHHELD_FOR: Duration = Duration::from_mins(10);

/// The open connections.
#[derive(Debug)]
pub(super) struct ConnectionLimiter {
    limits: ConnectionLimits,
    slots: Arc<Semaphore>,
    open: Mutex<Vec<Weak<ConnectionPermit>>>,
}

impl ConnectionLimiter {
    pub(super) fn new(limits: ConnectionLimits) -> Self {
        Self {
            limits,
            slots: Arc::new(Semaphore::new(limits.connections)),
            open: Mutex::default(),
        }
    }

    /// A slot for a new connection, as soon as there is one.
    pub(super) async fn admit(&self) -> Arc<ConnectionPermit> {
        let slot = loop {
            if let Ok(slot) = self.slots.clone().try_acquire_owned() {
                break slot;
            }
            self.evict(1);
            // A response stalls without an event, so look again after a while.
            let freed = timeout(self.limits.stall, self.slots.clone().acquire_owned()).await;
            if let Ok(Ok(slot)) = freed {
                break slot;
            }
        };
        let permit = ConnectionPermit::new(slot);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|permit| permit.strong_count() > 0);
        open.push(Arc::downgrade(&permit));
        permit
    }

    /// Closes connections because file descriptors have run out, and withholds their slots for a while.
    pub(super) fn shrink(&self) {
        let open = self.open().len();
        let slots = open.saturating_sub(RESERVE).max(MIN_SLOTS);
        let surplus = (self.slots.available_permits() + open).saturating_sub(slots);
        let surplus = u32::try_from(surplus).unwrap_or(u32::MAX);
        if surplus > 0 {
            let withheld = self.slots.clone().acquire_many_owned(surplus);
            tokio::spawn(async move {
                let _withheld = withheld.await;
                sleep(WITHHELD_FOR).await;
            });
        }
        self.evict(open.saturating_sub(slots));
    }

    /// Closes the `count` connections that are missed least, if so many may be closed.
    fn evict(&self, count: usize) {
        let mut candidates: Vec<_> = self.open().into_iter().map(|permit| (permit.phase(), permit)).collect();
        candidates.retain(|(phase, permit)| match phase {
            _ if permit.close.is_cancelled() => false,
            Phase::Head(_) | Phase::Idle(_) => true,
            Phase::Busy(progress) => progress.elapsed() >= self.limits.stall,
        });
        candidates.sort_by_key(|(phase, _)| *phase);
        for (_, permit) in candidates.into_iter().take(count) {
            permit.close.cancel();
        }
    }

    /// Closes connections that are too slow or idle for too long.
    pub(super) fn close_overdue(&self) {
        let now = Instant::now();
        self.close_if(|permit| permit.deadline(&self.limits) <= now);
    }

    /// Closes connections that have not sent a whole request head.
    pub(super) fn close_pending(&self) {
        self.close_if(|permit| matches!(permit.phase(), Phase::Head(_)));
    }

    pub(super) fn close_if(&self, condition: impl Fn(&ConnectionPermit) -> bool) {
        for permit in self.open().iter().filter(|permit| condition(permit)) {
            permit.close.cancel();
        }
    }

    fn open(&self) -> Vec<Arc<ConnectionPermit>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.iter().filter_map(Weak::upgrade).collect()
    }
}
