//! The poller under paused time, with the real client, budget, gate, fleet and store, and a GeeLark that is a function.

mod failures;
mod outside_rounds;
mod targets;

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
