//! One connection's slot, what the connection is doing, and how it is told to close.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::settings::ConnectionLimits;

/// What a connection is doing, and since when. Ordered by how little is lost when it closes, then by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// It has not sent a whole request head: TLS handshake, silence, or a slow head.
    Head(Instant),
    /// It has sent nothing since the end of its last request.
    Idle(Instant),
    /// Requests are being answered. The time is the last progress: the client took bytes, or sent a request.
    Busy(Instant),
}

/// The right to be open. The slot is free again when the last reference is dropped.
#[derive(Debug)]
pub(super) struct ConnectionPermit {
    activity: Mutex<Activity>,
    /// Cancelled when the connection has to close.
    pub(super) close: CancellationToken,
    _slot: OwnedSemaphorePermit,
}

#[derive(Debug)]
struct Activity {
    phase: Phase,
    /// HTTP/2 frames arrive at any time, so bytes do not mean that a request begins.
    http2: bool,
    /// When each running request began.
    requests: Vec<Instant>,
}

impl ConnectionPermit {
    /// For a connection that was just accepted.
    pub(super) fn new(slot: OwnedSemaphorePermit) -> Arc<Self> {
        Arc::new(Self {
            activity: Mutex::new(Activity {
                phase: Phase::Head(Instant::now()),
                http2: false,
                requests: Vec::new(),
            }),
            close: CancellationToken::new(),
            _slot: slot,
        })
    }

    fn activity(&self) -> MutexGuard<'_, Activity> {
        // Each change is a few assignments, so the state behind a poisoned lock is usable.
        self.activity.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that bytes arrived.
    pub(super) fn read(&self) {
        let mut activity = self.activity();
        if matches!(activity.phase, Phase::Idle(_)) && !activity.http2 {
            activity.phase = Phase::Head(Instant::now());
        }
    }

    /// Notes that the client took bytes.
    pub(super) fn wrote(&self) {
        let mut activity = self.activity();
        if let Phase::Busy(progress) = &mut activity.phase {
            *progress = Instant::now();
        }
    }

    /// Notes that a request's head is complete. The request ends when the returned value is dropped.
    pub(super) fn request(self: &Arc<Self>, http2: bool) -> RunningRequest {
        let began = Instant::now();
        let mut activity = self.activity();
        activity.http2 = http2;
        activity.requests.push(began);
        activity.phase = Phase::Busy(began);
        RunningRequest(self.clone(), began)
    }

    pub(super) fn phase(&self) -> Phase {
        self.activity().phase
    }

    /// When the connection has to close unless something changes.
    pub(super) fn deadline(&self, limits: &ConnectionLimits) -> Instant {
        let activity = self.activity();
        match activity.phase {
            Phase::Head(since) => since + limits.head,
            Phase::Idle(since) => since + limits.idle,
            Phase::Busy(progress) => *activity.requests.iter().min().unwrap_or(&progress) + limits.response,
        }
    }
}

/// A request between the end of its head and the end of its response.
pub(super) struct RunningRequest(Arc<ConnectionPermit>, Instant);

impl Drop for RunningRequest {
    fn drop(&mut self) {
        let mut activity = self.0.activity();
        if let Some(index) = activity.requests.iter().position(|began| *began == self.1) {
            activity.requests.swap_remove(index);
        }
        if activity.requests.is_empty() {
            activity.phase = Phase::Idle(Instant::now());
        }
    }
}
