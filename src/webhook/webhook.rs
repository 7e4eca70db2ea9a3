//! The webhook of one account: verifies requests, reads hints, counts.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tracing::{debug, info, warn};

use super::metrics::WebhookMetrics;
use super::relay::{Relay, RelayClient};
use super::settings::RelayUrl;
use crate::condition::Condition;
use crate::metrics::Registry;
use crate::poller::SharedFleet;
use geelark_client::clock::Clock;
use geelark_client::{Credentials, WebhookEvent, WebhookRejection, WebhookVerifier};

/// The webhook of an account that has it on.
pub struct Webhook {
    account: Arc<str>,
    verifier: WebhookVerifier,
    listeners: Listeners,
    pub(super) relay: Option<Arc<Relay>>,
    metrics: WebhookMetrics,
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
    /// The webhook of `account`. It takes over the counters, the used trace ids and the waiting requests of `predecessor`.
    pub fn new(
        account: &Arc<str>,
        credentials: Credentials,
        relay: Option<(RelayUrl, RelayClient)>,
        predecessor: Option<&Self>,
        listeners: Listeners,
        registry: &Registry,
        clock: Clock,
    ) -> Self {
        let metrics = predecessor.map(|webhook| webhook.metrics.clone());
        let metrics = metrics.unwrap_or_else(|| WebhookMetrics::for_account(registry, account));
        let relay = relay.map(|(url, client)| {
            let same = predecessor.and_then(|webhook| webhook.relay.clone());
            let start = || Arc::new(Relay::start(account.clone(), url.clone(), client, metrics.clone()));
            same.filter(|relay| relay.url == url).unwrap_or_else(start)
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

    /// Whether a request with these headers comes from GeeLark. Counts a refusal.
    pub(super) fn admit(&self, headers: &HeaderMap) -> bool {
        let account = &self.account;
        let mut refusing = self.refusing.lock();
        let Err(rejection) = self.verifier.admit(headers, self.clock.now()) else {
            if refusing.end() {
                info!(%account, "the webhook accepts requests again");
            }
            return true;
        };
        let (result, reason) = match rejection {
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
        if refusing.begin(()) {
            warn!(%account, "refused a webhook request: {reason}; further ones are only counted, in geelark_webhook_requests_total");
        } else {
            debug!(%account, "refused another webhook request: {reason}");
        }
        false
    }

    /// Takes a request that was admitted; `false` if its body cannot be read. Does not block.
    pub(super) fn receive(&self, headers: &HeaderMap, body: Bytes) -> bool {
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

    /// Counts a request that is refused because its body is too large.
    pub(super) fn refuse_oversized(&self) {
        self.metrics.count("oversized");
    }
}
