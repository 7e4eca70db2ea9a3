//! The state that the API, the control endpoints and the webhooks share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fastrand::Rng;
use indexmap::IndexSet;
use tokio::time::Instant;
use uuid::Uuid;

use crate::calls::CallLog;
use crate::fleet::SimulatedFleet;
use crate::limits::CallLimits;
use crate::options::Options;

/// The simulator. Clones share one fleet, one set of limits and one set of faults.
#[derive(Clone)]
pub struct Simulator(Arc<Mutex<ServerState>>);

pub(crate) struct ServerState {
    /// The control endpoints change the faults and where webhooks go.
    pub(crate) options: Options,
    started: Instant,
    /// The time since the start, when the state was locked.
    pub(crate) elapsed: Duration,
    pub(crate) fleet: SimulatedFleet,
    /// The trace ids of authenticated calls, the oldest first.
    pub(crate) used_trace_ids: IndexSet<Uuid>,
    pub(crate) limits: CallLimits,
    pub(crate) calls: CallLog,
    /// Decides about faults with a probability. It is not the fleet's generator, so faults do not change the fleet.
    pub(crate) fault_rng: Rng,
    /// How many webhooks were answered with a status of 2xx.
    pub(crate) webhooks_taken: u64,
    /// How many webhooks were not.
    pub(crate) webhooks_failed: u64,
}

impl Simulator {
    /// Creates the fleet. Its time begins now.
    pub fn new(options: Options) -> Self {
        Self(Arc::new(Mutex::new(ServerState {
            started: Instant::now(),
            elapsed: Duration::ZERO,
            fleet: SimulatedFleet::new(&options, unix_millis() / 1000),
            used_trace_ids: IndexSet::new(),
            limits: CallLimits::default(),
            calls: CallLog::default(),
            fault_rng: Rng::with_seed(options.seed),
            webhooks_taken: 0,
            webhooks_failed: 0,
            options,
        })))
    }

    /// The state as it is now.
    pub(crate) fn lock(&self) -> MutexGuard<'_, ServerState> {
        // A panic in one call must not end the others, so poison is ignored.
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *guard;
        state.elapsed = state.started.elapsed();
        state.fleet.advance(state.elapsed);
        guard
    }
}

/// The wall clock, in milliseconds since the Unix epoch.
pub(crate) fn unix_millis() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}
