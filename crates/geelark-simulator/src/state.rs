//! Everything the stand-in is, behind one handle: each part under its own lock.

use std::fmt;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::auth::Authenticator;
use super::calls::CallLog;
use super::faults::Faults;
use super::fleet::Fleet;
use super::limits::Limits;
use super::options::Options;
use super::webhook::{self, Webhook};
use crate::clock::{Clock, Moment};

pub(super) struct ServerState {
    pub(super) options: Options,
    pub(super) clock: Clock,
    /// When this state began; the log counts from here.
    pub(super) began: Moment,
    fleet: Mutex<Fleet>,
    doorkeeper: Mutex<Authenticator>,
    limits: Mutex<Limits>,
    calls: Mutex<CallLog>,
    faults: Mutex<Faults>,
    webhook: Mutex<Webhook>,
    webhook_client: OnceLock<Result<reqwest::Client, String>>,
}

impl ServerState {
    pub(super) fn new(options: Options, clock: Clock) -> Self {
        let began = clock.now();
        Self {
            fleet: Mutex::new(Fleet::found(&options, began)),
            doorkeeper: Mutex::new(Authenticator::new(&options)),
            limits: Mutex::new(Limits::new(&options)),
            calls: Mutex::new(CallLog::default()),
            faults: Mutex::new(Faults::new(options.seed, options.faults.clone())),
            webhook: Mutex::new(Webhook::new(options.webhook_url.clone(), options.webhook_auth)),
            webhook_client: OnceLock::new(),
            options,
            clock,
            began,
        }
    }

    /// The fleet as it is now.
    pub(super) fn fleet(&self) -> MutexGuard<'_, Fleet> {
        let mut fleet = hold(&self.fleet);
        fleet.advance(self.clock.now().mono);
        fleet
    }

    pub(super) fn doorkeeper(&self) -> MutexGuard<'_, Authenticator> {
        hold(&self.doorkeeper)
    }

    pub(super) fn limits(&self) -> MutexGuard<'_, Limits> {
        hold(&self.limits)
    }

    pub(super) fn calls(&self) -> MutexGuard<'_, CallLog> {
        hold(&self.calls)
    }

    pub(super) fn webhook(&self) -> MutexGuard<'_, Webhook> {
        hold(&self.webhook)
    }

    /// What sends webhooks, built when it is first needed; most stand-ins never do.
    pub(super) fn webhook_client(&self) -> Result<&reqwest::Client, String> {
        self.webhook_client
            .get_or_init(webhook::client)
            .as_ref()
            .map_err(String::clone)
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults> {
        hold(&self.faults)
    }
}

/// A panic in one call must not end the others, so poison is ignored: the parts are valid between any two of their calls.
fn hold<T>(part: &Mutex<T>) -> MutexGuard<'_, T> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for ServerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerState").finish_non_exhaustive()
    }
}
