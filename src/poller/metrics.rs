//! What is shown of polling.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::api_metrics::ApiMetrics;
use crate::metrics::{Registry, metrics};
use geelark_client::clock::UnixTime;

metrics! {
    /// How the polling of one account goes.
    pub(crate) struct PollMetrics(account) {
        up: IntGauge = "geelark_up",
            "1 if the last round of polling got an answer from GeeLark for every batch of the account's phones, else 0. It \
             is about the exporter's own polling: a scrape never calls GeeLark.";
        last_success: IntGauge = "geelark_poll_last_success_timestamp_seconds",
            "When the last round in which every batch was answered ended, in seconds since the Unix epoch; 0 before the first.";
        last_duration: Gauge = "geelark_poll_last_duration_seconds",
            "How long the last round of polling took; calls are spread over the interval on purpose.";
        interval: Gauge = "geelark_poll_interval_seconds",
            "Time from one round of polling to the next: the configured interval, or longer where the budget has too few \
             calls for it.";
        unanswered: IntGauge = "geelark_poll_unanswered_phones",
            "Configured ids that are missing from the last answers, including ids that GeeLark rejects as invalid.";
        budget: IntGauge = "geelark_api_budget_requests_per_minute",
            "Calls the exporter may send in any 60 seconds with this account, as configured; with sharding, this shard's \
             share.";
        locked_until: IntGauge = "geelark_api_locked_until_timestamp_seconds",
            "Until when GeeLark has locked the account for too many calls (codes 40007, 40014, 40017, 47002), in seconds \
             since the Unix epoch; 0 without a lock. Nothing is called until then.";
    }
}

/// How the last round of one account went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastRound {
    /// Every batch was answered.
    pub up: bool,
    /// When the last round ended in which every batch was answered; 0 before the first.
    pub last_success: UnixTime,
    /// How long the round took.
    pub last_duration_ms: u64,
    /// How many ids are missing from the last answers.
    pub unanswered: usize,
}

/// What is shown of one account's polling, and how its last round went. It outlives the poller, so that a reload shows it
/// on. A cheap handle.
#[derive(Clone, Debug)]
pub(crate) struct PollStatus {
    pub(crate) api: ApiMetrics,
    pub(crate) metrics: PollMetrics,
    pub(crate) last_round: watch::Sender<LastRound>,
}

impl PollStatus {
    pub(crate) fn new(registry: &Registry, account: &str, api: ApiMetrics) -> Self {
        Self {
            api,
            metrics: PollMetrics::new(registry, account),
            last_round: watch::Sender::default(),
        }
    }

    /// A round ended, in this process or in the one before.
    pub(crate) fn set(&self, round: LastRound) {
        self.metrics.up.set(round.up.into());
        self.metrics.last_success.set(round.last_success.0);
        let duration = Duration::from_millis(round.last_duration_ms);
        self.metrics.last_duration.set(duration.as_secs_f64());
        self.metrics
            .unanswered
            .set(round.unanswered.try_into().unwrap_or(i64::MAX));
        self.last_round.send_replace(round);
    }
}
