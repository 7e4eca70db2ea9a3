//! A process that is killed while it writes the state.
//!
//! The writer is a second process of this test binary. It does nothing but write, so most kills hit a write. The writes
//! take real time.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use geelark_client::GateSnapshot;
use geelark_client::clock::{UnixMillis, UnixTime};
use geelark_client::phone::Status;
use geelark_exporter::fleet::{Freshness, ObservedStatus, Phone};
use geelark_exporter::poller::LastRound;
use geelark_exporter::state::{AccountState, State, Store};

const FOLDER: &str = "STATE_TEST_FOLDER";
const KILLS: u64 = 50;
/// Enough phones that a write takes a few milliseconds.
const PHONES: i64 = 3000;
const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

/// The state of the `nth` write. Each phone has a different timestamp.
fn state(nth: u64) -> State {
    let account: Arc<str> = "main".into();
    let phones = (0..PHONES).map(|number| {
        let phone = Phone {
            name: Some(format!("phone {number} in write {nth}").into()),
            freshness: Freshness::Fresh,
            last: Some(ObservedStatus {
                status: Status::STARTED,
                since: UnixTime(1_600_000_000 + number),
            }),
            not_found_total: nth,
            ..Phone::unseen(format!("{}", 588_732_926_036_800_000 + number).as_str().into())
        };
        (phone, Some(NOW))
    });
    State {
        written: UnixMillis(nth),
        accounts: vec![AccountState {
            phones: phones.collect(),
            name: account,
            credentials: "".into(),
            gate: GateSnapshot::default(),
            round: LastRound::default(),
            discovery: None,
            wallet: None,
            plan: None,
        }],
    }
}

#[test]
#[ignore = "the next test runs it as a process and kills it"]
fn writer_process() {
    let folder = std::env::var_os(FOLDER).expect("the folder to write to");
    // A process that another test starts at this moment may hold a copy of the lock's descriptor for an instant.
    let opened = (0..1000).find_map(|_| {
        std::thread::sleep(Duration::from_millis(5));
        Store::open(Path::new(&folder)).ok()
    });
    let store = opened.expect("a folder that no process uses");
    let last = store.load(NOW).unwrap().map_or(0, |state| state.written.0);
    for nth in last + 1.. {
        store.write(&state(nth)).unwrap();
        // A single write, so that a kill cannot split the line.
        std::io::stderr()
            .write_all(format!("wrote {nth}\n").as_bytes())
            .unwrap();
    }
}

fn start_writing(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "restart::killed::writer_process", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_killed_writer_always_leaves_the_last_or_the_next_state() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("state");
    let mut random = fastrand::Rng::with_seed(11);
    let (mut before, mut during_a_write) = (0, 0);
    for kill in 1..=KILLS {
        let mut writer = start_writing(&folder);
        let mut lines = BufReader::new(writer.stderr.take().unwrap()).lines();
        let reported = Arc::new(AtomicU64::new(0));
        // The test harness of the writer may write other lines first.
        let mut reports = lines
            .by_ref()
            .map(Result::unwrap)
            .skip_while(|line| !line.starts_with("wrote"));
        let first = number(&reports.next().unwrap());
        reported.store(first, Ordering::SeqCst);
        let reader = std::thread::spawn({
            let reported = reported.clone();
            move || {
                for line in lines.map_while(Result::ok) {
                    reported.store(number(&line), Ordering::SeqCst);
                }
            }
        });
        std::thread::sleep(Duration::from_micros(random.u64(0..40_000)));
        writer.kill().unwrap();
        writer.wait().unwrap();
        reader.join().unwrap();
        during_a_write += u64::from(folder.join("state.json.tmp").exists());

        let reported = reported.load(Ordering::SeqCst);
        let loaded = Store::open(&folder).unwrap().load(NOW);
        let found = loaded.unwrap().expect("a state");
        // The last write may have finished without its report.
        assert!(
            (reported..=reported + 1).contains(&found.written.0),
            "kill {kill}: {} after {reported}",
            found.written.0
        );
        assert!(found.written.0 > before, "kill {kill}");
        assert!(
            found == state(found.written.0),
            "kill {kill}: the state is not what was written"
        );
        before = found.written.0;
    }
    assert!(during_a_write > KILLS / 10, "only {during_a_write} kills hit a write");
}

fn number(line: &str) -> u64 {
    let number = line
        .strip_prefix("wrote ")
        .unwrap_or_else(|| panic!("the writer reported {line:?}"));
    number.parse().unwrap()
}
