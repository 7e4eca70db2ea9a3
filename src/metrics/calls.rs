//! What is counted of an account's calls to GeeLark, whoever makes them.

use std::sync::Arc;

use super::declare::metrics;
use super::definition::Definition;
use super::registry::Registry;
use geelark_client::clock::UnixTime;
use geelark_client::{Call, Endpoint, Reason};

/// GeeLark documents some twenty codes and the network fails in a dozen ways. Further reasons are counted as `other`, so
/// that made-up codes cannot fill Prometheus with series.
const MOST_FAILURES: usize = 128;

metrics! {
    struct EndpointSeries["account"] {
        requests: Counters["endpoint"] = "geelark_api_requests_total",
            "Calls sent to GeeLark's API, retries included. Scrapes send none.";
        failures: Counters["endpoint", "reason"] = "geelark_api_request_failures_total",
            "Calls to GeeLark's API that brought no usable answer. The reason is GeeLark's code (field code of the answer), http_ with an HTTP status, timeout, connect, tls, body or decode.";
        duration: Histograms["endpoint"] = "geelark_api_request_duration_seconds",
            "Time from sending a call to GeeLark's complete answer, refusals included. Calls without a complete answer are only counted.";
        budget: Gauge = "geelark_api_budget_requests_per_minute",
            "Calls the exporter may send in any 60 seconds with this account, as configured; with sharding, this shard's share.";
        locked_until: Gauge = "geelark_api_locked_until_timestamp_seconds",
            "Until when GeeLark has locked the account for too many calls (codes 40007, 40014, 40017, 47002), in seconds since the Unix epoch; 0 without a lock. Nothing is called until then.";
    }
}

/// Counts the calls of one account. A cheap handle.
#[derive(Clone, Debug)]
pub struct CallMetrics(Arc<EndpointSeries>);

impl CallMetrics {
    /// Every metric of calls.
    pub const DEFINITIONS: &[Definition] = EndpointSeries::DEFINITIONS;

    /// The series of `account`. Those of each endpoint exist before its first call, so that `rate` sees that call.
    pub fn new(registry: &Registry, account: &str) -> Self {
        let series = EndpointSeries::new(registry, &[account]);
        for endpoint in Endpoint::ALL {
            series.requests.with(&[endpoint.label()]);
            series.duration.with(&[endpoint.label()]);
        }
        Self(Arc::new(series))
    }

    /// Counts a call.
    pub fn count<T>(&self, call: &Call<T>) {
        let endpoint = call.endpoint.label();
        self.0.requests.with(&[endpoint]).inc();
        let reason = call.outcome.as_ref().err().map(|failure| failure.reason);
        if let Some(reason) = reason {
            self.count_failure(endpoint, &reason.to_string());
        }
        // Without a complete answer the time says nothing about how fast GeeLark answers.
        if !matches!(
            reason,
            Some(Reason::Timeout | Reason::Connect | Reason::Tls | Reason::Body)
        ) {
            self.0.duration.with(&[endpoint]).observe(call.elapsed.as_secs_f64());
        }
    }

    fn count_failure(&self, endpoint: &str, reason: &str) {
        let failures = &self.0.failures;
        let is_one_too_many = failures.len() >= MOST_FAILURES && !failures.contains(&[endpoint, reason]);
        let reason = if is_one_too_many { "other" } else { reason };
        failures.with(&[endpoint, reason]).inc();
    }

    /// Shows how many calls a minute may be sent.
    pub fn set_budget(&self, requests_per_minute: u32) {
        self.0.budget.set(requests_per_minute.into());
    }

    /// Shows until when the account is locked; 0 without a lock.
    pub fn set_locked_until(&self, until: UnixTime) {
        self.0.locked_until.set_time(until);
    }
}
