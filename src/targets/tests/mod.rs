//! Discovery under paused time: the real client, budget and gate, and a GeeLark that is a list.

mod accounts;
mod failures;
mod readings;

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::*;
use crate::exposition::{Encoding, MetricsStore};
use crate::fleet::Target;
use crate::metrics::CallMetrics;
use geelark_client::Secret;
use geelark_client::clock::Clock;
use geelark_client::phone::{ChargeMode, PhoneId};
use geelark_client::{Budget, BudgetLimits, Client, Endpoint, Failure, Gate, Reply, Transport};

const REFRESH: Duration = Duration::from_mins(10);

/// A phone as the upstream lists it.
#[derive(Clone)]
struct Item {
    id: String,
    group: &'static str,
    charge_mode: i64,
}

/// Something that is done to an answer before it goes out.
type Twist = dyn Fn(&mut Value) + Send + Sync;

/// Something that happens to the list.
type Change = dyn FnOnce(&mut Vec<Item>) + Send;

#[derive(Default)]
struct State {
    phones: Vec<Item>,
    /// Run before the answer to the nth call, from 0.
    before: Vec<(usize, Box<Change>)>,
    /// Applied to every answer while there is one.
    twist: Option<Arc<Twist>>,
    calls: Vec<(Instant, Value)>,
}

/// GeeLark as a list that can be changed between two pages.
#[derive(Clone, Default)]
struct Upstream(Arc<Mutex<State>>);

impl Upstream {
    fn of(phones: usize) -> Self {
        let upstream = Self::default();
        upstream.change(|list| list.extend((0..phones).map(item)));
        upstream
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Item>)) {
        change(&mut self.0.lock().unwrap().phones);
    }

    /// Changes the list just before the `nth` call from here, from 0, is answered.
    fn before(&self, nth: usize, change: impl FnOnce(&mut Vec<Item>) + Send + 'static) {
        let mut state = self.0.lock().unwrap();
        let nth = state.calls.len() + nth;
        state.before.push((nth, Box::new(change)));
    }

    fn twist(&self, twist: impl Fn(&mut Value) + Send + Sync + 'static) {
        self.0.lock().unwrap().twist = Some(Arc::new(twist));
    }

    fn untwist(&self) {
        self.0.lock().unwrap().twist = None;
    }

    fn ids(&self) -> Vec<String> {
        let mut ids: Vec<_> = self
            .0
            .lock()
            .unwrap()
            .phones
            .iter()
            .map(|phone| phone.id.clone())
            .collect();
        ids.sort_unstable();
        ids
    }

    fn calls(&self) -> usize {
        self.0.lock().unwrap().calls.len()
    }

    fn times(&self) -> Vec<Instant> {
        self.0.lock().unwrap().calls.iter().map(|(at, _)| *at).collect()
    }
}

impl Transport for Upstream {
    async fn post(&self, endpoint: Endpoint, _: HeaderMap, body: Bytes) -> Result<Reply, Failure> {
        assert_eq!(endpoint, Endpoint::PhoneList);
        let request: Value = serde_json::from_slice(&body).unwrap();
        let nth = {
            let mut state = self.0.lock().unwrap();
            state.calls.push((Instant::now(), request.clone()));
            state.calls.len() - 1
        };
        sleep(Duration::from_millis(80)).await;
        let mut state = self.0.lock().unwrap();
        while let Some(at) = state.before.iter().position(|(when, _)| *when == nth) {
            let (_, change) = state.before.remove(at);
            change(&mut state.phones);
        }
        let mut envelope = page(&state.phones, &request);
        if let Some(twist) = &state.twist {
            twist(&mut envelope);
        }
        Ok(Reply {
            status: 200,
            retry_after: None,
            body: envelope.to_string().into(),
        })
    }
}

fn item(number: usize) -> Item {
    Item {
        id: format!("{number:06}"),
        group: ["farm-a", "farm-b", "farm-c"][number % 3],
        charge_mode: i64::try_from(number % 2).unwrap(),
    }
}

fn page(phones: &[Item], request: &Value) -> Value {
    let (group, mode) = (request["groupName"].as_str(), request["chargeMode"].as_i64());
    let wanted: Vec<&Item> = phones
        .iter()
        .filter(|phone| group.is_none_or(|group| group == phone.group))
        .filter(|phone| mode.is_none_or(|mode| mode == phone.charge_mode))
        .collect();
    let page = usize::try_from(request["page"].as_u64().unwrap()).unwrap();
    let items: Vec<Value> = wanted
        .iter()
        .skip((page - 1) * 100)
        .take(100)
        .map(|phone| json!({"id": phone.id, "group": {"name": phone.group}, "chargeMode": phone.charge_mode}))
        .collect();
    json!({"code": 0, "msg": "success", "data": {"total": wanted.len(), "page": page, "pageSize": 100, "items": items}})
}

/// One account whose phones are looked for.
struct Fixture {
    upstream: Upstream,
    handle: Arc<OwnershipHandle>,
    targets: watch::Receiver<Arc<[Target]>>,
    store: MetricsStore,
    start: Instant,
    hints: Arc<Notify>,
    _stop: DropGuard,
}

/// How to set a fixture.
struct Setting {
    filters: Vec<PhoneFilter>,
    configured: Vec<PhoneId>,
    remembered: Vec<Target>,
    requests_per_minute: u32,
    shard: Shard,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            filters: vec![PhoneFilter::default()],
            configured: Vec::new(),
            remembered: Vec::new(),
            requests_per_minute: 6000,
            shard: Shard::WHOLE,
        }
    }
}

impl Fixture {
    fn start(upstream: &Upstream) -> Self {
        Self::set(upstream, Setting::default(), &Ownership::default(), "main")
    }

    fn set(upstream: &Upstream, setting: Setting, ownership: &Ownership, account: &str) -> Self {
        let clock = Clock::starting_at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000));
        let client = Client::new(
            upstream.clone(),
            geelark_client::Credentials::Token(Secret::from("tok-secret".to_owned())),
            Arc::new(Budget::new(BudgetLimits {
                requests_per_minute: NonZeroU32::new(setting.requests_per_minute).unwrap(),
                max_in_flight: 4,
            })),
            Arc::new(Gate::default()),
            clock.clone(),
        );
        let registry = crate::app::metrics::registry();
        let store = MetricsStore::new(registry.clone());
        let settings = DiscoverySettings {
            filters: setting.filters,
            refresh_interval: REFRESH,
            shard: setting.shard,
        };
        let hints = Arc::new(Notify::new());
        let stop = CancellationToken::new();
        let handle = ownership.account(&account.into());
        let mut targets = handle.subscribe();
        let remembered = setting
            .remembered
            .into_iter()
            .map(|target| (target.id, target.details.unwrap_or_default()));
        let discovery = Discovery {
            client: Arc::new(client),
            account: account.into(),
            settings,
            configured: setting.configured,
            remembered: remembered.collect(),
            handle: handle.clone(),
            calls: CallMetrics::new(&registry, "main"),
            status: Arc::new(DiscoveryStatus::new(&registry, "main")),
            clock,
            hints: hints.clone(),
        };
        discovery.publish_initial();
        let own = targets.borrow_and_update().clone();
        if !own.is_empty() {
            targets.mark_changed();
        }
        tokio::spawn(discovery.run(stop.clone()));
        Self {
            upstream: upstream.clone(),
            handle,
            targets,
            store,
            start: Instant::now(),
            hints,
            _stop: stop.drop_guard(),
        }
    }

    /// The ids of the targets, in its order.
    fn ids(&self) -> Vec<String> {
        let targets = self.targets.borrow().clone();
        targets.iter().map(|target| target.id.to_string()).collect()
    }

    /// Waits for the next targets.
    async fn next(&mut self) -> Vec<String> {
        let changed = timeout(REFRESH * 2, self.targets.changed()).await;
        changed.expect("no other targets came").unwrap();
        // As the poller does.
        let targets = self.targets.borrow_and_update().clone();
        self.handle.acknowledge(&targets);
        self.ids()
    }

    /// Waits until `at` after the start.
    async fn at(&self, at: Duration) {
        tokio::time::sleep_until(self.start + at).await;
    }

    fn metric(&self, name: &str) -> i64 {
        let body: Vec<u8> = self.store.scrape(Encoding::Plain).flatten().collect();
        let text = String::from_utf8(body).unwrap();
        let line = format!("{name}{{account=\"main\"}} ");
        let value = text.lines().find_map(|text| text.strip_prefix(&line)).expect(name);
        value.parse().unwrap()
    }
}

fn filter(group: &str) -> PhoneFilter {
    PhoneFilter {
        groups: vec![group.into()],
        ..PhoneFilter::default()
    }
}
