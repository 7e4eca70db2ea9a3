//! The exporter's own metrics.

use std::time::Duration;

use super::*;

#[test]
fn a_forgotten_account_is_gone_from_every_family() {
    let metrics_store = metrics_store();
    for name in ["main", "spare"] {
        let account = metrics_store.metrics().account(name);
        account.declare_endpoint("phone_status");
        account.request("phone_status", Duration::from_secs(1), Some("40003"));
    }
    assert!(text(&metrics_store, Encoding::Plain).contains("account=\"spare\""));
    metrics_store.metrics().forget("spare");
    let shown = text(&metrics_store, Encoding::Plain);
    assert!(!shown.contains("spare"));
    let families = parser::parse(&shown).unwrap();
    let accounts = families.values().flat_map(|family| family.samples.keys());
    let of_main = accounts.filter(|(_, labels)| labels.get("account").is_some_and(|name| name == "main"));
    // 7 gauges, calls, failures, and the histogram's buckets, sum and count.
    assert_eq!(of_main.count(), 7 + 1 + 1 + 15);
}

#[test]
fn discovery_is_shown_of_accounts_that_have_one() {
    let metrics_store = metrics_store();
    for name in ["main", "spare"] {
        metrics_store.metrics().account(name);
    }
    let series = |account: &str| {
        let shown = text(&metrics_store, Encoding::Plain);
        let of_account = format!("{{account=\"{account}\"}}");
        let lines = shown
            .lines()
            .filter(|line| line.starts_with("geelark_discovery_") && line.contains(&of_account));
        lines.count()
    };
    assert_eq!((series("main"), series("spare")), (0, 0));
    let account = metrics_store.metrics().account("main");
    account.discovery().failures.inc();
    assert_eq!((series("main"), series("spare")), (3, 0));
    assert_eq!(account.discovery().failures.get(), 1, "asked again, the same series");
    account.forget_discovery();
    assert_eq!(series("main"), 0);
}

#[test]
fn an_account_asked_for_again_goes_on_counting() {
    let metrics_store = metrics_store();
    for _ in 0..2 {
        metrics_store
            .metrics()
            .account("main")
            .request("phone_status", Duration::ZERO, None);
    }
    let expected = "geelark_api_requests_total{account=\"main\",endpoint=\"phone_status\"} 2\n";
    assert!(text(&metrics_store, Encoding::Plain).contains(expected));
}

#[test]
fn a_call_without_a_complete_answer_is_counted_and_not_timed() {
    let metrics_store = metrics_store();
    let account = metrics_store.metrics().account("main");
    account.request("phone_status", Duration::from_secs(10), Some("timeout"));
    account.request("phone_status", Duration::from_millis(30), Some("http_502"));
    let shown = text(&metrics_store, Encoding::Plain);
    assert!(shown.contains("geelark_api_requests_total{account=\"main\",endpoint=\"phone_status\"} 2\n"));
    assert!(
        shown.contains("geelark_api_request_duration_seconds_count{account=\"main\",endpoint=\"phone_status\"} 1\n")
    );
}

#[test]
fn a_failed_reload_keeps_the_time_of_the_last_good_one() {
    let metrics_store = metrics_store();
    metrics_store.metrics().config_reloaded(UnixTime(1_700_000_000));
    metrics_store.metrics().config_reload_failed();
    let shown = text(&metrics_store, Encoding::Plain);
    assert!(shown.contains("\ngeelark_exporter_config_last_reload_successful 0\n"));
    assert!(shown.contains("\ngeelark_exporter_config_last_reload_success_timestamp_seconds 1700000000\n"));
}

#[test]
fn the_state_is_shown_once_there_is_one() {
    let metrics_store = metrics_store();
    let shown = |metrics_store: &MetricsStore| {
        let text = text(metrics_store, Encoding::Plain);
        let values = |name: &str| {
            let lines = text
                .lines()
                .filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        (
            values("geelark_exporter_state_last_write_successful"),
            values("geelark_exporter_state_last_write_timestamp_seconds"),
        )
    };
    assert_eq!(shown(&metrics_store), (vec![], vec![]));
    metrics_store.metrics().state_not_written();
    assert_eq!(shown(&metrics_store), (vec!["0".into()], vec!["0".into()]));
    metrics_store.metrics().state_written(UnixTime(1_700_000_000));
    assert_eq!(shown(&metrics_store), (vec!["1".into()], vec!["1700000000".into()]));
    metrics_store.metrics().state_not_written();
    assert_eq!(shown(&metrics_store), (vec!["0".into()], vec!["1700000000".into()]));
}

#[test]
fn declarations_fit_the_format() {
    for info in catalog() {
        assert!(
            !info.help.contains(['\\', '\n']) && !info.help.contains("  "),
            "HELP of {}",
            info.name
        );
        assert_eq!(
            info.kind == Kind::Counter,
            info.name.ends_with("_total"),
            "{}",
            info.name
        );
    }
}
