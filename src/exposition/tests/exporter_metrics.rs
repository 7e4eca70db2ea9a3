//! The exporter's own metrics.

use std::time::Duration;

use super::*;
use crate::metrics::CallMetrics;
use crate::targets::DiscoveryStatus;
use geelark_client::{Call, Endpoint, Failure, Reason};

/// A status call that took `elapsed` and failed for `reason`, if there is one.
pub(super) fn call(elapsed: Duration, reason: Option<Reason>) -> Call<()> {
    let failure = |reason| Failure {
        reason,
        message: String::new(),
        retry_after: None,
    };
    Call {
        endpoint: Endpoint::PhoneStatus,
        trace_id: uuid::Uuid::nil(),
        elapsed,
        outcome: reason.map(failure).map_or(Ok(()), Err),
    }
}

fn lines(metrics_store: &MetricsStore, prefix: &str) -> Vec<String> {
    let text = text(metrics_store, Encoding::Plain);
    text.lines()
        .filter(|line| line.starts_with(prefix))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_series_of_an_account_disappear_with_its_handle() {
    let registry = registry();
    let metrics_store = MetricsStore::new(registry.clone());
    let [main, spare] = ["main", "spare"].map(|account| {
        let calls = CallMetrics::new(&registry, account);
        calls.count(&call(Duration::from_secs(1), Some(Reason::Code(40003))));
        calls
    });
    let of = |account: &str| {
        let shown = text(&metrics_store, Encoding::Plain);
        shown
            .lines()
            .filter(|line| line.contains(&format!("account=\"{account}\"")))
            .count()
    };
    let series = of("main");
    assert!(
        series > Endpoint::ALL.len() * 2 && of("spare") == series,
        "{series} series"
    );
    drop(spare);
    assert_eq!((of("main"), of("spare")), (series, 0));
    drop(main);
    assert_eq!(of("main"), 0);
}

#[test]
fn discovery_is_shown_only_for_accounts_that_have_one() {
    let registry = registry();
    let metrics_store = MetricsStore::new(registry.clone());
    assert_eq!(lines(&metrics_store, "geelark_discovery_"), [""; 0]);
    let status = DiscoveryStatus::new(&registry, "main");
    assert_eq!(
        lines(&metrics_store, "geelark_discovery_").len(),
        crate::targets::DiscoveryMetrics::DEFINITIONS.len()
    );
    drop(status);
    assert_eq!(lines(&metrics_store, "geelark_discovery_"), [""; 0]);
}

#[test]
fn a_call_without_a_complete_answer_is_counted_and_not_timed() {
    let registry = registry();
    let metrics_store = MetricsStore::new(registry.clone());
    let calls = CallMetrics::new(&registry, "main");
    calls.count(&call(Duration::from_secs(10), Some(Reason::Timeout)));
    calls.count(&call(Duration::from_millis(30), Some(Reason::Http(502))));
    let shown = text(&metrics_store, Encoding::Plain);
    assert!(shown.contains("geelark_api_requests_total{account=\"main\",endpoint=\"phone_status\"} 2\n"));
    assert!(
        shown.contains("geelark_api_request_duration_seconds_count{account=\"main\",endpoint=\"phone_status\"} 1\n")
    );
}

#[test]
fn the_number_of_failure_reasons_is_bounded() {
    let registry = registry();
    let metrics_store = MetricsStore::new(registry.clone());
    let calls = CallMetrics::new(&registry, "main");
    for code in 0..1000 {
        calls.count(&call(Duration::ZERO, Some(Reason::Code(code))));
    }
    let failures = lines(&metrics_store, "geelark_api_request_failures_total");
    assert!(failures.len() < 200, "{}", failures.len());
    assert!(failures.iter().any(|line| line.contains("reason=\"other\"")));
    calls.count(&call(Duration::ZERO, Some(Reason::Code(7))));
    let known = "geelark_api_request_failures_total{account=\"main\",endpoint=\"phone_status\",reason=\"7\"} 2";
    assert!(
        lines(&metrics_store, known).len() == 1,
        "a known reason keeps its series"
    );
}

#[test]
fn declarations_fit_the_format() {
    for definition in definitions() {
        let Definition { name, kind, help, .. } = definition;
        assert!(!help.contains(['\\', '\n']) && !help.contains("  "), "HELP of {name}");
        assert_eq!(kind == Kind::Counter, name.ends_with("_total"), "{name}");
    }
}
