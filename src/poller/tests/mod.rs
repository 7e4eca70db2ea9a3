//! The poller under paused time, with the real client, budget, gate, fleet and store, and a GeeLark that is a function.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::exposition::{Encoding, MetricsStore};
use crate::fleet::{Fleet, Target};
use crate::metrics::CallMetrics;
use crate::targets::{Ownership, OwnershipHandle};
use geelark_client::clock::Clock;
use geelark_client::phone::PhoneId;
use geelark_client::{Budget, BudgetLimits, Endpoint, Failure, Gate, Reason, Reply};
use geelark_client::{Client, Transport};
use geelark_client::{Credentials, Secret};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// The response to the nth call (from 0), which requests these ids.
type Behaviour = dyn Fn(usize, &[String]) -> Result<Value, Failure> + Send + Sync;

/// GeeLark as a function, and the calls it received.
#[derive(Clone)]
struct Upstream {
    behaviour: Arc<Behaviour>,
    latency: Duration,
    calls: Arc<Mutex<Vec<ReceivedCall>>>,
}

/// When a call came, and its ids.
type ReceivedCall = (Instant, Vec<String>);

impl Upstream {
    fn new(behaviour: impl Fn(usize, &[String]) -> Result<Value, Failure> + Send + Sync + 'static) -> Self {
        Self {
            behaviour: Arc::new(behaviour),
            latency: Duration::from_millis(80),
            calls: Arc::default(),
        }
    }

    fn healthy() -> Self {
        Self::new(|_, ids| Ok(all_started(ids)))
    }

    fn times(&self) -> Vec<Instant> {
        self.calls.lock().unwrap().iter().map(|(at, _)| *at).collect()
    }

    fn sizes(&self) -> Vec<usize> {
        self.calls.lock().unwrap().iter().map(|(_, ids)| ids.len()).collect()
    }

    fn clear_calls(&self) {
        self.calls.lock().unwrap().clear();
    }

    fn busiest_minute(&self) -> usize {
        let times = self.times();
        let within = |start: Instant| times.iter().filter(|at| **at >= start && **at - start < MINUTE).count();
        times.iter().map(|start| within(*start)).max().unwrap_or(0)
    }
}

impl Transport for Upstream {
    async fn post(&self, _: Endpoint, _: HeaderMap, body: Bytes) -> Result<Reply, Failure> {
        let request: Value = serde_json::from_slice(&body).unwrap();
        let ids: Vec<String> = serde_json::from_value(request["ids"].clone()).unwrap();
        let nth = {
            let mut calls = self.calls.lock().unwrap();
            calls.push((Instant::now(), ids.clone()));
            calls.len() - 1
        };
        sleep(self.latency).await;
        (self.behaviour)(nth, &ids).map(|envelope| Reply {
            status: 200,
            retry_after: None,
            body: envelope.to_string().into(),
        })
    }
}

fn all_started(ids: &[String]) -> Value {
    let phones: Vec<Value> = ids
        .iter()
        .map(|id| json!({"id": id, "serialName": format!("phone {id}"), "status": 0}))
        .collect();
    json!({"code": 0, "msg": "success", "data": {"successDetails": phones, "failDetails": null}})
}

fn failure_code(code: i64) -> Value {
    json!({"code": code, "msg": "no", "data": null})
}

/// One account being watched.
struct Fixture {
    upstream: Upstream,
    store: MetricsStore,
    budget: Arc<Budget>,
    ownership: Arc<OwnershipHandle>,
    fleet: SharedFleet,
    stop: CancellationToken,
    task: JoinHandle<()>,
    start: Instant,
}

impl Fixture {
    fn start(upstream: Upstream, phones: usize, requests_per_minute: u32, interval: Duration) -> Self {
        let budget = Arc::new(Budget::new(BudgetLimits {
            requests_per_minute: NonZeroU32::new(requests_per_minute).unwrap(),
            max_in_flight: 4,
        }));
        Self::start_with(upstream, &ids(phones), budget, interval)
    }

    fn start_with(upstream: Upstream, ids: &[PhoneId], budget: Arc<Budget>, interval: Duration) -> Self {
        let start = Instant::now();
        let clock = Clock::starting_at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000));
        let client = Client::new(
            upstream.clone(),
            Credentials::Token(Secret::from("tok-secret".to_owned())),
            budget.clone(),
            Arc::new(Gate::default()),
            clock.clone(),
        );
        let registry = crate::app::metrics::registry();
        let store = MetricsStore::new(registry.clone());
        let fleet = SharedFleet::new(Fleet::new("main".into()));
        let account_store = store.account(&"main".into());
        store.set_accounts(vec![account_store.clone()]);
        let ownership = Ownership::default().account(&"main".into());
        let mut receiver = ownership.subscribe();
        ownership.publish(targets(ids));
        receiver.mark_changed();
        let settings = PollSettings {
            interval,
            transient_interval: Duration::from_secs(15),
            stale_after: MINUTE * 5,
            timeout: Duration::from_secs(10),
        };
        let parts = Parts {
            settings,
            client: Arc::new(client),
            fleet: fleet.clone(),
            targets: receiver,
            ownership: ownership.clone(),
            store: account_store,
            calls: CallMetrics::new(&registry, "main"),
            status: Arc::new(RoundStatus::new(&registry, "main")),
            clock,
            first_round: Arc::default(),
        };
        let poller = Poller::new(parts);
        let stop = CancellationToken::new();
        Self {
            upstream,
            store,
            budget,
            ownership,
            fleet,
            stop: stop.clone(),
            task: tokio::spawn(poller.run(stop)),
            start,
        }
    }

    /// When each call came, in seconds since the start.
    fn seconds(&self) -> Vec<f64> {
        self.upstream
            .times()
            .iter()
            .map(|at| (*at - self.start).as_secs_f64())
            .collect()
    }

    async fn end(self) -> SharedFleet {
        self.stop.cancel();
        self.task.await.unwrap();
        self.fleet
    }

    fn text(&self) -> String {
        let bytes: Vec<u8> = self.store.scrape(Encoding::Plain).flatten().collect();
        String::from_utf8(bytes).unwrap()
    }

    /// The value of the one sample whose line begins so, as it is written.
    fn value(&self, series: &str) -> String {
        let text = self.text();
        let line = text
            .lines()
            .find(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')));
        let line = line.unwrap_or_else(|| panic!("no {series} in:\n{text}"));
        line.rsplit(' ').next().unwrap().to_owned()
    }

    fn count(&self, family: &str) -> usize {
        let text = self.text();
        text.lines()
            .filter(|line| line.starts_with(&format!("{family}{{")))
            .count()
    }
}

fn targets(ids: &[PhoneId]) -> Arc<[Target]> {
    ids.iter().cloned().map(Target::from).collect()
}

fn ids(count: usize) -> Vec<PhoneId> {
    (0..count).map(|n| PhoneId::from(format!("{n:018}").as_str())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_small_fleet_is_complete_within_seconds_of_the_start() {
    let fixture = Fixture::start(Upstream::healthy(), 253, 100, MINUTE);
    sleep(Duration::from_secs(4)).await;
    assert_eq!(fixture.upstream.sizes(), [100, 100, 53]);
    assert_eq!(fixture.count("phone_status"), 253);
    assert_eq!(fixture.value("geelark_up{account=\"main\"}"), "1");
}

#[tokio::test(start_paused = true)]
async fn answers_are_shown_before_the_round_is_over() {
    let fixture = Fixture::start(Upstream::healthy(), 20_000, 100, MINUTE);
    sleep(Duration::from_secs(20)).await;
    let shown = fixture.count("phone_status");
    assert!((2_000..5_000).contains(&shown), "{shown}");
    assert_eq!(fixture.count("phone_info"), 20_000);
}

#[tokio::test(start_paused = true)]
async fn calls_are_spread_over_the_round() {
    let fixture = Fixture::start(Upstream::healthy(), 300, 100, MINUTE);
    sleep(Duration::from_secs(118)).await;
    let seconds = fixture.seconds();
    let second_round: Vec<f64> = seconds[3..6].iter().map(|at| at.round()).collect();
    assert_eq!(second_round, [60.0, 80.0, 100.0]);
}

#[tokio::test(start_paused = true)]
async fn no_minute_has_more_calls_than_the_budget_over_restarts() {
    let upstream = Upstream::healthy();
    for run in 0..4 {
        let fixture = Fixture::start(upstream.clone(), 1200, 60, Duration::from_secs(1));
        sleep(Duration::from_secs(100 + run * 7)).await;
        assert_eq!(fixture.value("geelark_poll_interval_seconds{account=\"main\"}"), "12");
        fixture.end().await;
    }
    assert!(
        upstream.times().len() > 390,
        "the budget is used: {}",
        upstream.times().len()
    );
    assert!(upstream.busiest_minute() <= 60, "{}", upstream.busiest_minute());
}

#[tokio::test(start_paused = true)]
async fn slow_answers_do_not_make_rounds_overlap() {
    let mut upstream = Upstream::healthy();
    upstream.latency = Duration::from_secs(9);
    let fixture = Fixture::start(upstream, 100, 100, Duration::from_secs(5));
    sleep(MINUTE).await;
    let seconds = fixture.seconds();
    assert!(seconds.windows(2).all(|pair| pair[1] - pair[0] >= 9.0), "{seconds:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lock_prevents_calls_for_two_hours() {
    let upstream = Upstream::new(|nth, ids| {
        Ok(if nth == 1 {
            failure_code(40014)
        } else {
            all_started(ids)
        })
    });
    let fixture = Fixture::start(upstream, 300, 100, MINUTE);
    sleep(Duration::from_secs(30)).await;
    let before = fixture.seconds();
    assert!(before.len() <= 3, "{before:?}");
    assert_eq!(fixture.value("geelark_up{account=\"main\"}"), "0");
    let until = fixture.value("geelark_api_locked_until_timestamp_seconds{account=\"main\"}");
    let until: f64 = until.parse().unwrap();
    let locked_at = 1_000_000.0 + before[1] + 0.08;
    assert!((until - locked_at - 7200.0).abs() <= 1.0, "{until}");

    sleep(HOUR + 59 * MINUTE).await;
    assert_eq!(fixture.seconds().len(), before.len(), "not one call while locked");
    assert_eq!(
        fixture.count("phone_status"),
        0,
        "statuses older than stale_after are hidden"
    );

    sleep(2 * MINUTE).await;
    let after = &fixture.seconds()[before.len()..];
    assert!(after[0] - before[1] >= 7200.0, "{after:?}");
    assert_eq!(fixture.count("phone_status"), 300);
    assert_eq!(
        fixture.value("geelark_api_locked_until_timestamp_seconds{account=\"main\"}"),
        "0"
    );
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_prevents_calls_for_a_minute() {
    let upstream = Upstream::new(|nth, ids| {
        Ok(if nth == 0 {
            failure_code(40007)
        } else {
            all_started(ids)
        })
    });
    let fixture = Fixture::start(upstream, 200, 100, MINUTE);
    sleep(2 * MINUTE).await;
    let seconds = fixture.seconds();
    let first_after = seconds.iter().find(|at| **at > seconds[0] + 5.0).unwrap();
    assert!(first_after - seconds[0] >= 60.0, "{seconds:?}");
    assert_eq!(fixture.count("phone_status"), 200);
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_tried_with_one_call_at_a_time_and_longer_waits() {
    let fixture = Fixture::start(Upstream::new(|_, _| Ok(failure_code(40003))), 1000, 100, MINUTE);
    sleep(HOUR).await;
    let seconds = fixture.seconds();
    let gaps: Vec<f64> = seconds.windows(2).map(|pair| (pair[1] - pair[0]).round()).collect();
    let tail = &gaps[gaps.len() - 5..];
    assert!(tail.iter().all(|gap| (300.0..=303.0).contains(gap)), "{gaps:?}");
    assert!(seconds.len() < 25, "{seconds:?}");
    assert_eq!(
        fixture.value("geelark_api_locked_until_timestamp_seconds{account=\"main\"}"),
        "0",
        "a refused credential is no lock"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_call_is_retried_within_the_round() {
    let upstream = Upstream::new(|nth, ids| Ok(if nth < 2 { failure_code(50000) } else { all_started(ids) }));
    let fixture = Fixture::start(upstream, 100, 100, MINUTE);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(fixture.upstream.times().len(), 3);
    assert_eq!(fixture.value("geelark_up{account=\"main\"}"), "1");
    let failures = "geelark_api_request_failures_total{account=\"main\",endpoint=\"phone_status\",reason=\"50000\"}";
    assert_eq!(fixture.value(failures), "2");
}

#[tokio::test(start_paused = true)]
async fn retries_end_when_the_next_round_is_due_and_keep_the_budget() {
    let broken = || Failure {
        reason: Reason::Timeout,
        message: "no answer".into(),
        retry_after: None,
    };
    let fixture = Fixture::start(
        Upstream::new(move |_, _| Err(broken())),
        600,
        20,
        Duration::from_secs(30),
    );
    sleep(10 * MINUTE).await;
    assert!(fixture.upstream.busiest_minute() <= 20);
    assert_eq!(fixture.value("geelark_up{account=\"main\"}"), "0");
    let seconds = fixture.seconds();
    assert!(seconds.last().unwrap() > &570.0, "it continues to try: {seconds:?}");
}

#[tokio::test(start_paused = true)]
async fn a_failing_batch_affects_only_its_own_phones() {
    let upstream = Upstream::new(|_, ids| {
        let bad = ids.contains(&format!("{:018}", 150));
        Ok(if bad { failure_code(50000) } else { all_started(ids) })
    });
    let fixture = Fixture::start(upstream, 300, 100, MINUTE);
    sleep(10 * MINUTE).await;
    assert_eq!(fixture.count("phone_status"), 200);
    assert_eq!(fixture.value("geelark_up{account=\"main\"}"), "0");
    assert_eq!(
        fixture.value("geelark_phones{account=\"main\",status=\"stale\"}"),
        "100"
    );
}

#[tokio::test(start_paused = true)]
async fn an_invalid_id_affects_no_other_phone_of_its_batch() {
    let upstream = Upstream::new(|_, ids| {
        let bad = ids.contains(&format!("{:018}", 150));
        Ok(if bad { failure_code(40004) } else { all_started(ids) })
    });
    let fixture = Fixture::start(upstream, 300, 100, MINUTE);
    sleep(MINUTE).await;
    let calls = fixture.upstream.times().len();
    assert!(calls <= 3 + 14, "{calls}");
    assert_eq!(fixture.count("phone_status"), 299);
    assert_eq!(
        fixture.value("geelark_up{account=\"main\"}"),
        "1",
        "every batch was answered"
    );
    assert_eq!(fixture.value("geelark_poll_unanswered_phones{account=\"main\"}"), "1");

    fixture.upstream.clear_calls();
    sleep(MINUTE).await;
    let mut sizes = fixture.upstream.sizes();
    sizes.sort_unstable();
    assert_eq!(sizes, [99, 100, 100], "the invalid id is left out");
    fixture.upstream.clear_calls();
    sleep(10 * MINUTE).await;
    let alone = fixture.upstream.sizes().iter().filter(|size| **size == 1).count();
    assert_eq!(alone, 1, "and requested again, alone, every ten minutes");
}

#[tokio::test(start_paused = true)]
async fn a_geelark_that_rejects_every_request_does_not_use_up_the_budget() {
    let fixture = Fixture::start(Upstream::new(|_, _| Ok(failure_code(40004))), 1000, 100, MINUTE);
    sleep(20 * MINUTE).await;
    let calls = fixture.upstream.times().len();
    assert!(calls <= 20 * (10 + 64 + 10), "{calls}");
    assert_eq!(fixture.value("geelark_up{account=\"main\"}"), "0");
}

#[tokio::test(start_paused = true)]
async fn an_unconfirmed_status_is_hidden_after_stale_after() {
    let upstream = Upstream::new(|nth, ids| {
        Ok(if nth == 0 {
            all_started(ids)
        } else {
            failure_code(50000)
        })
    });
    let fixture = Fixture::start(upstream, 10, 100, MINUTE);
    sleep(Duration::from_secs(295)).await;
    assert_eq!(fixture.count("phone_status"), 10);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(fixture.count("phone_status"), 0);
    assert_eq!(fixture.value("geelark_phones{account=\"main\",status=\"stale\"}"), "10");
}

#[tokio::test(start_paused = true)]
async fn a_new_poller_keeps_what_the_previous_one_knew_and_the_budget() {
    let upstream = Upstream::healthy();
    let first = Fixture::start(upstream.clone(), 1200, 60, MINUTE);
    sleep(Duration::from_secs(40)).await;
    let budget = first.budget.clone();
    let known = first.end().await;
    assert_eq!(known.lock().view(0).phones[0].label_name(), "phone 000000000000000000");
    let second = Fixture::start_with(upstream.clone(), &ids(1200), budget, Duration::from_secs(1));
    sleep(3 * MINUTE).await;
    assert!(upstream.busiest_minute() <= 60);
    second.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_account_without_phones_makes_no_call_and_is_up() {
    let fixture = Fixture::start(Upstream::healthy(), 0, 100, MINUTE);
    sleep(5 * MINUTE).await;
    assert!(fixture.upstream.times().is_empty());
    assert_eq!(fixture.value("geelark_up{account=\"main\"}"), "1");
}

/// GeeLark where one phone is starting and all others are shut down.
fn one_starting(starting: usize) -> Upstream {
    Upstream::new(move |_, ids| {
        let mut envelope = all_started(ids);
        for phone in envelope["data"]["successDetails"].as_array_mut().unwrap() {
            let is_it = phone["id"] == format!("{starting:018}");
            phone["status"] = json!(if is_it { 1 } else { 2 });
        }
        Ok(envelope)
    })
}

#[tokio::test(start_paused = true)]
async fn a_starting_phone_is_requested_outside_of_rounds() {
    let fixture = Fixture::start(one_starting(150), 300, 100, 10 * MINUTE);
    sleep(Duration::from_secs(70)).await;
    let sizes = fixture.upstream.sizes();
    assert_eq!(sizes[..3], [100, 100, 100]);
    let alone: Vec<f64> = fixture.seconds()[3..].to_vec();
    assert!(
        alone.len() >= 3 && sizes[3..].iter().all(|size| *size == 1),
        "{sizes:?}"
    );
    assert!(
        alone
            .windows(2)
            .all(|pair| (14.0..=15.5).contains(&(pair[1] - pair[0]))),
        "{alone:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_hinted_phone_is_requested_within_two_seconds_and_a_flood_of_hints_uses_only_spare_calls() {
    let fixture = Fixture::start(Upstream::healthy(), 300, 60, MINUTE);
    sleep(Duration::from_secs(30)).await;
    fixture.upstream.clear_calls();
    fixture.fleet.hint(&ids(2)[1..]);
    sleep(Duration::from_secs(2)).await;
    assert!(fixture.upstream.sizes().contains(&1), "{:?}", fixture.upstream.sizes());

    fixture.upstream.clear_calls();
    for _ in 0..600 {
        fixture.fleet.hint(&ids(300));
        sleep(Duration::from_millis(100)).await;
    }
    let sizes = fixture.upstream.sizes();
    assert!(sizes.len() <= 60, "{}", sizes.len());
    assert_eq!(fixture.value("geelark_up{account=\"main\"}"), "1");
    sleep(Duration::from_secs(10)).await;
    fixture.upstream.clear_calls();
    sleep(2 * MINUTE).await;
    assert_eq!(
        fixture.upstream.sizes().len(),
        6,
        "two rounds, and no call outside of rounds"
    );
}

#[tokio::test(start_paused = true)]
async fn rounds_that_need_the_whole_budget_leave_no_call_outside_of_rounds() {
    let fixture = Fixture::start(one_starting(0), 1000, 10, MINUTE);
    sleep(10 * MINUTE).await;
    assert!(fixture.upstream.sizes().iter().all(|size| *size == 100));
}

#[tokio::test(start_paused = true)]
async fn new_targets_do_not_change_phones_that_stay() {
    let fixture = Fixture::start(Upstream::healthy(), 150, 100, MINUTE);
    sleep(Duration::from_secs(10)).await;
    let since = fixture.value(
        "phone_status_since_timestamp_seconds{id=\"000000000000000149\",serial_name=\"phone 000000000000000149\"}",
    );
    let mut others = ids(151);
    others.remove(0);
    fixture.ownership.publish(targets(&others));
    sleep(Duration::from_secs(3)).await;
    assert_eq!(fixture.count("phone_status"), 150, "the new phone is requested at once");
    assert_eq!(fixture.count("phone_info"), 150);
    assert!(
        !fixture.text().contains("000000000000000000"),
        "the phone that left is hidden"
    );
    assert_eq!(
        fixture.value(
            "phone_status_since_timestamp_seconds{id=\"000000000000000149\",serial_name=\"phone 000000000000000149\"}"
        ),
        since
    );
}

#[tokio::test(start_paused = true)]
async fn many_new_phones_are_requested_as_fast_as_the_budget_allows() {
    let fixture = Fixture::start(Upstream::healthy(), 10, 100, 10 * MINUTE);
    sleep(Duration::from_secs(10)).await;
    fixture.ownership.publish(targets(&ids(2000)));
    sleep(Duration::from_secs(30)).await;
    assert_eq!(fixture.count("phone_status"), 2000);
    assert_eq!(fixture.upstream.sizes().len(), 21, "and only once");
}

#[tokio::test(start_paused = true)]
async fn a_smaller_fleet_needs_fewer_calls() {
    let fixture = Fixture::start(Upstream::healthy(), 250, 100, MINUTE);
    sleep(Duration::from_secs(30)).await;
    fixture.ownership.publish(targets(&ids(90)));
    sleep(2 * MINUTE).await;
    assert_eq!(*fixture.upstream.sizes().last().unwrap(), 90);
    assert_eq!(fixture.count("phone_status"), 90);
}

#[tokio::test(start_paused = true)]
async fn every_batch_is_answered_although_each_round_is_blocked() {
    // Another program uses the same account, so each round exceeds the limit.
    let upstream = Upstream::new(|nth, ids| {
        Ok(if nth % 4 == 3 {
            failure_code(40007)
        } else {
            all_started(ids)
        })
    });
    let fixture = Fixture::start(upstream, 600, 100, MINUTE);
    sleep(8 * MINUTE).await;
    assert_eq!(fixture.count("phone_status"), 600);
}

#[tokio::test(start_paused = true)]
async fn many_new_phones_in_the_middle_of_a_round_are_requested_right_after_it() {
    let fixture = Fixture::start(Upstream::healthy(), 300, 100, 2 * MINUTE);
    sleep(Duration::from_secs(130)).await;
    fixture.ownership.publish(targets(&ids(1500)));
    sleep(2 * MINUTE).await;
    assert_eq!(fixture.count("phone_status"), 1500);
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_a_call_outside_of_rounds_meets_is_kept_and_shown() {
    let upstream = Upstream::new(|_, ids| {
        let alone = ids.len() == 1;
        Ok(if alone { failure_code(40014) } else { all_started(ids) })
    });
    let fixture = Fixture::start(upstream, 200, 100, 10 * MINUTE);
    sleep(Duration::from_secs(10)).await;
    fixture.fleet.hint(&ids(1));
    sleep(HOUR).await;
    assert_eq!(fixture.upstream.sizes(), [100, 100, 1]);
    let until = fixture.value("geelark_api_locked_until_timestamp_seconds{account=\"main\"}");
    assert!(until.parse::<f64>().unwrap() > 1_007_000.0, "{until}");
}
