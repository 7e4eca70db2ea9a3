//! All connections together: how many there may be, and who goes when another wants in.
//!
//! Always true: there are never more than `limits.connections`, and fewer for a while where the machine could not bear
//! so many. A newcomer takes, in this order, a free place, the place of who has waited longest without sending a request,
//! of who has been idle longest, of who has taken nothing of its response for a while; only a limiter of requests under
//! way makes it wait. Whoever is asked to leave has left before the newcomer is in.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::activity::{Activity, Phase};
use super::limits::Limits;

/// Places given up when the machine is short of something: what the exporter itself opens needs some, too.
const RESERVE: usize = 16;
/// However short the machine is, so many may come in.
const LEAST: usize = 8;
/// How long a limiter stays small before it is tried again whether the machine bears more.
const SMALL_FOR: Duration = Duration::from_mins(10);

/// The open connections.
#[derive(Debug)]
pub(super) struct ConnectionLimiter {
    pub(super) limits: Limits,
    members: Mutex<Members>,
    left: Notify,
}

#[derive(Debug, Default)]
struct Members {
    next: u64,
    open: HashMap<u64, Arc<Activity>>,
    /// How many there may be for now, and until when.
    small: Option<(usize, Instant)>,
}

/// A place in the limiter, free again when dropped.
#[derive(Debug)]
pub(super) struct ConnectionPermit {
    pub(super) activity: Arc<Activity>,
    limiter: Arc<ConnectionLimiter>,
    number: u64,
}

impl ConnectionLimiter {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            members: Mutex::default(),
            left: Notify::new(),
        })
    }

    fn members(&self) -> MutexGuard<'_, Members> {
        // Insertions and removals are single steps, so a poisoned limiter is still a limiter.
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a newcomer, as soon as there is one.
    pub(super) async fn admit(self: &Arc<Self>) -> ConnectionPermit {
        let mut left = pin!(self.left.notified());
        loop {
            // Listening begins before looking, so that nobody leaves unnoticed in between.
            left.as_mut().enable();
            if let Some(place) = self.try_admit() {
                return place;
            }
            // A stall grows long enough by itself; nobody announces it.
            if timeout(self.limits.stall, left.as_mut()).await.is_ok() {
                left.set(self.left.notified());
            }
        }
    }

    /// A place if there is one; otherwise somebody is asked to leave.
    fn try_admit(self: &Arc<Self>) -> Option<ConnectionPermit> {
        let mut members = self.members();
        let room = members.small.map_or(self.limits.connections, |(room, _)| room);
        if members.open.len() >= room {
            if !members.open.values().any(|activity| activity.close.is_cancelled()) {
                self.evict(&members);
            }
            return None;
        }
        let number = members.next;
        members.next += 1;
        let activity = Activity::new();
        members.open.insert(number, activity.clone());
        drop(members);
        Some(ConnectionPermit {
            activity,
            limiter: self.clone(),
            number,
        })
    }

    /// The machine could not bear one more: some have to go, and for a while fewer may come.
    pub(super) fn shrink(&self) {
        let mut members = self.members();
        let room = members.open.len().saturating_sub(RESERVE).max(LEAST);
        members.small = Some((room.min(self.limits.connections), Instant::now() + SMALL_FOR));
        for _ in room..members.open.len() {
            self.evict(&members);
        }
    }

    /// Closes the connection that is missed least, if one may go. Its place is free when it has really gone.
    fn evict(&self, members: &Members) {
        let now = Instant::now();
        let victim = members
            .open
            .values()
            .filter(|activity| !activity.close.is_cancelled())
            .map(|activity| (activity.phase(), activity))
            .filter(|((phase, since), _)| match phase {
                Phase::Head | Phase::Idle => true,
                Phase::Stalled => now.duration_since(*since) >= self.limits.stall,
                Phase::Busy => false,
            })
            .min_by_key(|(standing, _)| *standing);
        if let Some((_, activity)) = victim {
            activity.close.cancel();
        }
    }

    /// Closes every connection whose time is up.
    pub(super) fn sweep(&self) {
        let now = Instant::now();
        let mut members = self.members();
        members.small = members.small.filter(|(_, until)| *until > now);
        for activity in members.open.values() {
            if activity.deadline(&self.limits) <= now {
                activity.close.cancel();
            }
        }
    }

    /// Closes every connection that has not sent a whole request: at the end nobody waits for one.
    pub(super) fn close_pending(&self) {
        for activity in self.members().open.values() {
            if activity.phase().0 == Phase::Head {
                activity.close.cancel();
            }
        }
    }

    /// Closes every connection.
    pub(super) fn close_all(&self) {
        for activity in self.members().open.values() {
            activity.close.cancel();
        }
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.limiter.members().open.remove(&self.number);
        self.limiter.left.notify_waiters();
    }
}
