//! The state that the API, the control endpoints and the webhooks share.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::auth::Authenticator;
use crate::calls::CallLog;
use crate::clock::{Clock, Moment};
use crate::faults::Faults;
use crate::fleet::Fleet;
use crate::limits::Limits;
use crate::options::Options;
use crate::webhook::{Webhook, WebhookMessage};

/// How soon after an event its webhook is sent.
const WEBHOOK_INTERVAL: Duration = Duration::from_millis(50);

pub(crate) struct ServerState {
    pub(crate) options: Options,
    pub(crate) clock: Clock,
    pub(crate) started: Moment,
    parts: Mutex<Parts>,
}

/// The parts that change. One lock guards them all.
pub(crate) struct Parts {
    pub(crate) fleet: Fleet,
    pub(crate) authenticator: Authenticator,
    pub(crate) limits: Limits,
    pub(crate) calls: CallLog,
    pub(crate) faults: Faults,
    pub(crate) webhook: Webhook,
}

impl ServerState {
    pub(crate) fn new(options: Options, clock: Clock) -> Self {
        let started = clock.now();
        let parts = Parts {
            fleet: Fleet::new(&options, started),
            authenticator: Authenticator::default(),
            limits: Limits::new(&options),
            calls: CallLog::new(0),
            faults: Faults::new(options.seed, options.faults.clone()),
            webhook: Webhook::new(options.webhook_url.clone(), options.webhook_auth),
        };
        Self {
            options,
            clock,
            started,
            parts: Mutex::new(parts),
        }
    }

    /// The parts as they are now.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Parts> {
        // A panic in one call must not end the others, so poison is ignored.
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.fleet.advance(self.clock.now().mono);
        parts
    }

    /// Sends a webhook for every event of the fleet, for ever.
    pub(crate) async fn send_webhooks(&self) {
        let mut ticks = interval(WEBHOOK_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let events = self.lock().fleet.take_events();
            for event in events {
                // A failure is counted; without a URL there is nothing to do.
                let _ = self.send_webhook(WebhookMessage::event(event, self.clock.now())).await;
            }
        }
    }

    /// Sends one webhook and returns the HTTP status of the answer.
    pub(crate) async fn send_webhook(&self, message: WebhookMessage) -> Result<u16, String> {
        let request = self.lock().webhook.request(&self.options, self.clock.now(), message)?;
        let status = request.send().await.map(|response| response.status());
        self.lock()
            .webhook
            .count(status.as_ref().is_ok_and(reqwest::StatusCode::is_success));
        status
            .map(|status| status.as_u16())
            .map_err(|error| format!("the receiver does not answer: {error}"))
    }
}
