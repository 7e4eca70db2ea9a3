//! What goes wrong at GeeLark, again and again something else.

use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::json;
use tokio::time::sleep;

use crate::support::Upstream;

/// No fault of these closes the account for longer than a second. Phones that a list invents or renames would be the truth,
/// so those two are for statuses alone.
const PASSING: [&str; 39] = [
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

/// These close it for a minute: only while more than that is left of the run.
const CLOSING: [&str; 3] = ["code:40007,count=1", "code:40017,count=1", "http:429,count=1"];
const CLOSED: Duration = Duration::from_secs(90);

/// So often one of those comes among the others.
const CLOSING_SHARE: f64 = 0.02;

/// Changes the faults of `upstream` until `end`; returns how often. `culprit` is the id that GeeLark may refuse.
pub(super) async fn change(upstream: &Upstream, culprit: &str, mut rng: Rng, end: Instant) -> u64 {
    let mut changes = 0;
    while Instant::now() < end {
        let mut faults: Vec<String> = (0..rng.u32(0..3)).map(|_| fault(&mut rng, culprit, end)).collect();
        if faults.iter().any(|fault| fault.starts_with("repeat")) {
            // Another change of the answer might take a true entry away and leave the untrue one that repeats it.
            faults.retain(|fault| fault.starts_with("repeat"));
        }
        upstream.faults(json!(faults)).await;
        changes += 1;
        sleep(Duration::from_millis(rng.u64(100..2000))).await;
    }
    changes
}

fn fault(rng: &mut Rng, culprit: &str, end: Instant) -> String {
    if end.saturating_duration_since(Instant::now()) > CLOSED && rng.f64() < CLOSING_SHARE {
        return CLOSING[rng.usize(..CLOSING.len())].to_owned();
    }
    if rng.u32(..20) == 0 {
        return format!("code:40004,id={culprit}");
    }
    let fault = PASSING[rng.usize(..PASSING.len())];
    match rng.u32(..3) {
        0 => fault.to_owned(),
        1 => format!("{fault},probability=0.5"),
        _ => format!("{fault},count={}", rng.u32(1..6)),
    }
}
