//! What is in the folder when, under paused time.

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::Bytes;
use http::HeaderMap;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::*;
use crate::config::{self, Sources};
use crate::poller::LastRound;
use geelark_client::clock::UnixTime;
use geelark_client::phone::{PhoneId, Target};
use geelark_client::{Client, Failure, Reply, Transport};

const SECOND: Duration = Duration::from_secs(1);

struct Scene {
    parent: TempDir,
    clock: Clock,
    registry: Registry,
}

impl Scene {
    fn new() -> Self {
        Self {
            parent: tempfile::tempdir().unwrap(),
            clock: Clock::starting_at(SystemTime::UNIX_EPOCH + 1_700_000_000 * SECOND),
            registry: Registry::new(),
        }
    }

    fn metrics(&self, name: &str) -> AccountMetrics {
        AccountMetrics::new(&self.registry, &account(name), None)
    }

    fn state_saver(&self) -> Arc<StateSaver> {
        let folder = self.parent.path().join("state");
        Arc::new(StateSaver::open(Some(&folder), self.clock.clone(), &self.registry).unwrap())
    }

    /// The account as `state_saver` has it begin, with a poller of its own that shows `phones` phones more each time.
    fn begin(&self, state_saver: &StateSaver, phones: usize) -> (SavedFrom, Option<Fleet>, JoinHandle<()>) {
        let metrics = self.metrics("main");
        let (carry_over, fleet) = state_saver.begin(&account("main"), &metrics);
        let record = SavedFrom {
            name: "main".into(),
            carry_over,
            metrics,
        };
        state_saver.keep([record.clone()].into_iter());
        let (snapshot_cell, clock) = (record.carry_over.snapshot_cell.clone(), self.clock.clone());
        let poller = tokio::spawn(async move {
            for looks in 1.. {
                snapshot_cell.wanted().await;
                snapshot_cell.show(fleet_of(looks * phones).snapshot(clock.now()));
            }
        });
        (record, fleet, poller)
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
    async fn post(&self, _: &'static str, _: HeaderMap, _: Bytes, _: usize) -> Result<Reply, Failure> {
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

fn fleet_of(phones: usize) -> Fleet {
    let members: Vec<Target> = (0..phones)
        .map(|number| PhoneId::from(number.to_string().as_str()).into())
        .collect();
    let mut fleet = Fleet::new("main".into());
    fleet.assign(&members);
    fleet
}

fn account(name: &str) -> Account {
    let env = [
        ("GEELARK_TOKEN", "tok-1"),
        ("GEELARK_PHONE_IDS", "1"),
        ("GEELARK_EXPORTER__ACCOUNTS__0__NAME", name),
    ];
    let env: BTreeMap<_, _> = env.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let sources = Sources {
        env,
        ..Sources::default()
    };
    config::load(&sources).unwrap().accounts.remove(0)
}

#[tokio::test(start_paused = true)]
async fn what_is_known_is_written_every_thirty_seconds() {
    let scene = Scene::new();
    let state_saver = scene.state_saver();
    let (_record, fleet, _poller) = scene.begin(&state_saver, 7);
    assert!(fleet.is_none());
    state_saver.save_initial().await;
    assert_eq!(scene.phones(), Some(0));
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (state_saver, stop) = (state_saver.clone(), stop.clone());
        async move { state_saver.run(stop).await }
    });
    for looks in 1..4 {
        sleep(30 * SECOND).await;
        sleep(SECOND / 10).await;
        assert_eq!(scene.phones(), Some(looks * 7));
    }
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_closed_is_written_at_once() {
    let scene = Scene::new();
    let state_saver = scene.state_saver();
    let (record, _, _poller) = scene.begin(&state_saver, 7);
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (state_saver, stop) = (state_saver.clone(), stop.clone());
        async move { state_saver.run(stop).await }
    });
    sleep(SECOND).await;
    assert_eq!(scene.phones(), None);
    lock(&record, &scene.clock).await;
    sleep(SECOND / 1000).await;
    let closure = scene.file().unwrap().accounts[0].closure;
    assert!(closure.is_half_open && closure.locked_until.is_some(), "{closure:?}");
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_memory_is_handed_out_once_and_to_the_account_of_its_name() {
    let scene = Scene::new();
    let state_saver = scene.state_saver();
    let (record, _, _poller) = scene.begin(&state_saver, 7);
    let round = LastRound {
        up: true,
        last_success: UnixTime(1_699_999_999),
        last_duration_ms: 1250,
        unanswered: 3,
    };
    record.metrics.poll.set(round);
    let credentials = record.carry_over.mark.clone();
    state_saver.end(vec![(record, Some(fleet_of(5)))]).await;
    drop(state_saver);

    let state_saver = scene.state_saver();
    let metrics = scene.metrics("other");
    assert!(state_saver.begin(&account("other"), &metrics).1.is_none());
    let (record, fleet, _poller) = scene.begin(&state_saver, 7);
    assert_eq!(fleet.map(|fleet| fleet.len()), Some(5));
    assert_eq!(record.carry_over.mark, credentials, "one mark for one credential");
    assert_eq!(*record.metrics.poll.last_round.borrow(), round);
    let mut text = Vec::new();
    scene.registry.write(&mut text);
    let text = String::from_utf8(text).unwrap();
    for line in [
        "geelark_up{account=\"main\"} 1\n",
        "geelark_poll_last_success_timestamp_seconds{account=\"main\"} 1699999999\n",
        "geelark_poll_last_duration_seconds{account=\"main\"} 1.25\n",
        "geelark_poll_unanswered_phones{account=\"main\"} 3\n",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(scene.begin(&state_saver, 7).1.is_none());
}

#[tokio::test(start_paused = true)]
async fn without_a_folder_nothing_is_written_and_nothing_is_shown() {
    let scene = Scene::new();
    let state_saver = StateSaver::open(None, scene.clock.clone(), &scene.registry).unwrap();
    let (record, fleet, _poller) = scene.begin(&state_saver, 7);
    assert!(fleet.is_none());
    state_saver.save_initial().await;
    state_saver.end(vec![(record, None)]).await;
    assert_eq!(scene.file(), None);
}
