//! What is in the folder when, under paused time.

use std::time::SystemTime;

use bytes::Bytes;
use http::HeaderMap;
use tempfile::TempDir;
use tokio::time::sleep;

use super::*;
use crate::app::metrics::registry;
use crate::config::{self, AccountConfig, Sources};
use crate::exposition::MetricsStore;
use crate::fleet::Target;
use crate::poller::LastRound;
use crate::state;
use crate::targets::Ownership;
use geelark_client::clock::UnixTime;
use geelark_client::phone::PhoneId;
use geelark_client::{Client, Endpoint, Failure, Reply, Transport};

const SECOND: Duration = Duration::from_secs(1);

struct Fixture {
    parent: TempDir,
    clock: Clock,
    metrics: Arc<ExporterMetrics>,
    context: Context,
}

impl Fixture {
    fn new() -> Self {
        let registry = registry();
        let clock = Clock::starting_at(SystemTime::UNIX_EPOCH + 1_700_000_000 * SECOND);
        Self {
            parent: tempfile::tempdir().unwrap(),
            metrics: Arc::new(ExporterMetrics::new(&registry, ["0", "r", "c"])),
            context: Context {
                store: MetricsStore::new(registry.clone()),
                clock: clock.clone(),
                ownership: Ownership::default(),
                broken: CancellationToken::new(),
                registry,
            },
            clock,
        }
    }

    fn state_saver(&self) -> Arc<StateSaver> {
        let folder = self.parent.path().join("state");
        Arc::new(StateSaver::open(Some(&folder), self.clock.clone(), self.metrics.clone()).unwrap())
    }

    /// The account as `state_saver` restores it.
    fn begin(&self, state_saver: &StateSaver) -> SavedFrom {
        let carry_over = state_saver.restore(&account("main"), &self.context);
        let record = SavedFrom {
            name: "main".into(),
            carry_over,
        };
        state_saver.set_accounts([record.clone()].into_iter());
        record
    }

    fn file(&self) -> Option<State> {
        let bytes = std::fs::read(self.parent.path().join("state/state.json")).ok()?;
        Some(state::decode(&bytes).unwrap())
    }

    fn phones(&self) -> Option<usize> {
        self.file().map(|memory| memory.phones())
    }
}

/// A GeeLark that locks whoever calls.
struct Locking;

impl Transport for Locking {
    async fn post(&self, _: Endpoint, _: HeaderMap, _: Bytes) -> Result<Reply, Failure> {
        Ok(Reply {
            status: 200,
            retry_after: None,
            body: r#"{"code":40014,"msg":"locked","data":null}"#.into(),
        })
    }
}

async fn lock(record: &SavedFrom, clock: &Clock) {
    let (credentials, clock) = (account("main").credentials, clock.clone());
    let client = Client::new(
        Locking,
        credentials,
        record.carry_over.budget.clone(),
        record.carry_over.gate.clone(),
        clock,
    );
    let call = client.phone_status(&["1".into()]).await.unwrap();
    assert!(call.outcome.is_err());
}

fn assign(record: &SavedFrom, phones: usize) {
    let ids = (0..phones).map(|number| PhoneId::from(number.to_string().as_str()));
    let targets: Vec<Target> = ids.map(Target::from).collect();
    record.carry_over.listeners.fleet.lock().assign(&targets);
}

fn phones(record: &SavedFrom) -> usize {
    record.carry_over.listeners.fleet.lock().targets().count()
}

fn account(name: &str) -> AccountConfig {
    let document = format!("accounts: [{{name: {name}, token: tok-1, phones: {{ids: ['1']}}}}]");
    let sources = Sources {
        document: Some(document.into()),
        ..Sources::default()
    };
    config::load(&sources).unwrap().accounts.remove(0)
}

#[tokio::test(start_paused = true)]
async fn what_is_known_is_written_every_thirty_seconds() {
    let fixture = Fixture::new();
    let state_saver = fixture.state_saver();
    let record = fixture.begin(&state_saver);
    assert_eq!(phones(&record), 0);
    state_saver.save().await;
    assert_eq!(fixture.phones(), Some(0));
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (state_saver, stop) = (state_saver.clone(), stop.clone());
        async move { state_saver.run(stop).await }
    });
    for phones in 1..4 {
        assign(&record, phones);
        sleep(30 * SECOND).await;
        sleep(SECOND / 10).await;
        assert_eq!(fixture.phones(), Some(phones));
    }
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_closed_is_written_at_once() {
    let fixture = Fixture::new();
    let state_saver = fixture.state_saver();
    let record = fixture.begin(&state_saver);
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (state_saver, stop) = (state_saver.clone(), stop.clone());
        async move { state_saver.run(stop).await }
    });
    sleep(SECOND).await;
    assert_eq!(fixture.phones(), None);
    lock(&record, &fixture.clock).await;
    sleep(SECOND / 1000).await;
    let gate = fixture.file().unwrap().accounts[0].gate;
    assert!(gate.is_half_open && gate.locked_until.is_some(), "{gate:?}");
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_memory_is_handed_out_once_and_to_the_account_of_its_name() {
    let fixture = Fixture::new();
    let state_saver = fixture.state_saver();
    let record = fixture.begin(&state_saver);
    let round = LastRound {
        up: true,
        last_success: UnixTime(1_699_999_999),
        duration_ms: 1250,
        unanswered: 3,
    };
    record.carry_over.round.set(round);
    let credentials = record.carry_over.fingerprint.clone();
    assign(&record, 5);
    state_saver.save().await;
    drop(state_saver);

    let state_saver = fixture.state_saver();
    let other = state_saver.restore(&account("other"), &fixture.context);
    assert_eq!(other.listeners.fleet.lock().batches(), 0);
    let record = fixture.begin(&state_saver);
    assert_eq!(phones(&record), 5);
    assert_eq!(
        record.carry_over.fingerprint, credentials,
        "one fingerprint for one credential"
    );
    assert_eq!(record.carry_over.round.get(), round);
    assert_eq!(phones(&fixture.begin(&state_saver)), 0);
}

#[tokio::test(start_paused = true)]
async fn without_a_folder_nothing_is_written_and_nothing_is_shown() {
    let fixture = Fixture::new();
    let state_saver = StateSaver::open(None, fixture.clock.clone(), fixture.metrics.clone()).unwrap();
    let record = fixture.begin(&state_saver);
    assign(&record, 7);
    state_saver.save().await;
    assert_eq!(fixture.file(), None);
}
