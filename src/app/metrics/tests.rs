//! What a scrape shows of the exporter as a whole, and that documentation and declarations agree.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use uuid::Uuid;

use super::*;
use crate::config::{self, Sources};
use crate::exposition::tests::{account_of, fresh, parser, steady, text, view};
use crate::exposition::{Encoding, MetricsStore};
use crate::fleet::{Freshness, Phone};
use crate::metrics::Kind;
use crate::poller::LastRound;
use geelark_client::clock::UnixTime;
use geelark_client::money::{Plan, Wallet};
use geelark_client::{Call, Endpoint, Failure, Reason};

/// An account with discovery, billing and a webhook, or with none of them.
fn account(name: &str, has_everything: bool) -> Account {
    let more = if has_everything {
        "phones: {discovery: {}}, webhook: {enabled: true}"
    } else {
        "phones: {ids: ['1']}, billing: {enabled: false}"
    };
    let document = format!("accounts: [{{name: {name}, token: tok-1, {more}}}]");
    let sources = Sources {
        file: Some("c.yml".into()),
        document: Some(document.into()),
        ..Sources::default()
    };
    config::load(&sources).unwrap().accounts.remove(0)
}

fn call(endpoint: Endpoint, elapsed: Duration, failure: Option<Reason>) -> Call<()> {
    let failure = failure.map(|reason| Failure {
        reason,
        message: String::new(),
        retry_after: None,
    });
    Call {
        endpoint,
        trace_id: Uuid::nil(),
        elapsed,
        outcome: failure.map_or(Ok(()), Err),
    }
}

fn written(registry: &Registry) -> String {
    let mut text = Vec::new();
    registry.write(&mut text);
    String::from_utf8(text).unwrap()
}

/// The names of the families that have series of the account.
fn families_of(registry: &Registry, account: &str) -> BTreeSet<String> {
    let families = parser::parse(&written(registry)).unwrap();
    let has_account = |family: &parser::Family| {
        let mut labels = family.samples.keys().map(|(_, labels)| labels.get("account"));
        labels.any(|name| name.is_some_and(|name| name == account))
    };
    let shown = families.into_iter().filter(|(_, family)| has_account(family));
    shown.map(|(name, _)| name).collect()
}

#[test]
fn a_small_fleet_reads_exactly_like_this() {
    let registry = registry();
    let store = MetricsStore::new(registry.clone());
    let main = account_of(&store, &"main".into(), 2);
    let spare = account_of(&store, &"spare".into(), 1);
    let empty = account_of(&store, &"empty".into(), 0);
    store.set_accounts(vec![main.clone(), spare.clone(), empty]);
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
    let gone = Phone {
        name: Some("gone".into()),
        standing: Freshness::NotFound,
        not_found_total: 3,
        ..Phone::unseen("14".into())
    };
    main.update_batch(1, view("main", [Phone::unseen("13".into()), gone]));
    let stale = Phone {
        standing: Freshness::Stale,
        ..fresh("22", "quiet", 1, 1_700_000_000)
    };
    spare.update_batch(0, view("spare", [fresh("21", "手机 📱", 7, 1_700_000_120), stale]));

    let build = BuildMetrics::new(&registry, "1.2.3", "abc", "1.95.0");
    build.info.set(1);
    let reload = ReloadMetrics::new(&registry);
    reload.successful.set(1);
    reload.success_time.set(1_700_000_001);
    let api = ApiMetrics::new(&registry, "main");
    api.count(&call(Endpoint::PhoneStatus, Duration::from_millis(250), None));
    let locked = Some(Reason::Code(40014));
    api.count(&call(Endpoint::PhoneStatus, Duration::from_millis(20), locked));
    api.count(&call(
        Endpoint::PhoneStatus,
        Duration::from_secs(10),
        Some(Reason::Timeout),
    ));
    let poll = PollStatus::new(&registry, "main", api.clone());
    poll.set(LastRound {
        up: true,
        last_success: UnixTime(1_700_000_130),
        last_duration_ms: 1500,
        unanswered: 1,
    });
    poll.metrics.interval.set(60.0);
    poll.metrics.budget.set(100);
    poll.metrics.locked_until.set(1_700_007_200);
    let billing = BillingMetrics::new(&registry, "main");
    billing.show_wallet(Wallet {
        balance: Some(12.34),
        gift_balance: Some(0.0),
        time_addon: Some(5400.0),
    });
    billing.show_plan(Plan {
        expires: Some(UnixTime(1_800_000_000)),
        parallels: Some(0),
        monthly_fee: None,
        ..Plan::default()
    });
    let webhook = WebhookMetrics::of_account(&registry, "main");
    webhook.requests.with_label_values(&["accepted"]).inc();

    let expected = include_str!("small_fleet.prom");
    assert_eq!(steady(&text(&store, Encoding::Plain)), expected);
    assert_eq!(steady(&text(&store, Encoding::Gzip)), expected);
}

#[test]
fn an_empty_store_shows_help_and_type_of_every_metric() {
    let store = MetricsStore::new(registry());
    let families = parser::parse(&text(&store, Encoding::Plain)).unwrap();
    let shown = families
        .iter()
        .map(|(name, family)| (&**name, &*family.kind, &*family.help));
    let definitions = definitions();
    let declared = definitions.iter().map(|it| (&*it.name, it.kind.as_str(), &*it.help));
    assert_eq!(shown.collect::<BTreeSet<_>>(), declared.collect());
}

#[test]
fn a_running_account_shows_only_declared_metrics() {
    let registry = registry();
    let declared = registry.definitions();
    let _metrics = AccountMetrics::new(&registry, &account("main", true), None);
    let _state = StateMetrics::new(&registry);
    assert_eq!(registry.definitions(), declared);
}

#[test]
fn an_account_has_the_series_of_what_is_configured() {
    let registry = registry();
    let rooms = |families: &BTreeSet<String>| -> BTreeSet<String> {
        let room = |name: &String| name.split('_').nth(1).unwrap().to_owned();
        families.iter().map(room).collect()
    };
    let metrics = AccountMetrics::new(&registry, &account("main", true), None);
    assert_eq!(
        rooms(&families_of(&registry, "main")),
        ["api", "discovery", "poll", "up", "webhook"].map(str::to_owned).into()
    );
    let metrics = AccountMetrics::new(&registry, &account("main", false), Some(metrics));
    assert_eq!(
        rooms(&families_of(&registry, "main")),
        ["api", "poll", "up"].map(str::to_owned).into()
    );
    drop(metrics);
    assert_eq!(families_of(&registry, "main"), BTreeSet::new());
}

#[test]
fn a_removed_account_is_gone_from_every_family_and_others_stay() {
    let registry = registry();
    let accounts = ["main", "spare"].map(|name| AccountMetrics::new(&registry, &account(name, true), None));
    for metrics in &accounts {
        metrics
            .poll
            .api
            .count(&call(Endpoint::PhoneStatus, Duration::ZERO, Some(Reason::Code(40003))));
    }
    let families = families_of(&registry, "main");
    assert_eq!(families_of(&registry, "spare"), families);
    let [main, spare] = accounts;
    drop(spare);
    assert!(!written(&registry).contains("spare"));
    assert_eq!(families_of(&registry, "main"), families);
    drop(main);
}

#[test]
fn counters_go_on_over_a_reload() {
    let registry = registry();
    let mut metrics = None;
    for _ in 0..2 {
        let reloaded = AccountMetrics::new(&registry, &account("main", true), metrics);
        reloaded
            .poll
            .api
            .count(&call(Endpoint::PhoneStatus, Duration::ZERO, None));
        reloaded.discovery.as_ref().unwrap().metrics.failures.inc();
        metrics = Some(reloaded);
    }
    let shown = written(&registry);
    for line in [
        "geelark_api_requests_total{account=\"main\",endpoint=\"phone_status\"} 2\n",
        "geelark_discovery_failures_total{account=\"main\"} 2\n",
    ] {
        assert!(shown.contains(line), "{line} in {shown}");
    }
}

#[test]
fn declarations_fit_the_format() {
    for definition in definitions() {
        let Definition { name, kind, help, .. } = definition;
        assert!(!help.contains(['\\', '\n']) && !help.contains("  "), "HELP of {name}");
        assert_eq!(kind == Kind::Counter, name.ends_with("_total"), "{name}");
    }
}

/// Rows of the tables in `docs/metrics.md` that begin with a metric's name in back-ticks: name to type and labels.
fn documented() -> BTreeMap<&'static str, (&'static str, Vec<&'static str>)> {
    let mut rows = BTreeMap::new();
    for line in include_str!("../../../docs/metrics.md").lines() {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, kind, labels, ..] = cells[..] else { continue };
        if let Some(name) = name.strip_prefix('`').and_then(|name| name.strip_suffix('`')) {
            let labels = labels.split(", ").map(|label| label.trim_matches('`'));
            let labels = labels.filter(|label| !label.is_empty()).collect();
            assert!(rows.insert(name, (kind, labels)).is_none(), "{name} has two rows");
        }
    }
    rows
}

#[test]
fn every_metric_is_documented_with_its_type_and_labels_and_no_other_is() {
    let definitions = definitions();
    let declared = definitions.iter().map(|definition| {
        let labels = definition.labels.iter().map(String::as_str).collect();
        (&*definition.name, (definition.kind.as_str(), labels))
    });
    assert_eq!(documented(), declared.collect());
}
