//! What is in the folder when, under paused time.

use std::time::SystemTime;

use bytes::Bytes;
use http::HeaderMap;
use tempfile::TempDir;
use tokio::time::sleep;

use super::*;
use crate::app::carry_over::CarryOver;
use crate::config::{self, AccountConfig, Sources};
use crate::fleet::Target;
use crate::poller::LastRound;
use crate::state;
use geelark_client::clock::{Clock, UnixTime};
use geelark_client::phone::PhoneId;
use geelark_client::{Client, Endpoint, Failure, Reply, Transport};

const SECOND: Duration = Duration::from_secs(1);

struct Fixture {
    parent: TempDir,
    context: Arc<Context>,
}

impl Fixture {
    fn new() -> Self {
        let clock = Clock::starting_at(SystemTime::UNIX_EPOCH + 1_700_000_000 * SECOND);
        Self {
            parent: tempfile::tempdir().unwrap(),
            context: Arc::new(Context::new(clock).unwrap()),
        }
    }

    fn open(&self) -> (StateSaver, SavedAccounts) {
        let folder = self.parent.path().join("state");
        StateSaver::open(Some(&folder), self.context.clone()).unwrap()
    }

    /// The account with what was saved of it.
    fn start(&self, saved: &mut SavedAccounts) -> CarryOver {
        let carry_over = CarryOver::new(&account("main"), saved.remove("main"), &self.context);
        self.context.accounts.store(Arc::new(vec![carry_over.clone()]));
        carry_over
    }

    fn file(&self) -> Option<State> {
        let bytes = std::fs::read(self.parent.path().join("state/state.json")).ok()?;
        Some(state::decode(&bytes).unwrap())
    }

    fn phones(&self) -> Option<usize> {
        self.file().map(|state| state.phones())
    }
}

/// A GeeLark that locks every account.
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

async fn lock(carry_over: &CarryOver, clock: &Clock) {
    let (budget, gate) = (carry_over.budget.clone(), carry_over.gate.clone());
    let client = Client::new(Locking, account("main").credentials, budget, gate, clock.clone());
    let call = client.phone_status(&["1".into()]).await.unwrap();
    assert!(call.outcome.is_err());
}

fn assign(carry_over: &CarryOver, phones: usize) {
    let ids = (0..phones).map(|number| PhoneId::from(number.to_string().as_str()));
    let targets: Vec<Target> = ids.map(Target::from).collect();
    carry_over.listeners.fleet.lock().assign(&targets);
}

fn phones(carry_over: &CarryOver) -> usize {
    carry_over.listeners.fleet.lock().targets().count()
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
async fn the_state_is_written_every_thirty_seconds() {
    let fixture = Fixture::new();
    let (mut state_saver, mut saved) = fixture.open();
    let carry_over = fixture.start(&mut saved);
    assert_eq!(phones(&carry_over), 0);
    state_saver.save().await;
    assert_eq!(fixture.phones(), Some(0));
    let stop = CancellationToken::new();
    let running = tokio::spawn(state_saver.run(stop.clone()));
    for phones in 1..4 {
        assign(&carry_over, phones);
        sleep(30 * SECOND).await;
        sleep(SECOND / 10).await;
        assert_eq!(fixture.phones(), Some(phones));
    }
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_block_of_an_account_is_written_at_once() {
    let fixture = Fixture::new();
    let (state_saver, mut saved) = fixture.open();
    let carry_over = fixture.start(&mut saved);
    let stop = CancellationToken::new();
    let running = tokio::spawn(state_saver.run(stop.clone()));
    sleep(SECOND).await;
    assert_eq!(fixture.phones(), None);
    lock(&carry_over, &fixture.context.clock).await;
    sleep(SECOND / 1000).await;
    let gate = fixture.file().unwrap().accounts[0].gate;
    assert!(gate.is_half_open && gate.locked_until.is_some(), "{gate:?}");
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_account_starts_with_what_was_saved_under_its_name() {
    let fixture = Fixture::new();
    let (mut state_saver, mut saved) = fixture.open();
    let carry_over = fixture.start(&mut saved);
    let round = LastRound {
        up: true,
        last_success: UnixTime(1_699_999_999),
        duration_ms: 1250,
        unanswered: 3,
    };
    carry_over.round.set(round);
    assign(&carry_over, 5);
    state_saver.save().await;
    drop(state_saver);

    let (_state_saver, mut saved) = fixture.open();
    assert!(!saved.contains_key("other"));
    let restored = fixture.start(&mut saved);
    assert_eq!(phones(&restored), 5);
    assert_eq!(
        restored.fingerprint, carry_over.fingerprint,
        "one fingerprint for one credential"
    );
    assert_eq!(restored.round.get(), round);
    assert_eq!(phones(&fixture.start(&mut saved)), 0, "a state is restored once");
}

#[tokio::test(start_paused = true)]
async fn without_a_folder_nothing_is_written() {
    let fixture = Fixture::new();
    let (mut state_saver, mut saved) = StateSaver::open(None, fixture.context.clone()).unwrap();
    let carry_over = fixture.start(&mut saved);
    assign(&carry_over, 7);
    state_saver.save().await;
    assert_eq!(fixture.file(), None);
}
