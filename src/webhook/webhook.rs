//! The webhook of one account: verifies requests, reads hints, counts.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::HeaderMap;
use tokio::sync::Notify;
use tracing::{debug, info, warn};

use super::endpoint::Receiver;
use super::metrics::WebhookMetrics;
use super::relay::{Relay, RelayClient};
use super::settings::RelayUrl;
use crate::condition::Condition;
use crate::metrics::Registry;
use crate::poller::SharedFleet;
use geelark_client::clock::Clock;
use geelark_client::{Credentials, WebhookEvent, WebhookRejection, WebhookVerifier};

/// A webhook that is on.
pub struct Webhook {
    account: Arc<str>,
    verifier: WebhookVerifier,
    listeners: Listeners,
    pub(super) relay: Option<Arc<Relay>>,
    metrics: Arc<WebhookMetrics>,
    clock: Clock,
    refusing: Mutex<Condition<()>>,
}

/// Where hints go.
#[derive(Clone)]
pub struct Listeners {
    /// The account's phones. Hints name those that may have changed.
    pub fleet: SharedFleet,
    /// Notified when the set of phones may have changed.
    pub targets: Arc<Notify>,
}

impl Webhook {
    /// The webhook of `account`. A predecessor hands over its counters, the trace ids that were used, and the requests that
    /// still wait to be relayed.
    pub fn new(
        account: &Arc<str>,
        credentials: Credentials,
        relay: Option<(RelayUrl, RelayClient)>,
        predecessor: Option<&Self>,
        listeners: Listeners,
        registry: &Registry,
        clock: Clock,
    ) -> Self {
        let metrics = predecessor.map_or_else(
            || Arc::new(WebhookMetrics::for_account(registry, account)),
            |webhook| webhook.metrics.clone(),
        );
        let relay = relay.map(|(url, client)| {
            let same = predecessor
                .and_then(|webhook| webhook.relay.clone())
                .filter(|relay| *relay.url() == url);
            same.unwrap_or_else(|| Arc::new(Relay::start(account.clone(), url, client, metrics.clone())))
        });
        Self {
            account: account.clone(),
            verifier: WebhookVerifier::new(credentials, predecessor.map(|webhook| &webhook.verifier)),
            listeners,
            relay,
            metrics,
            clock,
            refusing: Mutex::default(),
        }
    }

    fn refusing(&self) -> std::sync::MutexGuard<'_, Condition<()>> {
        self.refusing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Receiver for Webhook {
    fn admit(&self, headers: &HeaderMap) -> bool {
        let account = &self.account;
        let Err(refusal) = self.verifier.admit(headers, self.clock.now()) else {
            if self.refusing().end() {
                info!(%account, "the webhook accepts requests again");
            }
            return true;
        };
        let (result, why) = match refusal {
            WebhookRejection::Forged => (
                "forged",
                "its authentication is not the account's; if GeeLark sent it, check the account's credential",
            ),
            WebhookRejection::Late => (
                "late",
                "its ts is more than five minutes from this machine's clock; check that clock",
            ),
            WebhookRejection::Replayed => ("replayed", "its traceId was used before"),
        };
        self.metrics.count(result);
        if self.refusing().begin(()) {
            warn!(%account, "refused a webhook request: {why}; further ones are only counted, in geelark_webhook_requests_total");
        } else {
            debug!(%account, "refused another webhook request: {why}");
        }
        false
    }

    fn receive(&self, headers: &HeaderMap, body: Bytes) -> bool {
        let event = WebhookEvent::read(&body);
        // The user's receiver may understand more than this exporter.
        if let Some(relay) = &self.relay {
            relay.send(headers, body);
        }
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                debug!(account = %self.account, "a webhook request cannot be read: {error}");
                self.metrics.count("unreadable");
                return false;
            }
        };
        self.metrics
            .count(if event.is_of_use() { "accepted" } else { "ignored" });
        let dropped = self.listeners.fleet.hint(&event.phones);
        self.metrics.hints_dropped.inc_by(dropped as u64);
        if event.targets_changed {
            self.listeners.targets.notify_one();
        }
        true
    }

    fn oversized(&self) {
        self.metrics.count("oversized");
    }
}
