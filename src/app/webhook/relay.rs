//! Hands webhook requests on to the user's own receiver, since GeeLark knows one URL an account.
//!
//! Always true: handing on waits for nothing, and what waits is bounded, however slow the receiver is.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{StatusCode, redirect, retry};
use tokio::sync::mpsc::{self, Receiver as Queue, Sender};
use tokio::time::sleep;
use tracing::{debug, info, warn};

use super::metrics::WebhookMetrics;
use crate::config::Receiver;
use crate::metrics::IntCounter;
use geelark_client::{self, AUTHENTICATION, SetupError};

/// So many requests wait; at 64 KiB each they are 8 MiB.
const WAITING: usize = 128;

/// One attempt, from the connection to the head of the answer. Receivers of webhooks answer at once and work afterwards.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The pauses before the second and the third attempt: long enough for a receiver that is being restarted.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// The way to a receiver.
pub(super) struct Client(reqwest::Client);

impl Client {
    pub(super) fn new() -> Result<Self, SetupError> {
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

/// A request on its way.
struct Letter {
    headers: HeaderMap,
    body: Bytes,
}

/// One account's way out. When it is dropped, what still waits is handed on, each once.
pub(super) struct Relay {
    receiver: Receiver,
    queue: Sender<Letter>,
    dropped: IntCounter,
}

impl Relay {
    pub(super) fn start(account: Arc<str>, receiver: Receiver, client: Client, metrics: &WebhookMetrics) -> Self {
        let (queue, letters) = mpsc::channel(WAITING);
        let worker = Worker {
            account,
            receiver: receiver.clone(),
            client: client.0,
            failures: metrics.relay_failures.clone(),
            is_failing: false,
        };
        tokio::spawn(worker.run(letters));
        Self {
            receiver,
            queue,
            dropped: metrics.relay_dropped.clone(),
        }
    }

    pub(super) fn receiver(&self) -> &Receiver {
        &self.receiver
    }

    /// Queues a request, or drops it if too many wait.
    pub(super) fn hand_on(&self, headers: &HeaderMap, body: Bytes) {
        let untouched = AUTHENTICATION.into_iter().chain([CONTENT_TYPE]);
        let headers = untouched.filter_map(|name| {
            let value = headers.get(&name)?.clone();
            Some((name, value))
        });
        let letter = Letter {
            headers: headers.collect(),
            body,
        };
        if self.queue.try_send(letter).is_err() {
            self.dropped.inc();
        }
    }
}

struct Worker {
    account: Arc<str>,
    receiver: Receiver,
    client: reqwest::Client,
    /// A counter without its place in the exposition: a worker that outlives its webhook must not keep the series there.
    failures: IntCounter,
    is_failing: bool,
}

impl Worker {
    async fn run(mut self, mut letters: Queue<Letter>) {
        while let Some(letter) = letters.recv().await {
            let mut outcome = self.attempt(&letter).await;
            for pause in PAUSES {
                if outcome != Err(Problem::MayPass) || letters.is_closed() {
                    break;
                }
                sleep(pause).await;
                outcome = self.attempt(&letter).await;
            }
            self.conclude(outcome);
        }
    }

    async fn attempt(&self, letter: &Letter) -> Result<(), Problem> {
        let request = self
            .client
            .post(self.receiver.expose().clone())
            .headers(letter.headers.clone())
            .body(letter.body.clone());
        match request.send().await {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => Err(Problem::of(response.status())),
            Err(_) => Err(Problem::MayPass),
        }
    }

    fn conclude(&mut self, outcome: Result<(), Problem>) {
        let account = &self.account;
        match outcome {
            Ok(()) if self.is_failing => info!(%account, "webhook requests are handed on again"),
            Ok(()) => {}
            Err(problem) => {
                self.failures.inc();
                let why = problem.sentence();
                if self.is_failing {
                    debug!(%account, "another webhook request could not be handed on: {why}");
                } else {
                    warn!(%account, "a webhook request could not be handed on to webhook.relay_to: {why}; more of them are only counted, in geelark_webhook_relay_failures_total");
                }
            }
        }
        self.is_failing = outcome.is_err();
    }
}

/// Why a request was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Problem {
    /// No answer, or one that says that the next may be better.
    MayPass,
    /// An answer that the next attempt would get too.
    Refused(StatusCode),
}

impl Problem {
    fn of(status: StatusCode) -> Self {
        if status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS) {
            Self::MayPass
        } else {
            Self::Refused(status)
        }
    }

    fn sentence(self) -> String {
        match self {
            Self::MayPass => {
                "the receiver does not answer, or is in trouble; check that it runs and can be reached".to_owned()
            }
            Self::Refused(status) => {
                format!("the receiver answered with HTTP status {status}; check the address and what it expects")
            }
        }
    }
}
