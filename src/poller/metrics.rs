//! What is shown of polling.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::metrics::{Registry, ShowValue, Shown, metrics};
use geelark_client::clock::UnixTime;

metrics! {
    /// How one account's polling goes.
    pub struct PollMetrics["account"] {
        up: Gauge = "geelark_up",
            "1 if the last round of polling got an answer from GeeLark for every batch of the account's phones, else 0. It is about the exporter's own polling: a scrape never calls GeeLark.";
        last_success: Gauge = "geelark_poll_last_success_timestamp_seconds",
            "When the last round in which every batch was answered ended, in seconds since the Unix epoch; 0 before the first.";
        last_duration: Gauge = "geelark_poll_last_duration_seconds",
            "How long the last round of polling took; calls are spread over the interval on purpose.";
        interval: Gauge = "geelark_poll_interval_seconds",
            "Time from one round of polling to the next: the configured interval, or longer where the budget has too few calls for it.";
        unanswered: Gauge = "geelark_poll_unanswered_phones",
            "Ids missing from GeeLark's last answers, including ids that GeeLark rejects as invalid.";
        budget: Gauge = "geelark_api_budget_requests_per_minute",
            "Calls the exporter may send in any 60 seconds with this account, as configured; with sharding, this shard's share.";
        locked_until: Gauge = "geelark_api_locked_until_timestamp_seconds",
            "Until when GeeLark has locked the account for too many calls (codes 40007, 40014, 40017, 47002), in seconds since the Unix epoch; 0 without a lock. Nothing is called until then.";
    }
}

/// How the last round went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastRound {
    /// Every batch was answered.
    pub up: bool,
    /// When the last round ended in which every batch was answered; 0 before the first.
    pub last_success: UnixTime,
    /// How long the round took, in milliseconds.
    pub duration_ms: u64,
    /// Ids missing from the last answers.
    pub unanswered: usize,
}

/// The last round of one account and the gauges that show it. It outlives the poller, so that a reload shows it on.
pub type RoundStatus = Shown<PollMetrics>;

impl ShowValue for PollMetrics {
    type Value = LastRound;

    fn show(&self, last: LastRound) {
        self.up.set(last.up);
        self.last_success.set(last.last_success);
        self.last_duration.set(Duration::from_millis(last.duration_ms));
        self.unanswered.set(last.unanswered);
    }
}

impl RoundStatus {
    /// No round yet.
    pub fn new(registry: &Registry, account: &str) -> Self {
        Self::of(PollMetrics::new(registry, &[account]))
    }
}
