//! Passes webhook requests on to the user's own receiver, since GeeLark has one callback URL an account.
//!
//! Passing on never blocks the webhook, and the queue is bounded, however slow the receiver is.

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
    /// Fails where no HTTP client can be built.
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
}

/// A request to be passed on.
struct RelayRequest {
    headers: HeaderMap,
    body: Bytes,
}

/// Passes requests of one account on. When it is dropped, the requests that wait are still sent, each once.
pub(super) struct Relay {
    url: RelayUrl,
    queue: Sender<RelayRequest>,
    metrics: Arc<WebhookMetrics>,
}

impl Relay {
    pub(super) fn start(account: Arc<str>, url: RelayUrl, client: RelayClient, metrics: Arc<WebhookMetrics>) -> Self {
        let (queue, requests) = mpsc::channel(QUEUE);
        let worker = Worker {
            account,
            url: url.clone(),
            client: client.0,
            metrics: metrics.clone(),
            failing: Condition::default(),
        };
        tokio::spawn(worker.run(requests));
        Self { url, queue, metrics }
    }

    pub(super) fn url(&self) -> &RelayUrl {
        &self.url
    }

    /// Queues a request, or drops it if the queue is full.
    pub(super) fn send(&self, headers: &HeaderMap, body: Bytes) {
        let passed_on = AUTHENTICATION.into_iter().chain([CONTENT_TYPE]);
        let headers = passed_on.filter_map(|name| {
            let value = headers.get(&name)?.clone();
            Some((name, value))
        });
        let headers = headers.collect();
        if self.queue.try_send(RelayRequest { headers, body }).is_err() {
            self.metrics.relay_dropped.inc();
        }
    }
}

struct Worker {
    account: Arc<str>,
    url: RelayUrl,
    client: reqwest::Client,
    metrics: Arc<WebhookMetrics>,
    failing: Condition<()>,
}

impl Worker {
    async fn run(mut self, mut requests: Receiver<RelayRequest>) {
        while let Some(request) = requests.recv().await {
            let mut result = self.attempt(&request).await;
            for wait in WAITS {
                if result != Err(RelayError::Transient) || requests.is_closed() {
                    break;
                }
                sleep(wait).await;
                result = self.attempt(&request).await;
            }
            self.log(result);
        }
    }

    async fn attempt(&self, request: &RelayRequest) -> Result<(), RelayError> {
        let post = self.client.post(self.url.expose().clone());
        let sent = post
            .headers(request.headers.clone())
            .body(request.body.clone())
            .send()
            .await;
        match sent.map(|response| response.status()) {
            Ok(status) if status.is_success() => Ok(()),
            Ok(status) if !is_transient(status) => Err(RelayError::Refused(status)),
            _ => Err(RelayError::Transient),
        }
    }

    fn log(&mut self, result: Result<(), RelayError>) {
        let account = &self.account;
        let Err(error) = result else {
            if self.failing.end() {
                info!(%account, "webhook requests are passed on again");
            }
            return;
        };
        self.metrics.relay_failures.inc();
        if self.failing.begin(()) {
            warn!(%account, "a webhook request could not be passed on to webhook.relay_to: {error}; further ones are only counted, in geelark_webhook_relay_failures_total");
        } else {
            debug!(%account, "another webhook request could not be passed on: {error}");
        }
    }
}

/// Why a request was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum RelayError {
    /// The next attempt may succeed.
    #[error("the receiver does not answer or has a problem; check that it runs and can be reached")]
    Transient,
    /// The next attempt would get the same answer.
    #[error("the receiver answered with HTTP status {0}; check the address and what it expects")]
    Refused(StatusCode),
}

fn is_transient(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}
