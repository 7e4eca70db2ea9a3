//! Any content of a state file gives a state that the exporter can start with, or an error.

#![no_main]

use std::time::{Duration, SystemTime};

use geelark_client::Gate;
use geelark_client::clock::{Clock, ElapsedSinceSave};
use geelark_exporter::fleet::Fleet;
use geelark_exporter::state::{State, decode, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(state) = decode(bytes) {
        restore(state);
    }
    // A fuzzer does not find a checksum, so this target also tries the bytes as the state of a file with a correct checksum.
    let mut file = [br#"{"format":2,"state":"#, bytes, b",\n"].concat();
    let sum = crc32fast::hash(&file);
    file.extend_from_slice(format!("\"crc32\":\"{sum:08x}\"}}\n").as_bytes());
    if let Ok(state) = decode(&file) {
        let mut again = Vec::new();
        encode(&state, &mut again).unwrap();
        assert_eq!(decode(&again).unwrap(), state);
        restore(state);
    }
});

/// Restores gate and fleet from `state`, and saves them again.
fn restore(state: State) {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let now = Clock::starting_at(start).now();
    let elapsed = ElapsedSinceSave::new(state.written, now);
    for account in state.accounts {
        Gate::restored(account.gate, elapsed).snapshot(now);
        let mut fleet = Fleet::restored(account.name, account.phones, elapsed);
        fleet.expire(Duration::from_secs(60), now.mono);
        assert!(fleet.views().iter().all(|view| view.phones.len() <= 100));
        fleet.saved(now);
    }
}
