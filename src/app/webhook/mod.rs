//! One account's webhook: whom it believes, whom it tells, and what is counted of it.

mod metrics;
mod relay;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::HeaderMap;
use tokio::sync::Notify;
use tracing::{debug, info, warn};

use crate::config::{Account, Receiver};
use crate::poller::Hints;
use geelark_client::clock::Clock;
use geelark_client::{Event, Refusal, SetupError, Verifier};
pub(in crate::app) use metrics::WebhookMetrics;
use relay::{Client, Relay};

/// A webhook that is on.
pub(super) struct Webhook {
    account: Arc<str>,
    verifier: Verifier,
    listeners: Listeners,
    relay: Option<Arc<Relay>>,
    metrics: WebhookMetrics,
    clock: Clock,
    /// The last request was refused, and the log knows.
    is_refusing: AtomicBool,
}

/// Who is told of hints.
#[derive(Clone, Default)]
pub(super) struct Listeners {
    /// Asks about phones that may have changed.
    pub(super) hints: Hints,
    /// Notified when the targets may have changed, for whoever wants to look sooner than planned.
    pub(super) targets: Arc<Notify>,
}

/// What of a webhook can fail to be built, built before anything starts.
pub(super) struct Draft {
    relay: Option<(Receiver, Client)>,
}

impl Draft {
    /// `None` for an account whose webhook is off.
    pub(super) fn new(account: &Account) -> Result<Option<Self>, SetupError> {
        let Some(webhook) = &account.webhook else {
            return Ok(None);
        };
        let relay = match &webhook.relay_to {
            Some(receiver) => Some((receiver.clone(), Client::new()?)),
            None => None,
        };
        Ok(Some(Self { relay }))
    }

    /// The webhook of `account`, with what its predecessor knew and had still to hand on.
    pub(super) fn start(
        self,
        account: &Account,
        predecessor: Option<&Webhook>,
        listeners: Listeners,
        metrics: WebhookMetrics,
        clock: Clock,
    ) -> Webhook {
        let credentials = account.credentials.clone();
        let relay = self.relay.map(|(receiver, client)| {
            predecessor
                .and_then(|webhook| webhook.relay.clone())
                .filter(|relay| *relay.receiver() == receiver)
                .unwrap_or_else(|| Arc::new(Relay::start(account.name.clone(), receiver, client, &metrics)))
        });
        Webhook {
            account: account.name.clone(),
            verifier: match predecessor {
                Some(webhook) => webhook.verifier.successor(credentials),
                None => Verifier::new(credentials),
            },
            listeners,
            relay,
            metrics,
            clock,
            is_refusing: AtomicBool::new(false),
        }
    }
}

impl exporter_web::Webhook for Webhook {
    fn admit(&self, headers: &HeaderMap) -> bool {
        let Err(refusal) = self.verifier.admit(headers, self.clock.now()) else {
            if self.is_refusing.swap(false, Ordering::Relaxed) {
                info!(account = %self.account, "the webhook accepts requests again");
            }
            return true;
        };
        let (result, why) = match refusal {
            Refusal::Forged => (
                "forged",
                "its authentication is not the account's; if it was GeeLark's, check the account's credential",
            ),
            Refusal::Late => (
                "late",
                "its ts is more than five minutes from this machine's clock; check that clock",
            ),
            Refusal::Replayed => ("replayed", "its traceId was used before"),
        };
        self.metrics.count(result);
        let account = &self.account;
        if self.is_refusing.swap(true, Ordering::Relaxed) {
            debug!(%account, "refused another webhook request: {why}");
        } else {
            warn!(%account, "refused a webhook request: {why}; more of them are only counted, in geelark_webhook_requests_total");
        }
        false
    }

    fn receive(&self, headers: &HeaderMap, body: Bytes) -> bool {
        let event = Event::read(&body);
        // Whoever it is handed on to may make more of it than this exporter does.
        if let Some(relay) = &self.relay {
            relay.hand_on(headers, body);
        }
        let event = match event {
            Ok(event) => event,
            Err(decode_error) => {
                debug!(account = %self.account, "a webhook request cannot be read: {decode_error}");
                self.metrics.count("unreadable");
                return false;
            }
        };
        self.metrics
            .count(if event.is_of_use() { "accepted" } else { "ignored" });
        let phones = event.phones.len();
        let dropped = phones - self.listeners.hints.add(event.phones);
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
