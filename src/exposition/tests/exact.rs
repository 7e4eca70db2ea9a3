//! The whole text of a small fleet.

use std::time::Duration;

use tokio::time::Instant;

use super::*;
use geelark_client::money::{Plan, Wallet};

#[test]
fn a_small_fleet_reads_exactly_like_this() {
    let metrics_store = metrics_store();
    let main = section_of(&metrics_store, &"main".into(), 2);
    let spare = section_of(&metrics_store, &"spare".into(), 1);
    let empty = section_of(&metrics_store, &"empty".into(), 0);
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

    let metrics = metrics_store.metrics();
    metrics.config_reloaded(UnixTime(1_700_000_001));
    let account = metrics.account("main");
    account.declare_endpoint("phone_status");
    account.up.set(1);
    account.poll_last_success.set(1_700_000_130);
    account.poll_last_duration.set(1.5);
    account.poll_interval.set(60.0);
    account.unanswered.set(1);
    account.budget.set(100);
    account.request("phone_status", Duration::from_millis(250), None);
    account.request("phone_status", Duration::from_millis(20), Some("40014"));
    account.request("phone_status", Duration::from_secs(10), Some("timeout"));
    account.locked_until.set(1_700_007_200);
    let tomorrow = Instant::now() + Duration::from_hours(24);
    let wallet = Wallet {
        balance: Some(12.34),
        gift_balance: Some(0.0),
        time_addon: Some(5400.0),
    };
    account.wallet(wallet, tomorrow);
    let plan = Plan {
        expires: Some(UnixTime(1_800_000_000)),
        parallels: Some(0),
        monthly_fee: None,
        ..Plan::default()
    };
    account.plan(plan, tomorrow, true);
    let webhook = account.webhook();
    webhook.accepted.inc();

    let expected = include_str!("small_fleet.prom");
    assert_eq!(steady(&text(&metrics_store, Encoding::Plain)), expected);
    assert_eq!(steady(&text(&metrics_store, Encoding::Gzip)), expected);
}

#[test]
fn an_empty_board_names_every_metric() {
    let text = text(&metrics_store(), Encoding::Plain);
    let families = parser::parse(&text).unwrap();
    let catalog = catalog();
    assert_eq!(families.len(), catalog.len());
    for info in catalog {
        let family = &families[info.name];
        assert_eq!(
            (family.kind.as_str(), family.help.as_str()),
            (info.kind.as_str(), info.help)
        );
    }
}
