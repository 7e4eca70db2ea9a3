//! The metrics of an account's calls to GeeLark.

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;

use super::declare::metrics;
use super::definition::Definition;
use super::registry::Registry;
use geelark_client::{Call, Endpoint, Reason};

/// GeeLark documents some twenty codes and the network fails in a dozen ways. Further reasons are counted as `other`, so
/// that made-up codes cannot fill Prometheus with series.
const MOST_REASONS: usize = 64;

metrics! {
    struct CallSeries["account"] {
        requests: Counters["endpoint"] = "geelark_api_requests_total",
            "Calls sent to GeeLark's API, retries included. Scrapes send none.";
        failures: Counters["endpoint", "reason"] = "geelark_api_request_failures_total",
            "Calls to GeeLark's API that brought no usable answer. The reason is GeeLark's code (field code of the answer), http_ with an HTTP status, timeout, connect, tls, body or decode.";
        duration: Histograms["endpoint"] = "geelark_api_request_duration_seconds",
            "Time from sending a call to GeeLark's complete answer, refusals included. Calls without a complete answer are only counted.";
    }
}

/// Counts the calls of one account. A cheap handle.
#[derive(Clone)]
pub struct CallMetrics {
    series: CallSeries,
    reasons: Arc<Mutex<HashSet<Reason>>>,
}

impl CallMetrics {
    /// Every metric of calls.
    pub const DEFINITIONS: &[Definition] = CallSeries::DEFINITIONS;

    /// The series of `account`. Those of each endpoint exist before its first call, so that `rate` sees that call.
    pub fn new(registry: &Registry, account: &str) -> Self {
        let series = CallSeries::new(registry, &[account]);
        for endpoint in Endpoint::ALL {
            series.requests.with_label_values(&[endpoint.label()]);
            series.duration.with_label_values(&[endpoint.label()]);
        }
        let reasons = Arc::default();
        Self { series, reasons }
    }

    /// Counts a call.
    pub fn count<T>(&self, call: &Call<T>) {
        let endpoint = call.endpoint.label();
        self.series.requests.with_label_values(&[endpoint]).inc();
        let reason = call.outcome.as_ref().err().map(|failure| failure.reason);
        if let Some(reason) = reason {
            let reason = self.label(reason);
            self.series.failures.with_label_values(&[endpoint, &reason]).inc();
        }
        // Without a complete answer the time says nothing about how fast GeeLark answers.
        if !matches!(
            reason,
            Some(Reason::Timeout | Reason::Connect | Reason::Tls | Reason::Body)
        ) {
            let duration = self.series.duration.with_label_values(&[endpoint]);
            duration.observe(call.elapsed.as_secs_f64());
        }
    }

    fn label(&self, reason: Reason) -> String {
        let mut reasons = self.reasons.lock();
        if reasons.len() < MOST_REASONS {
            reasons.insert(reason);
        }
        if reasons.contains(&reason) {
            reason.to_string()
        } else {
            "other".to_owned()
        }
    }
}
