//! The state that the API, the control endpoints and the webhooks share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use tokio::time::Instant;
use url::Url;

use crate::auth::Authenticator;
use crate::calls::CallLog;
use crate::faults::Faults;
use crate::fleet::SimulatedFleet;
use crate::limits::CallLimits;
use crate::options::{Options, WebhookAuth};

/// The state of a simulator behind one lock. Clones share it.
#[derive(Clone)]
pub(crate) struct SharedState(Arc<Mutex<ServerState>>);

pub(crate) struct ServerState {
    pub(crate) options: Options,
    started: Instant,
    /// The time since the start, when the state was locked.
    pub(crate) elapsed: Duration,
    pub(crate) fleet: SimulatedFleet,
    pub(crate) authenticator: Authenticator,
    pub(crate) limits: CallLimits,
    pub(crate) calls: CallLog,
    pub(crate) faults: Faults,
    pub(crate) webhook: WebhookTarget,
}

/// Where webhooks go, and how many were sent, as `GET /_simulator/webhook` shows it.
#[derive(Serialize)]
pub(crate) struct WebhookTarget {
    pub(crate) url: Option<Url>,
    pub(crate) auth: WebhookAuth,
    /// Webhooks that were answered with a status of 2xx.
    pub(crate) taken: u64,
    /// Webhooks that were not.
    pub(crate) failed: u64,
}

impl WebhookTarget {
    pub(crate) fn new(url: Option<Url>, auth: WebhookAuth) -> Self {
        let (taken, failed) = (0, 0);
        Self {
            url,
            auth,
            taken,
            failed,
        }
    }
}

impl SharedState {
    pub(crate) fn new(options: Options) -> Self {
        Self(Arc::new(Mutex::new(ServerState {
            started: Instant::now(),
            elapsed: Duration::ZERO,
            fleet: SimulatedFleet::new(&options, unix_millis() / 1000),
            authenticator: Authenticator::default(),
            limits: CallLimits::new(&options),
            calls: CallLog::default(),
            faults: Faults::new(options.seed, options.faults.clone()),
            webhook: WebhookTarget::new(options.webhook_url.clone(), options.webhook_auth),
            options,
        })))
    }

    /// The state as it is now.
    pub(crate) fn lock(&self) -> MutexGuard<'_, ServerState> {
        // A panic in one call must not end the others, so poison is ignored.
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.elapsed = state.started.elapsed();
        let elapsed = state.elapsed;
        state.fleet.advance(elapsed);
        state
    }
}

/// The wall clock, in milliseconds since the Unix epoch.
pub(crate) fn unix_millis() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}
