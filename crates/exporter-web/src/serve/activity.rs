//! What one connection is doing, noted by its own task and read by the limiter that wants its place.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::limits::Limits;

/// Where a connection stands. Ordered by how little is lost when it is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// It has not sent a whole request head: handshake, silence after connecting, or a head that trickles.
    Head,
    /// It sends nothing between two requests.
    Idle,
    /// A response is not taken: the socket has been full since then.
    Stalled,
    /// A request is being answered.
    Busy,
}

/// One connection as others see it.
#[derive(Debug)]
pub(super) struct Activity {
    state: Mutex<State>,
    /// Cancelled when the connection has to go.
    pub(super) close: CancellationToken,
}

#[derive(Debug)]
struct State {
    /// Since when it waits for a request: for the first bytes of one, or for the rest.
    waiting_since: Instant,
    /// Bytes of the next request's head came.
    head_begun: bool,
    /// HTTP/2 frames come at any time; bytes do not mean that a request begins.
    http2: bool,
    /// When each request under way began.
    requests: Vec<Instant>,
    /// Since when the client has not taken what was written.
    stalled_since: Option<Instant>,
}

impl Activity {
    /// A connection that was just accepted.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                waiting_since: Instant::now(),
                head_begun: true,
                http2: false,
                requests: Vec::new(),
                stalled_since: None,
            }),
            close: CancellationToken::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is complete when the lock is released, so a poisoned state is still a state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes arrived.
    pub(super) fn read(&self) {
        let mut state = self.state();
        if !state.head_begun && !state.http2 && state.requests.is_empty() {
            state.head_begun = true;
            state.waiting_since = Instant::now();
        }
    }

    /// The client took bytes.
    pub(super) fn wrote(&self) {
        self.state().stalled_since = None;
    }

    /// The client takes no more bytes for now.
    pub(super) fn stalled(&self) {
        self.state().stalled_since.get_or_insert_with(Instant::now);
    }

    /// A request's head is complete; its response is sent when what is returned is dropped.
    pub(super) fn request(self: &Arc<Self>, http2: bool) -> Request {
        let began = Instant::now();
        let mut state = self.state();
        state.http2 = http2;
        state.requests.push(began);
        drop(state);
        Request {
            activity: self.clone(),
            began,
        }
    }

    /// What it is doing, and since when.
    pub(super) fn phase(&self) -> (Phase, Instant) {
        let state = self.state();
        match (state.stalled_since, state.requests.iter().min()) {
            (Some(since), _) => (Phase::Stalled, since),
            (None, Some(began)) => (Phase::Busy, *began),
            (None, None) if state.head_begun => (Phase::Head, state.waiting_since),
            (None, None) => (Phase::Idle, state.waiting_since),
        }
    }

    /// When it has to go if nothing changes.
    pub(super) fn deadline(&self, limits: &Limits) -> Instant {
        let oldest = self.state().requests.iter().min().copied();
        let (phase, since) = self.phase();
        match (phase, oldest) {
            (Phase::Head, _) => since + limits.head,
            (Phase::Idle, _) => since + limits.idle,
            (Phase::Busy | Phase::Stalled, Some(began)) => began + limits.response,
            // The rest of the last response lies in buffers, and nobody takes it.
            (Phase::Busy | Phase::Stalled, None) => since + limits.response,
        }
    }
}

/// A request under way.
#[derive(Debug)]
pub(super) struct Request {
    activity: Arc<Activity>,
    began: Instant,
}

impl Drop for Request {
    fn drop(&mut self) {
        let mut state = self.activity.state();
        if let Some(index) = state.requests.iter().position(|began| *began == self.began) {
            state.requests.swap_remove(index);
        }
        state.waiting_since = Instant::now();
        state.head_begun = false;
    }
}
