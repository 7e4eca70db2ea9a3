//! The whole text of a small fleet.

use std::time::Duration;

use tokio::time::Instant;

use super::*;
use crate::app::metrics::{BuildMetrics, ConfigMetrics};
use crate::billing::{BillingStatus, Expiring};
use crate::metrics::CallMetrics;
use crate::poller::{LastRound, RoundStatus};
use crate::webhook::WebhookMetrics;
use geelark_client::Reason;

use super::exporter_metrics::call;
use geelark_client::{Plan, Wallet};

#[test]
fn a_small_fleet_is_rendered_exactly_like_this() {
    let registry = registry();
    let metrics_store = MetricsStore::new(registry.clone());
    let main = store_of(&metrics_store, &"main".into(), 2);
    let spare = store_of(&metrics_store, &"spare".into(), 1);
    let empty = store_of(&metrics_store, &"empty".into(), 0);
    metrics_store.set_accounts(vec![main.clone(), spare.clone(), empty]);
    main.update_batch(
        0,
        view(
            "main",
            [
                fresh("11", "front \"desk\"", 0, 1_700_000_000),
                fresh("12", "back\\room\n2", 2, 1_700_000_060),
            ],
        ),
    );
    main.update_batch(
        1,
        view(
            "main",
            [
                Phone::unseen("13".into()),
                Phone {
                    name: Some("gone".into()),
                    freshness: Freshness::NotFound,
                    not_found_total: 3,
                    details: None,
                    ..Phone::unseen("14".into())
                },
            ],
        ),
    );
    let stale = Phone {
        freshness: Freshness::Stale,
        ..fresh("22", "quiet", 1, 1_700_000_000)
    };
    spare.update_batch(0, view("spare", [fresh("21", "手机 📱", 7, 1_700_000_120), stale]));

    let build = BuildMetrics::new(&registry, &["1.2.3", "abc", "1.95.0"]);
    build.info.set(true);
    let config = ConfigMetrics::new(&registry, &[]);
    config.reload_successful.set(true);
    config.reload_success.set(UnixTime(1_700_000_001));
    let status = RoundStatus::new(&registry, "main");
    status.metrics.interval.set(Duration::from_mins(1));
    status.set(LastRound {
        up: true,
        last_success: UnixTime(1_700_000_130),
        duration_ms: 1500,
        unanswered: 1,
    });
    let calls = CallMetrics::new(&registry, "main");
    status.metrics.budget.set(100);
    calls.count(&call(Duration::from_millis(250), None));
    calls.count(&call(Duration::from_millis(20), Some(Reason::Code(40014))));
    calls.count(&call(Duration::from_secs(10), Some(Reason::Timeout)));
    status.metrics.locked_until.set(UnixTime(1_700_007_200));
    let tomorrow = Instant::now() + Duration::from_hours(24);
    let wallet = Wallet {
        balance: Some(12.34),
        gift_balance: Some(0.0),
        time_addon: Some(5400.0),
    };
    let billing = BillingStatus::new(&registry, "main");
    billing.wallet.set(Some(Expiring {
        value: wallet,
        until: tomorrow,
    }));
    let plan = Plan {
        expires: Some(UnixTime(1_800_000_000)),
        parallels: Some(0),
        monthly_fee: None,
        ..Plan::default()
    };
    billing.plan.set(Some(Expiring {
        value: plan,
        until: tomorrow,
    }));
    let webhook = WebhookMetrics::for_account(&registry, "main");
    webhook.requests.with_label_values(&["accepted"]).inc();

    let shown = text(&metrics_store, Encoding::Plain);
    assert_eq!(steady(&text(&metrics_store, Encoding::Gzip)), steady(&shown));
    expect_test::expect_file!["small_fleet.prom"].assert_eq(steady(&shown));
}

#[test]
fn an_empty_store_names_every_metric() {
    let text = text(&metrics_store(), Encoding::Plain);
    let families = parser::parse(&text).unwrap();
    let definitions = definitions();
    assert_eq!(families.len(), definitions.len());
    for info in definitions {
        let family = &families[info.name];
        assert_eq!(
            (family.kind.as_str(), family.help.as_str()),
            (info.kind.as_str(), info.help)
        );
    }
}
