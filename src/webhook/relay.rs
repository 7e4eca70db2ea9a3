//! Relays webhook requests to the user's own receiver, because GeeLark has one callback URL an account.
//!
//! A relay never blocks the webhook, and its queue is bounded, however slow the receiver is.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{StatusCode, redirect, retry};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::sleep;
use tracing::{debug, info, warn};

use super::metrics::WebhookMetrics;
use super::settings::RelayUrl;
use crate::condition::Condition;
use geelark_client::{AUTHENTICATION, SetupError};

/// How many requests may wait; at 64 KiB each they are 8 MiB.
const QUEUE: usize = 128;

/// One attempt, from the connection to the head of the answer. Receivers of webhooks answer at once and work afterwards.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The waits before the second and the third attempt: long enough for a receiver that restarts.
const WAITS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// The HTTP client of relays. A cheap handle.
#[derive(Clone)]
pub struct RelayClient(reqwest::Client);

impl RelayClient {
    /// Fails if no HTTP client can be built.
    pub fn new() -> Result<Self, SetupError> {
        geelark_client::install_crypto();
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            // The headers authenticate: they go to the configured address or nowhere.
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .build()?;
        Ok(Self(client))
    }

    async fn post(&self, url: &RelayUrl, (headers, body): &RelayRequest) -> Result<(), RelayError> {
        let request = self.0.post(url.expose().clone()).headers(headers.clone());
        match request
            .body(body.clone())
            .send()
            .await
            .map(|response| response.status())
        {
            Ok(status) if status.is_success() => Ok(()),
            Ok(StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS) | Err(_) => Err(RelayError::Transient),
            Ok(status) if status.is_server_error() => Err(RelayError::Transient),
            Ok(status) => Err(RelayError::Refused(status)),
        }
    }
}

/// Headers and body of a request.
type RelayRequest = (HeaderMap, Bytes);

/// Relays the requests of one account. When it is dropped, the requests that wait are still sent, each once.
pub(super) struct Relay {
    pub(super) url: RelayUrl,
    queue: Sender<RelayRequest>,
    metrics: WebhookMetrics,
}

impl Relay {
    pub(super) fn start(account: Arc<str>, url: RelayUrl, client: RelayClient, metrics: WebhookMetrics) -> Self {
        let (queue, requests) = mpsc::channel(QUEUE);
        tokio::spawn(relay(requests, account, url.clone(), client, metrics.clone()));
        Self { url, queue, metrics }
    }

    /// Queues a request, or drops it if the queue is full.
    pub(super) fn send(&self, headers: &HeaderMap, body: Bytes) {
        let relayed = AUTHENTICATION.into_iter().chain([CONTENT_TYPE]);
        let headers = relayed.filter_map(|name| headers.get(&name).cloned().map(|value| (name, value)));
        if self.queue.try_send((headers.collect(), body)).is_err() {
            self.metrics.relay_dropped.inc();
        }
    }
}

async fn relay(
    mut requests: Receiver<RelayRequest>,
    account: Arc<str>,
    url: RelayUrl,
    client: RelayClient,
    metrics: WebhookMetrics,
) {
    let mut failing = Condition::default();
    while let Some(request) = requests.recv().await {
        let mut result = client.post(&url, &request).await;
        for wait in WAITS {
            if result != Err(RelayError::Transient) || requests.is_closed() {
                break;
            }
            sleep(wait).await;
            result = client.post(&url, &request).await;
        }
        let Err(error) = result else {
            if failing.end() {
                info!(%account, "webhook requests are passed on again");
            }
            continue;
        };
        metrics.relay_failures.inc();
        if failing.begin(()) {
            warn!(%account, "a webhook request could not be passed on to webhook.relay_to: {error}; further ones are only counted, in geelark_webhook_relay_failures_total");
        } else {
            debug!(%account, "another webhook request could not be passed on: {error}");
        }
    }
}

/// Why the receiver did not take a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum RelayError {
    /// The next attempt may succeed.
    #[error("the receiver does not answer or has a problem; check that it runs and can be reached")]
    Transient,
    /// The next attempt would get the same answer.
    #[error("the receiver answered with HTTP status {0}; check the address and what it expects")]
    Refused(StatusCode),
}
