//! Whatever stands in the file of a warm restart, it becomes a memory that the parts can begin with, or damage.

#![no_main]

use std::time::{Duration, SystemTime};

use geelark_client::clock::{Clock, ElapsedSinceSave};
use geelark_exporter::fleet::Fleet;
use geelark_client::{Budget, Ending, Gate};
use geelark_exporter::state::{State, decode, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(memory) = decode(bytes) {
        restore(memory);
    }
    // No fuzzer guesses a checksum, so the bytes are tried as the memory inside a sound file too.
    let mut file = [br#"{"format":2,"memory":"#, bytes, b",\n"].concat();
    let sum = crc32fast::hash(&file);
    file.extend_from_slice(format!("\"crc32\":\"{sum:08x}\"}}\n").as_bytes());
    if let Ok(memory) = decode(&file) {
        let mut again = Vec::new();
        encode(&memory, &mut again).unwrap();
        assert_eq!(decode(&again).as_ref(), Ok(&memory));
        restore(memory);
    }
});

/// Goes on from `memory`, and writes it all down again.
fn restore(memory: State) {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let now = Clock::starting_at(start).now();
    let past = ElapsedSinceSave::new(memory.written, now);
    for account in memory.accounts {
        let (requests, at_once) = (account.spent.requests_per_minute, account.spent.max_in_flight);
        for ending in [Ending::Clean, Ending::Unclean] {
            Budget::resume(requests, at_once, &account.spent, past, ending).spent(now);
        }
        Gate::restored(account.closure, past).closure(now);
        let mut fleet = Fleet::restored(account.name, (*account.phones).clone(), past);
        fleet.expire(Duration::from_secs(60), now.mono);
        assert!(fleet.views().all(|view| view.phones.len() <= 100));
        fleet.snapshot(now);
    }
}
