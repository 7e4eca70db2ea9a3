//! Killed in the middle of writing, again and again.
//!
//! The writer is this test binary once more, so that it does nothing but write and a kill hits a write.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use geelark_client::GateSnapshot;
use geelark_client::clock::{UnixMillis, UnixTime};
use geelark_client::phone::Status;
use geelark_exporter::fleet::{Freshness, ObservedStatus, Phone, Snapshot};
use geelark_exporter::poller::LastRound;
use geelark_exporter::state::{AccountState, State, Store};

const FOLDER: &str = "STATE_TEST_FOLDER";
const KILLS: u64 = 50;
/// Enough that a write takes a while.
const PHONES: i64 = 3000;
const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

/// The memory that is written for the `nth` time. Every phone has been in its status since a time of its own.
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
            phones: Arc::new(Snapshot::new(phones)),
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
#[ignore = "the next test starts it, to kill it"]
fn write_for_ever() {
    let folder = std::env::var_os(FOLDER).expect("the folder to write to");
    // A program that another test starts at this moment may hold a copy of the test's lock for an instant.
    let opened = (0..1000).find_map(|_| {
        std::thread::sleep(Duration::from_millis(5));
        Store::open(Path::new(&folder), NOW).ok()
    });
    let (store, loaded) = opened.expect("a folder that no process uses");
    let last = loaded.unwrap().map_or(0, |memory| memory.written.0);
    for nth in last + 1.. {
        store.write(&state(nth)).unwrap();
        // In one piece, so that a kill cannot cut it in two.
        std::io::stderr()
            .write_all(format!("wrote {nth}\n").as_bytes())
            .unwrap();
    }
}

fn start_writing(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "restart::killed::write_for_ever", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_writer_that_is_killed_fifty_times_never_leaves_an_unreadable_file_nor_an_older_one() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("state");
    let mut random = fastrand::Rng::with_seed(11);
    let (mut before, mut in_the_middle) = (0, 0);
    for kill in 1..=KILLS {
        let mut writer = start_writing(&folder);
        let mut lines = BufReader::new(writer.stderr.take().unwrap()).lines();
        let said = Arc::new(AtomicU64::new(0));
        // The harness around the writer may have a word of its own first.
        let mut said_by_it = lines
            .by_ref()
            .map(Result::unwrap)
            .skip_while(|line| !line.starts_with("wrote"));
        let first = number(&said_by_it.next().unwrap());
        said.store(first, Ordering::SeqCst);
        let reader = std::thread::spawn({
            let said = said.clone();
            move || {
                for line in lines.map_while(Result::ok) {
                    said.store(number(&line), Ordering::SeqCst);
                }
            }
        });
        std::thread::sleep(Duration::from_micros(random.u64(0..40_000)));
        writer.kill().unwrap();
        writer.wait().unwrap();
        reader.join().unwrap();
        in_the_middle += u64::from(folder.join("state.json.tmp").exists());

        let said = said.load(Ordering::SeqCst);
        let (_store, loaded) = Store::open(&folder, NOW).unwrap();
        let found = loaded.unwrap().expect("a state");
        // A write that was done and not yet told is one more.
        assert!(
            (said..=said + 1).contains(&found.written.0),
            "kill {kill}: {} after {said}",
            found.written.0
        );
        assert!(found.written.0 > before, "kill {kill}");
        assert!(
            found == state(found.written.0),
            "kill {kill}: something else than was written"
        );
        before = found.written.0;
    }
    assert!(in_the_middle > KILLS / 10, "only {in_the_middle} kills hit a write");
}

fn number(line: &str) -> u64 {
    let number = line
        .strip_prefix("wrote ")
        .unwrap_or_else(|| panic!("the writer said {line:?}"));
    number.parse().unwrap()
}
