//! Billing under paused time: the real client, budget, gate and store, and a GeeLark that is a function.

use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::SystemTime;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::*;
use crate::exposition::{Encoding, MetricsStore};
use geelark_client::clock::Clock;
use geelark_client::{Budget, BudgetLimits, Endpoint, Failure, Gate, Reply};
use geelark_client::{Credentials, Secret};

const MINUTE: Duration = Duration::from_mins(1);
const WALLET: Endpoint = Endpoint::PayWallet;
const PLAN: Endpoint = Endpoint::PayPlanInfo;

type Behaviour = dyn Fn(Endpoint) -> Value + Send + Sync;

/// GeeLark as a function of the endpoint, and a log of the calls.
#[derive(Clone)]
struct Upstream {
    behaviour: Arc<Mutex<Arc<Behaviour>>>,
    calls: Arc<Mutex<Vec<(Instant, Endpoint)>>>,
}

impl Upstream {
    fn new(behaviour: impl Fn(Endpoint) -> Value + Send + Sync + 'static) -> Self {
        Self {
            behaviour: Arc::new(Mutex::new(Arc::new(behaviour))),
            calls: Arc::default(),
        }
    }

    fn well() -> Self {
        Self::new(well)
    }

    fn becomes(&self, behaviour: impl Fn(Endpoint) -> Value + Send + Sync + 'static) {
        *self.behaviour.lock().unwrap() = Arc::new(behaviour);
    }

    /// When `endpoint` was called.
    fn times(&self, endpoint: Endpoint) -> Vec<Instant> {
        let calls = self.calls.lock().unwrap();
        calls
            .iter()
            .filter(|(_, called)| *called == endpoint)
            .map(|(at, _)| *at)
            .collect()
    }
}

impl Transport for Upstream {
    async fn post(&self, endpoint: Endpoint, _: HeaderMap, body: Bytes) -> Result<Reply, Failure> {
        assert_eq!(body, "{}");
        self.calls.lock().unwrap().push((Instant::now(), endpoint));
        sleep(Duration::from_millis(80)).await;
        let behaviour = self.behaviour.lock().unwrap().clone();
        Ok(Reply {
            status: 200,
            retry_after: None,
            body: behaviour(endpoint).to_string().into(),
        })
    }
}

fn well(endpoint: Endpoint) -> Value {
    let data = match endpoint {
        WALLET => json!({"balance": 10.25, "giftMoney": 1, "availableTimeAddOn": 30}),
        _ => json!({
            "plan": 1, "profiles": 50, "availableProfiles": 8, "monthlyRental": 3, "availableMonthlyRentals": 7,
            "parallels": 2, "expirationTime": 1_800_000_000, "monthlyFee": 29.9
        }),
    };
    json!({"code": 0, "msg": "success", "data": data})
}

fn refused(_: Endpoint) -> Value {
    json!({"code": 40015, "msg": "no permission"})
}

/// What survives of an account when its billing is started anew.
struct Fixture {
    upstream: Upstream,
    store: MetricsStore,
    calls: CallMetrics,
    status: Arc<BillingStatus>,
    budget: Arc<Budget>,
    gate: Arc<Gate>,
}

impl Fixture {
    fn new(upstream: Upstream) -> Self {
        let registry = crate::app::metrics::registry();
        Self {
            upstream,
            store: MetricsStore::new(registry.clone()),
            calls: CallMetrics::new(&registry, "main"),
            status: Arc::new(BillingStatus::new(&registry, "main")),
            budget: Arc::new(Budget::new(BudgetLimits {
                requests_per_minute: NonZeroU32::new(100).unwrap(),
                max_in_flight: 4,
            })),
            gate: Arc::default(),
        }
    }

    fn start(&self) -> (CancellationToken, JoinHandle<()>) {
        let client = Client::new(
            self.upstream.clone(),
            Credentials::Token(Secret::from("tok-secret".to_owned())),
            self.budget.clone(),
            self.gate.clone(),
            Clock::starting_at(SystemTime::UNIX_EPOCH),
        );
        let stop = CancellationToken::new();
        let billing = Billing {
            client: Arc::new(client),
            account: "main".into(),
            calls: self.calls.clone(),
            status: self.status.clone(),
        };
        (stop.clone(), tokio::spawn(billing.run(stop)))
    }

    fn text(&self) -> String {
        let bytes: Vec<u8> = self.store.scrape(Encoding::Plain).flatten().collect();
        String::from_utf8(bytes).unwrap()
    }

    /// The series of wallet and plan.
    fn series(&self) -> Vec<String> {
        let is_series = |line: &&str| {
            ["geelark_wallet_", "geelark_plan_"]
                .iter()
                .any(|prefix| line.starts_with(prefix))
        };
        self.text().lines().filter(is_series).map(str::to_owned).collect()
    }
}

/// The seconds from `start` to each of `times`.
fn seconds(start: Instant, times: &[Instant]) -> Vec<u64> {
    times.iter().map(|at| (*at - start).as_secs()).collect()
}

#[tokio::test(start_paused = true)]
async fn wallet_and_plan_are_shown_with_their_units() {
    let fixture = Fixture::new(Upstream::well());
    let _billing = fixture.start();
    assert_eq!(fixture.series(), [""; 0]);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(
        fixture.series(),
        [
            "geelark_wallet_balance{account=\"main\"} 10.25",
            "geelark_wallet_gift_balance{account=\"main\"} 1",
            "geelark_wallet_time_addon_seconds{account=\"main\"} 1800",
        ]
    );
    sleep(MINUTE).await;
    let series = fixture.series();
    for line in [
        "geelark_plan_expiration_timestamp_seconds{account=\"main\"} 1800000000",
        "geelark_plan_profiles{account=\"main\"} 50",
        "geelark_plan_profiles_available{account=\"main\"} 8",
        "geelark_plan_monthly_rentals{account=\"main\"} 3",
        "geelark_plan_monthly_rentals_available{account=\"main\"} 7",
        "geelark_plan_parallels{account=\"main\"} 2",
        "geelark_plan_monthly_fee{account=\"main\"} 29.9",
    ] {
        assert!(series.iter().any(|shown| shown == line), "{line} in {series:?}");
    }
    assert_eq!(series.len(), 10);
}

#[tokio::test(start_paused = true)]
async fn the_wallet_is_read_every_five_minutes_and_the_plan_every_ten() {
    let start = Instant::now();
    let fixture = Fixture::new(Upstream::well());
    let _billing = fixture.start();
    sleep(MINUTE * 22).await;
    assert_eq!(
        seconds(start, &fixture.upstream.times(WALLET)),
        [7, 307, 607, 907, 1207]
    );
    assert_eq!(seconds(start, &fixture.upstream.times(PLAN)), [61, 661, 1261]);
}

#[tokio::test(start_paused = true)]
async fn restarts_and_reloads_never_cause_two_plan_calls_within_a_minute() {
    let upstream = Upstream::well();
    for run in 0..40_u64 {
        let fixture = Fixture::new(upstream.clone());
        // A process that lives as long as it takes to become known, or a moment, and is reloaded as it pleases.
        for reload in 0..=run % 4 {
            let (stop, task) = fixture.start();
            sleep(Duration::from_millis(37_003 * (run % 5) + 11 * reload)).await;
            stop.cancel();
            task.await.unwrap();
        }
    }
    let times = upstream.times(PLAN);
    assert!(times.len() >= 15, "{} calls", times.len());
    for pair in times.windows(2) {
        assert!(pair[1] - pair[0] >= MINUTE, "{:?} apart", pair[1] - pair[0]);
    }
    let wallet = upstream.times(WALLET);
    for from in &wallet {
        let within = wallet.iter().filter(|at| *at >= from && **at - *from < MINUTE).count();
        assert!(within <= 10, "{within} calls to the wallet in a minute");
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_that_three_reads_did_not_bring_disappears_until_it_is_read_again() {
    let fixture = Fixture::new(Upstream::well());
    let _billing = fixture.start();
    sleep(MINUTE * 2).await;
    assert_eq!(fixture.series().len(), 10);
    fixture.upstream.becomes(refused);
    sleep(MINUTE * 12 + Duration::from_secs(55)).await;
    assert_eq!(fixture.series().len(), 10, "three reads are not over");
    sleep(Duration::from_secs(30)).await;
    let series = fixture.series();
    assert!(
        series.iter().all(|line| line.starts_with("geelark_plan_")),
        "{series:?}"
    );
    sleep(MINUTE * 16).await;
    assert_eq!(fixture.series(), [""; 0]);
    fixture.upstream.becomes(well);
    sleep(PLAN_EVERY + MINUTE).await;
    assert_eq!(fixture.series().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn failures_are_retried_at_doubling_intervals_up_to_the_usual_one() {
    let fixture = Fixture::new(Upstream::new(refused));
    let start = Instant::now();
    let _billing = fixture.start();
    sleep(MINUTE * 24).await;
    assert_eq!(
        seconds(start, &fixture.upstream.times(WALLET)),
        [7, 67, 187, 427, 727, 1027, 1327]
    );
    assert_eq!(fixture.gate.check(), Ok(()), "the poller is not held");
    assert!(
        fixture.text().contains(
            "geelark_api_request_failures_total{account=\"main\",endpoint=\"pay_wallet\",reason=\"40015\"} 7\n"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_read_during_a_lock() {
    let fixture = Fixture::new(Upstream::new(|_| json!({"code": 40014})));
    let _billing = fixture.start();
    sleep(MINUTE * 119).await;
    assert_eq!(
        (fixture.upstream.times(WALLET).len(), fixture.upstream.times(PLAN).len()),
        (1, 0)
    );
    fixture.upstream.becomes(well);
    sleep(MINUTE * 4).await;
    assert_eq!(fixture.series().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_a_known_field_is_a_failure() {
    let fixture = Fixture::new(Upstream::well());
    let _billing = fixture.start();
    sleep(MINUTE * 2).await;
    fixture.upstream.becomes(|_| json!({"code": 0, "data": null}));
    sleep(MINUTE * 10).await;
    assert_eq!(fixture.series().len(), 10);
    sleep(MINUTE * 25).await;
    assert_eq!(fixture.series(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn values_outlive_a_reload_but_not_their_time() {
    let fixture = Fixture::new(Upstream::well());
    let (stop, task) = fixture.start();
    sleep(MINUTE * 2).await;
    stop.cancel();
    task.await.unwrap();
    assert_eq!(fixture.series().len(), 10);
    fixture.upstream.becomes(refused);
    let _billing = fixture.start();
    sleep(PLAN_EVERY * 3).await;
    assert_eq!(fixture.series(), [""; 0]);
}
