//! Injects random faults into the simulators.

use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::json;
use tokio::time::sleep;

use crate::support::Upstream;

/// Faults that block an account for a second at most. `repeat` and `strangers` affect statuses only, because the exporter
/// would show phones that a list invents.
const SHORT_FAULTS: &[&str] = &[
    "http:500",
    "http:502",
    "http:503",
    "http:503,retry-after=1",
    "http:429,retry-after=1",
    "http:404",
    "http:302",
    "code:40000",
    "code:40001",
    "code:50000",
    "code:60000",
    "code-with-data:40006",
    "code-with-data:40009",
    "latency:200ms",
    "latency:3s",
    "hang",
    "hang-body",
    "drip",
    "drip:1ms",
    "reset",
    "close",
    "cut",
    "html",
    "empty",
    "truncated",
    "not-utf8",
    "deep",
    "huge",
    "bomb",
    "data-null",
    "null-lists",
    "missing-lists",
    "counts",
    "repeat,endpoint=status",
    "omit",
    "strangers,endpoint=status",
    "strings",
    "wrong-type",
    "expired-fails",
];

/// Faults that block an account for a minute.
const LONG_FAULTS: &[&str] = &["code:40007,count=1", "code:40017,count=1", "http:429,count=1"];
/// Long faults are injected only while more than this time is left.
const LONG_FAULT_MARGIN: Duration = Duration::from_secs(90);

/// The probability that a fault is a long one.
const LONG_FAULT_PROBABILITY: f64 = 0.02;

/// Changes the faults of `upstream` until `end`, and returns the number of changes. The simulator may reject `invalid_id`.
pub(super) async fn run(upstream: &Upstream, invalid_id: &str, mut rng: Rng, end: Instant) -> u64 {
    let mut changes = 0;
    while Instant::now() < end {
        let mut faults: Vec<String> = (0..rng.u32(0..3)).map(|_| fault(&mut rng, invalid_id, end)).collect();
        if faults.iter().any(|fault| fault.starts_with("repeat")) {
            // Another fault might remove the true entry of a phone and leave the untrue entry that repeats it.
            faults.retain(|fault| fault.starts_with("repeat"));
        }
        upstream.faults(json!(faults)).await;
        changes += 1;
        sleep(Duration::from_millis(rng.u64(100..2000))).await;
    }
    changes
}

fn fault(rng: &mut Rng, invalid_id: &str, end: Instant) -> String {
    if end.saturating_duration_since(Instant::now()) > LONG_FAULT_MARGIN && rng.f64() < LONG_FAULT_PROBABILITY {
        return LONG_FAULTS[rng.usize(..LONG_FAULTS.len())].to_owned();
    }
    if rng.u32(..20) == 0 {
        return format!("code:40004,id={invalid_id}");
    }
    let fault = SHORT_FAULTS[rng.usize(..SHORT_FAULTS.len())];
    match rng.u32(..3) {
        0 => fault.to_owned(),
        1 => format!("{fault},probability=0.5"),
        _ => format!("{fault},count={}", rng.u32(1..6)),
    }
}
