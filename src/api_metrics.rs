//! What is counted of an account's calls to GeeLark. Polling, discovery and billing share it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::metrics::{Registry, metrics};
use geelark_client::{Call, Endpoint, Reason};

/// GeeLark documents some twenty codes and the network fails in a dozen ways. Further reasons are counted as `other`, so
/// that codes which GeeLark makes up cannot fill Prometheus with series.
const MAX_REASONS: usize = 64;

metrics! {
    struct CallSeries(account) {
        requests: IntCounterVec[endpoint] = "geelark_api_requests_total",
            "Calls sent to GeeLark's API, retries included. Scrapes send none.";
        failures: IntCounterVec[endpoint, reason] = "geelark_api_request_failures_total",
            "Calls to GeeLark's API that brought no usable answer. The reason is GeeLark's code (field code of the answer), \
             http_ with an HTTP status, timeout, connect, tls, body or decode.";
        durations: HistogramVec[endpoint] = "geelark_api_request_duration_seconds",
            "Time from sending a call to GeeLark's complete answer, refusals included. Calls without a complete answer are \
             only counted.";
    }
}

/// Counts the calls of one account. A cheap handle.
#[derive(Clone, Debug)]
pub(crate) struct ApiMetrics {
    series: CallSeries,
    reasons: Arc<Mutex<HashSet<Reason>>>,
}

impl ApiMetrics {
    /// The series of `account`. Those of each endpoint exist before its first call, so that `rate` sees that call.
    pub(crate) fn new(registry: &Registry, account: &str) -> Self {
        let series = CallSeries::new(registry, account);
        for endpoint in Endpoint::ALL {
            series.requests.with_label_values(&[endpoint.label()]);
            series.durations.with_label_values(&[endpoint.label()]);
        }
        Self {
            series,
            reasons: Arc::default(),
        }
    }

    /// Shows HELP and TYPE from now on, even while there are no series.
    pub(crate) fn declare(registry: &Registry) {
        CallSeries::declare(registry);
    }

    /// Counts a call.
    pub(crate) fn count<T>(&self, call: &Call<T>) {
        let endpoint = call.endpoint.label();
        self.series.requests.with_label_values(&[endpoint]).inc();
        let reason = call.outcome.as_ref().err().map(|failure| failure.reason);
        if let Some(reason) = reason {
            let label = self.label(reason);
            self.series.failures.with_label_values(&[endpoint, &label]).inc();
        }
        // Without a complete answer the time says nothing about how fast GeeLark answers.
        if !matches!(
            reason,
            Some(Reason::Timeout | Reason::Connect | Reason::Tls | Reason::Body)
        ) {
            let duration = self.series.durations.with_label_values(&[endpoint]);
            duration.observe(call.elapsed.as_secs_f64());
        }
    }

    /// The value of the label `reason`.
    fn label(&self, reason: Reason) -> String {
        let mut known = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(&reason) || known.len() < MAX_REASONS {
            known.insert(reason);
            return reason.to_string();
        }
        "other".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use geelark_client::Failure;
    use uuid::Uuid;

    fn failed(reason: Reason) -> Call<()> {
        Call {
            endpoint: Endpoint::PhoneStatus,
            trace_id: Uuid::nil(),
            elapsed: Duration::from_millis(30),
            outcome: Err(Failure {
                reason,
                message: String::new(),
                retry_after: None,
            }),
        }
    }

    fn value(registry: &Registry, series: &str) -> Option<String> {
        let mut text = Vec::new();
        registry.write(&mut text);
        let text = String::from_utf8(text).unwrap();
        let mut lines = text.lines();
        lines.find_map(|line| Some(line.strip_prefix(series)?.strip_prefix(' ')?.to_owned()))
    }

    #[test]
    fn a_call_without_a_complete_answer_is_counted_and_not_timed() {
        let registry = Registry::default();
        let api = ApiMetrics::new(&registry, "main");
        api.count(&failed(Reason::Timeout));
        api.count(&failed(Reason::Http(502)));
        let value = |name: &str| {
            value(
                &registry,
                &format!("{name}{{account=\"main\",endpoint=\"phone_status\"}}"),
            )
        };
        assert_eq!(value("geelark_api_requests_total").unwrap(), "2");
        assert_eq!(value("geelark_api_request_duration_seconds_count").unwrap(), "1");
    }

    #[test]
    fn the_number_of_reasons_is_bounded() {
        let registry = Registry::default();
        let api = ApiMetrics::new(&registry, "main");
        for code in (0..=70).chain([7]) {
            api.count(&failed(Reason::Code(code)));
        }
        let value = |reason: &str| {
            let labels = format!("{{account=\"main\",endpoint=\"phone_status\",reason=\"{reason}\"}}");
            value(&registry, &format!("geelark_api_request_failures_total{labels}"))
        };
        assert_eq!(value("63").unwrap(), "1");
        assert_eq!(value("64"), None);
        assert_eq!(value("other").unwrap(), "7");
        assert_eq!(value("7").unwrap(), "2", "a known reason stays");
    }
}
